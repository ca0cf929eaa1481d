"""Invented logs of which it is known what decided the clicks, as the questions that a replay would ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from curation.ranking.evaluation.types import Question
from curation.ranking.pipelines import FLOOR
from curation.ranking.rankers import Ranker, features
from curation.ranking.types import Past, Pool, Reader, ReaderProfile, Seen
from tests.factories.ranking import NOW

SLUGS = ("space", "food", "music", "law")
DIMENSION = 16
SCORERS = tuple(scorer for scorer, _ in FLOOR.scorers)
NAMES = tuple(scorer.name for scorer in SCORERS)

Worth = Callable[[Pool, Reader, dict[str, np.ndarray]], np.ndarray]  # log odds of a click on each candidate


@dataclass(frozen=True)
class World:
    """What is written, who reads it, and what they like."""

    worth: Worth
    size: int = 20
    dimension: int = DIMENSION
    readers: int = 40
    by_place: float = 0.0  # a card at place p is looked at with (p + 1) to the power of minus this
    shown_by: Ranker | None = None  # who put the cards in their places; chance where nobody did
    exploration: float = 0.0  # share of cards put where they are by chance, with their propensities logged

    def questions(self, count: int, *, seed: int = 1) -> Iterator[Question]:
        random = np.random.default_rng(seed)
        for number in range(count):
            yield self._question(number, random)

    def _question(self, number: int, random: np.random.Generator) -> Question:
        n = self.size
        code = int(random.integers(self.readers))
        rows = np.sort(random.choice(5_000, n, replace=False))
        past_rows = 5_000 + np.random.default_rng([3, code]).choice(1_000, code % 25, replace=False)
        vectors = self.vectors(rows)
        shown = random.integers(5, 60, n).astype(np.float64)
        topics = np.where(random.random((n, len(SLUGS))) < 0.4, random.random((n, len(SLUGS))), 0.0)
        pool = Pool.of(
            rows + 1,
            sources=rows % 11,
            story_sources=1 + random.poisson(0.8, n),
            ages=random.exponential(20, n),
            impressions=shown,
            clicks=np.floor(shown * random.beta(1, 9, n)),
            demand=random.exponential(2, n),
            vectors=vectors,
            topics=topics.astype(np.float32),
            slugs=SLUGS,
        )
        m = len(past_rows)
        reader = Reader(
            profile=ReaderProfile(reader_id=code + 1, topics=(SLUGS[code % 4],) if code % 3 else ()),
            at=NOW,
            past=Past.of(
                past_rows + 1,
                sources=past_rows % 11,
                ages=np.sort(random.exponential(100, m)),
                vectors=self.vectors(past_rows),
                topics=np.random.default_rng([5, code]).random((m, len(SLUGS))).astype(np.float32),
            ),
            seen=Seen.of(np.empty(0, dtype=np.int64), topics=np.zeros((0, len(SLUGS)), dtype=np.float32)),
        )
        _, z, _ = features(SCORERS, pool, reader)
        worth = self.worth(pool, reader, dict(zip(NAMES, z, strict=True)))
        score = random.normal(size=n) if self.shown_by is None else self.shown_by(pool, reader).scores
        place_of = np.argsort(np.argsort(-score))
        propensities = np.ones(n, dtype=np.float32)
        if self.exploration:
            drawn = random.random(n) < self.exploration
            propensities[drawn] = 0.05
        looked = random.random(n) < (place_of + 1.0) ** -self.by_place
        wanted = looked & (random.random(n) < 1 / (1 + np.exp(-worth)))
        return Question(
            pool=pool,
            reader=reader,
            wanted=wanted,
            at=1_700_000_000.0 + 60 * number,
            number=number,
            reader_code=code,
            rows=rows.astype(np.int32),
            past_rows=past_rows.astype(np.int32),
            history=past_rows.astype(np.int32),
            positions=place_of.astype(np.int32),
            propensities=propensities,
        )

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """Of each article always the same."""
        return _table(self.dimension)[rows]


@cache
def _table(dimension: int) -> np.ndarray:
    table = np.random.default_rng(dimension).normal(size=(6_000, dimension)).astype(np.float32)
    lengths = np.sqrt((table**2).sum(axis=1, keepdims=True))
    return table / np.maximum(lengths, 1e-9)


def without_places(question: Question) -> Question:
    return replace(question, positions=np.full(len(question.rows), -1, dtype=np.int32))


def ndcg(ranker: Ranker, questions: list[Question], worth: Worth | None = None, k: int = 10) -> float:
    """The mean over the lists; with `worth`, of the true probability of a click instead of the click."""
    told = []
    for question in questions:
        gains = question.wanted.astype(float)
        if worth is not None:
            _, z, _ = features(SCORERS, question.pool, question.reader)
            gains = 1 / (1 + np.exp(-worth(question.pool, question.reader, dict(zip(NAMES, z, strict=True)))))
        if not gains.any():
            continue
        discount = 1 / np.log2(np.arange(k) + 2)
        order = np.argsort(-ranker(question.pool, question.reader).scores)[:k]
        told.append((gains[order] @ discount) / (np.sort(gains)[::-1][:k] @ discount))
    return float(np.mean(told))
