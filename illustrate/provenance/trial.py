"""Whether the certificate that settings name will do, tried out before the first picture."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from django.conf import settings
from PIL import Image

from illustrate.provenance import _c2pa
from illustrate.provenance.certificate import CannotSign, signing_certificate
from illustrate.provenance.record import ALGORITHM, PublicRecord

EXPIRES_SOON = timedelta(days=30)


def trouble(*, at: datetime) -> str:
    """What an operator should know of C2PA_CERTIFICATE; empty when there is nothing. 5 ms, without it none."""
    if not settings.C2PA_CERTIFICATE and not settings.C2PA_PRIVATE_KEY:
        return ""
    name = f"C2PA_CERTIFICATE ({settings.C2PA_CERTIFICATE})"
    record = PublicRecord(renderer="trial", revision="", preset="", seed=0, licence="", digital_source_type=ALGORITHM)
    blank = io.BytesIO()
    Image.new("RGB", (16, 9)).save(blank, "WEBP")
    try:
        found = signing_certificate(at=at)
        signed = _c2pa.sign({"": blank.getvalue()}, record, found)[""]
    except CannotSign as reason:
        return str(reason)
    seal = _c2pa.read(signed, record, found)
    if seal.state == "broken":
        return f"{name} signs, and what it signed does not verify: {seal.why}"
    if seal.state == "foreign":
        return f"{name} comes without its issuers, so the site does not know its own seal: add their certificates"
    if found.expires_at - at < EXPIRES_SOON:
        return f"{name} expires on {found.expires_at:%Y-%m-%d}"
    return ""
