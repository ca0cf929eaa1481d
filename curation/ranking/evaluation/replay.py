"""Goes through a log in the order of time and asks each list anew, with what could be known at its moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.ranking._pool import HISTORY_LENGTH, SEEN_WITHIN
from curation.ranking.evaluation.tallies import Tally, ends
from curation.ranking.evaluation.types import Articles, Codes, Given, Log, Marks, Question
from curation.ranking.scorers import HALF_LIFE_HOURS, SLOW_HALF_LIFE_HOURS
from curation.ranking.types import Floats, Integers, Mask, Past, Pool, Reader, ReaderProfile, Seen


@dataclass(frozen=True)
class Replay:
    """The questions of these lists, `numbers` in the order of time; every way through begins anew."""

    log: Log
    numbers: range

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Question]:
        if not len(self.numbers):
            return
        log, lists = self.log, self.log.lists
        crowd = _Crowd(log, lists.at[self.numbers])
        histories = _histories(log)
        catalogue = _Catalogue(log) if log.of_catalogue else None
        cards = _Cards(log, self.numbers)
        tables, is_liked = _Topics(log.articles), np.zeros(len(log.articles), dtype=np.bool_)
        tellers = _Tellers(log.articles) if log.articles.stories.any() else None
        for place, number in enumerate(self.numbers):
            at, reader_code = float(lists.at[number]), int(lists.readers[number])
            crowd.advance(place)
            history = histories.at(number, reader_code, at)
            items = slice(int(lists.offsets[number]), int(lists.offsets[number + 1]))
            if catalogue is None:
                rows, wanted = lists.rows[items], lists.clicked[items]
                positions, propensities = lists.positions[items], lists.propensities[items]
            else:
                rows = catalogue.open(at, history.touched)
                wanted = np.isin(rows, lists.rows[items])
                positions = np.full(len(rows), -1, dtype=np.int32)
                propensities = np.full(len(rows), np.nan, dtype=np.float32)
            seen_rows, slates, opened = cards.seen(place)
            past = slice(None, HISTORY_LENGTH)
            past_rows = history.rows[past]
            slugs, (topics, past_topics, seen_topics) = tables.of(rows, past_rows, seen_rows)
            is_liked[history.liked] = True
            read = rows[is_liked[rows]]
            is_liked[history.liked] = False
            yield Question(
                pool=_pool(log, crowd, tellers, rows, at, slugs, topics),
                reader=Reader(
                    profile=log.profiles.get(reader_code) or ReaderProfile(reader_id=reader_code + 1),
                    at=datetime.fromtimestamp(at, UTC),
                    past=Past.of(
                        log.articles.ids[past_rows],
                        weights=history.weights[past],
                        sources=log.articles.sources[past_rows],
                        ages=history.ages[past],
                        vectors=log.articles.vectors[past_rows],
                        topics=past_topics,
                    ),
                    read=log.articles.ids[read],
                    seen=Seen.of(log.articles.ids[seen_rows], slates=slates, opened=opened, topics=seen_topics),
                ),
                wanted=wanted,
                at=at,
                number=number,
                reader_code=reader_code,
                rows=rows,
                past_rows=past_rows,
                history=history.liked,
                positions=positions,
                propensities=propensities,
            )


def _pool(
    log: Log, crowd: _Crowd, tellers: _Tellers | None, rows: Codes, at: float, slugs: tuple[str, ...],
    topics: NDArray[np.float32],
) -> Pool:  # fmt: skip
    articles = log.articles
    told = tellers.of(articles.stories[rows], at) if tellers else {}
    return Pool.of(
        articles.ids[rows],
        sources=articles.sources[rows],
        stories=articles.stories[rows],
        areas=articles.areas[rows],
        ages=(at - articles.published_at[rows]) / 3600,
        vectors=articles.vectors[rows],
        topics=topics,
        slugs=slugs,
        **crowd.of(rows, at),
        **told,
    )


class _Topics:
    """Tables of topics that have only the columns that a list needs."""

    def __init__(self, articles: Articles) -> None:
        self._articles = articles
        self._column = np.zeros(len(articles.slugs), dtype=np.int64)

    def of(self, *parts: Codes) -> tuple[tuple[str, ...], list[NDArray[np.float32]]]:
        """The topics that any of these articles has, and a table of scores in them for every part."""
        articles, rows = self._articles, np.concatenate(parts)
        columns = articles.topic_columns[rows]
        told = np.nonzero(columns >= 0)
        columns = columns[told]
        self._column[:] = -1
        self._column[columns] = 0
        present = np.flatnonzero(self._column == 0)
        self._column[present] = np.arange(len(present))
        table = np.zeros((len(rows), len(present)), dtype=np.float32)
        table[told[0], self._column[columns]] = articles.topic_scores[rows][told]
        slugs = tuple(map(articles.slugs.__getitem__, present.tolist()))
        cuts = np.append(0, np.cumsum([len(part) for part in parts]))
        return slugs, [table[first:end] for first, end in pairwise(cuts.tolist())]


# -- What everybody did --------------------------------------------------------------------------------------


class _Crowd:
    """The counters of a pool, as far as the log knows them."""

    def __init__(self, log: Log, moments: Floats) -> None:
        n = len(log.articles)
        kinds = [
            ("impressions", log.impressions, HALF_LIFE_HOURS, False),
            ("clicks", log.clicks, log.clicks_fade_hours, False),
            ("demand", log.clicks, SLOW_HALF_LIFE_HOURS, False),
            ("reads", log.reads, SLOW_HALF_LIFE_HOURS, False),
            ("satisfaction", log.reads, SLOW_HALF_LIFE_HOURS, True),
        ]
        self._tallies = {
            name: (Tally(marks, n, half_life, by_value=by_value), ends(marks, moments).tolist())
            for name, marks, half_life, by_value in kinds
            if marks is not None
        }

    def advance(self, place: int) -> None:
        for tally, known in self._tallies.values():
            tally.advance(known[place])

    def of(self, rows: Codes, at: float) -> dict[str, Floats]:
        counted = {name: tally.of(rows, at) for name, (tally, _) in self._tallies.items()}
        return {"impressions": np.full(len(rows), np.nan), **counted}


class _Tellers:
    """How many articles and publishers told a story by a moment."""

    def __init__(self, articles: Articles) -> None:
        rows = np.flatnonzero(articles.stories)
        rows = rows[np.lexsort((articles.known_at[rows], articles.stories[rows]))]
        self._stories, self._known_at = articles.stories[rows], articles.known_at[rows]
        self._sources = articles.sources[rows]

    def of(self, stories: Integers, at: float) -> dict[str, Integers]:
        sizes, sources = np.ones(len(stories), dtype=np.int64), np.ones(len(stories), dtype=np.int64)
        for story in np.unique(stories[stories > 0]):
            first, end = np.searchsorted(self._stories, [story, story + 1])
            end = first + np.searchsorted(self._known_at[first:end], at)
            here = stories == story
            sizes[here] = max(end - first, 1)
            sources[here] = max(len(np.unique(self._sources[first:end])), 1)
        return {"story_sizes": sizes, "story_sources": sources}


# -- What the reader did -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _History:
    """All that a reader did, latest first."""

    rows: Codes
    weights: Floats
    ages: Floats  # hours
    liked: Codes  # of rows, those with a weight above 0
    touched: Codes  # every article, also those that say nothing any more


class _Histories(Protocol):
    def at(self, number: int, reader: int, at: float) -> _History: ...


def _histories(log: Log) -> _Histories:
    return _GivenHistories(log.given) if log.given else _OwnHistories(log)


class _GivenHistories:
    def __init__(self, given: Given) -> None:
        self._given = given

    def at(self, number: int, reader: int, at: float) -> _History:
        rows = self._given.rows_of(number)
        return _History(rows, np.ones(len(rows)), np.zeros(len(rows)), rows, rows)


class _OwnHistories:
    """Followed act by act."""

    def __init__(self, log: Log) -> None:
        self._acts = log.acts
        self._done = 0
        self._of: dict[int, dict[int, tuple[float, float]]] = {}  # reader -> article -> moment, weight

    def at(self, number: int, reader: int, at: float) -> _History:
        self._advance(int(np.searchsorted(self._acts.at, at, side="left")))
        mine = self._of.get(reader, {})
        rows = np.fromiter(mine, np.int32, len(mine))
        told = np.array(list(mine.values()), dtype=np.float64).reshape(-1, 2)
        moments, weights = told[:, 0], told[:, 1]
        latest = np.lexsort((-rows, -moments))
        latest = latest[weights[latest] != 0]
        liked = rows[latest[weights[latest] > 0]]
        return _History(rows[latest], weights[latest], (at - moments[latest]) / 3600, liked, rows)

    def _advance(self, end: int) -> None:
        if end <= self._done:
            return
        new = slice(self._done, end)
        columns = (self._acts.readers, self._acts.rows, self._acts.moments, self._acts.weights)
        for reader, row, moment, weight in zip(*(column[new].tolist() for column in columns), strict=True):
            self._of.setdefault(reader, {})[row] = (moment, weight)
        self._done = end


class _Cards:
    """What readers saw lately, and what of it they had opened by then."""

    def __init__(self, log: Log, numbers: range) -> None:
        self._is_opened = np.zeros(len(log.articles), dtype=np.bool_)
        readers, at = log.lists.readers[numbers], log.lists.at[numbers]
        nothing = Marks.of(np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
        lately = SEEN_WITHIN.total_seconds()
        self._shown, self._shown_items = _by_reader(log.cards or log.impressions or nothing, readers, at, lately)
        self._opened, self._opened_items = _by_reader(log.clicks, readers, at, np.inf)

    def seen(self, place: int) -> tuple[Codes, Integers, Mask]:
        """Rows, on how many lists each was, and whether it was opened."""
        rows, times = np.unique(self._shown[self._shown_items[place]], return_counts=True)
        opened = self._opened[self._opened_items[place]]
        self._is_opened[opened] = True
        told = self._is_opened[rows]
        self._is_opened[opened] = False
        return rows, times, told


def _by_reader(marks: Marks, readers: Codes, at: Floats, seconds: float) -> tuple[Codes, list[slice]]:
    """The articles of all marks, one reader's after the other's, and for each reader and moment the stretch of those
    that lie before it, at most so many seconds.
    """
    first = min(marks.at.min(initial=np.inf), at.min(initial=np.inf))
    span = max(marks.at.max(initial=first), at.max(initial=first)) - first + 1
    # One number for reader and moment.
    moments = marks.readers * span + (marks.at - first)
    order = np.argsort(moments, kind="stable")
    moments, asked = moments[order], readers * span + (at - first)
    begin = np.searchsorted(moments, np.maximum(asked - seconds, readers * span), side="left")
    end = np.searchsorted(moments, asked, side="left")
    return marks.rows[order], [slice(*each) for each in zip(begin.tolist(), end.tolist(), strict=True)]


class _Catalogue:
    """Everything that is known and not removed."""

    def __init__(self, log: Log) -> None:
        self._articles = log.articles

    def open(self, at: float, touched: Codes) -> Codes:
        """Rows that the reader has not touched yet, ascending."""
        free = (self._articles.known_at < at) & (self._articles.removed_at >= at)
        free[touched] = False
        return np.flatnonzero(free).astype(np.int32)
