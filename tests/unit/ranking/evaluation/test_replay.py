"""A question knows what could be known at its moment: all of that, and nothing else."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Acts, Articles, Given, Lists, Log, Marks
from curation.ranking.scorers import HALF_LIFE_HOURS, SLOW_HALF_LIFE_HOURS
from tests.unit.ranking.evaluation.logs import ARTICLES, DAY, DAYS, log_of, with_other_future

SEEDS = st.integers(0, 2**32 - 1)
KINDS = pytest.mark.parametrize("kind", [{}, {"given": True}, {"of_catalogue": True}])


def same(one: Any, other: Any) -> bool:
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    return bool(one == other)


@KINDS
@given(seed=SEEDS, cut=st.integers(1, DAYS * 24))
@settings(max_examples=25, deadline=None)
def test_whatever_happens_later_changes_no_question(kind: dict[str, bool], seed: int, cut: int) -> None:
    log = log_of(seed, **kind)
    moment = cut * 3600.0
    other = with_other_future(log, moment, seed + 1)
    # A list at the very moment is asked before anything of that moment happened.
    before = int((log.lists.at < moment).sum())
    ours, theirs = list(Replay(log, range(before))), list(Replay(other, range(before)))
    assert len(ours) == len(theirs) == before
    assert all(same(one, two) for one, two in zip(ours, theirs, strict=True))


@KINDS
@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_beginning_later_in_the_log_asks_the_same(kind: dict[str, bool], seed: int) -> None:
    log = log_of(seed, **kind)
    whole = list(Replay(log, range(len(log.lists))))
    late = list(Replay(log, range(15, len(log.lists))))
    for one, two in zip(whole[15:], late, strict=True):
        assert np.array_equal(one.rows, two.rows)
        assert np.array_equal(one.wanted, two.wanted)
        assert same(one.reader, two.reader)
        # Fading in fewer steps rounds otherwise.
        for name in ("impressions", "clicks", "demand", "reads", "satisfaction"):
            assert getattr(one.pool, name) == pytest.approx(getattr(two.pool, name), abs=1e-9, nan_ok=True)


def naive(marks: Marks, at: float, half_life_hours: float, *, by_value: bool = False) -> np.ndarray:
    """One reader counts once for an article, with the last time."""
    last: dict[tuple[int, int], tuple[float, float]] = {}
    for moment, reader, row, value in zip(marks.at, marks.readers, marks.rows, marks.values, strict=True):
        if moment < at:
            last[int(reader), int(row)] = (float(moment), float(value))
    sums = np.zeros(ARTICLES)
    for (_, row), (moment, value) in last.items():
        sums[row] += (value if by_value else 1.0) * 0.5 ** ((at - moment) / 3600 / half_life_hours)
    return sums


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_counters_are_what_counting_anew_gives(seed: int) -> None:
    log = log_of(seed)
    assert log.impressions is not None
    assert log.reads is not None
    for question in Replay(log, range(len(log.lists))):
        pool, rows, at = question.pool, question.rows, question.at
        fast, slow = HALF_LIFE_HOURS, SLOW_HALF_LIFE_HOURS
        assert pool.impressions == pytest.approx(naive(log.impressions, at, fast)[rows], abs=1e-6)
        assert pool.clicks == pytest.approx(naive(log.clicks, at, fast)[rows], abs=1e-6)
        assert pool.demand == pytest.approx(naive(log.clicks, at, slow)[rows], abs=1e-6)
        assert pool.reads == pytest.approx(naive(log.reads, at, slow)[rows], abs=1e-6)
        assert pool.satisfaction == pytest.approx(naive(log.reads, at, slow, by_value=True)[rows], abs=1e-6)
        assert (pool.satisfaction <= pool.reads + 1e-6).all()


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_pool_says_of_its_articles_what_the_log_says(seed: int) -> None:
    log = log_of(seed)
    articles = log.articles
    for question in Replay(log, range(len(log.lists))):
        pool, past, rows = question.pool, question.reader.past, question.rows
        assert pool.ids.tolist() == articles.ids[rows].tolist()
        assert np.array_equal(pool.vectors, articles.vectors[rows])
        assert np.array_equal(past.vectors, articles.vectors[question.past_rows])
        assert np.array_equal(pool.ages, (question.at - articles.published_at[rows]) / 3600, equal_nan=True)
        assert question.reader.at.timestamp() == question.at
        for table, of in ((pool.topics, rows), (past.topics, question.past_rows)):
            for scores, row in zip(table, of, strict=True):
                told = {pool.slugs[column]: float(score) for column, score in enumerate(scores) if score}
                known = zip(articles.topic_columns[row], articles.topic_scores[row], strict=True)
                assert told == {articles.slugs[column]: float(score) for column, score in known if column >= 0}
        for story, size, sources in zip(pool.stories, pool.story_sizes, pool.story_sources, strict=True):
            told_by = articles.sources[(articles.stories == story) & (articles.known_at < question.at)]
            assert size == (max(len(told_by), 1) if story else 1)
            assert sources == (max(len(set(told_by.tolist())), 1) if story else 1)


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_history_is_the_readers_own_latest_first(seed: int) -> None:
    log = log_of(seed)
    for question in Replay(log, range(len(log.lists))):
        mine: dict[int, tuple[float, float]] = {}
        for at, reader, row, weight in zip(log.acts.at, log.acts.readers, log.acts.rows, log.acts.weights, strict=True):
            if at < question.at and reader == question.reader_code:
                mine[int(row)] = (float(at), float(weight))
        latest = sorted(mine, key=lambda row: (mine[row][0], row), reverse=True)
        told = [row for row in latest if mine[row][1]]
        assert question.past_rows.tolist() == told
        assert question.reader.past.weights.tolist() == [mine[row][1] for row in told]
        assert question.reader.past.ages.tolist() == [(question.at - mine[row][0]) / 3600 for row in told]
        assert question.history.tolist() == [row for row in told if mine[row][1] > 0]
        read = set(question.history.tolist()) & set(question.rows.tolist())
        assert set(question.reader.read.tolist()) == {int(log.articles.ids[row]) for row in read}


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_cards_that_were_seen_are_counted_by_list(seed: int) -> None:
    log = log_of(seed)
    assert log.impressions is not None
    for question in Replay(log, range(len(log.lists))):
        at, me = question.at, question.reader_code
        marks = log.impressions
        mine = (marks.readers == me) & (marks.at < at) & (marks.at >= at - 14 * DAY)
        rows, times = np.unique(marks.rows[mine], return_counts=True)
        opened = set(log.clicks.rows[(log.clicks.readers == me) & (log.clicks.at < at)].tolist())
        seen = question.reader.seen
        assert seen.ids.tolist() == log.articles.ids[rows].tolist()
        assert seen.slates.tolist() == times.tolist()
        assert seen.opened.tolist() == [row in opened for row in rows.tolist()]
        assert seen.topics.shape == (len(rows), len(question.pool.slugs))


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_catalogue_offers_what_is_known_and_untouched(seed: int) -> None:
    log = log_of(seed, of_catalogue=True)
    log.articles.removed_at[:5] = DAYS / 3 * DAY
    for question in Replay(log, range(len(log.lists))):
        at = question.at
        touched = log.acts.rows[(log.acts.readers == question.reader_code) & (log.acts.at < at)]
        known = (log.articles.known_at < at) & (log.articles.removed_at >= at)
        assert question.rows.tolist() == sorted(set(np.flatnonzero(known).tolist()) - set(touched.tolist()))
        assert np.isnan(question.pool.impressions).all()
        items = slice(log.lists.offsets[question.number], log.lists.offsets[question.number + 1])
        assert set(question.rows[question.wanted]) == set(question.rows) & set(log.lists.rows[items])


def test_only_the_latest_two_hundred_make_the_past_and_all_count_as_history() -> None:
    count = 230
    rows = np.arange(count, dtype=np.int32)
    lists = Lists.of(np.zeros(1, np.int32), np.array([1e6]), np.array([1]), np.zeros(1, np.int32), np.ones(1, np.bool_))
    nothing = Marks.of(np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
    at = np.arange(count, dtype=np.float64)
    for own in (
        {"acts": Acts(at, np.zeros(count, np.int32), rows, np.ones(count), at)},
        {"given": Given(np.zeros(1, np.int32), np.array([0, count]), rows[::-1])},
    ):
        log = Log(articles=Articles.of(np.arange(1, count + 1)), lists=lists, readers=1, clicks=nothing, **own)  # type: ignore[arg-type]
        [question] = Replay(log, range(1))
        assert question.past_rows.tolist() == rows[::-1][:200].tolist()
        assert question.history_length == count


def test_positions_and_propensities_come_along() -> None:
    lists = Lists.of(
        np.array([1, 0], np.int32), np.array([50.0, 10.0]), np.array([2, 1]), np.array([3, 4, 5], np.int32),
        np.array([True, False, True]),
        positions=np.array([7, 8, 9], np.int32), propensities=np.array([1.0, 0.25, 0.5], np.float32),
    )  # fmt: skip
    nothing = Marks.of(np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
    log = Log(articles=Articles.of(np.arange(1, 9)), lists=lists, readers=2, clicks=nothing)
    first, second = Replay(log, range(2))
    told = [(q.reader_code, q.rows.tolist(), q.wanted.tolist(), q.positions.tolist()) for q in (first, second)]
    assert told == [(0, [5], [True], [9]), (1, [3, 4], [True, False], [7, 8])]
    assert second.propensities.tolist() == [1.0, 0.25]
