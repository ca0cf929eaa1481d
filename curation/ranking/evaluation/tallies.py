"""What everybody did to each article, counted as a log is gone through, the past fading."""

from __future__ import annotations

import numpy as np

from curation.ranking.evaluation.types import Codes, Marks
from curation.ranking.types import Floats, Integers


class Tally:
    """The sum of each article's marks, every mark halved by every `half_life_hours`; those of infinity never fade.

    Values are held as of a moment of their own and faded when they are asked for, so that the cost of a list does not
    grow with the number of articles.
    """

    def __init__(self, marks: Marks, articles: int, half_life_hours: float, *, by_value: bool = False) -> None:
        self._marks = marks
        self._rate = 1 / (3600 * half_life_hours)
        self._by_value = by_value
        self._sums, self._as_of = np.zeros(articles), np.zeros(articles)
        self._done = 0

    def advance(self, end: int) -> None:
        """Count the log's first `end` marks. Never goes back."""
        if end <= self._done:
            return
        new = slice(self._done, end)
        rows, before, now = self._marks.rows[new], self._marks.before[new], float(self._marks.at[end - 1])
        # A row that comes twice is set twice, to the same value; only adding has to see every one of them.
        self._sums[rows] *= np.exp2((self._as_of[rows] - now) * self._rate)
        self._as_of[rows] = now
        amounts = self._amounts(new, now)
        again = np.flatnonzero(before >= 0)
        if len(again):
            amounts[again] -= self._amounts(before[again], now)
        np.add.at(self._sums, rows, amounts)
        self._done = end

    def of(self, rows: Codes, at: float) -> Floats:
        """What these articles have at a moment that is not before the last mark counted."""
        sums: Floats = self._sums[rows] * np.exp2((self._as_of[rows] - at) * self._rate)
        return np.maximum(sums, 0.0)  # a mark that takes another's place may leave the dust of rounding

    def total(self) -> float:
        """Of all articles, as far as nothing fades."""
        return float(self._sums.sum())

    def _amounts(self, marks: slice | Codes, now: float) -> Floats:
        faded: Floats = np.exp2((self._marks.at[marks] - now) * self._rate)
        return faded * self._marks.values[marks] if self._by_value else faded


def ends(marks: Marks, moments: Floats) -> Integers:
    """How many marks lie before each moment; those of the moment itself are not known yet."""
    return np.searchsorted(marks.at, moments, side="left").astype(np.int64)


def end(marks: Marks, at: float) -> int:
    """How many marks lie before the moment."""
    return int(np.searchsorted(marks.at, at, side="left"))
