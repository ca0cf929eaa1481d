"""Pictures become WebP files of the asked widths, small enough to load quickly."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from illustrate.render._encode import encode_webp, placeholder_colour
from illustrate.render.composer import compose


def test_each_width_is_a_webp_of_that_width_with_the_ratio_kept(make_brief):
    files = encode_webp(compose(make_brief(), seed=1).image, (1200, 800, 400))
    assert list(files) == [1200, 800, 400]
    for width, data in files.items():
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == "WEBP"
            assert image.size == (width, round(width * 675 / 1200))
    assert len(files[400]) < len(files[800]) < len(files[1200]) < 140_000


def test_a_width_of_nothing_is_refused():
    with pytest.raises(ValueError, match="0 pixels"):
        encode_webp(Image.new("RGB", (1200, 675)), (0,))


def test_the_placeholder_is_the_average_colour():
    image = Image.new("RGB", (1200, 675), "#204060")
    assert placeholder_colour(image) == "#204060"
    image.paste("#ffffff", (0, 0, 600, 675))
    mixed = placeholder_colour(image)
    assert [round(int(mixed[i : i + 2], 16) / 16) for i in (1, 3, 5)] == [9, 10, 11]
