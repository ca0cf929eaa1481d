"""An interval holds the truth about as often as it says, and whole readers are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from curation.ranking.evaluation.bootstrap import intervals, ratios


def _clustered(random: np.random.Generator, readers: int, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one reader resemble each other; the truth is 0."""
    owner = np.repeat(np.arange(readers), each)
    return random.normal(size=readers)[owner] + 0.5 * random.normal(size=len(owner)), owner


def test_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(5)
    held, held_by_rows = 0, 0
    for trial in range(200):
        values, owner = _clustered(random, 60, 8)
        [by_reader] = intervals(values[:, None], owner, seed=trial, resamples=300)
        [by_row] = intervals(values[:, None], np.arange(len(values)), seed=trial, resamples=300)
        held += by_reader.low <= 0 <= by_reader.high
        held_by_rows += by_row.low <= 0 <= by_row.high
    assert 0.90 <= held / 200 <= 0.985
    assert held_by_rows / 200 < 0.75  # drawing rows would promise far too much


def test_differences_of_the_same_lists_are_told_more_surely_than_the_lists_themselves() -> None:
    random = np.random.default_rng(1)
    base, owner = _clustered(random, 80, 5)
    better = base + 0.1 + 0.05 * random.normal(size=len(base))
    one, other, gained = intervals(np.stack([base, better, better - base], axis=1), owner, seed=0)
    assert one.low < other.mean < one.high
    assert 0.08 < gained.low < 0.1 < gained.high < 0.12
    assert gained.mean == pytest.approx(other.mean - one.mean)


def test_what_was_not_measured_counts_nowhere() -> None:
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    one, nothing = intervals(values, np.array([4, 4, 9]), seed=0)
    assert (one.mean, one.low, one.high) == (2.0, 1.0, 3.0)
    assert np.isnan([nothing.mean, nothing.low, nothing.high]).all()
    [nobody] = intervals(np.empty((0, 1)), np.empty(0, np.int64), seed=0)
    assert np.isnan(nobody.mean)


def test_the_seed_decides_and_the_mean_does_not_depend_on_it() -> None:
    values, owner = _clustered(np.random.default_rng(2), 20, 3)
    one, same, other = (intervals(values[:, None], owner, seed=seed)[0] for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert one.mean == other.mean == pytest.approx(values.mean())


def test_readers_with_more_lists_weigh_more() -> None:
    values, owner = np.array([1.0, 1.0, 1.0, 0.0]), np.array([0, 0, 0, 1])
    [told] = intervals(values[:, None], owner, seed=0)
    assert told.mean == 0.75
    [ratio] = ratios(values[:, None], np.full((4, 1), 2.0), owner, seed=0)
    assert ratio.mean == 0.375
