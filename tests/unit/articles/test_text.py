"""Summaries, reading times, teasers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.articles._text import is_teaser, reading_seconds, shortened, summarise

TEXT = "Mr. Kim opened the bridge on Tuesday. It had been closed for nine years. Walkers came at once. Nobody paid."


def test_a_summary_is_one_or_two_whole_sentences():
    assert summarise("", TEXT) == "Mr. Kim opened the bridge on Tuesday. It had been closed for nine years."
    korean = "서울시는 화요일 오래된 다리를 다시 열었다. 보수에는 9년이 걸렸다. 시민들이 곧바로 찾아왔다."
    assert summarise("", korean) == "서울시는 화요일 오래된 다리를 다시 열었다. 보수에는 9년이 걸렸다."
    crowded = korean.replace(". ", ".")
    assert summarise("", crowded) == "서울시는 화요일 오래된 다리를 다시 열었다. 보수에는 9년이 걸렸다."


def test_the_publishers_own_teaser_comes_first_without_its_tail():
    teaser = "The old harbour bridge is open to walkers again after nine years. [...] Continue reading on our site"
    assert summarise(teaser, TEXT) == "The old harbour bridge is open to walkers again after nine years."


@given(st.text(max_size=3000), st.text(max_size=3000))
def test_a_summary_is_never_long(teaser, text):
    assert len(summarise(teaser, text)) <= 280


def test_words_and_korean_letters_take_their_own_time():
    assert reading_seconds("word " * 230) == 60
    assert reading_seconds("가" * 500) == 60
    assert reading_seconds("word " * 230 + "가" * 500) == 120
    assert reading_seconds("") == 0


@pytest.mark.parametrize(
    ("text", "teaser"),
    [("Short.", True), ("word " * 400, False), ("word " * 200 + "[…]", True), ("가" * 360, False), ("가" * 300, True)],
)
def test_a_teaser_is_told_from_an_article(text, teaser):
    assert is_teaser(text) is teaser


def test_a_cut_falls_between_words():
    assert shortened("one two three", 9) == "one two…"
