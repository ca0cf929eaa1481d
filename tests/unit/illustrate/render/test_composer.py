"""A picture is the same for the same brief and seed, whole in every frame, and staged as its brief asks."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys

import numpy as np
import pytest

from illustrate.brief.compose import ALWAYS_CORRESPONDENT, NEVER_CORRESPONDENT
from illustrate.evaluate import judge
from illustrate.render import _bodies, composer, motifs, presets
from illustrate.render.alt_text import alt_text
from illustrate.render.frames import FRAMES, SHAPES
from illustrate.render.palettes import AREAS
from illustrate.render.scenes import SCENES as STAGED
from illustrate.render.scenes import fits
from illustrate.render.stage import _FLED, _GLAD_POSES, _GLOWING, ACTS, Stage
from illustrate.types import MOODS, SCENES, Brief

HEROES = [motif for motif in motifs.all_motifs() if motif.role == "hero"]
PRESETS = [preset.slug for preset in presets.PRESETS.values()]


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def any_brief(make_brief, scene: str, choose: random.Random, **changes) -> Brief:
    """A brief that could have been made: its thing fits the scene, and its correspondent may be met there."""
    hero = choose.choice([motif for motif in HEROES if fits(scene, motif)])
    supports = choose.sample([m.key for m in motifs.all_motifs() if m.key != hero.key], choose.choice((0, 1, 1, 2)))
    met = scene in ALWAYS_CORRESPONDENT or (scene not in NEVER_CORRESPONDENT and choose.random() < 0.6)
    area = choose.choice(AREAS)
    values = {
        "title_hash": f"{choose.random():.6f}", "area": area, "palette": area, "scene": scene, "hero": hero.key,
        "supports": tuple(supports), "mood": choose.choice(MOODS), "verb": choose.choice([*ACTS, ""]),
        "time_of_day": choose.choice(("day", "dusk", "night")), "season": choose.choice(("", "winter", "autumn")),
        "persona": met,
    }  # fmt: skip
    return make_brief(**values | changes)


def test_every_scene_of_the_vocabulary_can_be_drawn():
    assert set(SCENES) == set(STAGED)
    assert len(SCENES) >= 20


def test_the_same_brief_and_seed_give_the_same_pixels(make_brief):
    brief = make_brief(scene="stage", supports=("trophy",), mood="joy")
    one, other = composer.compose(brief, seed=4), composer.compose(brief, seed=4)
    assert one.svg == other.svg
    assert np.array_equal(np.asarray(one.image), np.asarray(other.image))
    assert composer.compose(brief, seed=5).svg != one.svg


@pytest.mark.parametrize("slug", PRESETS)
def test_the_same_brief_gives_the_same_drawing_in_another_process(make_brief, slug: str):
    preset = presets.latest(slug)
    brief = make_brief(scene="march", supports=("flag",), preset=slug, preset_version=preset.version)
    code = (
        "import json, sys, hashlib\n"
        "from illustrate.types import Brief\nfrom illustrate.render import composer\n"
        "image = composer.compose(Brief.from_dict(json.loads(sys.argv[1])), seed=9, shape='square').image\n"
        "print(hashlib.sha256(image.tobytes()).hexdigest())"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, json.dumps(brief.to_dict())],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "77", "PYTHONPATH": "."},
    )  # fmt: skip
    here = composer.compose(brief, seed=9, shape="square").image
    assert out.stdout.strip() == hashlib.sha256(here.tobytes()).hexdigest()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_image_has_its_frames_size(make_brief, shape):
    rendered = composer.compose(make_brief(), seed=1, shape=shape)
    assert rendered.image.size == FRAMES[shape].pixels
    assert rendered.image.mode == "RGB"
    assert len(rendered.colour) == 7


def test_frames_have_the_ratios_that_pages_ask_for():
    ratios = {shape: frame.pixels[0] / frame.pixels[1] for shape, frame in FRAMES.items()}
    assert ratios == pytest.approx({"wide": 16 / 9, "square": 1, "tall": 4 / 5})
    for frame in FRAMES.values():
        assert frame.width / frame.height == pytest.approx(frame.pixels[0] / frame.pixels[1], rel=1e-3)


@pytest.mark.parametrize("scene", SCENES)
def test_in_every_frame_heroes_and_heads_are_whole_and_hide_each_other_rarely(make_brief, scene: str):
    choose = random.Random(scene)
    refused = 0
    for seed in range(24):
        brief = any_brief(make_brief, scene, choose)
        for shape in SHAPES:
            staged = composer.stage(brief, seed, shape)
            found = judge.framing(staged.parts, staged.frame.pixels)
            said = f"{shape} {seed} {brief.hero} {brief.supports} {found}"
            assert found["cut_off"] <= judge.CUT_OFF_TO, said
            assert found["face_cut"] <= judge.CUT_OFF_TO, said
            refused += found["overlap"] > judge.COVERED_TO or found["face_covered"] > judge.FACE_COVERED_TO
    # What the seeds leave is refused by the judge and drawn with another seed; it must stay rare.
    assert refused <= 4


@pytest.mark.parametrize("scene", SCENES)
def test_the_hero_is_large_whatever_its_shape(make_brief, scene: str):
    for hero in HEROES:
        if not fits(scene, hero):
            continue
        brief = make_brief(hero=hero.key, scene=scene, persona=scene in ALWAYS_CORRESPONDENT)
        box = composer.stage(brief, 2).parts["hero"]["box"]
        assert max(box[2] - box[0], box[3] - box[1]) >= 235, hero.key


def test_the_correspondent_looks_at_the_hero(make_brief):
    for seed in range(12):
        parts = composer.stage(make_brief(), seed).parts
        centre = (parts["hero"]["box"][0] + parts["hero"]["box"][2]) / 2
        faces = parts["persona"]["faces"]
        head = (parts["persona"]["head"][0] + parts["persona"]["head"][2]) / 2
        assert (faces == "right") == (centre > head)


def test_what_happens_decides_what_people_do(make_brief):
    def pixels(verb: str) -> str:
        return hashed(composer.stage(make_brief(verb=verb, persona=False), 3).canvas.svg())

    # Two verbs may share an act (both sides point); most do not.
    assert len({pixels(verb) for verb in ("win", "warn", "find", "build", "meet", "apologise")}) >= 5


@pytest.mark.parametrize("scene", SCENES)
def test_every_frame_shows_the_same_thing_in_the_same_colours_weather_and_gesture(make_brief, scene: str):
    choose = random.Random(scene)
    for seed in range(8):
        brief = any_brief(make_brief, scene, choose)
        staged = [composer.stage(brief, seed, shape) for shape in SHAPES]
        assert len({each.parts["hero"]["key"] for each in staged}) == 1
        assert len({"snow" in each.parts["props"] for each in staged}) == 1
        people = [each.parts["persona"] for each in staged]
        assert len({person and (person["area"], person["expression"], person["gesture"]) for person in people}) == 1


def test_a_closed_gate_is_told_as_closed(make_brief):
    for verb, english, korean in (("ban", "closed gateway", "닫힌 문"), ("open", "open gateway", "열린 문")):
        brief = make_brief(scene="gate", verb=verb)
        rendered = composer.Rendered(svg="", image=None, parts=composer.stage(brief, 1).parts, colour="")
        assert english in alt_text(brief, rendered, "en")
        assert korean in alt_text(brief, rendered, "ko")


@pytest.mark.parametrize("scene", SCENES)
def test_restrained_news_has_nobody_in_it_and_nothing_gay(make_brief, scene: str):
    quiet = composer.stage(make_brief(scene=scene, mood="joy", register="restrained"), 3)
    assert quiet.parts["persona"] is None
    assert quiet.parts["others"] == []
    assert quiet.parts["players"] == []
    assert quiet.parts["scene"] in {
        "ground",
        "city",
        "weather",
        "night",
        "shore",
        "road",
        "journey",
        "gate",
        "desk",
        "room",
        "shelf",
        "inspect",
        "map",
    }
    assert not {"confetti", "bunting"} & set(quiet.parts["props"])


def test_restrained_news_turns_the_same_scene_s_colours_down(make_brief):
    loud = composer.compose(make_brief(scene="room", persona=False), seed=3)
    quiet = composer.compose(make_brief(scene="room", persona=False, register="restrained"), seed=3)
    saturation = [np.asarray(each.image.convert("HSV"))[:, :, 1].mean() for each in (loud, quiet)]
    assert saturation[1] < 0.75 * saturation[0]


def test_two_parties_of_a_dispute_come_from_two_desks(make_brief):
    parts = composer.stage(make_brief(scene="dispute", mood="anger"), 1).parts
    assert parts["persona"]["faces"] == "right"
    assert [other["faces"] for other in parts["others"]] == ["left"]
    assert parts["others"][0]["area"] != parts["persona"]["area"]


def test_what_floats_is_drawn_on_water(make_brief):
    assert composer.stage(make_brief(hero="container-ship", scene="city"), 1).parts["scene"] == "shore"


def test_seeds_vary_the_picture(make_brief):
    assert len({composer.stage(make_brief(), seed).canvas.svg() for seed in range(8)}) == 8


def test_the_presets_draw_one_brief_in_ways_of_their_own(make_brief):
    drawn = [
        np.asarray(composer.compose(make_brief(preset=each.slug, preset_version=each.version), seed=2).image, dtype=int)
        for each in presets.PRESETS.values()
    ]
    for i, one in enumerate(drawn):
        for other in drawn[i + 1 :]:
            assert np.abs(one - other).mean() > 12


def test_a_night_poster_is_dark_at_any_hour(make_brief):
    poster = presets.latest("night-poster")
    brief = make_brief(preset=poster.slug, preset_version=poster.version, time_of_day="day")
    rendered = composer.compose(brief, seed=2)
    assert rendered.parts["time_of_day"] == "night"
    assert np.asarray(rendered.image.convert("L")).mean() < 90


def test_a_printed_picture_has_its_margin_of_bare_paper(make_brief):
    riso = presets.latest("riso")
    image = np.asarray(composer.compose(make_brief(preset="riso", preset_version=riso.version), seed=2).image)
    assert image[4:14, 40:-40].std(axis=(0, 1)).max() < 12
    assert image[4:14, 40:-40].mean() > 215


def test_an_unknown_motif_or_preset_is_refused(make_brief):
    with pytest.raises(KeyError):
        composer.compose(make_brief(hero="unicorn"), seed=1)
    with pytest.raises(KeyError):
        composer.compose(make_brief(preset="oil", preset_version=1), seed=1)
    with pytest.raises(KeyError):
        presets.latest("oil")


def test_alt_text_tells_what_is_drawn_in_both_languages(make_brief):
    brief = make_brief(scene="podium", mood="worry", supports=("flag",))
    rendered = composer.compose(brief, seed=2)
    english, korean = alt_text(brief, rendered, "en"), alt_text(brief, rendered, "ko")
    assert "ballot box" in english
    assert "grey hair" in english
    assert "worried" in english
    assert "flag" in english
    assert english.endswith(".")
    assert "투표함" in korean
    assert "깃발이 있다" in korean
    assert "걱정스러운" in korean


def test_alt_text_tells_of_people_of_no_name(make_brief):
    brief = make_brief(scene="march", persona=False, verb="protest")
    rendered = composer.compose(brief, seed=2)
    assert len(rendered.parts["players"]) >= 2
    assert "Small figures" in alt_text(brief, rendered, "en")
    assert "작은 사람들" in alt_text(brief, rendered, "ko")


@pytest.mark.parametrize("scene", SCENES)
def test_alt_text_exists_for_every_scene_and_place(make_brief, scene: str):
    choose = random.Random(scene)
    for seed in range(6):
        brief = any_brief(make_brief, scene, choose)
        staged = composer.stage(brief, seed, choose.choice(SHAPES))
        rendered = composer.Rendered(svg="", image=None, parts=staged.parts, colour="")
        for language in ("en", "ko"):
            assert 10 < len(alt_text(brief, rendered, language)) < 340


def test_every_pose_keeps_the_person_inside_its_span(make_brief):
    for pose in _bodies.POSES:
        staged = composer.stage(make_brief(persona=False), 1)
        person = _bodies.put_person(
            staged.canvas, x=0, foot=600, height=300, pose=pose, faces="right", area="science", keep=(100, 1100)
        )
        assert person.box[0] >= 99
        assert person.box[2] <= 1101


def test_a_brief_survives_the_way_through_json(make_brief):
    brief = make_brief(supports=("flag", "coins"))
    assert Brief.from_dict(json.loads(json.dumps(brief.to_dict()))) == brief
    with pytest.raises(ValueError, match="no field"):
        Brief.from_dict(brief.to_dict() | {"font": "serif"})
    with pytest.raises(KeyError):
        Brief.from_dict({"area": "world"})


def people_of(monkeypatch, brief: Brief, seeds: int = 30) -> list[tuple[str, bool]]:
    """The small people in a brief's pictures: each one's pose, and whether it faces the main thing."""
    seen: list[tuple[str, bool]] = []
    put = Stage.put_player

    def watched(self, x, foot, height, pose, faces, **more):
        person = put(self, x, foot, height, pose, faces, **more)
        if person:
            middle = (person.box[0] + person.box[2]) / 2
            seen.append((drawn[-1], (middle < self.hero_x) == (faces == "right")))
        return person

    drawn: list[str] = []
    body = _bodies.put_person

    def noted(*args, **kwargs):
        drawn.append(kwargs["pose"])
        return body(*args, **kwargs)

    monkeypatch.setattr("illustrate.render.stage.put_person", noted)
    monkeypatch.setattr(Stage, "put_player", watched)
    for seed in range(seeds):
        composer.stage(brief, seed)
    return seen


@pytest.mark.parametrize("verb", ["say", "", "play", "change", "move"])
def test_people_run_from_a_wildfire(make_brief, monkeypatch, verb: str):
    fire = make_brief(hero="wildfire", scene="ground", verb=verb, mood="worry", persona=False)
    assert set(people_of(monkeypatch, fire)) == {("run", False)}


def test_nobody_runs_from_a_tree_or_from_a_wave_that_somebody_rides(make_brief, monkeypatch):
    tree = make_brief(hero="tree", scene="ground", verb="say", persona=False)
    wave = make_brief(hero="wave", scene="shore", verb="win", mood="joy", persona=False, area="sport")
    for brief in (tree, wave):
        assert "run" not in {pose for pose, _ in people_of(monkeypatch, brief)}
    assert {*_FLED, *_GLOWING} <= {motif.key for motif in motifs.all_motifs()}


@pytest.mark.parametrize("scene", SCENES)
def test_nobody_cheers_at_bad_news(make_brief, monkeypatch, scene: str):
    hero = next(motif.key for motif in HEROES if fits(scene, motif) and motif.kind == "tool")
    for mood in ("worry", "sorrow", "anger"):
        brief = make_brief(hero=hero, scene=scene, verb="win", mood=mood, persona=scene in ALWAYS_CORRESPONDENT)
        assert not {pose for pose, _ in people_of(monkeypatch, brief, 6)} & _GLAD_POSES


def test_somebody_cheers_at_good_news(make_brief, monkeypatch):
    glad = make_brief(hero="factory", scene="ground", verb="win", mood="joy", persona=False)
    assert "cheer" in {pose for pose, _ in people_of(monkeypatch, glad)}


def test_beside_somebody_drawn_large_nobody_small_stands(make_brief):
    for seed in range(12):
        brief = make_brief(hero="conductor", scene="ground", verb="play", persona=False)
        assert not composer.stage(brief, seed).parts["players"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize(("mood", "gesture"), [("curiosity", "point"), ("hope", "offer"), ("determination", "fist")])
def test_no_hand_lies_on_what_is_shown(make_brief, monkeypatch, shape, area: str, mood: str, gesture: str):
    hands: list[float] = []
    put = _bodies.put_person

    def watched(*args, **kwargs):
        person = put(*args, **kwargs)
        hands.append(person.hand[0])
        return person

    monkeypatch.setattr("illustrate.render.stage.put_person", watched)
    pointed = 0
    for seed in range(8):
        brief = make_brief(area=area, palette=area, hero="books", scene="room", mood=mood, title_hash=f"{seed}")
        made = composer.stage(brief, seed, shape)
        if made.parts["persona"]["gesture"] != gesture:
            continue
        pointed += 1
        left, _, right, _ = made.parts["hero"]["box"]
        hand = (hands[-1] - made.frame.left) * made.frame.scale
        assert not left + 4 < hand < right - 4, (seed, hand, left, right)
    assert pointed


@pytest.mark.parametrize("scene", SCENES)
def test_no_rays_shine_on_sorrow(make_brief, scene: str):
    hero = "dove" if fits(scene, motifs.get_motif("dove")) else "gavel"
    for seed in range(6):
        brief = make_brief(hero=hero, scene=scene, mood="sorrow", verb="say", season="summer")
        assert "rays" not in composer.stage(brief, seed).parts["props"]


def test_rays_shine_on_joy(make_brief):
    assert "rays" in composer.stage(make_brief(scene="podium", mood="joy", verb="say"), 1).parts["props"]
