from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from curation.ranking._reasons import deciding, explain
from curation.ranking.pipelines import FLOOR
from curation.ranking.rankers import LOUD, z_scores
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
    "demand": {"demand"},
    "satisfaction": {"satisfying"},
    "freshness": {"fresh"},
    "breadth": {"story"},
    "exploration": {"explore"},
    "": {"none"},
}


@given(arrays(np.float64, st.integers(0, 40), elements=numbers))
def test_z_scores_are_standard_deviations_from_the_mean_softened_beyond_two_or_are_all_0(values):
    z = z_scores(values)
    assert np.isfinite(z).all()
    if z.any():
        plain = (values - values.mean()) / values.std()
        within = np.abs(plain) <= LOUD
        np.testing.assert_allclose(z[within], plain[within], atol=1e-6)
        assert (np.abs(z[~within]) < np.abs(plain[~within])).all()
        assert (np.abs(z[~within]) > LOUD).all()
        assert (np.diff(z[np.argsort(plain, kind="stable")]) >= 0).all()


@given(arrays(np.float64, st.integers(1, 40), elements=numbers).map(np.round), numbers.map(round))
def test_a_z_score_above_0_is_above_the_neutral_and_the_order_is_that_of_the_values(values, neutral):
    z = z_scores(values, neutral)
    assert (values[z > 1e-9] > neutral).all()
    assert (z[values <= neutral] <= 1e-9).all()
    np.testing.assert_allclose(np.diff(z), np.diff(z_scores(values)), atol=1e-9)


@given(worlds())
def test_a_score_is_the_sum_of_its_contributions_and_each_is_bounded(world):
    ranking = FLOOR(*world)
    np.testing.assert_allclose(ranking.scores, ranking.contributions.sum(axis=0))
    loudest = LOUD + np.log1p(np.sqrt(len(world[0])))  # no value lies further from the mean than that
    weights = np.array([weight for _, weight in FLOOR.scorers])[:, None]
    assert (ranking.contributions <= weights * (loudest + 1) + 1e-9).all()


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
