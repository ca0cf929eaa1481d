"""A picture's files: one for each frame and width, and the card for sharing, under one name that cannot be guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from illustrate.render._encode import encode_card, encode_webp
from illustrate.render.frames import Shape
from illustrate.render.share_card import share_card
from illustrate.types import Drawing

CARD = "card"
# Widths in pixels of the files beside the wide frame's, which settings name.
CROPS: Mapping[Shape, Sequence[int]] = {"square": (640, 320), "tall": (640,)}


def variants() -> tuple[str, ...]:
    """What a picture's files are called: a width for the wide frame, a shape and a width for the others, or "card"."""
    wide = tuple(str(width) for width in settings.PICTURE_WIDTHS)
    return (*wide, *(f"{shape}-{width}" for shape, widths in CROPS.items() for width in widths), CARD)


def path_of(file: str, variant: str) -> str:
    """The media path of one variant; `file` is a picture's own, with "{width}" in it."""
    path = file.format(width=variant)
    return path.removesuffix("webp") + "jpg" if variant == CARD else path


def encode(drawing: Drawing, title: str) -> dict[str, bytes]:
    """Every variant's bytes; no card without a title."""
    files = {str(width): body for width, body in encode_webp(drawing.rendered.image, settings.PICTURE_WIDTHS).items()}
    for crop in drawing.crops:
        shape = crop.parts["shape"]
        for width, body in encode_webp(crop.image, CROPS[shape]).items():
            files[f"{shape}-{width}"] = body
        if shape == "square" and title:
            files[CARD] = encode_card(share_card(crop.image, title, drawing.brief.language, drawing.brief.area))
    return files


def write(file: str, drawing: Drawing, title: str) -> None:
    for variant, body in encode(drawing, title).items():
        default_storage.save(path_of(file, variant), ContentFile(body))


def remove(file: str) -> None:
    """All variants of a picture's file; what is already gone is no error."""
    for variant in variants() if file else ():
        default_storage.delete(path_of(file, variant))
