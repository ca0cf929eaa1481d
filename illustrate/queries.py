"""Which picture an article shows, and how long the oldest wish for one has been waiting."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models.fields.json import KT
from django.utils.translation import get_language

from curation.serving import queries as serving
from illustrate import _files
from illustrate.models import Picture, PictureReport, StylePreset
from illustrate.provenance.record import Kind, Published, Record, Seal, kind_of, record_of
from illustrate.render import diffusion
from illustrate.render.frames import SHAPES, WIDE, Shape
from illustrate.render.motifs import get_motif
from illustrate.render.personas import PERSONAS
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
    best: dict[int, Any] = {}  # pictures, with what they were made of beside them
    kinds = KT("provenance__digital_source_type")
    for picture in rows.only(*fields).annotate(digital_source_type=kinds).order_by("preset__version"):
        before = best.get(picture.article_id)
        if before is None or not before.file or picture.file or picture.state == Picture.State.TAKEN_DOWN:
            best[picture.article_id] = picture
    return {article_id: _shown(picture, kind_of(picture.digital_source_type)) for article_id, picture in best.items()}


def picture_of_file(file: str) -> Picture | None:
    """The picture that shows this file ("{width}" for the width), with its article; its name begins with its id."""
    number = PurePosixPath(file).name.partition("-")[0]
    if not (number.isascii() and number.isdecimal()):
        return None
    return Picture.objects.filter(pk=int(number[:19]), file=file).select_related("article").first()


# -- How a picture was made ----------------------------------------------------------------------------------


def published(picture_id: int) -> Published | None:
    """What a page tells programs of the picture that it shows; None where it shows none."""
    picture = Picture.objects.shown().filter(pk=picture_id).only("file", "provenance").first()
    if picture is None:
        return None
    return Published(
        address=default_storage.url(_files.path_of(picture.file, _files.widest())),
        digital_source_type=picture.provenance.get("digital_source_type", ""),
        licence=picture.provenance.get("licence", ""),
    )


def made(picture: Picture) -> Record:
    """The whole record of how a picture was made."""
    return record_of(
        brief=picture.brief, provenance=picture.provenance, evaluation=picture.evaluation, seed=picture.seed
    )


def read_seal(picture: Picture) -> Seal:
    """What the signature of the picture's widest file says when it is read now."""
    return _files.read_seal(picture.file, picture.provenance)


def copy_to_keep(picture: Picture) -> bytes | None:
    """A JPEG to download, with a visible mark in the active language, signed anew.

    None where the file is gone, or was changed since it was signed.
    """
    return _files.copy_to_keep(picture.file, picture.provenance, _language())


def why_unsigned(at: datetime) -> str:
    """What keeps pictures from being signed, for operators; empty when nothing does.

    The first call on a new installation makes its development certificate.
    """
    from illustrate.provenance.certificate import CannotSign, signing_certificate

    try:
        signing_certificate(at=at)
    except CannotSign as reason:
        return str(reason)
    return ""


def motif_label(key: str) -> str:
    """What a thing is called in the active language, "a gavel"; empty for one that the library no longer has."""
    try:
        motif = get_motif(key)
    except KeyError:
        return ""
    return motif.label_ko if _language() == "ko" else motif.label_en


def alt_of(picture: Picture) -> str:
    """What is to be seen in it, in the active language."""
    return picture.alt_ko if _language() == "ko" else picture.alt_en


def correspondent_name(area: str) -> str:
    """The desk's correspondent, by name in the active language; empty for a desk without one."""
    persona = PERSONAS.get(area)
    if persona is None:
        return ""
    return persona.name_ko if _language() == "ko" else persona.name_en


def _language() -> str:
    return "ko" if (get_language() or "").startswith("ko") else "en"


# -- Reports and the queue -----------------------------------------------------------------------------------


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


def painting_progress(picture_id: int) -> tuple[int, int] | None:
    """How many steps of how many are made of all frames that a model paints of a picture; None when it paints none now.

    Raises what the door raises.
    """
    if settings.PICTURE_RENDERER == "composer":
        return None
    for number, shape in enumerate(SHAPES):
        told = serving.progress(diffusion.MODEL, diffusion.request_id(picture_id, shape))
        if told is not None:
            return number * told.steps + told.step, len(SHAPES) * told.steps
    return None


def _shown(picture: Picture, kind: Kind) -> Shown:
    file = "" if picture.state == Picture.State.TAKEN_DOWN else picture.file

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
        alt=alt_of(picture) if file else "",
        colour=picture.colour,
        is_by_model=kind in ("model", "composite"),
        width=WIDTH,
        height=HEIGHT,
    )
