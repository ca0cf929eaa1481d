from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.ranking.filters import StoryFilter
from curation.ranking.pipelines import FLOOR
from curation.ranking.rerankers import VariedReranker, mix_of
from curation.ranking.types import Past, Pool, Reader, ReaderProfile
from tests.factories.ranking import NOW
from tests.unit.ranking.pools import shuffled, worlds


def rerank(world, size, earlier=(), **config):
    pool, reader = world
    scores = FLOOR(pool, reader).scores.round(9)
    order = StoryFilter()(pool, np.lexsort((-pool.ids, -scores)))
    rows = VariedReranker(**config)(pool, reader, scores, order, size=size, earlier=earlier)
    return pool, scores, order, rows.tolist()


@given(worlds(), st.integers(1, 25), st.lists(st.integers(1, 20), max_size=6))
def test_a_page_keeps_every_cap(world, size, earlier):
    pool, _, order, rows = rerank(world, size, earlier=earlier)
    assert len(rows) == len(set(rows)) <= size
    assert set(rows) <= set(order.tolist())
    before, after = Counter(earlier), Counter(earlier) + Counter(pool.sources[rows].tolist())
    assert all(times <= max(3, before[source]) for source, times in after.items())
    stories = pool.stories[rows]
    assert max(Counter(stories[stories > 0].tolist()).values(), default=1) == 1


@given(worlds(), st.integers(1, 25))
def test_a_page_is_full_as_long_as_sources_have_room(world, size):
    pool, _, order, rows = rerank(world, size)
    room = sum(min(times, 3) for times in Counter(pool.sources[order].tolist()).values())
    assert len(rows) == min(size, room)


@given(worlds(), st.integers(0, 999))
def test_the_page_does_not_depend_on_the_order_of_the_candidates(world, seed):
    pool, _, _, rows = rerank(world, 20)
    other_pool, _ = shuffled(pool, seed)
    _, _, _, other = rerank((other_pool, world[1]), 20)
    assert pool.ids[rows].tolist() == other_pool.ids[other].tolist()


@given(worlds(smallest=1))
def test_without_a_mix_of_topics_the_best_article_opens_the_page(world):
    _, _, order, rows = rerank(world, 20, calibration=0.0)
    assert rows[0] == order[0]


@given(worlds(smallest=30))
def test_variety_puts_less_alike_articles_together_than_the_bare_order(world):
    pool, _scores, order, rows = rerank(world, 8, per_source=99, sharpness=0.1, calibration=0.0)

    def likeness(chosen):
        vectors = pool.vectors[chosen].astype(np.float64)
        areas = pool.areas[chosen]
        kernel = 0.8 * np.maximum(vectors @ vectors.T, 0) + 0.2 * np.equal.outer(areas, areas)
        np.fill_diagonal(kernel, 1.0)
        return kernel.sum()

    assert likeness(rows) <= likeness(order[:8]) + 1.5


def test_two_copies_of_one_text_do_not_break_the_choice():
    n = 6
    pool = Pool.of(np.arange(1, n + 1), sources=np.arange(n), vectors=np.tile(np.eye(1, 8, dtype=np.float32), (n, 1)))
    reader = Reader(ReaderProfile(1), NOW, Past.of(np.empty(0, dtype=np.int64)))
    rows = VariedReranker()(pool, reader, np.arange(n, dtype=float), np.arange(n)[::-1], size=n, earlier=())
    assert rows.tolist() == [5, 4, 3, 2, 1, 0]


def _two_thirds_food(count=60):
    """A reader who reads food twice as often as music, and candidates of which every other is about each."""
    random = np.random.default_rng(3)
    vectors = random.normal(size=(count, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    topics = np.zeros((count, 2), np.float32)
    topics[np.arange(count), np.arange(count) % 2] = 0.9
    pool = Pool.of(
        np.arange(1, count + 1), sources=np.arange(count), vectors=vectors, topics=topics, slugs=("food", "music")
    )
    past = Past.of(
        np.arange(1000, 1030), vectors=np.zeros((30, 16), np.float32),
        topics=np.array([[0.9, 0], [0.9, 0], [0, 0.9]] * 10, np.float32),
    )  # fmt: skip
    return pool, Reader(ReaderProfile(1), NOW, past)


def test_the_page_is_drawn_towards_the_readers_own_mix():
    pool, reader = _two_thirds_food()
    scores = np.where(pool.topics[:, 0] > 0, 1.0, 0.0)
    order = np.argsort(-scores, kind="stable")

    def share(calibration):
        rows = VariedReranker(calibration=calibration)(pool, reader, scores, order, size=12, earlier=())
        return float((pool.topics[rows, 0] > 0).mean())

    assert share(0.0) == 1.0
    assert abs(share(5.0) - 2 / 3) < 0.1
    assert np.allclose(mix_of(pool, reader), [2 / 3, 1 / 3])


def test_a_wish_for_less_of_a_topic_takes_it_out_of_the_mix():
    pool, reader = _two_thirds_food()
    wished = replace(reader, profile=replace(reader.profile, wishes=(("food", -1.0),)))
    assert np.allclose(mix_of(pool, wished), [0.0, 1.0])
