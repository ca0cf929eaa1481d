"""A picture is the same for the same brief and seed, whole in its frame, and staged as its brief asks."""

from __future__ import annotations

import io
import random
import subprocess
import sys

import numpy as np
import pytest
import resvg_py
from PIL import Image

from illustrate.render import motifs
from illustrate.render._canvas import HEIGHT, WIDTH
from illustrate.render.alt_text import alt_text
from illustrate.render.composer import _SCENES, _staged, compose
from illustrate.render.palettes import AREAS
from illustrate.types import MOODS, SCENES, Brief

HEROES = [motif.key for motif in motifs.all_motifs() if motif.role == "hero"]


def overlap(one: list[int], other: list[int]) -> float:
    """The share of the first box that lies under the second."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    area = (one[2] - one[0]) * (one[3] - one[1])
    return max(0, width) * max(0, height) / area


def inside(box: list[int], *, below: bool = False) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and (below or box[3] <= HEIGHT)


def test_every_scene_of_the_vocabulary_can_be_drawn():
    assert set(SCENES) == set(_SCENES)
    assert len(SCENES) >= 10


def test_the_same_brief_and_seed_give_the_same_pixels(make_brief):
    brief = make_brief(scene="stage", supports=("trophy",), mood="joy")
    one, other = compose(brief, seed=4), compose(brief, seed=4)
    assert one.svg == other.svg
    assert np.array_equal(np.asarray(one.image), np.asarray(other.image))
    assert compose(brief, seed=5).svg != one.svg


def test_the_same_brief_and_seed_give_the_same_drawing_in_another_process(make_brief):
    brief = make_brief(scene="crowd", supports=("flag",))
    code = (
        "import json, sys, hashlib\n"
        "from illustrate.types import Brief\nfrom illustrate.render.composer import _staged\n"
        "svg = _staged(Brief.from_dict(json.loads(sys.argv[1])), 9).canvas.svg()\n"
        "print(hashlib.sha256(svg.encode()).hexdigest())"
    )
    import hashlib
    import json

    out = subprocess.run(
        [sys.executable, "-c", code, json.dumps(brief.to_dict())],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "77", "PYTHONPATH": "."},
    )  # fmt: skip
    assert out.stdout.strip() == hashlib.sha256(_staged(brief, 9).canvas.svg().encode()).hexdigest()


def test_the_image_has_the_promised_size_and_colour(make_brief):
    rendered = compose(make_brief(), seed=1)
    assert rendered.image.size == (1200, 675)
    assert rendered.image.mode == "RGB"
    assert len(rendered.colour) == 7


@pytest.mark.parametrize("scene", SCENES)
def test_hero_and_heads_are_whole_and_apart_in_every_area_mood_and_seed(make_brief, scene: str):
    choose = random.Random(scene)
    for area in AREAS:
        for mood in MOODS:
            for seed in range(3):
                hero = choose.choice(HEROES)
                supports = (choose.choice(HEROES),) if seed else ()
                brief = make_brief(
                    title_hash=f"{area}{mood}", area=area, palette=area, scene=scene, mood=mood, hero=hero,
                    supports=supports,
                    time_of_day=choose.choice(("day", "dusk", "night")),
                    season=choose.choice(("", "winter", "autumn")),
                )  # fmt: skip
                parts = _staged(brief, seed).parts
                said = f"{area} {mood} {seed} {hero} {supports}"
                assert inside(parts["hero"]["box"]), said
                for support in parts["supports"]:
                    assert inside(support["box"]), said
                    assert support["box"][0] >= 8, said
                    assert support["box"][2] <= WIDTH - 8, said
                for person in [parts["persona"], *parts["others"]]:
                    assert inside(person["head"]), said
                    assert overlap(person["face"], parts["hero"]["box"]) < 0.12, said
                    assert overlap(parts["hero"]["box"], person["head"]) < 0.12, said


@pytest.mark.parametrize("scene", SCENES)
def test_the_hero_is_large_whatever_its_shape(make_brief, scene: str):
    for hero in HEROES:
        box = _staged(make_brief(hero=hero, scene=scene, persona=scene in ("bubble", "dispute")), 2).parts["hero"][
            "box"
        ]
        assert max(box[2] - box[0], box[3] - box[1]) >= 260, hero


def test_the_correspondent_looks_at_the_hero(make_brief):
    for seed in range(12):
        parts = _staged(make_brief(), seed).parts
        centre = (parts["hero"]["box"][0] + parts["hero"]["box"][2]) / 2
        faces = parts["persona"]["faces"]
        head = (parts["persona"]["head"][0] + parts["persona"]["head"][2]) / 2
        assert (faces == "right") == (centre > head)


def test_restrained_news_has_no_person_and_no_party(make_brief):
    quiet = compose(make_brief(scene="stage", mood="joy", register="restrained"), seed=3)
    assert quiet.parts["persona"] is None
    assert quiet.parts["scene"] not in ("stage", "dispute", "podium", "bubble")
    assert not {"confetti", "bunting"} & set(quiet.parts["props"])


def test_restrained_news_turns_the_same_scene_s_colours_down(make_brief):
    loud = compose(make_brief(scene="room", persona=False), seed=3)
    quiet = compose(make_brief(scene="room", persona=False, register="restrained"), seed=3)
    saturation = [np.asarray(each.image.convert("HSV"))[:, :, 1].mean() for each in (loud, quiet)]
    assert saturation[1] < 0.75 * saturation[0]


def test_a_correspondent_at_the_right_is_the_mirror_image_of_one_at_the_left(make_brief):
    images = []
    for side in (-1, 1):
        stage = _staged(make_brief(persona=False), 1)
        stage.canvas.back.clear()
        stage.canvas.figures.clear()
        stage.canvas.front.clear()
        stage.put_person("science", side)
        png = resvg_py.svg_to_bytes(svg_string=stage.canvas.svg())
        with Image.open(io.BytesIO(png)) as drawn:
            images.append(np.asarray(drawn.getchannel("A")).astype(int))
    left, right = images
    assert np.abs(left - right[:, ::-1]).mean() < 1
    assert np.abs(left - right).mean() > 20


def test_two_parties_of_a_dispute_come_from_two_desks(make_brief):
    parts = _staged(make_brief(scene="dispute", mood="anger"), 1).parts
    assert parts["persona"]["faces"] == "right"
    assert [other["faces"] for other in parts["others"]] == ["left"]
    assert parts["others"][0]["area"] != parts["persona"]["area"]


def test_what_floats_is_drawn_on_water(make_brief):
    assert _staged(make_brief(hero="container-ship", scene="city"), 1).parts["scene"] == "shore"


def test_seeds_vary_the_picture(make_brief):
    seen = {_staged(make_brief(), seed).canvas.svg() for seed in range(8)}
    assert len(seen) == 8


def test_an_unknown_motif_or_preset_is_refused(make_brief):
    with pytest.raises(KeyError):
        compose(make_brief(hero="unicorn"), seed=1)
    with pytest.raises(KeyError):
        compose(make_brief(preset="oil", preset_version=1), seed=1)


def test_alt_text_tells_what_is_drawn_in_both_languages(make_brief):
    brief = make_brief(scene="podium", mood="worry", supports=("flag",))
    rendered = compose(brief, seed=2)
    english, korean = alt_text(brief, rendered, "en"), alt_text(brief, rendered, "ko")
    assert "ballot box" in english
    assert "grey hair" in english
    assert "worried" in english
    assert "flag" in english
    assert english.endswith(".")
    assert "투표함" in korean
    assert "깃발이 있다" in korean
    assert "걱정스러운" in korean


@pytest.mark.parametrize("scene", SCENES)
def test_alt_text_exists_for_every_scene(make_brief, scene: str):
    for persona in (True, False):
        brief = make_brief(scene=scene, persona=persona, supports=("dove",), register="plain")
        rendered = compose(brief, seed=2)
        for language in ("en", "ko"):
            assert 10 < len(alt_text(brief, rendered, language)) < 320


def test_a_brief_survives_the_way_through_json(make_brief):
    import json

    brief = make_brief(supports=("flag", "coins"))
    assert Brief.from_dict(json.loads(json.dumps(brief.to_dict()))) == brief
    with pytest.raises(ValueError, match="no field"):
        Brief.from_dict(brief.to_dict() | {"font": "serif"})
    with pytest.raises(KeyError):
        Brief.from_dict({"area": "world"})
