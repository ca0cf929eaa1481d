"""The areas' colours can be told apart, by colour-blind readers too, and carry the ink."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from curation.topics import models as topic_models
from illustrate.render.palettes import AREAS, INK, area_palette, contrast, luminance, mix, muted, palette_for

# Viénot, Brettel and Mollon (1999): linear RGB as a deuteranope sees it.
DEUTERANOPE = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])


def seen(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.clip(DEUTERANOPE @ linear, 0, 1) ** (1 / 2.2)


def test_every_area_of_the_topic_table_has_a_palette():
    import tomllib

    table = tomllib.loads((Path(topic_models.__file__).parent / "topics.toml").read_text("utf-8"))
    assert {area["slug"] for area in table["area"]} == set(AREAS)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("time", ["day", "dusk", "night"])
def test_ink_stands_out_from_what_it_is_drawn_on(area: str, time: str):
    palette = area_palette(area).at(time)
    for role in ("main", "accent", "light", "leaf", "water", "sun", "fire", "wood", "stone", "skin"):
        assert contrast(INK, palette.role(role)) >= 3, role
    assert contrast(palette.deep, palette.light) >= 4.5
    if time == "night":
        assert contrast(palette.halo, palette.near) >= 7
        assert contrast(palette.halo, palette.sky) >= 7
    else:
        assert contrast(INK, palette.sky) >= 4.5


@pytest.mark.parametrize("area", AREAS)
def test_tokens_are_readable_as_text_on_both_papers(area: str):
    palette = area_palette(area)
    assert contrast(palette.token, "#fbf6ec") >= 4.5
    assert contrast(palette.token_night, "#1d1a17") >= 4.5


@pytest.mark.parametrize("area", AREAS)
def test_main_and_accent_differ_for_a_colour_blind_reader(area: str):
    day = area_palette(area).day
    assert np.linalg.norm(seen(day.main) - seen(day.accent)) > 0.14


def test_no_two_areas_share_their_colours():
    for one, other in combinations(AREAS, 2):
        a, b = area_palette(one).day, area_palette(other).day
        apart = sum(
            float(np.linalg.norm(seen(x) - seen(y))) for x, y in ((a.sky, b.sky), (a.near, b.near), (a.main, b.main))
        )
        assert apart > 0.12, (one, other)


def test_the_muted_palette_is_less_colourful_but_as_legible():
    for area in AREAS:
        loud, quiet = area_palette(area).day, muted(area_palette(area).day)
        spread = {name: max(rgb(c)) - min(rgb(c)) for name, c in (("loud", loud.accent), ("quiet", quiet.accent))}
        assert spread["quiet"] < 0.8 * spread["loud"]
        assert abs(luminance(quiet.sky) - luminance(loud.sky)) < 0.12


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def test_every_colour_is_six_hexadecimal_digits():
    for area in AREAS:
        for palette in (area_palette(area).day, area_palette(area).dusk, area_palette(area).night):
            for each in fields(palette):
                value = getattr(palette, each.name)
                if each.name == "seam" and not value:
                    continue
                assert len(value) == 7
                int(value[1:], 16)


HANDS = ("full", "card", "two", "spot", "night")


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("time", ["day", "dusk", "night"])
@pytest.mark.parametrize("colours", HANDS)
def test_every_hand_keeps_its_things_apart_from_what_they_are_drawn_with(area: str, colours: str, time: str):
    palette = palette_for(area, colours, time)
    line = palette.ink if colours in ("full", "two") else palette.seam or palette.ink
    fills = ("main", "accent", "light") if colours != "two" else ("main", "accent", "light", "skin", "leaf", "fire")
    # Printed things are parted by a gap of bare paper, which need not carry meaning: a shadow and a screen do.
    least = 1.4 if colours == "spot" else 3.0
    for role in fills:
        if colours == "spot" and role == "light":
            continue  # bare paper itself
        assert contrast(line, palette.role(role)) >= least, role


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("colours", HANDS)
def test_main_and_accent_differ_for_a_colour_blind_reader_in_every_hand(area: str, colours: str):
    for time in ("day", "night"):
        palette = palette_for(area, colours, time)
        assert np.linalg.norm(seen(palette.main) - seen(palette.accent)) > 0.1, time


@pytest.mark.parametrize("area", AREAS)
def test_the_pen_has_two_colours_beside_paper_and_ink(area: str):
    palette = palette_for(area, "two", "day")
    used = {getattr(palette, each.name) for each in fields(palette)} - {palette.light, palette.ink, palette.far}
    assert len(used) == 2


def test_a_colour_can_be_mixed_by_name():
    palette = area_palette("world").day
    assert palette.tint("near") == palette.near
    assert palette.tint("#123456") == "#123456"
    assert palette.tint("near+ink.50") == mix(palette.near, palette.ink, 0.5)
    assert palette.tint("near+ink.5+sun.2") == mix(mix(palette.near, palette.ink, 0.5), palette.sun, 0.2)


def test_an_unknown_area_wears_the_colours_of_ideas():
    assert area_palette("gardening") == area_palette("ideas")
