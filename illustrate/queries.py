"""Which picture an article shows, and how long the oldest wish for one has been waiting."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import get_language

from illustrate import _files
from illustrate.models import Picture, PictureReport, StylePreset
from illustrate.render.frames import WIDE, Shape
from illustrate.types import Shown

WIDTH, HEIGHT = WIDE.pixels


def pictures_for(article_ids: Collection[int], *, preset: str | None = None) -> dict[int, Shown]:
    """By article id, in one query; articles without a row are absent. `preset` is a slug, else the site's own look.

    While a picture is drawn anew, or in a newer version of its look, its old file is shown; one that was taken down
    never is.
    """
    own = StylePreset.objects.filter(is_production=True).values("slug")
    rows = Picture.objects.filter(article__in=article_ids, preset__slug__in=[preset] if preset else own)
    fields = ("pk", "article_id", "state", "file", "has_crops", "alt_en", "alt_ko", "colour")
    best: dict[int, Picture] = {}
    for picture in rows.only(*fields).order_by("preset__version"):
        before = best.get(picture.article_id)
        if before is None or not before.file or picture.file or picture.state == Picture.State.TAKEN_DOWN:
            best[picture.article_id] = picture
    return {article_id: _shown(picture) for article_id, picture in best.items()}


def picture_of_file(file: str) -> Picture | None:
    """The picture that shows this file ("{width}" for the width), with its article; its name begins with its id."""
    number = PurePosixPath(file).name.partition("-")[0]
    if not (number.isascii() and number.isdecimal()):
        return None
    return Picture.objects.filter(pk=int(number[:19]), file=file).select_related("article").first()


def export_reports(reader_id: int) -> list[dict[str, Any]]:
    """What a reader reported of pictures, as plain data for JSON, oldest first."""
    mine = PictureReport.objects.filter(reader_id=reader_id).select_related("picture__article").order_by("pk")
    return [
        {
            "article": report.picture.article.url,
            "reason": report.reason,
            "comment": report.comment,
            "at": report.reported_at.isoformat(),
        }
        for report in mine
    ]


def queue_age(at: datetime) -> float:
    """Seconds that the oldest undrawn picture has been waiting; 0 with an empty queue."""
    unfinished = Picture.objects.filter(state__in=[Picture.State.WAITING, Picture.State.DRAWING])
    oldest = unfinished.order_by("requested_at").values_list("requested_at", flat=True).first()
    return max(0.0, (at - oldest).total_seconds()) if oldest else 0.0


def _shown(picture: Picture) -> Shown:
    file = "" if picture.state == Picture.State.TAKEN_DOWN else picture.file
    korean = (get_language() or "").startswith("ko")

    def url(variant: str) -> str:
        return default_storage.url(_files.path_of(file, variant))

    def srcset(shape: Shape) -> str:
        if not picture.has_crops or not file:
            return ""
        return ", ".join(f"{url(f'{shape}-{width}')} {width}w" for width in sorted(_files.CROPS[shape]))

    widths = sorted(settings.PICTURE_WIDTHS) if file else []
    return Shown(
        picture_id=picture.pk,
        state=picture.state,
        src=url(str(widths[len(widths) // 2])) if file else "",
        srcset=", ".join(f"{url(str(width))} {width}w" for width in widths),
        square=srcset("square"),
        tall=srcset("tall"),
        card=url(_files.CARD) if file and picture.has_crops else "",
        alt=(picture.alt_ko if korean else picture.alt_en) if file else "",
        colour=picture.colour,
        width=WIDTH,
        height=HEIGHT,
    )
