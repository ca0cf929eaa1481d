from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curation.ranking._reasons import deciding, explain
from curation.ranking.pipelines import FLOOR
from curation.ranking.rankers import z_scores
from tests.unit.ranking.pools import shuffled, worlds

numbers = st.floats(-1e6, 1e6, allow_nan=False)
KINDS = {
    "history": {"like", "history"},
    "topics": {"habit"},
    "follow_topic": {"topic"},
    "follow_source": {"source"},
    "follow_phrase": {"phrase"},
    "wish": {"wish"},
    "publisher": {"publisher"},
    "popularity": {"popular"},
    "satisfaction": {"satisfying"},
    "freshness": {"fresh"},
    "breadth": {"story"},
    "exploration": {"explore"},
    "": {"none"},
}


@given(arrays(np.float64, st.integers(0, 40), elements=numbers))
def test_z_scores_have_mean_0_and_spread_1_or_are_all_0(values):
    z = z_scores(values)
    assert np.isfinite(z).all()
    if z.any():
        assert abs(z.mean()) < 1e-6
        assert abs(z.std() - 1) < 1e-6


@given(arrays(np.float64, st.integers(1, 40), elements=numbers).map(np.round), numbers.map(round))
def test_a_z_score_has_the_sign_of_what_it_says_against_the_neutral(values, neutral):
    z = z_scores(values, neutral)
    if z.any():
        assert (np.sign(z) == np.sign(values - neutral)).all()


@given(worlds())
def test_a_score_is_the_sum_of_its_contributions_and_each_is_bounded(world):
    ranking = FLOOR(*world)
    np.testing.assert_allclose(ranking.scores, ranking.contributions.sum(axis=0))
    assert (np.abs(ranking.contributions) <= 3.0 + 1e-9).all()


@given(worlds(), st.integers(0, 999))
def test_the_ranking_does_not_depend_on_the_order_of_the_candidates(world, seed):
    pool, reader = world
    other, order = shuffled(pool, seed)
    np.testing.assert_allclose(FLOOR(other, reader).scores, FLOOR(pool, reader).scores[order], atol=1e-5)


@given(st.dictionaries(st.sampled_from(sorted(KINDS)), st.floats(-3, 3)))
def test_the_deciding_contribution_is_the_greatest_above_0(contributions):
    named = deciding(contributions)
    if named:
        assert contributions[named] == max(contributions.values()) > 0
    else:
        assert max(contributions.values(), default=0) <= 0 or contributions.get("", 0) > 0


@given(worlds(smallest=1))
def test_every_reason_is_the_greatest_contribution_and_speaks_of_what_is_there(world):
    pool, reader = world
    ranking = FLOOR(pool, reader)
    for row in range(len(pool)):
        contributions = dict(zip(ranking.scorers, ranking.contributions[:, row].tolist(), strict=True))
        reason = explain(pool, reader, row, contributions)
        best = max(contributions, key=contributions.__getitem__)
        assert reason["scorer"] == (best if contributions[best] > 0 else "")
        assert reason["kind"] in KINDS[reason["scorer"]]
        match reason:
            case {"kind": "topic", "topic": slug}:
                assert slug in reader.profile.topics
                assert pool.topics[row, pool.slugs.index(slug)] > 0
            case {"kind": "habit", "topic": slug}:
                column = pool.slugs.index(slug)
                assert pool.topics[row, column] > 0
                assert (reader.past.topics[reader.past.liked][:, column] > 0).any()
            case {"kind": "wish", "topic": slug}:
                assert dict(reader.profile.wishes)[slug] > 0
            case {"kind": "like", "article": article}:
                place = int(np.flatnonzero(reader.past.ids == article)[0])
                assert reader.past.weights[place] > 0
                assert reader.past.vectors[place] @ pool.vectors[row] >= 0.45 - 1e-6
            case {"kind": "source", "source": source}:
                assert source in reader.profile.sources
            case {"kind": "publisher", "source": source}:
                assert source in reader.past.sources[reader.past.liked]
            case {"kind": "popular"}:
                rate = pool.clicks.sum() / max(pool.impressions.sum(), 1)
                assert pool.clicks[row] > 0 or rate == 0
            case {"kind": "story", "sources": count}:
                assert count > 1
