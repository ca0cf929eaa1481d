"""What makes one number of several: a sum of contributions, so that a reason can be read off it.

On 5,000 real news impressions the unweighted sum of the z-scores of history cosine, topic affinity and click-through
rate decayed by a 6 h half-life tied with a trained LambdaRank; the smaller weights in pipelines belong to signals
that were weak there, age above all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        names, z, confidences = features(tuple(scorer for scorer, _ in self.scorers), pool, reader)
        weights = np.array([weight for _, weight in self.scorers]) * confidences
        contributions = weights[:, None] * np.clip(z, -self.clip, self.clip)
        return Ranking(contributions.sum(axis=0), contributions, names)


def features(scorers: Sequence[Scorer], pool: Pool, reader: Reader) -> tuple[tuple[str, ...], Floats, Floats]:
    """Names, (s, n) z-scores and (s,) confidences of what the scorers say."""
    scored = [scorer(pool, reader) for scorer in scorers]
    z = np.array([z_scores(each.values, each.neutral) for each in scored]).reshape(len(scorers), len(pool))
    return tuple(scorer.name for scorer in scorers), z, np.array([each.confidence for each in scored])


def z_scores(values: Floats, neutral: float | None = None) -> Floats:
    """Distance from the neutral value, or else the mean, in standard deviations; 0 where the values do not differ."""
    if not len(values):
        return values
    mean = values.mean()
    spread = float(np.sqrt(np.mean((values - mean) ** 2)))
    if spread < 1e-9 * max(1.0, float(np.abs(values).max())):
        return np.zeros(len(values))
    return (values - (mean if neutral is None else neutral)) / spread
