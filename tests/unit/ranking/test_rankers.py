from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curation.ranking._reasons import deciding, explain
from curation.ranking.pipelines import FEED
from curation.ranking.rankers import z_scores
from tests.unit.ranking.pools import shuffled, worlds

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(arrays(np.float64, st.integers(0, 40), elements=numbers))
def test_z_scores_have_mean_0_and_spread_1_or_are_all_0(values):
    z = z_scores(values)
    assert np.isfinite(z).all()
    if z.any():
        assert abs(z.mean()) < 1e-6
        assert abs(z.std() - 1) < 1e-6


@given(worlds())
def test_a_score_is_the_sum_of_its_contributions_and_each_is_bounded(world):
    ranking = FEED.ranker(*world)
    np.testing.assert_allclose(ranking.scores, ranking.contributions.sum(axis=0))
    assert (np.abs(ranking.contributions) <= 3.0 + 1e-9).all()


@given(worlds(), st.integers(0, 999))
def test_the_ranking_does_not_depend_on_the_order_of_the_candidates(world, seed):
    pool, reader = world
    other, order = shuffled(pool, seed)
    np.testing.assert_allclose(FEED.ranker(other, reader).scores, FEED.ranker(pool, reader).scores[order], atol=1e-5)


@given(worlds(smallest=1))
def test_the_reason_is_the_greatest_share_above_0_that_can_be_named(world):
    pool, reader = world
    ranking = FEED.ranker(pool, reader)
    for row in range(len(pool)):
        named = deciding(ranking, row)
        shares = {
            name: share
            for name, share, can in zip(
                ranking.scorers, ranking.contributions[:, row], ranking.explains[:, row], strict=True
            )
            if can and share > 0
        }
        assert named == (max(shares, key=shares.get) if shares else "")
        reason = explain(pool, reader, ranking, row)
        kinds = {
            "history": {"like"},
            "topics": {"topic", "like"},
            "popularity": {"popular"},
            "freshness": {"fresh"},
            "source": {"source"},
            "phrase": {"phrase"},
            "": {"none"},
        }
        assert reason["kind"] in kinds[named]
        if reason["kind"] == "topic":
            assert reason["topic"] in reader.profile.topics
        if reason["kind"] == "like":
            liked = reader.past.ids[reader.past.liked]
            assert reason["article"] in liked
        if reason["kind"] == "source":
            assert reason["source"] in reader.profile.sources
