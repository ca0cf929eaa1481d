"""Looks measured on pixels, the report over them, and the invented news that they are compared by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from illustrate import styles
from illustrate.evaluate import style
from illustrate.render.motifs import get_motif
from illustrate.render.presets import latest
from illustrate.render.scenes import fits
from illustrate.types import MOODS

SHARES = ("ink", "paper", "largest", "edges", "outlined", "lit", "margin")
LOOKS = [preset.slug for preset in styles.looks()]


@pytest.fixture(scope="module")
def measured() -> dict[str, list[dict[str, float]]]:
    """Three pictures of each look."""
    return {
        preset.slug: [
            style.style_figures(styles.draw_example(styles.example_brief(number, preset)).image) for number in range(3)
        ]
        for preset in styles.looks()
    }


def clusters(rng: np.random.Generator, *, apart: float, looks: int = 3, pictures: int = 6) -> dict:
    """Looks whose pictures scatter round a centre each, by one step in each of four figures."""
    return {
        f"look-{look}": [
            {f"figure-{index}": value for index, value in enumerate(rng.normal(apart * look, 1, 4))}
            for _ in range(pictures)
        ]
        for look in range(looks)
    }


# -- Figures -------------------------------------------------------------------------------------------------


def test_the_same_pixels_give_the_same_figures_in_the_order_that_is_told():
    image = styles.draw_example(styles.example_brief(1, latest("pen"))).image
    assert style.style_figures(image) == style.style_figures(image.copy())
    assert list(style.style_figures(image)) == list(style.FIGURES)


def test_what_marks_a_look_is_seen(measured):
    def mean(slug: str, figure: str) -> float:
        return float(np.mean([each[figure] for each in measured[slug]]))

    assert mean("riso", "screen") > 2 > 1 > max(mean(slug, "screen") for slug in LOOKS if slug != "riso")
    assert mean("riso", "margin") > 0.95
    assert mean("night-poster", "lightness") < min(mean(slug, "lightness") for slug in LOOKS if slug != "night-poster")
    assert mean("pen", "colours") < min(mean(slug, "colours") for slug in LOOKS if slug != "pen")
    assert mean("grain", "outlined") > 1.4 * mean("cut-paper", "outlined")
    assert mean("cut-paper", "shadow") > max(mean(slug, "shadow") for slug in ("grain", "pen"))


def test_an_empty_sheet_has_neither_edges_nor_lines_nor_grain():
    figures = style.style_figures(Image.new("RGB", (400, 225), "#fffdf7"))
    assert figures["edges"] == figures["line_width"] == figures["outlined"] == figures["lit"] == figures["hues"] == 0
    assert figures["paper"] == figures["margin"] == figures["largest"] == 1
    assert figures["texture"] == np.log2(style.FAINTEST)
    assert figures["screen"] == 0


@pytest.mark.parametrize("width", [4, 7, 10])
def test_a_line_is_as_wide_as_it_is_drawn(width):
    image = Image.new("RGB", (600, 340), "#e8e0d0")
    for y in (60, 150, 240):
        ImageDraw.Draw(image).line((40, y, 560, y), fill="#1d1a24", width=width)
    assert style.style_figures(image)["line_width"] == pytest.approx(width, abs=0.6)


def test_dots_are_found_at_the_pitch_of_the_press_alone():
    def dotted(pitch: float) -> float:
        y, x = np.mgrid[0:512, 0:512] * (2 * np.pi / pitch)
        dots = 128 + 60 * np.cos(x) * np.cos(y) + np.random.default_rng(1).normal(0, 6, x.shape)
        grey = np.clip(dots, 0, 255).astype(np.uint8)
        return style.style_figures(Image.fromarray(np.stack([grey] * 3, axis=2)))["screen"]

    # cos(x) cos(y) has its frequencies on the diagonals, the square root of two above the grid's.
    assert dotted(style.PITCH * np.sqrt(2)) > 4
    assert abs(dotted(30)) < 1


def test_an_image_too_small_for_texture_is_refused():
    with pytest.raises(ValueError, match="too small"):
        style.style_figures(Image.new("RGB", (1200, 40)))


@given(
    seed=st.integers(0, 2**32 - 1), size=st.tuples(st.integers(128, 260), st.integers(128, 200)),
    colours=st.integers(1, 40),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_whatever_is_in_an_image_figures_stay_figures(seed, size, colours):
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (colours, 3), dtype=np.uint8)
    coarse = palette[rng.integers(0, colours, (size[1] // 9 + 1, size[0] // 9 + 1))]
    pixels = np.repeat(np.repeat(coarse, 9, axis=0), 9, axis=1)[: size[1], : size[0]]
    figures = style.style_figures(Image.fromarray(pixels))
    assert all(np.isfinite(value) for value in figures.values())
    assert all(0 <= figures[name] <= 1 for name in SHARES)
    assert -1 <= figures["shadow"] <= 1
    assert 0 <= figures["lightness"] <= 100.001


# -- The report ----------------------------------------------------------------------------------------------


def test_looks_far_apart_are_told_apart_and_alike_ones_are_not():
    rng = np.random.default_rng(5)
    far = style.report(clusters(rng, apart=12))
    assert far.by_all.accuracy == 1
    assert far.consistency.across > 3 * far.consistency.inside
    near = style.report(clusters(rng, apart=0, pictures=30))
    assert near.by_all.accuracy < 0.6
    assert near.consistency.across == pytest.approx(near.consistency.inside, rel=0.1)


def test_a_picture_in_the_wrong_hand_is_counted_where_it_went():
    looks = clusters(np.random.default_rng(2), apart=12)
    looks["look-0"][3] = dict(looks["look-2"][0])
    confusion = style.report(looks).by_all.confusion
    assert confusion["look-0"] == {"look-0": 5, "look-1": 0, "look-2": 1}
    assert {slug: sum(row.values()) for slug, row in confusion.items()} == dict.fromkeys(looks, 6)


def test_looks_that_differ_by_their_paper_alone_are_alike_by_their_drawing():
    rng = np.random.default_rng(3)
    looks = {
        slug: [{"texture": paper + rng.normal(0, 0.1), "edges": rng.normal()} for _ in range(20)]
        for slug, paper in (("one", 0.0), ("another", 5.0))
    }
    told = style.report(looks)
    assert told.by_all.accuracy == 1
    assert told.by_drawing.accuracy < 0.8


@given(seed=st.integers(0, 2**32 - 1), factor=st.sampled_from([1e-3, 0.5, 40.0]), apart=st.floats(0, 5))
@settings(max_examples=25, deadline=None)
def test_neither_a_figures_unit_nor_the_order_of_pictures_changes_what_is_told(seed, factor, apart):
    rng = np.random.default_rng(seed)
    looks = clusters(rng, apart=apart)
    other = {
        slug: [each | {"figure-1": each["figure-1"] * factor} for each in reversed(pictures)]
        for slug, pictures in looks.items()
    }
    one, another = style.report(looks), style.report(other)
    assert one.by_all == another.by_all
    assert one.consistency.inside == pytest.approx(another.consistency.inside, abs=2e-4)


@pytest.mark.parametrize(
    ("looks", "reason"),
    [
        ({"a": [{"x": 1.0}] * 3}, "two at least"),
        ({"a": [{"x": 1.0}] * 3, "b": [{"x": 1.0}]}, "pictures of each look.*: b"),
    ],
)
def test_what_cannot_be_compared_is_refused(looks, reason):
    with pytest.raises(ValueError, match=reason):
        style.report(looks)


def test_the_looks_that_we_have_are_told_apart(measured):
    assert style.report(measured).by_all.accuracy >= 0.8


def test_correspondents_are_told_apart_in_every_mood():
    report = style.persona_report()
    assert (report.correspondents, report.moods) == (12, len(MOODS))
    assert report.by_parameters.share == 1
    assert report.by_pixels.share >= 0.95
    assert report.by_parameters.apart > 0.3
    assert len(report.by_pixels.taken_for) == round((1 - report.by_pixels.share) * 120)


# -- Invented news and sheets --------------------------------------------------------------------------------


@given(number=st.integers(0, 2_000))
@settings(max_examples=60, deadline=None)
def test_invented_news_is_the_same_in_every_look_and_fits_its_scene(number):
    briefs = [styles.example_brief(number, preset) for preset in styles.looks()]
    plain = {replace(brief, preset="", preset_version=0) for brief in briefs}
    assert len(plain) == 1
    (brief,) = plain
    assert fits(brief.scene, get_motif(brief.hero))
    assert brief.hero not in brief.supports
    if brief.register == "restrained":
        assert not brief.persona
        assert {get_motif(key).tone for key in (brief.hero, *brief.supports)} == {"quiet"}


def test_invented_news_goes_through_every_area_scene_mood_and_light():
    briefs = [styles.example_brief(number, latest("grain")) for number in range(60)]
    assert {brief.area for brief in briefs} == set(styles.AREAS)
    assert len({brief.scene for brief in briefs}) == 27
    assert {brief.mood for brief in briefs} == set(MOODS)
    assert {brief.time_of_day for brief in briefs} == {"day", "dusk", "night"}
    assert {brief.register for brief in briefs} == {"plain", "restrained"}


def test_night_pictures_are_of_news_that_is_told_by_day():
    preset = latest("pen")
    for number in range(styles.NIGHTS):
        night = styles.night_brief(number, preset)
        assert night.time_of_day == "night"
        assert night.scene != "night"


def test_a_strip_shows_every_mood_in_a_cell_of_its_own():
    strip = styles.persona_strip(latest("grain"), "science")
    wide, high = styles.CELL
    assert strip.size == (5 * wide, 2 * high)
    row = np.asarray(styles.moods_in_a_row(strip))
    cells = [row[:, index * wide : (index + 1) * wide] for index in range(len(MOODS))]
    assert len({cell.tobytes() for cell in cells}) == len(MOODS)
    # Nobody is cut off at the sides: the ground shows there from top to bottom but for the body at the foot.
    for cell in cells:
        assert np.abs(cell[: high // 2, 0].astype(int) - cell[: high // 2, -1].astype(int)).mean() < 12


def test_only_the_sheets_of_a_page_are_drawn():
    preset = latest("grain")
    for name in ("", "examples", "examples-0", "examples-13", "examples-01", "nights-5", "personas-", "personas-grain"):
        with pytest.raises(KeyError):
            styles.sheet(preset, name)


def test_swatches_hold_every_area_by_day_and_by_night():
    swatches = list(styles.swatches(latest("grain")))
    assert [(swatch.area, swatch.light) for swatch in swatches[:3]] == [
        ("politics", "day"), ("politics", "night"), ("world", "day"),
    ]  # fmt: skip
    assert len(swatches) == 24
    assert len(list(styles.swatches(latest("night-poster")))) == 12
    assert all(1 <= ratio <= 21 for swatch in swatches for _, ratio in swatch.contrasts)
