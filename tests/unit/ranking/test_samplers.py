from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ranking.joiners import ExplorationJoiner, UnionJoiner
from curation.ranking.pipelines import FEED, arrange
from curation.ranking.samplers import Drawn, ThompsonSampler
from curation.ranking.types import Pick, Seen
from tests.unit.ranking.pools import worlds


@given(worlds(smallest=1), st.integers(0, 999))
def test_chances_sum_to_1_and_leave_nobody_without_one(world, seed):
    pool, reader = world
    sampler = ThompsonSampler(window=40)
    rows = np.arange(len(pool))[:40]
    chances = sampler.chances(pool, reader, rows, np.random.default_rng(seed))
    assert chances.sum() == pytest.approx(1.0)
    assert (chances >= sampler.even / len(rows) - 1e-9).all()


@given(worlds(smallest=2), st.integers(0, 999))
def test_what_is_drawn_carries_the_probability_that_it_was_drawn_with(world, seed):
    pool, reader = world
    rows = np.arange(len(pool))
    drawn = ThompsonSampler()(pool, reader, rows, np.random.default_rng(seed))
    same = ThompsonSampler().chances(pool, reader, rows, np.random.default_rng(seed))
    assert drawn.propensity == pytest.approx(same[drawn.row])
    assert drawn == ThompsonSampler()(pool, reader, rows, np.random.default_rng(seed))


def test_nothing_to_draw_from_draws_nothing():
    random = np.random.default_rng(1)
    assert ThompsonSampler()(None, None, np.empty(0, dtype=np.int64), random) is None


@given(worlds(smallest=10))
def test_what_was_tried_often_in_vain_is_drawn_less_than_what_was_never_tried(world):
    pool, reader = world
    n = len(pool)
    topics = np.zeros((n, 2), np.float32)
    topics[: n // 2, 0] = topics[n // 2 :, 1] = 1.0
    pool = replace(pool, topics=topics, slugs=("tried", "untried"), impressions=np.zeros(n), clicks=np.zeros(n))
    in_vain = Seen.of(np.arange(900, 960), topics=np.tile(np.array([[1, 0]], np.float32), (60, 1)))
    chances = ThompsonSampler(draws=400).chances(
        pool, replace(reader, seen=in_vain), np.arange(n), np.random.default_rng(5)
    )
    assert chances[: n // 2].mean() < chances[n // 2 :].mean()


@given(
    st.lists(st.lists(st.integers(1, 50), unique=True, max_size=20), max_size=6),
    st.sets(st.integers(1, 50)),
    st.integers(1, 40),
)
def test_a_union_holds_each_once_and_the_first_of_every_list_before_the_second_of_any(lists, without, limit):
    found = UnionJoiner(limit=limit)(
        [np.array(each, dtype=np.int64) for each in lists], without=np.array(sorted(without), dtype=np.int64)
    )
    everything = {id for each in lists for id in each} - without
    assert sorted(set(found.tolist())) == found.tolist()
    assert len(found) == min(limit, len(everything))
    place = {id: min(each.index(id) for each in lists if id in each) for id in everything}
    left_out = everything - set(found.tolist())
    assert max((place[id] for id in found.tolist()), default=0) <= min((place[id] for id in left_out), default=99)


def test_the_drawn_card_stands_after_the_first_places_and_says_how_far_it_was_lifted():
    scores = np.array([5.0, 4.0, 3.0, 2.5, 2.0, 1.0, -1.0])
    picks = [Pick(row) for row in range(6)]
    for seed in range(50):
        joined = ExplorationJoiner()(picks, Drawn(6, 0.2), scores, np.random.default_rng(seed))
        place = next(number for number, pick in enumerate(joined) if pick.is_exploration)
        assert place >= 4
        assert joined[place] == Pick(6, 0.2, lift=2.0, is_exploration=True)
        assert [pick for pick in joined if not pick.is_exploration] == picks
    assert ExplorationJoiner()(picks, None, scores, np.random.default_rng(1)) == picks


@given(worlds(smallest=1), st.integers(5, 25), st.integers(0, 99))
def test_a_full_page_holds_one_surprise_whose_score_adds_up(world, size, seed):
    pool, reader = world
    arranged = arrange(FEED, pool, reader, size=size, random=np.random.default_rng(seed))
    surprises = [pick for pick in arranged.picks if pick.is_exploration]
    assert len(surprises) <= 1
    if arranged.left > 0 and len(arranged.picks) == size:
        assert len(surprises) == 1
    assert all(pick.propensity == 1 and not pick.lift for pick in arranged.picks if not pick.is_exploration)
    for pick, contributions in zip(arranged.picks, arranged.contributions, strict=True):
        assert sum(contributions.values()) == pytest.approx(arranged.scores[pick.row] + pick.lift, abs=1e-4)
        assert ("exploration" in contributions) == pick.is_exploration
