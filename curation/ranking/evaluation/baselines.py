"""What any ranking has to beat: chance, the crowd, and the plain mean of what was read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from curation.ranking.evaluation.tallies import Tally, end
from curation.ranking.evaluation.types import Log, Question
from curation.ranking.types import Floats


@dataclass
class RandomBaseline:
    """The same seed shuffles the same list the same way."""

    seed: int
    name: str = "random"

    def __call__(self, question: Question) -> Floats:
        return np.random.default_rng([self.seed, question.number]).random(len(question.rows))


@dataclass
class PopularBaseline:
    """All clicks so far, halved by every `half_life_hours`; of infinity never."""

    log: Log
    half_life_hours: float = np.inf
    name: str = "popular"
    _tally: Tally = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._tally = Tally(self.log.clicks, len(self.log.articles), self.half_life_hours)

    def __call__(self, question: Question) -> Floats:
        self._tally.advance(end(self.log.clicks, question.at))
        return self._tally.of(question.rows, question.at)


@dataclass
class MeanCosineBaseline:
    """Cosine to the plain mean of the vectors of what the reader liked; 0 for all where nothing is known."""

    name: str = "mean_cosine"

    def __call__(self, question: Question) -> Floats:
        past = question.reader.past
        total = past.vectors[past.liked].sum(axis=0)
        return (question.pool.vectors @ (total / max(float(np.linalg.norm(total)), 1e-9))).astype(np.float64)
