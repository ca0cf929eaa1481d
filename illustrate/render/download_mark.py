"""The visible mark on a picture that leaves the site: the house's three lines of grain, and what the picture is."""

from __future__ import annotations

import io
from functools import cache
from importlib import resources

import resvg_py
from PIL import Image, ImageDraw, ImageFont

from illustrate.render.palettes import INK, PAPER

VERMILION = "#bf3517"
WORDS = {"en": ("Illustration", "AI illustration", "Gyeol"), "ko": ("그림", "AI 그림", "결")}
LICENCE = "CC0"

# Shares of the picture's width.
TEXT = 0.0155
EDGE = 0.016  # between the mark and the picture's corner
FINER = 3  # drawn so many times larger, for smooth corners
OPACITY = 0.93

# The mark of the pages, on its own square of 32 units.
_GRAIN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="{side}" height="{side}">'
    f'<g fill="none" stroke="{VERMILION}" stroke-width="3" stroke-linecap="round">'
    '<path d="M3 9.5C9 4 13 14 19 9.5S27 6 29 8.5"/><path d="M3 17C9 11.5 12.5 22 19 17s8-3.5 10-1"/>'
    '<path d="M3 24.5C9 19 13 29 19 24.5s8-3.5 10-1"/></g></svg>'
)


def marked(picture: Image.Image, language: str, *, by_model: bool) -> Image.Image:
    """A copy, RGB and as large, with the mark in its right lower corner; Korean ("ko") or English."""
    mark = _mark(picture.width, language if language in WORDS else "en", by_model)
    edge = round(picture.width * EDGE)
    place = (picture.width - mark.width - edge, picture.height - mark.height - edge)
    copy = picture.copy()
    copy.paste(mark.convert("RGB"), place, mark.getchannel("A"))
    return copy


@cache
def _mark(width: int, language: str, by_model: bool) -> Image.Image:
    drawn, painted, site = WORDS[language]
    words = " · ".join((painted if by_model else drawn, site, LICENCE))
    size = round(width * TEXT) * FINER
    font = ImageFont.truetype(str(resources.files("noto_cjk_sans_jp_bold") / "NotoSansCJKjp-Bold.otf"), size)
    side, padding = round(size * 1.25), round(size * 0.62)
    gap = round(size * 0.42)
    high = round(size * 2)
    mark = Image.new("RGBA", (2 * padding + side + gap + round(font.getlength(words)), high))
    draw = ImageDraw.Draw(mark)
    draw.rounded_rectangle(
        (0, 0, mark.width - 1, high - 1), radius=high // 2, fill=(*_rgb(PAPER), round(255 * OPACITY))
    )
    grain = Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=_GRAIN.format(side=side), skip_system_fonts=True)))
    mark.alpha_composite(grain.convert("RGBA"), (padding, (high - side) // 2))
    draw.text((padding + side + gap, high / 2), words, fill=INK, font=font, anchor="lm")
    return mark.resize((mark.width // FINER, high // FINER), Image.Resampling.LANCZOS)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
