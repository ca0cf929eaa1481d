"""What every request passes: little patience with the models, the reader's language and time zone, and the content
security policy.
"""

from __future__ import annotations

import secrets
import zoneinfo
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone, translation

from curation.serving import queries as serving
from frontend.pages._reader import preference_of

Handler = Callable[[HttpRequest], HttpResponse]


def short_patience(get_response: Handler) -> Handler:
    """A page says soon that the models are away, rather than keep a reader and a web process waiting."""

    def handle(request: HttpRequest) -> HttpResponse:
        with serving.waiting_at_most(settings.MODELS_TIMEOUT_SECONDS_IN_PAGES):
            return get_response(request)

    return handle


def reader_language(get_response: Handler) -> Handler:
    """The signed-in reader's own choice; LocaleMiddleware has already asked the cookie and the browser."""

    def handle(request: HttpRequest) -> HttpResponse:
        preference = preference_of(request)
        if preference.language:
            translation.activate(preference.language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        with timezone.override(_zone(preference.time_zone)):
            return get_response(request)

    return handle


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def no_nul(get_response: Handler) -> Handler:
    """No text holds the character NUL, and neither the database nor a file system takes it."""

    def handle(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or any(_holds_nul(form) for form in (request.GET, request.POST)):
            raise BadRequest("NUL in the address or in the form")
        return get_response(request)

    return handle


def _holds_nul(form: QueryDict) -> bool:
    return any("\x00" in text for name, values in form.lists() for text in (name, *values))


def content_security_policy(get_response: Handler) -> Handler:
    """Nothing runs that the site did not write: no foreign script, no inline one without this answer's nonce."""

    def handle(request: HttpRequest) -> HttpResponse:
        request.csp_nonce = nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]
        response = get_response(request)
        if "Content-Security-Policy" not in response:
            in_admin = request.path.startswith("/admin/")
            response["Content-Security-Policy"] = _admin_policy() if in_admin else _policy(nonce)
        return response

    return handle


def _policy(nonce: str) -> str:
    pictures = _origin(settings.MEDIA_URL)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            # A picture's own placeholder colour: attributes can neither load nor run anything.
            "style-src-attr 'unsafe-inline'",
            f"img-src 'self' data: {pictures}".rstrip(),
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _admin_policy() -> str:
    # The admin's interface (unfold) evaluates expressions in attributes; only operators reach it.
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: {_origin(settings.MEDIA_URL)}; base-uri 'none'; frame-ancestors 'none'"
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
