"""The allow-list holds only things that can be recognised, and says what each can stand for."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from illustrate.render import _geometry, motifs
from illustrate.render.palettes import AREAS

GLYPHS = (
    r"letters?|alphabet|number|digits?|abc|currency|dollar|euro|pound|yen|yuan|rupee|bitcoin|percentage|brand|logo|arrows?"
    r"|caret|chevron|cursor|exclamation|question|ampersand|hash|quote|text|math|infinity|sum|omega|square|circle|triangle"
    r"|hexagon|help|info|alert|menu|settings|refresh|download|upload|login|logout|copyright|trademark"
)
FORBIDDEN = re.compile(rf"(^|-)({GLYPHS})(-|$)")


def test_the_library_is_large_enough_for_a_daily_paper():
    assert len(motifs.all_motifs()) >= 400
    assert sum(motif.role == "hero" for motif in motifs.all_motifs()) >= 350


def test_no_motif_is_a_letter_a_digit_a_currency_a_brand_an_arrow_or_a_glyph():
    assert [motif.key for motif in motifs.all_motifs() if FORBIDDEN.search(motif.key)] == []
    assert not [motif.key for motif in motifs.all_motifs() if re.search(r"\d", motif.key)]


@pytest.mark.parametrize("motif", motifs.all_motifs(), ids=lambda motif: motif.key)
def test_an_entry_says_what_the_renderer_and_the_brief_need(motif: motifs.Motif):
    assert motif.kind in motifs.KINDS
    assert motif.size in ("table", "stand", "large")
    assert motif.role in ("hero", "support")
    assert motif.place in ("stand", "fly", "float")
    assert motif.areas
    assert set(motif.areas) <= set(AREAS)
    assert motif.drawing
    for phrases in (motif.phrases, motif.phrases_ko):
        assert 8 <= len(phrases) <= 20
        assert len(set(phrases)) == len(phrases)
    assert all(re.search("[가-힣]", phrase) for phrase in motif.phrases_ko)
    assert re.fullmatch(r"[A-Za-z][A-Za-z' -]+", motif.label_en)
    assert re.fullmatch(r"[가-힣 ]+", motif.label_ko)


def test_a_word_that_many_motifs_claim_is_rare():
    """What everything claims tells nothing: a headline with it would be drawn by chance."""
    claims = Counter(phrase for motif in motifs.all_motifs() for phrase in motif.phrases_ko)
    assert max(claims.values()) <= 6
    assert sum(count > 3 for count in claims.values()) <= 0.01 * len(claims)


def test_no_two_motifs_share_a_key_or_a_name():
    keys = [motif.key for motif in motifs.all_motifs()]
    assert len(set(keys)) == len(keys)
    names = Counter(motif.label_en for motif in motifs.all_motifs())
    assert [name for name, count in names.items() if count > 1] == []


def test_every_area_has_motifs_of_its_own():
    for area in AREAS:
        assert sum(area in motif.areas and motif.role == "hero" for motif in motifs.all_motifs()) >= 20, area


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


def test_a_misspelt_field_is_refused():
    entry = {
        "en": "a cup",
        "ko": "컵",
        "areas": "life",
        "news_en": "a",
        "news_ko": "가",
        "drawing": "m",
        "sise": "table",
    }
    with pytest.raises(ValueError, match="no field sise"):
        motifs._motif("cup", "food", entry)


def test_scissors_straighten_an_edge_and_keep_the_thing():
    round_one, cut = (_geometry.from_parts(["m circle 12 12 8"], cut=step) for step in (0, 0.4))
    assert cut.outline.count("L") < 0.5 * round_one.outline.count("L")
    assert cut.box == round_one.box


def test_the_shadow_side_can_be_hatched():
    figure = _geometry.from_parts(["m rect 2 2 20 20"])
    assert figure.hatch.count("M") > 3


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
