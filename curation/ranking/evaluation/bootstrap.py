"""How sure a mean is: readers drawn anew, again and again, each with all that is theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.ranking.types import Floats

RESAMPLES = 1000
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A mean and the 95 % percentile interval of its resamples. NaN where nothing was measured."""

    mean: float
    low: float
    high: float

    @property
    def range(self) -> list[float]:
        return [self.low, self.high]


def intervals(values: Floats, readers: NDArray[np.integer], *, seed: int, resamples: int = RESAMPLES) -> list[Interval]:
    """Of the mean of each column of `values` (n, m), NaN where nothing was measured. What `ratios` says holds here."""
    present = ~np.isnan(values)
    return ratios(np.where(present, values, 0.0), present.astype(np.float64), readers, seed=seed, resamples=resamples)


def ratios(
    above: Floats, below: Floats, readers: NDArray[np.integer], *, seed: int, resamples: int = RESAMPLES
) -> list[Interval]:
    """Of the sum of each column of `above` (n, m) over that of `below`; `readers` (n,) says whose each row is.

    A cluster bootstrap (Efron 1979; Field and Welsh 2007): rows of one reader resemble each other, so whole readers are
    drawn. All columns see the same draws: give differences row by row, and they are paired.
    """
    _, owner = np.unique(readers, return_inverse=True)
    count = int(owner.max(initial=-1)) + 1
    if not count:
        return [Interval(np.nan, np.nan, np.nan)] * above.shape[1]
    tops, bottoms = np.zeros((count, above.shape[1])), np.zeros((count, above.shape[1]))
    np.add.at(tops, owner, above)
    np.add.at(bottoms, owner, below)
    drawn = _drawn(tops, bottoms, np.random.default_rng(seed), resamples)
    means = _divide(tops.sum(axis=0), bottoms.sum(axis=0))
    return [Interval(float(mean), *_middle(column)) for mean, column in zip(means, drawn.T, strict=True)]


def _drawn(tops: Floats, bottoms: Floats, random: np.random.Generator, resamples: int) -> Floats:
    """(resamples, m)"""
    readers = len(tops)
    parts = []
    at_once = max(1, _CELLS_AT_ONCE // readers)
    for first in range(0, resamples, at_once):
        size = min(at_once, resamples - first)
        chosen = random.integers(0, readers, (size, readers)) + np.arange(size)[:, None] * readers
        times = np.bincount(chosen.ravel(), minlength=size * readers).reshape(size, readers).astype(np.float64)
        parts.append(_divide(times @ tops, times @ bottoms))
    return np.concatenate(parts)


def _divide(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)


def _middle(drawn: Floats) -> tuple[float, float]:
    """A resample in which nothing was measured does not count."""
    told = drawn[~np.isnan(drawn)]
    if not len(told):
        return np.nan, np.nan
    low, high = np.quantile(told, [0.025, 0.975])
    return float(low), float(high)
