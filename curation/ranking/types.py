"""Who a slate is for, what comes back, and the arrays that the components pass to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2s
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


# -- What callers see ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReaderProfile:
    """What a reader states: follows, mutes, languages. `languages` empty means all."""

    reader_id: int
    topics: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    phrases: tuple[int, ...] = ()
    muted_words: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    hidden_sources: tuple[int, ...] = ()
    wishes: tuple[tuple[str, float], ...] = ()  # topic -> how much more (up to 1) or less (down to -1) of it
    history_since: datetime | None = None  # what was read before it was asked to be forgotten
    is_synthetic: bool = False

    @property
    def digest(self) -> str:
        """Changes when the reader states something else, whatever the order in which it is told."""
        stated = (
            self.topics, self.sources, self.phrases, self.muted_words, self.languages, self.hidden_sources,
            self.wishes, (self.history_since,),
        )  # fmt: skip
        return blake2s(repr([sorted(part, key=str) for part in stated]).encode(), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Card:
    """One place on a page. `reason["kind"]` is topic, source, phrase, like, popular, fresh, explore or none."""

    article_id: int
    position: int
    reason: dict[str, Any]
    score: float
    story_size: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a slate. `next_position` is None where the slate ends."""

    slate_id: UUID
    cards: tuple[Card, ...]
    next_position: int | None


# -- What components see -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates, an array row each: n articles, t topics, p phrases, d dimensions. `Pool.of` fills in what nobody
    knows.
    """

    ids: Integers
    sources: Integers
    stories: Integers  # 0 where the article is in no story
    story_sizes: Integers
    story_sources: Integers  # how many publishers tell the story
    areas: Integers  # codes that mean something within this pool alone
    ages: Floats  # hours; NaN where nobody knows
    texts: tuple[str, ...]  # title and summary; empty strings where nothing asks for them
    impressions: Floats  # everybody's, halved every 6 h; NaN where only clicks are logged
    clicks: Floats
    demand: Floats  # everybody's clicks, halved every three days: what a quiet site knows of what is read
    reads: Floats  # everybody's reads whose length is known, halved every three days
    satisfaction: Floats  # of those reads, the sum of how far each came, 0 to 1
    vectors: NDArray[np.float32]  # n × d, unit rows; zeros where an article has no vector
    topics: NDArray[np.float32]  # n × t, calibrated scores
    slugs: tuple[str, ...]  # t
    phrases: NDArray[np.float32]  # n × p, how surely the article is about the phrase; 0 where it is not
    phrase_ids: tuple[int, ...]  # p

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, ids: Integers, **known: Any) -> Pool:
        """These articles with the columns that are known; the others say that nothing is known."""
        n = len(ids)
        unknown: dict[str, Any] = {
            "sources": np.zeros(n, dtype=np.int64),
            "stories": np.zeros(n, dtype=np.int64),
            "story_sizes": np.ones(n, dtype=np.int64),
            "story_sources": np.ones(n, dtype=np.int64),
            "areas": np.zeros(n, dtype=np.int64),
            "ages": np.full(n, np.nan),
            "texts": ("",) * n,
            "impressions": np.zeros(n),
            "clicks": np.zeros(n),
            "demand": np.zeros(n),
            "reads": np.zeros(n),
            "satisfaction": np.zeros(n),
            "vectors": np.zeros((n, 0), dtype=np.float32),
            "topics": np.zeros((n, 0), dtype=np.float32),
            "slugs": (),
            "phrases": np.zeros((n, 0), dtype=np.float32),
            "phrase_ids": (),
        }
        return cls(ids=ids, **{**unknown, **known})

    def take(self, chosen: Integers | Mask) -> Pool:
        """The rows at these indices, or where the mask is true, in that order."""
        rows = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return Pool(
            ids=self.ids[rows],
            sources=self.sources[rows],
            stories=self.stories[rows],
            story_sizes=self.story_sizes[rows],
            story_sources=self.story_sources[rows],
            areas=self.areas[rows],
            ages=self.ages[rows],
            texts=tuple(map(self.texts.__getitem__, rows.tolist())),
            impressions=self.impressions[rows],
            clicks=self.clicks[rows],
            demand=self.demand[rows],
            reads=self.reads[rows],
            satisfaction=self.satisfaction[rows],
            vectors=self.vectors[rows],
            topics=self.topics[rows],
            slugs=self.slugs,
            phrases=self.phrases[rows],
            phrase_ids=self.phrase_ids,
        )


@dataclass(frozen=True, slots=True)
class Past:
    """What the reader did with m articles, latest first, in the pool's topics and dimensions."""

    ids: Integers
    weights: Floats  # above 0 liked, below 0 refused
    sources: Integers
    ages: Floats  # hours since
    vectors: NDArray[np.float32]  # m × d
    topics: NDArray[np.float32]  # m × t

    @classmethod
    def of(cls, ids: Integers, **known: Any) -> Past:
        """These articles, latest first, read and liked alike unless something else is known."""
        m = len(ids)
        unknown: dict[str, Any] = {
            "weights": np.ones(m),
            "sources": np.zeros(m, dtype=np.int64),
            "ages": np.zeros(m),
            "vectors": np.zeros((m, 0), dtype=np.float32),
            "topics": np.zeros((m, 0), dtype=np.float32),
        }
        return cls(ids=ids, **{**unknown, **known})

    def take(self, chosen: Integers | Mask) -> Past:
        rows = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return Past(
            self.ids[rows], self.weights[rows], self.sources[rows], self.ages[rows], self.vectors[rows],
            self.topics[rows],
        )  # fmt: skip

    @property
    def liked(self) -> Mask:
        return self.weights > 0

    @property
    def refused(self) -> Mask:
        return self.weights < 0


@dataclass(frozen=True, slots=True)
class Seen:
    """The s articles whose cards the reader saw lately, in the pool's topics."""

    ids: Integers
    slates: Integers  # on how many slates
    opened: Mask
    topics: NDArray[np.float32]  # s × t

    @classmethod
    def of(cls, ids: Integers, **known: Any) -> Seen:
        s = len(ids)
        unknown: dict[str, Any] = {
            "slates": np.ones(s, dtype=np.int64),
            "opened": np.zeros(s, dtype=np.bool_),
            "topics": np.zeros((s, 0), dtype=np.float32),
        }
        return cls(ids=ids, **{**unknown, **known})


def _nothing() -> Integers:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Reader:
    """All that the components may know about the reader."""

    profile: ReaderProfile
    at: datetime
    past: Past
    read: Integers = field(default_factory=_nothing)  # every candidate that was read, however long ago
    hidden: Integers = field(default_factory=_nothing)
    seen: Seen = field(default_factory=lambda: Seen.of(_nothing()))
    about: dict[int, dict[int, float]] = field(default_factory=dict)  # followed phrase -> article -> how surely


@dataclass(frozen=True, slots=True)
class Scored:
    """One scorer's word on every candidate, in whatever unit it likes.

    `confidence`, 0 to 1, scales its share: with little to go by, it speaks softly. `neutral` is the value that speaks
    neither for an article nor against it; without one, that is the list's mean.
    """

    values: Floats
    confidence: float = 1.0
    neutral: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scores of n candidates as the sum of s contributions: above 0 what lifted an article, below 0 what lowered it."""

    scores: Floats
    contributions: Floats  # s × n
    scorers: tuple[str, ...]

    def take(self, rows: Integers) -> Ranking:
        return Ranking(self.scores[rows], self.contributions[:, rows], self.scorers)


@dataclass(frozen=True, slots=True)
class Pick:
    """A candidate's row, chosen for the page. Of one that was drawn by chance, the probability that it was this one,
    and how far the draw lifted it above its own score.
    """

    row: int
    propensity: float = 1.0
    lift: float = 0.0
    is_exploration: bool = False
