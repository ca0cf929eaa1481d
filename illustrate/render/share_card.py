"""The card that other sites show when an article is shared: its picture, its headline, and whose page it is on."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

from PIL import Image, ImageDraw, ImageFont

from illustrate.render.palettes import INK, PAPER, area_palette

SIZE = (1200, 630)  # what Open Graph readers expect
PICTURE = 630  # the square crop fills the right side
MARGIN = 48
LARGEST, SMALLEST = 54, 30
LINES = 7
LATIN = "latin"
# Beyond Latin, Greek, Cyrillic, and the scripts of China, Japan and Korea.
_FOREIGN = re.compile("[\u0590-\u10ff\u1200-\u1dff\ud800-\uf8ff\ufe00-\ufe0f\U00010000-\U0010ffff]")
SITE = {"en": "Gyeol", "ko": "결"}


def share_card(square: Image.Image, title: str, language: str, area: str) -> Image.Image:
    """RGB 1200x630. A headline too long for the card ends in an ellipsis."""
    card = Image.new("RGB", SIZE, PAPER)
    card.paste(square.resize((PICTURE, PICTURE), Image.Resampling.LANCZOS, reducing_gap=2.0), (SIZE[0] - PICTURE, 0))
    draw = ImageDraw.Draw(card)
    colour = area_palette(area).token
    draw.rectangle((MARGIN, 54, MARGIN + 56, 61), fill=colour)
    width = SIZE[0] - PICTURE - 2 * MARGIN
    words = _drawable(title)
    font, lines = _fitted(draw, words, language, width)
    leading = round(font.size * (1.34 if language == "ko" else 1.2))
    for number, line in enumerate(lines):
        draw.text((MARGIN, 92 + number * leading), line, fill=INK, font=font)
    draw.text(
        (MARGIN, SIZE[1] - 74),
        SITE.get(language, SITE["en"]),
        fill=colour,
        font=_font("cjk" if language == "ko" else LATIN, 30),
    )
    return card


def _fitted(
    draw: ImageDraw.ImageDraw, title: str, language: str, width: int
) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    for size in range(LARGEST, SMALLEST - 1, -4):
        font = _font(_script(title, language), size)
        lines = _wrapped(draw, title, font, width)
        leading = size * (1.34 if language == "ko" else 1.2)
        if len(lines) <= LINES and len(lines) * leading <= SIZE[1] - 200:
            return font, _balanced(draw, title, font, width, lines)
    kept = lines[:LINES]
    if len(kept) == len(lines):
        return font, kept
    while kept[-1] and draw.textlength(kept[-1] + "…", font=font) > width:
        kept[-1] = kept[-1][:-1]
    kept[-1] = kept[-1].rstrip() + "…"
    return font, kept


def _balanced(
    draw: ImageDraw.ImageDraw, title: str, font: ImageFont.FreeTypeFont, width: int, lines: list[str]
) -> list[str]:
    """As many lines, as even as they get: no last word alone."""
    for narrower in range(width, width // 2, -12):
        tried = _wrapped(draw, title, font, narrower)
        if len(tried) > len(lines) or any(draw.textlength(line, font=font) > narrower for line in tried):
            break
        lines = tried
    return lines


def _wrapped(draw: ImageDraw.ImageDraw, title: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Broken between words; a word longer than the line is broken where it must be."""
    lines = [""]
    for word in title.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        if draw.textlength(joined, font=font) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if draw.textlength(lines[-1] + character, font=font) > width:
                lines.append("")
            lines[-1] += character
    return lines


def _script(text: str, language: str) -> str:
    """Which of the two fonts holds all of a text: the serif knows Latin alone."""
    return LATIN if language != "ko" and all(c < "\u0250" or "\u2010" <= c <= "\u2044" for c in text) else "cjk"


def _drawable(title: str) -> str:
    """The title without what neither font holds: pictographs, scripts of other worlds, control characters."""
    kept = "".join(c if c.isspace() or (c.isprintable() and not _FOREIGN.match(c)) else " " for c in title)
    return " ".join(kept.split())


@lru_cache(maxsize=32)
def _font(script: str, size: int) -> ImageFont.FreeTypeFont:
    if script != LATIN:
        file = resources.files("noto_cjk_sans_jp_bold") / "NotoSansCJKjp-Bold.otf"
    else:
        file = resources.files("font_source_serif_pro") / "files" / "SourceSerifPro-Bold.otf"
    return ImageFont.truetype(str(file), size)
