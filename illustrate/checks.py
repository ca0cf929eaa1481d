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


PICTURES = "pictures"  # the tag of what `manage.py up` says at its start


def check_renderer(**kwargs: Any) -> list[CheckMessage]:
    """An error: with it no picture would ever be drawn."""
    from illustrate.pipeline import RENDERERS

    if settings.PICTURE_RENDERER in RENDERERS:
        return []
    words = f"PICTURE_RENDERER is {settings.PICTURE_RENDERER!r}; there is {', '.join(RENDERERS)}"
    return [Error(words, id="illustrate.E001")]


def check_painting(**kwargs: Any) -> list[CheckMessage]:
    """A model without its renderer, and the other way round: each alone does nothing, and says nothing by itself.

    With MODELS_URL the models are another server's, which has its own settings.
    """
    if settings.MODELS_URL:
        return []
    # A model of one's own may be the one that paints.
    if settings.PICTURE_RENDERER == "diffusion" and not settings.DIFFUSION_MODEL and not settings.MODELS_EXTRA:
        words = "PICTURE_RENDERER is diffusion, and DIFFUSION_MODEL names no model: the composer draws"
        return [Warning(words, id="illustrate.W002")]
    if settings.PICTURE_RENDERER == "composer" and settings.DIFFUSION_MODEL:
        words = "DIFFUSION_MODEL is loaded, and nothing is painted: set PICTURE_RENDERER=diffusion"
        return [Warning(words, id="illustrate.W003")]
    return []
