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
    is_synthetic: bool = False

    @property
    def digest(self) -> str:
        """Changes when the reader states something else, whatever the order in which it is told."""
        stated = (self.topics, self.sources, self.phrases, self.muted_words, self.languages, self.hidden_sources)
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
    """The candidates, an array row each: n articles, t topics, p phrases, d dimensions."""

    ids: Integers
    sources: Integers
    stories: Integers  # 0 where the article is in no story
    story_sizes: Integers
    areas: Integers  # codes that mean something within this pool alone
    ages: Floats  # hours
    texts: tuple[str, ...]  # title and summary
    impressions: Floats  # everybody's, decayed
    clicks: Floats
    vectors: NDArray[np.float32]  # n × d, unit rows; zeros where an article has no vector
    topics: NDArray[np.float32]  # n × t, calibrated scores
    slugs: tuple[str, ...]  # t
    phrases: NDArray[np.float32]  # n × p, how surely the article is about the phrase; 0 where it is not
    phrase_ids: tuple[int, ...]  # p

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, chosen: Integers | Mask) -> Pool:
        """The rows at these indices, or where the mask is true, in that order."""
        rows = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return Pool(
            ids=self.ids[rows],
            sources=self.sources[rows],
            stories=self.stories[rows],
            story_sizes=self.story_sizes[rows],
            areas=self.areas[rows],
            ages=self.ages[rows],
            texts=tuple(map(self.texts.__getitem__, rows.tolist())),
            impressions=self.impressions[rows],
            clicks=self.clicks[rows],
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
    vectors: NDArray[np.float32]  # m × d
    topics: NDArray[np.float32]  # m × t

    @property
    def liked(self) -> Mask:
        return self.weights > 0

    @property
    def refused(self) -> Mask:
        return self.weights < 0


@dataclass(frozen=True, slots=True)
class Reader:
    """All that the components may know about the reader."""

    profile: ReaderProfile
    at: datetime
    past: Past
    read: Integers = field(default_factory=lambda: np.empty(0, np.int64))  # every article read, not only the last ones
    hidden: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    shown: dict[int, int] = field(default_factory=dict)  # article -> slates on which it was seen
    about: dict[int, dict[int, float]] = field(default_factory=dict)  # followed phrase -> article -> how surely


@dataclass(frozen=True, slots=True)
class Scored:
    """One scorer's word on every candidate.

    `explains` says where this scorer could honestly be named as the reason; `confidence` scales its share: with little
    to go by, it speaks softly.
    """

    values: Floats
    explains: Mask
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scores of n candidates, as the sum of s contributions."""

    scores: Floats
    contributions: Floats  # s × n
    explains: NDArray[np.bool_]  # s × n
    scorers: tuple[str, ...]

    def take(self, rows: Integers) -> Ranking:
        return Ranking(self.scores[rows], self.contributions[:, rows], self.explains[:, rows], self.scorers)


@dataclass(frozen=True, slots=True)
class Pick:
    """A candidate's row, chosen for the page, with the probability of that choice."""

    row: int
    propensity: float = 1.0
    is_exploration: bool = False
