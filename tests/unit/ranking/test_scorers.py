from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ranking import scorers
from curation.ranking.types import Past
from tests.unit.ranking.pools import shuffled, without_past, worlds

EVERY_SCORER = [
    scorers.HistoryScorer(),
    scorers.TopicScorer(),
    scorers.ClickThroughScorer(),
    scorers.FreshnessScorer(),
    scorers.SourceScorer(),
    scorers.PhraseScorer(),
    scorers.AversionScorer(),
    scorers.FatigueScorer(),
]


@pytest.mark.parametrize("scorer", EVERY_SCORER, ids=lambda scorer: type(scorer).__name__)
@given(worlds(), st.integers(0, 999))
def test_a_score_is_finite_and_belongs_to_the_article_not_to_its_place(scorer, world, seed):
    pool, reader = world
    scored = scorer(pool, reader)
    assert scored.values.shape == scored.explains.shape == (len(pool),)
    assert np.isfinite(scored.values).all()
    assert 0 <= scored.confidence <= 1
    other, order = shuffled(pool, seed)
    again = scorer(other, reader)
    np.testing.assert_allclose(again.values, scored.values[order], atol=1e-6)
    assert again.explains.shape == scored.explains.shape


@pytest.mark.parametrize("scorer", [scorers.HistoryScorer(), scorers.AversionScorer(), scorers.FatigueScorer()])
@given(worlds())
def test_without_a_past_the_scorers_of_the_past_are_silent(scorer, world):
    pool, reader = world
    assert not scorer(pool, without_past(reader)).values.any()


@pytest.mark.parametrize("scorer", [scorers.AversionScorer(), scorers.FatigueScorer()])
@given(worlds())
def test_what_lowers_never_names_a_reason_and_never_lifts(scorer, world):
    scored = scorer(*world)
    assert not scored.explains.any()
    assert (scored.values <= 0).all()


@given(worlds(smallest=1))
def test_more_clicks_on_as_many_impressions_never_lower_an_article(world):
    pool, reader = world
    clicks = pool.clicks.copy()
    clicks[0] = min(clicks[0] + 1, pool.impressions[0])
    raised = scorers.ClickThroughScorer()(replace(pool, clicks=clicks), reader).values
    assert (
        raised[0] - raised.mean()
        >= scorers.ClickThroughScorer()(pool, reader).values[0]
        - np.mean(scorers.ClickThroughScorer()(pool, reader).values)
        - 1e-9
    )


@given(worlds(smallest=2))
def test_freshness_falls_with_age_by_half_each_half_life(world):
    pool, reader = world
    scorer = scorers.FreshnessScorer(half_life_hours=10)
    values = scorer(pool, reader).values
    assert (np.diff(values[np.argsort(pool.ages)]) <= 0).all()
    older = scorer(replace(pool, ages=pool.ages + 10), reader).values
    np.testing.assert_allclose(older, values / 2)


@given(worlds(smallest=1))
def test_a_refused_twin_is_the_lowest(world):
    pool, reader = world
    twin = int(np.argmax(np.linalg.norm(pool.vectors, axis=1)))
    if not pool.vectors[twin].any():
        return
    past = Past(
        ids=np.array([1]),
        weights=np.array([-1.0]),
        vectors=pool.vectors[[twin]],
        topics=np.zeros((1, len(pool.slugs)), dtype=np.float32),
    )
    values = scorers.AversionScorer()(pool, replace(reader, past=past)).values
    assert values[twin] == pytest.approx(values.min(), abs=1e-6)


@given(worlds())
def test_a_followed_topic_is_worth_more_than_one_that_is_not(world):
    pool, reader = world
    reader = without_past(replace(reader, profile=replace(reader.profile, topics=("food",))))
    affinity = dict(zip(pool.slugs, scorers.topic_affinity(pool, reader), strict=True))
    assert affinity["food"] > affinity["space"] == affinity["music"] == 0
