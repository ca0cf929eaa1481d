"""What `manage.py check`, and with it every start, says of this chapter's settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning


def check_certificate(**kwargs: Any) -> list[CheckMessage]:
    """A warning, not an error: an expired certificate must not stop a site that can draw unsigned pictures."""
    from illustrate.provenance.trial import trouble

    words = trouble(at=datetime.now(tz=UTC))
    if not words:
        return []
    hint = "Until it is mended, pictures are drawn but not signed. docs/operations.md tells what is needed."
    return [Warning(words, hint=hint, id="illustrate.W001")]


def check_renderer(**kwargs: Any) -> list[CheckMessage]:
    """An error: with it no picture would ever be drawn."""
    from illustrate.pipeline import RENDERERS

    if settings.PICTURE_RENDERER in RENDERERS:
        return []
    words = f"PICTURE_RENDERER is {settings.PICTURE_RENDERER!r}; there is {', '.join(RENDERERS)}"
    return [Error(words, id="illustrate.E001")]
