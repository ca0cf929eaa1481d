"""What a text model says of an article: believed where it fits, dropped where it does not, never waited for."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.serving.types import InferResponse, ModelUnavailable, Overloaded, Tensor
from illustrate.brief import writer
from illustrate.brief._happening import examples
from illustrate.brief._reading import Reading
from illustrate.brief._rules import load
from illustrate.brief.phrases import PHRASES, has_no_names
from illustrate.brief.writer import BELIEVED_FROM, SEASONS, Told, answer_type, merged, tell, verbs
from illustrate.types import MOODS, TIMES_OF_DAY, Subject, VisualFacts

RULES = Reading(verb="open", is_plain=True, mood="neutral", setting="", time_of_day="day", season="")
TOLD = Told(RULES, ("a lighthouse museum", "the harbour"))
ANSWER = {
    "mood": "joy", "verb": "open", "setting": "sea", "time_of_day": "dusk", "season": "winter",
    "phrases": ["a lighthouse in snow"],
}  # fmt: skip


def heard(answer: object, told: Told = TOLD, confidence: float = 0.9, names: frozenset[str] = frozenset()) -> Told:
    return merged(told, names, answer if isinstance(answer, str) else json.dumps(answer), confidence)


# -- How much is believed ------------------------------------------------------------------------------------


def test_a_sure_answer_fills_what_the_rules_left_open():
    told = heard(ANSWER)
    assert told.by == "writer"
    assert told.reading == Reading("open", True, "joy", "sea", "dusk", "winter")
    assert told.phrases == ("a lighthouse in snow", "a lighthouse museum", "the harbour")
    assert told.reason == ""


def test_what_the_photo_and_the_words_say_plainly_stands():
    rules = Reading(verb="open", is_plain=True, mood="calm", setting="city", time_of_day="night", season="summer")
    reading = heard(ANSWER, Told(rules)).reading
    assert (reading.setting, reading.time_of_day, reading.season) == ("city", "night", "summer")


@pytest.mark.parametrize("dark", ["worry", "sorrow", "anger"])
def test_a_sorry_story_is_not_made_glad(dark):
    rules = Reading(verb="fall", is_plain=True, mood=dark, setting="", time_of_day="day", season="")
    for bright in ("joy", "hope", "calm"):
        assert heard(ANSWER | {"mood": bright}, Told(rules)).reading.mood == dark
    assert heard(ANSWER | {"mood": "surprise"}, Told(rules)).reading.mood == "surprise"


def test_another_verb_than_the_rules_read_stages_no_scene_by_itself():
    reading = heard(ANSWER | {"verb": "close"}).reading
    assert (reading.verb, reading.is_plain) == ("close", False)


@pytest.mark.parametrize("confidence", [0.0, BELIEVED_FROM - 0.01, math.nan, -1.0])
def test_an_unsure_model_is_not_believed_and_the_reason_is_kept(confidence):
    told = heard(ANSWER, confidence=confidence)
    assert (told.reading, told.phrases, told.by) == (RULES, TOLD.phrases, "rules")
    assert "unsure" in told.reason
    json.dumps(told.to_dict(), allow_nan=False)


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", "3", '"joy"', "joy", "{'mood': 'joy'}", "\x00"])
def test_what_is_no_answer_leaves_the_rules_as_they_are(answer):
    told = heard(answer)
    assert (told.reading, told.phrases, told.by) == (RULES, TOLD.phrases, "rules")
    assert "cannot be read" in told.reason


def test_unknown_values_are_dropped_one_by_one():
    told = heard({"mood": "ecstatic", "verb": 7, "setting": ["sea"], "time_of_day": None, "season": "winter"})
    assert told.reading == Reading("open", True, "neutral", "", "day", "winter")
    assert told.phrases == TOLD.phrases


def test_names_are_dropped_and_counted():
    phrases = ["will smith at a port", "a stone lighthouse", "Trump", "the Old Port", "a ferry at dawn", 5, None]
    told = heard(ANSWER | {"phrases": phrases}, names=frozenset({"stone"}))
    assert told.phrases == ("a ferry at dawn", *TOLD.phrases)
    assert told.reason == "4 of 5 phrases were dropped"


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.floats(allow_nan=False)
        | st.text(max_size=20)
        | st.sampled_from([*MOODS, "sea"]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ANSWER, "x"]), inner, max_size=6),
        max_leaves=12,
    ),
    st.floats(),
)
def test_whatever_a_model_answers_the_result_is_in_the_houses_words(answer, confidence):
    told = heard(answer, confidence=confidence)
    assert told.reading.mood in MOODS
    assert told.reading.verb in verbs()
    assert told.reading.time_of_day in TIMES_OF_DAY
    assert told.reading.season in SEASONS
    assert len(told.phrases) <= PHRASES
    assert all(map(has_no_names, told.phrases))


def test_the_form_names_every_value_that_the_rules_know():
    fields = answer_type().model_json_schema()["properties"]
    assert tuple(fields["mood"]["enum"]) == MOODS
    assert set(fields["verb"]["enum"]) == {row["action"] for row in examples()} - {"none"} | {""}
    assert set(fields["setting"]["enum"]) == {row["name"] for row in load("reading.toml")["setting"]} | {""}
    assert set(fields["season"]["enum"]) == {row["name"] for row in load("reading.toml")["season"]} | {""}
    assert fields["phrases"]["maxItems"] == PHRASES


# -- Asking --------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def rules(monkeypatch):
    monkeypatch.setattr(writer, "read_headline", lambda *args, **more: RULES)


@pytest.fixture
def door(monkeypatch):
    """A writer at the door; `asked` are the texts that it saw."""
    asked: list[tuple[str, str]] = []

    class Door:
        answer: object = ANSWER
        confidence = 0.9

    def infer(model, request):
        asked.extend(zip(request.input("text").texts(), request.input("language").texts(), strict=True))
        if isinstance(Door.answer, Exception):
            raise Door.answer
        outputs = (
            Tensor.of_text("brief", [json.dumps(Door.answer)]),
            Tensor.of_floats("confidence", np.array([Door.confidence])),
        )
        return InferResponse(model, "1", outputs)

    monkeypatch.setattr(writer, "has_model", lambda name: name == "writer")
    monkeypatch.setattr(writer, "infer", infer)
    Door.asked = asked
    return Door


SUBJECT = Subject("President Yoon opens a lighthouse museum", "Emma Stone of Norwick came too.", area="culture")


def test_the_model_is_shown_no_names(door):
    tell(SUBJECT, VisualFacts())
    [(text, language)] = door.asked
    assert language == "en"
    assert "a president opens a lighthouse museum" in text
    assert not any(name in text.lower() for name in ("yoon", "emma", "stone", "norwick"))


@pytest.mark.parametrize(
    ("title", "told", "names"),
    [
        ("윤석열 대통령, 등대 박물관 방문", "museum visit", ("윤석열", "yun", "yoon")),
        ("손흥민, 토트넘 떠난다", "leave", ("손흥민", "son", "heung", "tottenham")),
        ("김연아의 마지막 무대", "last stage", ("김연아", "kim", "yuna", "yeon")),
        ("아이유 새 앨범 발표", "album", ("아이유", "iu", "aiyu")),
    ],
)
def test_a_korean_article_is_shown_in_english_without_names_titled_or_not(door, title, told, names):
    tell(Subject(title, language="ko"), VisualFacts())
    [(text, language)] = door.asked
    assert language == "en"
    assert told in text
    assert not set(names) & set(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("error", [ModelUnavailable("gone"), Overloaded("busy", 1)])
def test_a_writer_that_does_not_answer_costs_the_brief_nothing(door, error):
    door.answer = error
    told = tell(SUBJECT, VisualFacts())
    assert told.by == "rules"
    assert "a president opens a lighthouse museum" in told.phrases
    assert told.to_dict() == {"by": "rules", "reason": f"the writer did not answer: {error}"}


def test_a_door_that_nobody_can_reach_costs_the_brief_nothing(monkeypatch):
    def has_model(name):
        raise ModelUnavailable("no server")

    monkeypatch.setattr(writer, "has_model", has_model)
    assert tell(SUBJECT, VisualFacts()).reason == "the writer did not answer: no server"


def test_without_a_writer_nobody_is_asked_and_there_is_no_reason(monkeypatch):
    monkeypatch.setattr(writer, "has_model", lambda name: False)
    monkeypatch.setattr(writer, "infer", lambda *args: pytest.fail("asked"))
    assert tell(SUBJECT, VisualFacts()).to_dict() == {"by": "rules"}
