from __future__ import annotations

import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curation.ranking.filters import MutedWordFilter, NotOnSlateFilter, SeenFilter, StoryFilter
from curation.ranking.pipelines import FEED, FEED_AGAIN
from curation.ranking.types import Past, Pool, Reader, ReaderProfile, Seen
from tests.factories.ranking import NOW
from tests.unit.ranking.pools import worlds


def muted(texts, *words):
    pool = Pool.of(np.arange(1, len(texts) + 1), texts=tuple(texts))
    nothing = Past.of(np.empty(0, dtype=np.int64))
    return MutedWordFilter()(pool, Reader(ReaderProfile(1, muted_words=words), NOW, nothing)).tolist()


@pytest.mark.parametrize(
    ("word", "text", "stays"),
    [
        ("war", "War in the north", False),
        ("war", "A warning to all", True),
        ("war", "Post-war years", False),
        ("AI", "AI가 쓴 기사", False),
        ("ai", "Rain again", True),
        ("축구", "프로축구가 돌아왔다", False),
        ("축구", "야구가 돌아왔다", True),
        ("café", "The cafés of Lyon", True),
        ("café", "A CAFÉ in Lyon", False),
        ("c++", "Why C++ stays", False),
        ("(", "All (nearly) well", False),
        ("  ", "All well", True),
        ("prime minister", "The Prime Minister said", False),
        ("각하", "각하", False),
    ],
)
def test_muted_words(word, text, stays):
    assert muted(["First\nline", text, "Last"], word)[1] is stays


def test_a_composed_and_a_decomposed_spelling_are_the_same_word():
    assert muted([unicodedata.normalize("NFD", "축구 소식")], "축구") == [False]


@given(st.lists(st.text(max_size=12), max_size=12), st.text(min_size=1, max_size=4))
@example(["", ""], "\0")
def test_one_pass_over_all_texts_finds_what_a_search_of_each_finds(texts, word):
    alone = [muted([text], word)[0] for text in texts]
    assert muted(texts, word) == alone


@given(worlds())
def test_of_each_story_the_first_in_order_stays_and_loners_all_stay(world):
    pool, _ = world
    order = np.random.default_rng(len(pool)).permutation(len(pool))
    kept = StoryFilter()(pool, order)
    seen: set[int] = set()
    expected = []
    for row in order:
        story = int(pool.stories[row])
        if story == 0 or story not in seen:
            expected.append(row)
            seen.add(story)
    assert kept.tolist() == expected


@given(worlds(smallest=3))
def test_a_slate_is_continued_without_its_articles_and_their_stories(world):
    pool, reader = world
    kept = NotOnSlateFilter((int(pool.ids[0]),), (int(pool.stories[1]),))(pool, reader)
    assert not kept[0]
    told = pool.stories[1]
    assert kept[1:].tolist() == [story == 0 or story != told for story in pool.stories[1:]]


@given(worlds(smallest=3))
def test_read_articles_and_tired_ones_are_dropped(world):
    pool, reader = world
    seen = Seen.of(pool.ids[1:3], slates=np.array([2, 1]))
    reader = replace(reader, read=pool.ids[:1], seen=seen)
    assert SeenFilter()(pool, reader)[:3].tolist() == [False, False, True]


@given(worlds())
def test_what_a_filter_knows_beforehand_it_drops_from_any_pool(world):
    pool, reader = world
    for drop in (*FEED.filters, *FEED_AGAIN.filters):
        assert not drop(pool, reader)[np.isin(pool.ids, drop.known(reader))].any()
