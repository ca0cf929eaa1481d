"""A picture's files: one for each frame and width, and the card for sharing, under one name that cannot be guessed.

Each says in itself what made it; the larger ones are signed as well.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from illustrate.provenance import xmp
from illustrate.provenance.record import PublicRecord, Seal, public_record
from illustrate.render._encode import encode_jpeg, encode_webp
from illustrate.render.download_mark import marked
from illustrate.render.frames import Shape
from illustrate.render.share_card import share_card
from illustrate.types import Drawing

logger = logging.getLogger(__name__)

CARD = "card"
# Widths in pixels of the files beside the wide frame's, which settings name.
CROPS: Mapping[Shape, Sequence[int]] = {"square": (640, 320), "tall": (640,)}
# A manifest takes 3 kB: a third of a thumbnail, a twentieth of a picture. Thumbnails say in XMP alone what they are.
SIGNED_FROM = 640  # pixels of width


def variants() -> tuple[str, ...]:
    """What a picture's files are called: a width for the wide frame, a shape and a width for the others, or "card"."""
    wide = tuple(str(width) for width in settings.PICTURE_WIDTHS)
    return (*wide, *(f"{shape}-{width}" for shape, widths in CROPS.items() for width in widths), CARD)


def widest() -> str:
    return str(max(settings.PICTURE_WIDTHS))


def is_signed(variant: str) -> bool:
    return variant == CARD or int(variant.rpartition("-")[2]) >= SIGNED_FROM


def path_of(file: str, variant: str) -> str:
    """The media path of one variant; `file` is a picture's own, with "{width}" in it."""
    path = file.format(width=variant)
    return path.removesuffix("webp") + "jpg" if variant == CARD else path


def encode(drawing: Drawing, title: str) -> dict[str, bytes]:
    """Every variant's bytes; no card without a title.

    Whether they are signed, why not, and the digest of the widest is written into the drawing's provenance.
    """
    record = public_record(drawing.provenance)
    packet = xmp.packet(record)
    wide = encode_webp(drawing.rendered.image, settings.PICTURE_WIDTHS, xmp=packet)
    files = {str(width): body for width, body in wide.items()}
    for crop in drawing.crops:
        shape = crop.parts["shape"]
        for width, body in encode_webp(crop.image, CROPS[shape], xmp=packet).items():
            files[f"{shape}-{width}"] = body
        if shape == "square" and title:
            card = share_card(crop.image, title, drawing.brief.language, drawing.brief.area)
            files[CARD] = encode_jpeg(card, xmp=packet, segments=xmp.iptc_segment(record))
    signed, why = _signed({variant: body for variant, body in files.items() if is_signed(variant)}, record)
    files |= signed
    # A manifest has a kilobyte that its signature leaves out (room for a longer one): the digest has every byte.
    drawing.provenance.update({"signed": not why, "sha256": _digest(files[widest()])})
    if why:
        drawing.provenance["unsigned_because"] = why
    return files


def _signed(
    bodies: Mapping[str, bytes], record: PublicRecord, *, edits: Sequence[str] = ()
) -> tuple[dict[str, bytes], str]:
    """The signed files, or none of them and the reason: whatever is wrong with the signing, a picture is shown."""
    # Here, and not at the top: only drawing, the record's page and the download need the library.
    from illustrate.provenance import _c2pa
    from illustrate.provenance.certificate import CannotSign, signing_certificate

    try:
        certificate = signing_certificate(at=datetime.now(tz=UTC))
        return _c2pa.sign(bodies, record, certificate, edits=edits), ""
    except CannotSign as reason:
        logger.warning("files are written unsigned: %s", reason)
        return {}, str(reason)
    except Exception as error:
        logger.exception("files are written unsigned")
        return {}, f"{type(error).__name__}: {error}"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def write(file: str, drawing: Drawing, title: str) -> None:
    for variant, body in encode(drawing, title).items():
        default_storage.save(path_of(file, variant), ContentFile(body))


def remove(file: str) -> None:
    """All variants of a picture's file; what is already gone is no error."""
    for variant in variants() if file else ():
        default_storage.delete(path_of(file, variant))


# -- What is in a stored file --------------------------------------------------------------------------------


def _stored(file: str) -> bytes | None:
    try:
        with default_storage.open(path_of(file, widest())) as stored:
            body: bytes = stored.read()
            return body
    except FileNotFoundError:
        return None


def read_seal(file: str, provenance: Mapping[str, Any]) -> Seal:
    """What the signature of a picture's widest file says now; 3 ms and the reading of the file."""
    return _seal_of(_stored(file), provenance)


def _seal_of(body: bytes | None, provenance: Mapping[str, Any]) -> Seal:
    from illustrate.provenance import _c2pa
    from illustrate.provenance.certificate import CannotSign, signing_certificate

    if body is None:
        return Seal("gone")
    try:
        certificate = signing_certificate(at=datetime.now(tz=UTC))
    except CannotSign:
        certificate = None  # whose signature it is cannot be told, whether it is whole can
    seal = _c2pa.read(body, public_record(provenance), certificate)
    if seal.state == "none" and provenance.get("signed"):
        return Seal("broken", why="the signature was taken out")
    if seal.state != "broken" and provenance.get("sha256", _digest(body)) != _digest(body):
        return Seal("broken", seal.signer, why="it is not the file that was stored")
    return seal


def copy_to_keep(file: str, provenance: Mapping[str, Any], language: str) -> bytes | None:
    """A picture's widest file as a JPEG with a visible mark, signed; None where it is gone, or changed since.

    What was changed is given to nobody with a signature of ours.
    """
    from illustrate.provenance import _c2pa

    body = _stored(file)
    if body is None or _seal_of(body, provenance).state == "broken":
        return None
    record = public_record(provenance)
    with Image.open(io.BytesIO(body)) as image:
        kept = marked(image.convert("RGB"), language, by_model=bool(record.model))
    jpeg = encode_jpeg(kept, xmp=xmp.packet(record), segments=xmp.iptc_segment(record))
    signed, _ = _signed({"": jpeg}, record, edits=[_c2pa.MARKED])
    return signed.get("", jpeg)
