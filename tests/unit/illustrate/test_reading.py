"""Headlines read for what happens, how it feels, where and when."""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from illustrate.brief import _reading
from illustrate.brief._happening import Happening
from illustrate.brief._reading import read_headline
from illustrate.types import MOODS, TIMES_OF_DAY

HEADLINES = Path(__file__).parents[2] / "data" / "reading_headlines.tsv"
GLAD, SORRY = {"joy", "hope", "calm"}, {"worry", "sorrow", "anger"}


def held_out() -> list[dict[str, str]]:
    with HEADLINES.open(encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_headlines_written_by_somebody_else_are_read_as_people_would(capsys):
    rows = held_out()
    readings = [read_headline(row["headline"], language=row["lang"]) for row in rows]
    actions = [
        (reading.verb or "none") in row["actions"].split("|") for reading, row in zip(readings, rows, strict=True)
    ]
    moods = [reading.mood in row["moods"].split("|") for reading, row in zip(readings, rows, strict=True)]
    sad = [reading for reading, row in zip(readings, rows, strict=True) if set(row["moods"].split("|")) <= SORRY]
    smiles = sum(reading.mood in GLAD for reading in sad)
    with capsys.disabled():
        print(f"\nreading, n={len(rows)}: action {mean(actions):.3f}, mood {mean(moods):.3f}")
        print(f"  smiles at {smiles} of {len(sad)} sad ones")
    assert mean(actions) >= 0.68
    assert mean(moods) >= 0.5
    assert smiles <= 0.13 * len(sad)


@pytest.mark.parametrize(
    ("title", "language", "verb"),
    [
        ("Exports jump 12% in spring quarter", "en", "rise"),
        ("Nurses march against night shifts", "en", "protest"),
        ("Village side wins the cup on penalties", "en", "win"),
        ("수출 7개월 연속 증가", "ko", "rise"),
        ("코스피 2% 급락", "ko", "fall"),
        ("대학 새 도서관 개관", "ko", "open"),
    ],
)
def test_the_headlines_action_is_found(title, language, verb):
    assert read_headline(title, language=language).verb == verb


def test_the_mood_is_what_it_means_to_people_not_the_direction():
    assert read_headline("Rents rise faster than wages").mood in SORRY
    assert read_headline("Deaths on the roads fall to a record low").mood in {"hope", "joy", "neutral", "calm"}


@pytest.mark.parametrize(
    ("title", "setting"),
    [
        ("Gannets steer around the turbines off the coast", "sea"),
        ("새 학기 교실 풍경", "school"),
        ("Comet returns", "space"),
    ],
)
def test_the_place_is_found(title, setting):
    assert read_headline(title).setting == setting


def test_a_photos_words_tell_the_place_where_the_title_does_not():
    assert read_headline("A quiet week", photo_words="Fishing boats in a harbour").setting == "sea"
    assert read_headline("A quiet week", photo_words="항구에 정박한 어선").setting == "sea"


def test_a_dark_photo_is_a_night_picture():
    assert read_headline("Council meets", brightness=0.05).time_of_day == "night"
    assert read_headline("Council meets", brightness=0.6).time_of_day == "day"


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=40))
def test_any_text_can_be_read(title, text, words):
    reading = read_headline(title, text, photo_words=words)
    assert reading.mood in MOODS
    assert reading.time_of_day in TIMES_OF_DAY


def test_what_a_model_saw_in_the_photo_speaks_where_the_words_do_not():
    seen = {"where": "farm", "time_of_day": "dusk", "weather": "snow"}
    reading = read_headline("A quiet week", photo=seen)
    assert (reading.setting, reading.time_of_day, reading.season) == ("farm", "dusk", "winter")
    told = read_headline("Midnight ferry in summer", photo=seen)
    assert (told.setting, told.time_of_day, told.season) == ("sea", "night", "summer")


def test_a_photo_lends_its_mood_to_a_neutral_headline_only_and_never_a_smile(monkeypatch):
    def happening(mood: str):
        return lambda title, language: Happening(action="", is_plain=False, mood=mood)

    monkeypatch.setattr(_reading, "read_happening", happening("neutral"))
    assert read_headline("A quiet week", photo={"mood": "calm"}).mood == "calm"
    assert read_headline("A quiet week", photo={"mood": "joy"}).mood == "neutral"
    assert read_headline("A quiet week").mood == "neutral"
    monkeypatch.setattr(_reading, "read_happening", happening("worry"))
    assert read_headline("A quiet week", photo={"mood": "calm"}).mood == "worry"
