"""What is asked about a photo, which answers are believed, and which of those the article contradicts."""

from __future__ import annotations

import hashlib
import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from illustrate.brief._rules import load
from illustrate.describe.questions import QUESTIONS, VERSION, Answer, Facts, decide, known, without_contradictions
from illustrate.types import MOODS, TIMES_OF_DAY

CHOICES = [question for question in QUESTIONS if question.options]


def values_of(key: str) -> set[str]:
    return set(get_args(Facts.model_fields[key].annotation))


def test_every_fact_has_its_question():
    assert [question.key for question in QUESTIONS] == list(Facts.model_fields)


@pytest.mark.parametrize("question", CHOICES, ids=lambda question: question.key)
def test_every_answer_stands_for_a_fact_and_every_fact_can_be_answered(question):
    assert set(question.answers.values()) | {"unknown"} == values_of(question.key)
    assert len({words.casefold() for words in question.options}) == len(question.options)


def test_whoever_changes_a_question_or_an_answer_raises_the_version():
    asked = hashlib.sha256(repr(QUESTIONS).encode()).hexdigest()[:16]
    assert (VERSION, asked) == (1, "a85730e3c3a49a6f")


def test_facts_are_in_the_words_of_a_brief():
    places = {row["name"] for row in load("reading.toml")["setting"]}
    assert values_of("where") - {"unknown"} == places
    assert values_of("mood") - {"unknown"} == set(MOODS)
    assert values_of("time_of_day") - {"unknown"} == set(TIMES_OF_DAY)


# -- Deciding ------------------------------------------------------------------------------------------------


def test_an_answer_is_recognised_however_it_is_written():
    for words in ("a crowd", "A crowd.", ' "A CROWD" '):
        assert decide({"people": Answer(words, 0.9)}).people == "crowd"


@pytest.mark.parametrize("confidence", [0.49, 0.0, float("nan"), float("-inf")])
def test_an_unsure_answer_is_unknown(confidence):
    assert decide({"people": Answer("a crowd", confidence)}) == Facts()


def test_words_that_are_no_allowed_answer_are_unknown():
    assert decide({"people": Answer("about a dozen", 0.99), "hat": Answer("a crowd", 0.99)}) == Facts()


@pytest.mark.parametrize(
    ("words", "objects"),
    [
        ("a desk, two chairs, the lamp", ("desk", "chairs", "lamp")),
        ("A microphone, flags and a podium.", ("microphone", "flags", "podium")),
        ("- boat\n- fishing nets\n- boat", ("boat", "fishing nets")),
        ("desk, Angela Merkel, the White House, lamp", ("desk", "lamp")),
        ("a, b, c, d, e, f, g", ("a", "b", "c", "d", "e")),
        ("I see a man in a very long blue coat standing there", ()),
        ("배, 그물", ()),
        ("", ()),
    ],
)
def test_things_are_plain_nouns_and_never_names(words, objects):
    assert decide({"objects": Answer(words, 0.9)}).objects == objects


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*Facts.model_fields, "other"]), st.tuples(st.text(max_size=60), st.floats())))
def test_whatever_a_model_says_becomes_facts_of_the_kind_and_json(said):
    facts = decide({key: Answer(words, sure) for key, (words, sure) in said.items()})
    for question in CHOICES:
        assert getattr(facts, question.key) in values_of(question.key)
    assert all(word.isascii() and word == word.lower() for word in facts.objects)
    json.dumps(known(facts))


# -- Contradictions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "title", "language"),
    [
        ({"time_of_day": "day"}, "Stars over the harbour at midnight", "en"),
        ({"time_of_day": "day"}, "심야 버스 늘린다", "ko"),
        ({"time_of_day": "night"}, "Solar eclipse seen in broad daylight", "en"),
        ({"time_of_day": "night"}, "대낮 도심에 멧돼지", "ko"),
        ({"weather": "rain"}, "Blizzard closes the airport", "en"),
        ({"weather": "rain"}, "강원에 폭설", "ko"),
        ({"weather": "snow"}, "Heatwave breaks every record", "en"),
        ({"weather": "snow"}, "폭염에 전력 수요 최고", "ko"),
        ({"where": "sea"}, "Tears in the courtroom", "en"),
        ({"where": "forest"}, "법정에서 눈물", "ko"),
        ({"where": "office"}, "Crew rescued at sea", "en"),
        ({"where": "home"}, "앞바다에서 어선 뒤집혀", "ko"),
        ({"mood": "joy"}, "Five killed on the motorway", "en"),
        ({"mood": "joy"}, "고속도로 추돌로 5명 사망", "ko"),
        ({"doing": "mourning"}, "Home side wins the cup", "en"),
        ({"people": "crowd"}, "The deserted village", "en"),
        ({"people": "none"}, "Thousands march for clean air", "en"),
        ({"people": "crowd"}, "무관중 경기로 치른다", "ko"),
    ],
)
def test_what_the_headline_contradicts_is_dropped_with_the_reason(fact, title, language):
    facts, dropped = without_contradictions(Facts(**fact), title, "", language)
    assert facts == Facts()
    assert len(dropped) == 1
    assert next(iter(fact)) in dropped[0]


@pytest.mark.parametrize(
    ("fact", "title"),
    [
        ({"time_of_day": "night"}, "Stars over the harbour at midnight"),
        ({"weather": "snow"}, "Blizzard closes the airport"),
        ({"mood": "sorrow"}, "Five killed on the motorway"),
        ({"where": "sea"}, "Crew rescued at sea"),
        ({"people": "crowd"}, "Council meets"),
        ({"time_of_day": "day"}, "From midnight to noon: a day on the ward"),  # both are told
        ({"weather": "rain"}, "Snow turns to rain"),
        ({"mood": "joy"}, "Deadline extended"),  # no word of death
    ],
)
def test_what_the_headline_does_not_contradict_stays(fact, title):
    assert without_contradictions(Facts(**fact), title, "", "en") == (Facts(**fact), ())


def test_the_text_is_read_no_further_than_its_beginning():
    facts = Facts(weather="snow")
    assert without_contradictions(facts, "Roads", "A heatwave.", "en")[1]
    assert not without_contradictions(facts, "Roads", "x " * 200 + "A heatwave.", "en")[1]


@pytest.mark.parametrize(
    ("fact", "faces", "brightness", "key"),
    [
        ({"people": "crowd"}, 0, None, "people"),
        ({"people": "none"}, 2, None, "people"),
        ({"people": "one"}, 6, None, "people"),
        ({"people": "none", "doing": "speaking"}, 0, None, "doing"),
        ({"time_of_day": "night"}, None, 0.8, "time_of_day"),
        ({"time_of_day": "day"}, None, 0.03, "time_of_day"),
    ],
)
def test_what_the_pixels_contradict_is_dropped(fact, faces, brightness, key):
    facts, dropped = without_contradictions(Facts(**fact), "", "", "en", faces=faces, brightness=brightness)
    assert getattr(facts, key) == "unknown"
    assert len(dropped) == 1


@pytest.mark.parametrize(
    ("fact", "faces"),
    [({"people": "few"}, 0), ({"people": "one"}, 1), ({"people": "crowd"}, 2), ({"people": "one"}, 0)],
)
def test_people_may_turn_away_or_be_too_small_to_find(fact, faces):
    assert without_contradictions(Facts(**fact), "", "", "en", faces=faces)[1] == ()


facts_of_any_kind = st.builds(
    Facts,
    **{question.key: st.sampled_from(sorted(values_of(question.key))) for question in CHOICES},
    objects=st.lists(st.sampled_from(["desk", "boat"]), max_size=2).map(tuple),
)
telling = st.lists(
    st.sampled_from(
        ["midnight", "noon", "snow", "rain", "heatwave", "courtroom", "at sea", "killed", "wins", "deserted", "crowds",
         "폭설", "폭염", "사망", "우승", "법정", "야외", "인파"]
    ), max_size=4,
).map(" ".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    facts_of_any_kind, telling | st.text(max_size=60), telling | st.text(max_size=200), st.sampled_from(["en", "ko"]),
    st.none() | st.integers(0, 9), st.none() | st.floats(0, 1),
)  # fmt: skip
def test_facts_are_only_ever_taken_away_each_with_a_reason_and_once_is_enough(
    facts, title, text, language, faces, brightness
):
    kept, dropped = without_contradictions(facts, title, text, language, faces=faces, brightness=brightness)
    before, after = facts.model_dump(), kept.model_dump()
    changed = [key for key in before if before[key] != after[key]]
    assert all(after[key] == "unknown" for key in changed)
    assert len(dropped) == len(changed)
    again, more = without_contradictions(kept, title, text, language, faces=faces, brightness=brightness)
    assert (again, more) == (kept, ())
