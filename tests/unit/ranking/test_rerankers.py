from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.ranking.filters import StoryFilter
from curation.ranking.pipelines import FEED
from curation.ranking.rerankers import VariedReranker
from curation.ranking.types import Pick, Pool
from tests.unit.ranking.pools import shuffled, worlds


def rerank(world, size, seed=0, earlier=(), **config):
    pool, reader = world
    scores = FEED.ranker(pool, reader).scores
    order = StoryFilter()(pool, np.lexsort((-pool.ids, -scores)))
    random = np.random.default_rng(seed)
    picks = VariedReranker(**config)(pool, scores, order, size=size, earlier=earlier, random=random)
    return pool, scores, order, picks


@given(worlds(), st.integers(1, 25), st.lists(st.integers(1, 20), max_size=6))
def test_a_page_keeps_every_cap(world, size, earlier):
    pool, _, order, picks = rerank(world, size, earlier=earlier)
    rows = [pick.row for pick in picks]
    assert len(rows) == len(set(rows)) <= size
    assert set(rows) <= set(order.tolist())
    before, after = Counter(earlier), Counter(earlier) + Counter(pool.sources[rows].tolist())
    assert all(times <= max(3, before[source]) for source, times in after.items())
    stories = pool.stories[rows]
    assert max(Counter(stories[stories > 0].tolist()).values(), default=1) == 1


@given(worlds(), st.integers(1, 25))
def test_a_page_is_full_as_long_as_sources_have_room(world, size):
    pool, _, order, picks = rerank(world, size)
    room = sum(min(times, 3) for times in Counter(pool.sources[order].tolist()).values())
    assert len(picks) == min(size, room)


@given(worlds(smallest=1), st.integers(5, 25))
def test_a_surprise_is_drawn_once_from_as_many_as_its_propensity_says(world, size):
    pool, _, order, picks = rerank(world, size)
    surprises = [pick for pick in picks if pick.is_exploration]
    assert len(surprises) <= 1
    for pick in surprises:
        others = [pool.sources[other.row] for other in picks if other is not pick]
        used = Counter(others)
        chosen = {other.row for other in picks if other is not pick}
        could = [row for row in order if row not in chosen and used[pool.sources[row]] < 3]
        assert pick.row in could
        assert pick.propensity == 1 / len(could)
    if len(order) > size and len(picks) == size:
        assert len(surprises) == 1
    assert all(pick.propensity == 1 for pick in picks if not pick.is_exploration)


@given(worlds(), st.integers(0, 999))
def test_the_page_does_not_depend_on_the_order_of_the_candidates(world, seed):
    pool, _, _, picks = rerank(world, 20, explore=False)
    other_pool, _ = shuffled(pool, seed)
    _, _, _, other = rerank((other_pool, world[1]), 20, explore=False)
    assert [pool.ids[pick.row] for pick in picks] == [other_pool.ids[pick.row] for pick in other]


@given(worlds(smallest=1))
def test_the_best_article_opens_the_page(world):
    _, _, order, picks = rerank(world, 20)
    assert picks[0].row == order[0]


@given(worlds(smallest=30))
def test_variety_puts_less_alike_articles_together_than_the_bare_order(world):
    pool, _scores, order, picks = rerank(world, 8, explore=False, per_source=99, sharpness=0.1)
    plain = [Pick(int(row)) for row in order[:8]]

    def volume(chosen):
        vectors = pool.vectors[[pick.row for pick in chosen]].astype(np.float64)
        kernel = 0.8 * np.maximum(vectors @ vectors.T, 0) + 0.2 * np.equal.outer(
            pool.areas[[pick.row for pick in chosen]], pool.areas[[pick.row for pick in chosen]]
        )
        np.fill_diagonal(kernel, 1.0)
        return kernel.sum()

    assert volume(picks) <= volume(plain) + 1.5


def test_two_copies_of_one_text_do_not_break_the_choice():
    n = 6
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (n, 1))
    zeros = np.zeros(n)
    pool = Pool(
        ids=np.arange(1, n + 1), sources=np.arange(n), stories=np.zeros(n, int), story_sizes=np.ones(n, int),
        areas=np.zeros(n, int), ages=zeros, texts=("",) * n, impressions=zeros, clicks=zeros, vectors=vectors,
        topics=np.zeros((n, 0), np.float32), slugs=(), phrases=np.zeros((n, 0), np.float32), phrase_ids=(),
    )  # fmt: skip
    picks = VariedReranker(explore=False)(
        pool, np.arange(n, dtype=float), np.arange(n)[::-1], size=n, earlier=(), random=np.random.default_rng(0)
    )
    assert [pick.row for pick in picks] == [5, 4, 3, 2, 1, 0]
