"""What an image file says in the words that programs for pictures read: XMP, and in JPEG the older IPTC as well."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from illustrate.provenance.record import LICENCE_PAGES, PublicRecord

MAKER = "Gyeol"
RIGHTS = {"CC0-1.0": "CC0 1.0: no rights reserved"}

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
# XML 1.0 has no place for other control characters, escaped or not.
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def packet(record: PublicRecord) -> bytes:
    """XMP (ISO 16684-1) as UTF-8, some 900 bytes; the fields are those of the IPTC Photo Metadata Standard 2025.1."""
    fields = {
        "xmp:CreatorTool": f"{MAKER} {record.renderer} {record.revision}".strip(),
        "photoshop:Credit": MAKER,
        "Iptc4xmpExt:DigitalSourceType": record.digital_source_type,
        "Iptc4xmpExt:AISystemUsed": record.model,
        "Iptc4xmpExt:AISystemVersionUsed": record.model_revision,
        "xmpRights:Marked": "False" if record.licence == "CC0-1.0" else "True",  # False: in the public domain
        "xmpRights:WebStatement": LICENCE_PAGES.get(record.licence, ""),
    }
    names = "".join(f' xmlns:{prefix}="{address}"' for prefix, address in _NAMESPACES.items())
    told = "".join(f" {name}={quoteattr(_sayable(value))}" for name, value in fields.items() if value)
    rights = escape(_sayable(RIGHTS.get(record.licence, record.licence)))
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{names}{told}>'
        f"<dc:creator><rdf:Seq><rdf:li>{MAKER}</rdf:li></rdf:Seq></dc:creator>"
        f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{rights}</rdf:li></rdf:Alt></dc:rights>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _sayable(text: str) -> str:
    return _UNSAYABLE.sub("", text)


def iptc_segment(record: PublicRecord) -> bytes:
    """The APP13 segment of a JPEG: maker, credit and rights as IPTC-IIM 4.2, which has no word for the source type."""
    told = {
        (1, 90): b"\x1b%G",  # what follows is UTF-8
        (2, 0): b"\x00\x04",  # version 4
        (2, 65): MAKER.encode(),  # originating program
        (2, 80): MAKER.encode(),  # by-line
        (2, 110): MAKER.encode(),  # credit
        (2, 116): RIGHTS.get(record.licence, record.licence).encode()[:128],  # copyright notice
    }
    data = b"".join(
        bytes((0x1C, number, dataset)) + len(value).to_bytes(2, "big") + value
        for (number, dataset), value in told.items()
    )
    # An image resource block 0x0404 without a name, padded to an even length (Adobe Photoshop File Formats).
    resource = b"8BIM\x04\x04\x00\x00" + len(data).to_bytes(4, "big") + data + b"\x00" * (len(data) % 2)
    body = b"Photoshop 3.0\x00" + resource
    return b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body
