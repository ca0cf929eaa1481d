"""The share card holds the whole headline where it can, in both languages, and never runs over its edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from illustrate.render import share_card

SQUARE = Image.new("RGB", (720, 720), "#4080c0")


def text_area(card: Image.Image) -> np.ndarray:
    return np.asarray(card.convert("L"))[:, : share_card.SIZE[0] - share_card.PICTURE]


@pytest.mark.parametrize(
    ("title", "language"),
    [("Village bakery reopens after flood", "en"), ("물난리 뒤 다시 문 연 동네 빵집", "ko"), ("", "en")],
)
def test_a_card_has_its_picture_at_the_right_and_its_words_at_the_left(title: str, language: str):
    card = share_card.share_card(SQUARE, title, language, "life")
    assert card.size == (1200, 630)
    assert card.getpixel((1190, 600)) == (64, 128, 192)
    ink = (text_area(card) < 80).sum()
    assert (ink > 1500) == bool(title)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=400), st.sampled_from(["en", "ko"]))
def test_no_text_leaves_the_card(title: str, language: str):
    area = text_area(share_card.share_card(SQUARE, title, language, "world"))
    assert (area[:, :20] > 200).all()
    assert (area[-20:] > 200).all()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_line_fits_and_a_cut_headline_says_so(language: str):
    title = "아주 긴 제목이 " * 60 if language == "ko" else "a very long headline indeed " * 40
    draw = ImageDraw.Draw(SQUARE.copy())
    font, lines = share_card._fitted(draw, title.strip(), language, 420)
    assert lines[-1].endswith("…")
    assert all(draw.textlength(line, font=font) <= 420 for line in lines)


def test_a_short_headline_is_kept_whole():
    draw = ImageDraw.Draw(SQUARE.copy())
    _, lines = share_card._fitted(draw, "Tide tables for the island ferry", "en", 420)
    assert " ".join(lines) == "Tide tables for the island ferry"
