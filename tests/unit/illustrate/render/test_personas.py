"""Each area has its own correspondent, whose hair stays in the frame and whose face shows the mood."""

from __future__ import annotations

import pytest

from illustrate.render import personas
from illustrate.render.palettes import AREAS
from illustrate.types import MOODS


def test_every_area_has_one_correspondent_unlike_the_others():
    assert set(personas.PERSONAS) == set(AREAS)
    looks = [(each.head, each.skin, each.outfit, each.glasses, each.beard) for each in personas.PERSONAS.values()]
    assert len(set(looks)) == len(looks)
    assert len({each.head for each in personas.PERSONAS.values()}) == len(AREAS)
    assert len({each.skin for each in personas.PERSONAS.values()}) >= 8


def test_every_mood_has_an_expression_of_its_own():
    assert set(personas.EXPRESSIONS) == set(MOODS)
    assert len({personas.bust("science", mood).markup for mood in MOODS}) == len(MOODS)


@pytest.mark.parametrize("area", AREAS)
def test_the_whole_head_lies_inside_the_bust(area: str):
    left, top, right, _ = personas.bust(area, "neutral").head
    assert left > personas.LEFT + 3
    assert top > personas.TOP + 3
    assert right < personas.RIGHT - 3


def test_the_face_stays_the_same_person_when_the_mood_changes():
    calm, angry = personas.bust("world", "calm"), personas.bust("world", "anger")
    assert calm.head == angry.head


def test_an_unknown_mood_is_neutral_and_an_unknown_area_is_ideas():
    assert personas.bust("world", "hangry").markup == personas.bust("world", "neutral").markup
    assert personas.persona_for("gardening").area == "ideas"


def test_options_that_the_style_would_ignore_are_refused():
    with pytest.raises(ValueError, match="no option 'hairVariant'"):
        personas._validated({"hairVariant": ["bun"]})
    with pytest.raises(ValueError, match="headVariant 'bald'"):
        personas._validated({"headVariant": ["bald"]})
