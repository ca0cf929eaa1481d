"""The allow-list holds only things that can be recognised, and says what each can stand for."""

from __future__ import annotations

import re

import pytest

from illustrate.render import _geometry, motifs
from illustrate.render.palettes import AREAS

FORBIDDEN = re.compile(
    r"(^|-)(letters?|alphabet|number|digits?|abc|currency|coin|dollar|euro|pound|yen|yuan|rupee|bitcoin|won|percentage|brand|logo"
    r"|arrows?|caret|chevron|cursor|exclamation|question|ampersand|hash|at|quote|text|math|infinity|sum|omega|square|circle"
    r"|triangle|hexagon|help|info|alert|menu|settings|refresh|download|upload|login|logout|copyright|trademark)(-|$)"
)
ALLOWED_NAMES = {"message-circle"}


def test_the_library_is_large_enough_for_a_daily_paper():
    assert len(motifs.all_motifs()) >= 260
    assert sum(motif.role == "hero" for motif in motifs.all_motifs()) >= 200
    assert sum(motif.icon.startswith("own:") for motif in motifs.all_motifs()) >= 60


def test_no_motif_is_a_letter_a_digit_a_currency_a_brand_an_arrow_or_a_glyph():
    guilty = [
        motif.icon
        for motif in motifs.all_motifs()
        if not motif.icon.startswith("own:") and FORBIDDEN.search(motif.icon) and motif.icon not in ALLOWED_NAMES
    ]
    assert guilty == []
    assert not [motif.key for motif in motifs.all_motifs() if re.search(r"\d", motif.key)]


def test_each_motif_names_its_news_in_several_ways_and_no_two_share_a_key():
    keys = [motif.key for motif in motifs.all_motifs()]
    assert len(set(keys)) == len(keys)
    for motif in motifs.all_motifs():
        assert 4 <= len(motif.phrases) <= 12, motif.key
        assert len(set(motif.phrases)) == len(motif.phrases), motif.key
        assert all(motif.phrases), motif.key
        assert motif.areas, motif.key
        assert set(motif.areas) <= set(AREAS), motif.key
        assert motif.role in ("hero", "support")
        assert motif.place in ("stand", "fly", "float")


def test_every_area_has_motifs_of_its_own():
    for area in AREAS:
        assert sum(area in motif.areas and motif.role == "hero" for motif in motifs.all_motifs()) >= 20, area


def test_labels_are_fit_for_alt_text_in_both_languages():
    for motif in motifs.all_motifs():
        assert re.fullmatch(r"[A-Za-z][A-Za-z' -]+", motif.label_en), motif.key
        assert re.fullmatch(r"[가-힣 ]+", motif.label_ko), motif.key


@pytest.mark.parametrize("key", [motif.key for motif in motifs.all_motifs()])
def test_every_motif_has_a_body_ink_and_a_sane_size(key: str):
    figure = motifs.figure(key)
    left, top, right, bottom = figure.box
    assert figure.area > 8, "a wire has no body to recognise it by"
    assert figure.outline
    assert any(data for _, data in figure.fills)
    assert -4 <= left < right <= 28
    assert -4 <= top < bottom <= 28
    assert max(right - left, bottom - top) > 12


def test_an_unknown_motif_is_refused():
    with pytest.raises(KeyError):
        motifs.figure("unicorn")


def test_every_drawing_of_ours_is_used_and_every_icon_exists():
    used = {motif.icon.removeprefix("own:") for motif in motifs.all_motifs() if motif.icon.startswith("own:")}
    assert used == set(motifs._drawings())


def test_a_part_hides_what_lies_under_it():
    figure = _geometry.from_parts(["m rect 0 0 10 10", "a rect 0 0 10 10", "line path M2 2 H8"])
    assert [role for role, data in figure.fills if data] == ["accent"]


def test_a_hole_lets_the_background_through():
    solid = _geometry.from_parts(["m circle 12 12 8"])
    ring = _geometry.from_parts(["m circle 12 12 8", "- circle 12 12 5"])
    assert ring.area < solid.area * 0.7


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValueError, match="unknown shape"):
        _geometry.from_parts(["m blob 1 2 3"])
