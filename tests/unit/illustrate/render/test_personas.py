"""Each area has its own correspondent, whose hair stays in the frame and whose face shows the mood part by part."""

from __future__ import annotations

import pytest

from illustrate.render import _faces, motifs, personas
from illustrate.render._bodies import OUTFITS, POSES
from illustrate.render.palettes import AREAS, palette_for
from illustrate.types import MOODS


def test_every_area_has_one_correspondent_unlike_the_others():
    assert set(personas.PERSONAS) == set(AREAS)
    looks = [(each.head, each.skin, each.outfit, each.glasses, each.beard) for each in personas.PERSONAS.values()]
    assert len(set(looks)) == len(looks)
    assert len({each.head for each in personas.PERSONAS.values()}) == len(AREAS)
    assert len({each.skin for each in personas.PERSONAS.values()}) >= 8


def test_every_mood_moves_parts_of_its_own():
    assert set(personas.EXPRESSIONS) == set(MOODS)
    rows = [(each.brows, each.eyes, each.mouth) for each in _faces.EXPRESSIONS.values()]
    assert len(set(rows)) == len(rows)
    assert len({personas.head("science", mood).markup for mood in MOODS}) == len(MOODS)


def test_the_table_names_only_parts_and_gestures_that_exist():
    for each in _faces.EXPRESSIONS.values():
        assert each.brows in _faces.BROWS
        assert each.eyes in _faces.EYES
        assert each.mouth in _faces.MOUTHS
        assert {each.gesture, each.another} <= set(POSES)


def test_every_part_of_a_face_is_used_by_some_mood():
    rows = _faces.EXPRESSIONS.values()
    assert {each.brows for each in rows} == set(_faces.BROWS)
    assert {each.mouth for each in rows} == set(_faces.MOUTHS)
    assert {each.eyes for each in rows} == set(_faces.EYES)


def test_the_eyes_follow_what_is_looked_at():
    assert len({personas.head("world", "neutral", glance).markup for glance in _faces.GLANCES}) == 3


@pytest.mark.parametrize("area", AREAS)
def test_the_whole_head_lies_inside_the_grid(area: str):
    left, top, right, _ = personas.head(area, "neutral").box
    assert left > personas.LEFT + 3
    assert top > personas.TOP + 3
    assert right < personas.RIGHT - 3


def test_the_face_stays_the_same_person_when_the_mood_changes():
    calm, angry = personas.head("world", "calm"), personas.head("world", "anger")
    assert calm.box == angry.box
    # Only the strokes of the expression differ: hair, skin and head shape are the same paths.
    assert calm.markup.split("<g transform=")[1] == angry.markup.split("<g transform=")[1]


def test_what_correspondents_wear_and_carry_exists():
    for persona in personas.PERSONAS.values():
        assert persona.outfit in OUTFITS
        for key in persona.props:
            assert motifs.get_motif(key).size in ("table", "stand"), key


@pytest.mark.parametrize("colours", ["full", "card", "two", "spot", "night"])
def test_no_stand_in_colour_survives_the_painting(colours: str):
    for area in AREAS:
        palette = palette_for(area, colours, "day")
        own = personas.colours_of(area, palette, colours)
        assert "#0102" not in personas.painted(personas.head(area, "joy").markup, own)


def test_an_unknown_mood_is_neutral_and_an_unknown_area_is_ideas():
    assert personas.head("world", "hangry").markup == personas.head("world", "neutral").markup
    assert personas.persona_for("gardening").area == "ideas"


def test_options_that_the_style_would_ignore_are_refused():
    with pytest.raises(ValueError, match="no option 'hairVariant'"):
        personas._validated({"hairVariant": ["bun"]})
    with pytest.raises(ValueError, match="headVariant 'bald'"):
        personas._validated({"headVariant": ["bald"]})
