"""Photos: what is seen in them, and what is refused."""

from __future__ import annotations

import csv
import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from illustrate.describe import photo
from illustrate.describe.photo import describe


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_without_a_photo_there_are_no_facts_but_the_words():
    facts = describe(None, "  A boat \n at sea ", "Caption")
    assert (facts.alt, facts.caption) == ("A boat at sea", "Caption")
    assert facts.brightness is None
    assert facts.rejected == ""


def test_palette_starts_with_the_largest_colour_and_brightness_follows_it():
    image = Image.new("RGB", (300, 200), "#102030")
    image.paste("#f0e0d0", (0, 0, 60, 200))
    facts = describe(encoded(image))
    assert facts.palette[0] == "#102030"
    assert "#f0e0d0" in facts.palette
    assert 0.2 < facts.brightness < 0.35


def test_what_is_transparent_counts_as_white():
    facts = describe(encoded(Image.new("RGBA", (100, 100), (0, 0, 0, 0))))
    assert facts.brightness == 1.0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photo"),
        (b"GIF89a" + b"\0" * 40, "broken|not a photo|small"),
        (encoded(Image.new("RGB", (300, 300)))[:-40], "broken"),
        (encoded(Image.new("RGB", (2, 2))), "too small"),
        (encoded(Image.new("RGB", (100, 100)), "TIFF"), "not a photo"),
        (png_claiming(30_000, 30_000), "bomb|too large"),
        (png_claiming(9_000, 9_000), "too large"),
        (b"\0" * (photo.MAX_BYTES + 1), "larger than"),
    ],
)
def test_bad_photos_are_refused_with_a_reason(body, reason):
    facts = describe(body, "alt stays")
    assert facts.alt == "alt stays"
    assert (facts.palette, facts.brightness, facts.faces) == ((), None, 0)
    assert any(part in facts.rejected for part in reason.split("|")), facts.rejected


def test_an_animation_is_refused():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "green")]
    facts = describe(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert "animated" in facts.rejected


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_damage_to_the_bytes_makes_describe_raise(noise, place):
    body = encoded(Image.effect_noise((40, 40), 60), "JPEG")
    describe(body[:place] + noise + body[place + len(noise) :])


@pytest.mark.corpus
def test_faces_are_counted_well_enough_to_tell_portraits_from_things(corpus):
    folder = corpus / "60-photos-18f"
    with (folder / "captions.tsv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    counted = {row["file"]: describe((folder / "images" / row["file"]).read_bytes()).faces for row in rows}
    none = [row["file"] for row in rows if row["face_count_by_eye"] == "0"]
    one = [row["file"] for row in rows if row["face_count_by_eye"] == "1"]
    assert sum(counted[name] == 0 for name in none) >= len(none) - 1
    assert sum(counted[name] == 1 for name in one) >= len(one) / 2
