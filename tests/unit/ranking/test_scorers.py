from __future__ import annotations

from dataclasses import replace
from inspect import isclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.ranking import scorers
from curation.ranking.pipelines import FLOOR
from curation.ranking.rankers import z_scores
from curation.ranking.types import Past
from curation.topics import queries as topics
from tests.unit.ranking.pools import shuffled, without_past, worlds

KINDS = [kind for kind in vars(scorers).values() if isclass(kind) and kind.__name__.endswith("Scorer")]
LOWERING = (scorers.AversionScorer(), scorers.FatigueScorer())


def test_every_scorer_has_its_place_in_the_feed():
    assert {type(scorer) for scorer, _ in FLOOR.scorers} == set(KINDS)
    names = [scorer.name for scorer, _ in FLOOR.scorers]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(worlds(), st.integers(0, 999))
def test_a_score_is_finite_and_belongs_to_the_article_not_to_its_place(kind, world, seed):
    pool, reader = world
    scored = kind()(pool, reader)
    assert scored.values.shape == (len(pool),)
    assert np.isfinite(scored.values).all()
    assert 0 <= scored.confidence <= 1
    other, order = shuffled(pool, seed)
    np.testing.assert_allclose(kind()(other, reader).values, scored.values[order], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(worlds())
def test_a_scorer_can_do_without_vectors_ages_and_impressions(kind, world):
    """Other people's logs do not have them all."""
    pool, reader = world
    bare = replace(
        pool,
        vectors=pool.vectors[:, :0],
        ages=np.full(len(pool), np.nan),
        impressions=np.full(len(pool), np.nan),
    )
    bare_past = replace(reader.past, vectors=reader.past.vectors[:, :0])
    scored = kind()(bare, replace(reader, past=bare_past))
    assert np.isfinite(scored.values).all()
    assert np.isfinite(scored.confidence)


@pytest.mark.parametrize(
    "kind",
    [
        scorers.HistoryScorer,
        scorers.TopicScorer,
        scorers.PublisherScorer,
        scorers.AversionScorer,
        scorers.FatigueScorer,
    ],
)
@given(worlds())
def test_without_a_past_the_scorers_of_the_past_are_silent(kind, world):
    pool, reader = world
    assert not kind()(pool, without_past(reader)).values.any()


@pytest.mark.parametrize("scorer", LOWERING, ids=lambda scorer: scorer.name)
@given(worlds())
def test_what_lowers_never_lifts_and_never_becomes_a_reason(scorer, world):
    scored = scorer(*world)
    assert (scored.values <= 0).all()
    assert (z_scores(scored.values, scored.neutral) <= 0).all()


@given(worlds(smallest=1))
def test_what_nobody_has_judged_is_neither_popular_nor_unpopular(world):
    pool, reader = world
    known = pool.impressions.copy()
    known[0] = 0
    clicks = np.minimum(pool.clicks, known)
    scored = scorers.ClickThroughScorer()(replace(pool, impressions=known, clicks=clicks), reader)
    assert scored.values[0] == pytest.approx(scored.neutral)
    unread = replace(pool, reads=np.append(0.0, pool.reads[1:]), satisfaction=np.append(0.0, pool.satisfaction[1:]))
    assert scorers.SatisfactionScorer()(unread, reader).values[0] == pytest.approx(0.0)


@given(worlds(smallest=1))
def test_more_clicks_on_as_many_impressions_never_lower_an_article(world):
    pool, reader = world
    clicks = pool.clicks.copy()
    clicks[0] = min(clicks[0] + 1, pool.impressions[0])
    before = scorers.ClickThroughScorer()(pool, reader).values
    after = scorers.ClickThroughScorer()(replace(pool, clicks=clicks), reader).values
    assert after[0] - after.mean() >= before[0] - before.mean() - 1e-9


@given(worlds(smallest=2))
def test_where_a_log_tells_clicks_alone_the_most_opened_is_the_most_popular(world):
    pool, reader = world
    bare = replace(pool, impressions=np.full(len(pool), np.nan))
    values = scorers.ClickThroughScorer()(bare, reader).values
    assert values[np.argmax(pool.clicks)] == values.max()


@given(worlds(smallest=2))
def test_freshness_falls_with_age(world):
    pool, reader = world
    pool = replace(pool, topics=np.zeros_like(pool.topics))
    values = scorers.FreshnessScorer()(pool, reader).values
    assert (np.diff(values[np.argsort(pool.ages)]) <= 0).all()
    aged = scorers.FreshnessScorer(new_hours=scorers.DEFAULT_FADING_HOURS)
    older = aged(replace(pool, ages=pool.ages + scorers.DEFAULT_FADING_HOURS), reader).values
    np.testing.assert_allclose(older, aged(pool, reader).values / 2)


@given(worlds(smallest=1))
def test_news_fades_in_hours_and_recipes_in_months(world):
    pool, reader = world
    n = len(pool)
    week = np.full(n, 7 * 24.0)
    about = {
        slug: replace(pool, slugs=(slug,), topics=np.ones((n, 1), np.float32), ages=week)
        for slug in ("markets", "food")
    }
    news, recipe = (scorers.FreshnessScorer()(about[slug], reader).values[0] for slug in ("markets", "food"))
    assert news < 0.01
    assert recipe > 0.4


def test_every_topic_has_its_own_time_to_fade():
    assert set(scorers.fading()) == {topic.slug for area in topics.areas() for topic in area.topics}


@given(worlds(smallest=1))
def test_a_refused_twin_is_the_lowest(world):
    pool, reader = world
    twin = int(np.argmax(np.linalg.norm(pool.vectors, axis=1)))
    if not pool.vectors[twin].any():
        return
    past = Past.of(
        np.array([1]),
        weights=np.array([-1.0]),
        vectors=pool.vectors[[twin]],
        topics=np.zeros((1, len(pool.slugs)), dtype=np.float32),
    )
    values = scorers.AversionScorer()(pool, replace(reader, past=past)).values
    assert values[twin] == pytest.approx(values.min(), abs=1e-6)


@given(worlds(smallest=2))
def test_a_wish_lifts_its_topic_and_lowers_what_is_wished_less(world):
    pool, reader = world
    reader = replace(reader, profile=replace(reader.profile, wishes=(("food", 1.0), ("space", -1.0))))
    values = scorers.WishScorer()(pool, reader).values
    food, space = (pool.topics[:, pool.slugs.index(slug)] for slug in ("food", "space"))
    np.testing.assert_allclose(values, food - space, atol=1e-6)


@given(worlds())
def test_shares_of_topics_make_up_the_whole_of_what_was_liked(world):
    _, reader = world
    shares = scorers.topic_shares(reader.past)
    assert shares.sum() == pytest.approx(1.0 if reader.past.liked.any() else 0.0)
    assert (shares >= 0).all()
