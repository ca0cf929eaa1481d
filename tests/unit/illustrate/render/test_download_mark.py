"""The visible mark on what is downloaded: small, in a corner, and it says what the picture is."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from illustrate.render.download_mark import marked

GREY = Image.new("RGB", (1200, 675), "#777777")


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """The box in which they differ by more than a JPEG's noise; None where they do not."""
    differs = ImageChops.difference(one, other).convert("L").point(lambda value: 255 if value > 40 else 0)
    return differs.getbbox()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("by_model", [False, True])
def test_it_is_small_and_stands_in_the_lower_right_corner(language: str, by_model: bool) -> None:
    box = changed(GREY, marked(GREY, language, by_model=by_model))
    assert box is not None
    left, top, right, bottom = box
    assert (right, bottom) <= (1200 - 15, 675 - 15)
    assert right > 1200 - 30
    assert (right - left) * (bottom - top) < 0.02 * 1200 * 675


def test_its_words_differ_by_language_and_by_what_painted() -> None:
    seen = [marked(GREY, language, by_model=by_model) for language in ("en", "ko") for by_model in (False, True)]
    assert all(changed(one, other) for place, one in enumerate(seen) for other in seen[:place])
    assert changed(marked(GREY, "fr", by_model=False), seen[0]) is None


def test_it_grows_and_shrinks_with_the_picture_and_leaves_the_original_alone() -> None:
    small = GREY.resize((600, 338))
    box = changed(small, marked(small, "en", by_model=False))
    wide = changed(GREY, marked(GREY, "en", by_model=False))
    assert box is not None
    assert wide is not None
    assert (wide[2] - wide[0]) / (box[2] - box[0]) == pytest.approx(2, rel=0.1)
    assert GREY.getextrema() == ((0x77, 0x77),) * 3
