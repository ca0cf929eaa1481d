"""A log as columns, and the questions that it is turned into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.ranking.scorers import HALF_LIFE_HOURS
from curation.ranking.types import Floats, Integers, Mask, Pool, Reader, ReaderProfile

Codes = NDArray[np.int32]  # rows of articles, numbers of readers: a log has many millions
Progress = Callable[[str, int, int], None]  # what is being done, how much of it is, of how much


class LogUnreadable(ValueError):
    """Files are missing or malformed; the message says which, and where."""


# -- The log -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Articles:
    """n articles. Times are seconds since the epoch. `Articles.of` fills in what nobody knows."""

    ids: Integers  # above 0
    sources: Integers
    areas: Integers
    stories: Integers  # 0 where the article is in no story
    published_at: Floats  # NaN where the log does not say
    known_at: Floats  # when the log first knows of it; -inf where it always did
    removed_at: Floats  # inf where it stayed
    vectors: NDArray[np.float32]  # n × d, unit rows; zeros where an article has no vector
    topic_columns: Codes  # n × k, into slugs; -1 where an article has fewer topics
    topic_scores: NDArray[np.float32]  # n × k
    slugs: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, ids: Integers, **known: Any) -> Articles:
        n = len(ids)
        unknown: dict[str, Any] = {
            "sources": np.zeros(n, dtype=np.int64),
            "areas": np.zeros(n, dtype=np.int64),
            "stories": np.zeros(n, dtype=np.int64),
            "published_at": np.full(n, np.nan),
            "known_at": np.full(n, -np.inf),
            "removed_at": np.full(n, np.inf),
            "vectors": np.zeros((n, 0), dtype=np.float32),
            "topic_columns": np.zeros((n, 0), dtype=np.int32),
            "topic_scores": np.zeros((n, 0), dtype=np.float32),
            "slugs": (),
        }
        return cls(ids=ids, **{**unknown, **known})


@dataclass(frozen=True, slots=True)
class Lists:
    """l lists in the order of time, with m items in all: those of list i lie from offsets[i] to offsets[i + 1].

    In a log that knows no lists (`Log.of_catalogue`) the items are only what the reader went on to open.
    """

    readers: Codes  # l
    at: Floats  # l
    offsets: Integers  # l + 1
    rows: Codes  # m
    clicked: Mask  # m
    positions: Codes  # m; -1 where the log does not say
    propensities: NDArray[np.float32]  # m; NaN where the log does not say

    def __len__(self) -> int:
        return len(self.at)

    @property
    def sizes(self) -> Integers:
        return np.diff(self.offsets)

    @classmethod
    def of(cls, readers: Codes, at: Floats, sizes: Integers, rows: Codes, clicked: Mask, **known: Any) -> Lists:
        """From lists in any order, with the size of each; brings them into the order of time."""
        order = np.argsort(at, kind="stable")
        items = spread(starts_of(sizes)[order], sizes[order])
        unknown: dict[str, Any] = {
            "positions": np.full(len(rows), -1, dtype=np.int32),
            "propensities": np.full(len(rows), np.nan, dtype=np.float32),
        }
        return cls(
            readers=readers[order],
            at=at[order],
            offsets=np.append(0, np.cumsum(sizes[order])),
            rows=rows[items],
            clicked=clicked[items],
            **{name: column[items] for name, column in {**unknown, **known}.items()},
        )


@dataclass(frozen=True, slots=True)
class Marks:
    """What readers did to articles, in the order of time, as far as it counts for everybody.

    One reader counts once for an article: a mark takes the place of the same reader's earlier one.
    """

    at: Floats
    readers: Codes
    rows: Codes
    values: NDArray[np.float32]
    before: Codes  # the mark whose place this one takes; -1 where there is none

    def __len__(self) -> int:
        return len(self.at)

    @classmethod
    def of(cls, at: Floats, readers: Codes, rows: Codes, values: NDArray[np.float32] | None = None) -> Marks:
        """From marks in any order."""
        order = np.argsort(at, kind="stable")
        at, readers, rows = at[order], readers[order], rows[order]
        by_pair = np.lexsort((rows, readers))
        same = (np.diff(readers[by_pair]) == 0) & (np.diff(rows[by_pair]) == 0)
        before = np.full(len(at), -1, dtype=np.int32)
        before[by_pair[1:][same]] = by_pair[:-1][same]
        return cls(at, readers, rows, np.ones(len(at), np.float32) if values is None else values[order], before)


@dataclass(frozen=True, slots=True)
class Acts:
    """What moves readers' own histories, in the order of time. The weight is the article's from this act on, 0 where
    it says nothing any more; the moment is what it is then ordered by.
    """

    at: Floats
    readers: Codes
    rows: Codes
    weights: Floats
    moments: Floats

    @classmethod
    def none(cls) -> Acts:
        nothing, nobody = np.empty(0), np.empty(0, dtype=np.int32)
        return cls(nothing, nobody, nobody, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Given:
    """Histories that the log states with each list, each history once, latest first."""

    of: Codes  # l; the number of the list's history
    offsets: Integers
    rows: Codes

    def rows_of(self, number: int) -> Codes:
        """Of the history that list `number` has."""
        history = self.of[number]
        return self.rows[self.offsets[history] : self.offsets[history + 1]]


@dataclass(frozen=True, slots=True)
class Log:
    """Everything that a log knows. Readers are numbers from 0."""

    articles: Articles
    lists: Lists
    readers: int
    clicks: Marks
    impressions: Marks | None = None  # None where only clicks are logged
    cards: Marks | None = None  # impressions, of each list one; None where all of them are such
    clicks_fade_hours: float = HALF_LIFE_HOURS
    reads: Marks | None = None  # values: how far the reader came, 0 to 1
    acts: Acts = field(default_factory=Acts.none)
    given: Given | None = None  # takes the place of acts
    of_catalogue: bool = False  # a list is everything known and not yet opened by the reader
    profiles: Mapping[int, ReaderProfile] = field(default_factory=dict)  # what readers state, by their number


@dataclass(frozen=True, slots=True)
class Dataset:
    """A log and how it is cut, always in time: what is before `train` only fills histories and counters."""

    name: str
    log: Log
    train: range  # numbers of lists
    test: range
    split: str  # in words
    notes: Mapping[str, Any] = field(default_factory=dict)


# -- What it is turned into ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """A list of n candidates, and which of them the reader wanted. Pool and reader know nothing from `at` or later."""

    pool: Pool
    reader: Reader
    wanted: Mask  # n
    at: float  # seconds since the epoch
    number: int  # of the list
    reader_code: int
    rows: Codes  # n, of the candidates, in the log's articles
    past_rows: Codes  # of reader.past, in the log's articles
    history: Codes  # every article that the reader liked, latest first
    positions: Codes  # n
    propensities: NDArray[np.float32]  # n

    @property
    def history_length(self) -> int:
        return len(self.history)


class Pipeline(Protocol):
    """Scores the candidates of a question, the best highest. Questions come in the order of time."""

    @property
    def name(self) -> str: ...

    def __call__(self, question: Question) -> Floats: ...


def mean_of(values: Floats) -> float:
    """Of what was measured; NaN where nothing was."""
    told = values[~np.isnan(values)]
    return float(told.mean()) if len(told) else np.nan


# -- Columns of unequal length -------------------------------------------------------------------------------


def starts_of(sizes: Integers) -> Integers:
    return np.cumsum(sizes) - sizes


def spread(starts: Integers, sizes: Integers) -> Integers:
    """The numbers start, start + 1 … of every stretch, one stretch after the other."""
    return np.repeat(starts - starts_of(sizes), sizes) + np.arange(int(sizes.sum()))
