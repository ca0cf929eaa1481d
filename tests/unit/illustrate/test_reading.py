"""Headlines read for what happens, how it feels, where and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from illustrate.brief._reading import read_headline
from illustrate.types import MOODS, TIMES_OF_DAY


@pytest.mark.parametrize(
    ("title", "verb"),
    [
        ("Exports jump 12% in spring quarter", "rise"),
        ("Rail fares cut for students", "fall"),
        ("Nurses march against night shifts", "protest"),
        ("Village side wins the cup on penalties", "win"),
        ("Two ministries clash over the budget", "dispute"),
        ("수출 7개월 연속 증가", "rise"),
        ("코스피 2% 급락", "fall"),
        ("여야, 예산안 놓고 충돌", "dispute"),
        ("대학 새 도서관 개관", "open"),
    ],
)
def test_the_headlines_action_is_found(title, verb):
    assert read_headline(title).verb == verb


@pytest.mark.parametrize(
    ("title", "mood"),
    [
        ("Unemployment falls to record low", "hope"),
        ("Exports fall for a fifth month", "worry"),
        ("Rents rise faster than wages", "worry"),
        ("Wages rise at last", "joy"),
        ("물가 상승률 3년 만에 최고", "worry"),
        ("취업자 30만 명 증가", "joy"),
        ("실업률 하락", "hope"),
    ],
)
def test_the_mood_is_what_it_means_to_people_not_the_direction(title, mood):
    assert read_headline(title).mood == mood


def test_nobody_smiles_at_trouble():
    assert read_headline("Festival joy ends in storm warning and flood fears").mood != "joy"


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


@given(st.text(max_size=80), st.text(max_size=200), st.text(max_size=40))
def test_any_text_can_be_read(title, text, words):
    reading = read_headline(title, text, photo_words=words)
    assert reading.mood in MOODS
    assert reading.time_of_day in TIMES_OF_DAY
