"""The learned ranker keeps the floor's contract: a sum of named contributions, the same whatever the order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.ranking.learning.fit import LearnedRanker
from curation.ranking.learning.inputs import inputs_of, schema_of
from curation.ranking.learning.weights import HISTORY, KNOTS, Weights, at_floor
from curation.ranking.pipelines import FLOOR
from curation.ranking.rankers import ZSumRanker, features
from curation.ranking.types import Pool, Reader
from tests.unit.ranking.pools import DIMENSION, shuffled, without_past, worlds

SCORERS = tuple(scorer for scorer, _ in FLOOR.scorers)
NAMES = tuple(scorer.name for scorer in SCORERS)
BEGUN = LearnedRanker(SCORERS, at_floor(FLOOR, DIMENSION))


@pytest.fixture(scope="module", autouse=True)
def torch_is_there():
    """Importing it takes seconds, which the first of many worlds should not be blamed for."""
    BEGUN(*example())


def moved(seed: int, dimension: int = DIMENSION) -> LearnedRanker:
    """One that has learned something, whatever it is."""
    random, start = np.random.default_rng(seed), at_floor(FLOOR, dimension)
    weights = Weights(
        **{
            name: getattr(start, name) + random.normal(0, 0.3, getattr(start, name).shape)
            for name in ("shapes", "gates", "query", "key", "attention")
        }
    )
    return LearnedRanker(SCORERS, weights)


@given(worlds())
def test_it_begins_as_the_floor_contribution_by_contribution(world):
    begun, floor = BEGUN(*world), FLOOR(*world)
    assert begun.scorers == floor.scorers
    np.testing.assert_allclose(begun.contributions, floor.contributions, atol=1e-12)
    np.testing.assert_allclose(begun.scores, floor.scores, atol=1e-12)


@given(worlds(), st.integers(0, 9))
def test_a_score_is_the_sum_of_its_contributions(world, seed):
    ranking = moved(seed)(*world)
    assert ranking.contributions.shape == (len(NAMES), len(world[0]))
    assert np.isfinite(ranking.contributions).all()
    np.testing.assert_allclose(ranking.scores, ranking.contributions.sum(axis=0))


@given(worlds(smallest=1), st.integers(0, 9))
def test_what_a_scorer_has_nothing_to_say_of_it_neither_lifts_nor_lowers(world, seed):
    pool, reader = world
    _, z, confidences = features(SCORERS, pool, reader)
    contributions = moved(seed)(pool, reader).contributions
    silent = (z == 0) | (confidences[:, None] == 0)
    silent[NAMES.index(HISTORY)] &= confidences[NAMES.index(HISTORY)] == 0  # the attention may have something to add
    assert (contributions[silent] == 0).all()


@given(worlds(), st.integers(0, 9), st.integers(0, 999))
def test_it_does_not_depend_on_the_order_of_the_candidates(world, seed, order_seed):
    pool, reader = world
    other, order = shuffled(pool, order_seed)
    ranker = moved(seed)
    np.testing.assert_allclose(
        ranker(other, reader).contributions, ranker(pool, reader).contributions[:, order], atol=1e-5
    )


@given(worlds(), st.integers(0, 9))
def test_without_a_history_the_attention_says_nothing(world, seed):
    pool, reader = world
    ranker = moved(seed)
    at = NAMES.index(HISTORY)
    assert (ranker(pool, without_past(reader)).contributions[at] == 0).all()


@given(worlds(smallest=2), st.integers(0, 9))
@settings(max_examples=30)
def test_it_works_without_vectors_ages_and_impressions(world, seed):
    pool, reader = world
    n = len(pool)
    bare = replace(pool, vectors=np.zeros((n, 0), np.float32), ages=np.full(n, np.nan), impressions=np.full(n, np.nan))
    past = replace(reader.past, vectors=np.zeros((len(reader.past.ids), 0), np.float32))
    for ranker in (moved(seed), moved(seed, 0)):
        ranking = ranker(bare, replace(reader, past=past))
        assert np.isfinite(ranking.scores).all()
    assert np.isfinite(moved(seed, 0)(pool, reader).scores).all()


@given(worlds(smallest=2), st.integers(0, 9))
@settings(max_examples=30)
def test_an_article_without_a_vector_gets_nothing_from_the_attention(world, seed):
    pool, reader = world
    ranker = moved(seed)
    at = NAMES.index(HISTORY)
    silenced = replace(
        ranker.weights, shapes=np.where(np.arange(len(NAMES) + 1)[:, None] == at, 0, ranker.weights.shapes)
    )
    only_attention = LearnedRanker(SCORERS, silenced)(pool, reader).contributions[at]
    assert (only_attention[~pool.vectors.any(axis=1)] == 0).all()


def test_the_latest_two_hundred_are_compared_and_what_was_refused_is_not():
    pool, reader = example()
    past = reader.past
    assert len(inputs_of(SCORERS, pool, reader).past) == int(past.liked.sum())
    long = past.take(np.zeros(300, dtype=np.int64) + int(np.flatnonzero(past.liked)[0]))
    assert len(inputs_of(SCORERS, pool, replace(reader, past=long)).past) == 200


def test_a_curve_is_a_straight_line_between_its_knots():
    pool, reader = example()
    ranker = moved(1)
    at = NAMES.index("freshness")
    _, z, confidences = features(SCORERS, pool, reader)
    curve = ranker.weights.shapes[at] - ranker.weights.shapes[at][KNOTS.index(0.0)]
    known = np.concatenate([confidences, inputs_of(SCORERS, pool, reader).context])
    gate = confidences[at] * np.exp(2 * np.tanh(ranker.weights.gates[at] @ known / 2))
    np.testing.assert_allclose(
        ranker(pool, reader).contributions[at], gate * np.interp(z[at], KNOTS, curve), atol=1e-12
    )


def test_a_scorer_that_is_set_otherwise_makes_another_schema():
    (first, weight), *rest = FLOOR.scorers
    assert schema_of(FLOOR) == schema_of(ZSumRanker(FLOOR.scorers))
    assert schema_of(FLOOR) == schema_of(ZSumRanker(((first, weight + 1), *rest)))
    for other in (ZSumRanker(tuple(rest)), ZSumRanker(((replace(first, shrink=9.0), weight), *rest))):
        assert schema_of(other) != schema_of(FLOOR)


def test_a_floor_that_it_cannot_begin_as_is_refused():
    with pytest.raises(ValueError, match="history"):
        at_floor(ZSumRanker(FLOOR.scorers[1:]), 8)


def example() -> tuple[Pool, Reader]:
    """The first of the random worlds in which there is something to tell."""
    from tests.unit.ranking.learning.logs import World

    questions = World(lambda pool, reader, z: np.zeros(len(pool)), dimension=DIMENSION).questions(40)
    question = next(each for each in questions if len(each.reader.past.ids) > 5)
    weights = question.reader.past.weights.copy()
    weights[1] = -1.0
    return question.pool, replace(question.reader, past=replace(question.reader.past, weights=weights))
