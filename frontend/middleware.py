"""What every request passes: the reader's language, and the content security policy."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def reader_language(get_response: Handler) -> Handler:
    return get_response


def content_security_policy(get_response: Handler) -> Handler:
    return get_response
