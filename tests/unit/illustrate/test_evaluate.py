"""The judge: measures that see what people see, and a check of the subject that is its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from illustrate.brief.compose import compose
from illustrate.evaluate import _image, judge, on_topic
from illustrate.render import composer
from illustrate.types import Rendered, Subject, VisualFacts

WHALES = Subject("Whales return to the bay", "Biologists counted forty whales.", area="climate", topics=("wildlife",))
COURT = Subject("Court rules in dispute over deposit", area="society", topics=("crime-courts",))


@pytest.fixture(scope="module")
def whales():
    brief = compose(WHALES, VisualFacts(), preset="grain", preset_version=2, seed=1)
    return brief, composer.compose(brief, seed=1)


def painted(
    colour: str = "#eeeeee", box: tuple[int, int, int, int] | None = None, fill: str = "#333333"
) -> Image.Image:
    image = Image.new("RGB", (1200, 675), colour)
    if box:
        ImageDraw.Draw(image).rectangle(box, fill=fill)
    return image


def test_a_good_picture_is_accepted_with_every_figure_told(whales):
    brief, rendered = whales
    scores, verdict = judge.judge(rendered, brief, WHALES)
    assert verdict.accepted, verdict.reasons
    assert {"edges", "contrast", "cut_off", "twin_bits", "on_topic", "register"} <= set(scores.figures)


def test_a_picture_of_something_else_is_sent_back_with_the_reason(whales):
    brief, rendered = whales
    _, verdict = judge.judge(rendered, brief, COURT)
    assert verdict.decision == "retry"
    assert any("not what the article is about" in reason for reason in verdict.reasons)
    assert judge.judge(rendered, brief, COURT, is_last=True)[1].decision == "reject"


def test_the_twin_of_a_recent_picture_is_sent_back(whales):
    brief, rendered = whales
    scores, _ = judge.judge(rendered, brief, WHALES, recent=[judge.measure(rendered, brief, WHALES).perceptual_hash])
    assert scores.failed == ("twin_bits",)


def test_a_persona_beside_a_sensitive_subject_is_sent_back(whales):
    brief, rendered = whales
    assert not judge.keeps_register(rendered, replace(brief, register="restrained"))


def test_a_hero_of_its_grounds_colour_does_not_stand_out():
    box = (400, 200, 700, 500)
    assert _image.hero_contrast(painted(box=box, fill="#e9e9ec"), box) < 0.05
    assert _image.hero_contrast(painted(box=box), box) > 0.9


def test_clutter_and_emptiness_are_seen():
    noise = Image.effect_noise((1200, 675), 120).convert("RGB")
    assert _image.edge_density(painted()) < judge.EDGES_FROM
    assert _image.edge_density(noise) > judge.EDGES_TO


def test_what_the_frame_cuts_off_is_seen_in_any_frame():
    assert _image.cut_off((-50, 0, 50, 100), (1200, 675)) == pytest.approx(0.5)
    assert _image.cut_off((0, 600, 100, 800), (1200, 675)) > 0.5
    assert _image.cut_off((0, 600, 100, 800), (720, 900)) == 0


def framed(**parts):
    return judge.framing({"hero": {"key": "coins", "box": [500, 200, 900, 600]}} | parts, (1200, 675))


def test_a_face_behind_a_thing_or_a_thing_behind_another_is_seen():
    person = {"head": [400, 200, 560, 420], "face": [430, 260, 540, 420]}
    assert framed(persona=person)["face_covered"] > judge.FACE_COVERED_TO
    assert framed(persona=person | {"face": [300, 260, 410, 420]})["face_covered"] == 0
    support = {"key": "flag", "box": [860, 500, 1010, 650], "where": "on the ground"}
    assert framed(supports=[support])["overlap"] == pytest.approx(40 * 100 / 150**2)
    assert framed(supports=[support], players=[[850, 480, 950, 660]])["overlap"] > judge.COVERED_TO


def test_a_head_that_leaves_the_frame_is_seen_in_the_crop_alone(whales):
    brief, rendered = whales
    crop = composer.stage(brief, 1, "square")
    crop.parts = crop.parts | {"persona": {"head": [-60, 300, 60, 500], "face": [-20, 350, 50, 480]}}
    scores, verdict = judge.judge(rendered, brief, WHALES, crops=[crop])
    assert scores.failed == ("face_cut",)
    assert verdict.reasons == ("the frame cuts off 50% of a head",)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=6), st.integers(0, 2**64 - 1))
def test_the_nearest_twin_is_the_smallest_distance(others, own):
    hexes = [f"{other:016x}" for other in others]
    expected = min(((own ^ other).bit_count() for other in others), default=64)
    assert _image.nearest_twin(f"{own:016x}", hexes) == expected


def test_topic_evidence_tells_true_from_foreign_motifs():
    true = on_topic.weigh(WHALES, {"hero": {"key": "whale"}, "supports": [], "palette": "climate"})
    foreign = on_topic.weigh(WHALES, {"hero": {"key": "gavel"}, "supports": [], "palette": "society"})
    assert on_topic.is_accepted(true)
    assert not on_topic.is_accepted(foreign)


def test_a_candle_suits_any_grief_but_not_any_news():
    parts = {"hero": {"key": "candle"}, "supports": [], "palette": "society"}
    grief = Subject("Four killed as bus plunges off bridge", area="society")
    assert on_topic.weigh(grief, parts, "restrained").topics >= on_topic.MOURNING
    assert on_topic.weigh(COURT, parts, "restrained").topics < on_topic.MOURNING


def test_an_empty_rendered_is_judged_without_an_error(whales):
    brief, rendered = whales
    bare = Rendered(svg="", image=painted(), parts=rendered.parts | {"supports": [], "palette": ""}, colour="#eeeeee")
    assert not judge.judge(bare, brief, WHALES)[1].accepted
