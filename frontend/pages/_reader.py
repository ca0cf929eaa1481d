"""Who is reading, and how they like it; asked once per request."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from accounts.models import Preference, User


def reader_of(request: HttpRequest) -> User:
    """The signed-in reader; views that call this stand behind `login_required`."""
    return cast(User, request.user)


def reader_id_of(request: HttpRequest) -> int | None:
    return request.user.pk if request.user.is_authenticated else None


def preference_of(request: HttpRequest) -> Preference:
    """The reader's stored preference, or the defaults, unsaved, for everybody else."""
    known: Preference | None = getattr(request, "_preference", None)
    if known is None:
        stored = None
        if request.user.is_authenticated:
            stored = Preference.objects.filter(reader_id=request.user.pk).first()
        known = stored or Preference()
        request._preference = known  # type: ignore[attr-defined]
    return known


def reading_languages(request: HttpRequest) -> tuple[str, ...]:
    """Languages that the reader reads; empty for all."""
    return tuple(code for code in preference_of(request).reading_languages.split(",") if code)
