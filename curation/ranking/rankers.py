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

# Standard deviations beyond which a z-score grows as its logarithm only: a rare feature must not outshout all others.
# Clipped there, what stands out would be all alike: of 3,000 articles the thirty most popular, in no order.
LOUD = 2.0


@dataclass(frozen=True)
class ZSumRanker:
    """The weighted sum of every scorer's z-scores."""

    scorers: tuple[tuple[Scorer, float], ...]

    def __call__(self, pool: Pool, reader: Reader) -> Ranking:
        names, z, confidences = features(tuple(scorer for scorer, _ in self.scorers), pool, reader)
        weights = np.array([weight for _, weight in self.scorers]) * confidences
        contributions = weights[:, None] * z
        return Ranking(contributions.sum(axis=0), contributions, names)


def features(scorers: Sequence[Scorer], pool: Pool, reader: Reader) -> tuple[tuple[str, ...], Floats, Floats]:
    """Names, (s, n) z-scores and (s,) confidences of what the scorers say."""
    scored = [scorer(pool, reader) for scorer in scorers]
    z = np.array([z_scores(each.values, each.neutral) for each in scored]).reshape(len(scorers), len(pool))
    return tuple(scorer.name for scorer in scorers), z, np.array([each.confidence for each in scored])


def z_scores(values: Floats, neutral: float | None = None) -> Floats:
    """Standard deviations from the list's mean, softened beyond LOUD; 0 where the values do not differ.

    With a neutral value they are measured from there, so that the sign says for or against: above 0 is above the
    neutral. Where nearly all lie far above it, it counts as one deviation below their mean at the most: what all have
    is no reason for one of them.
    """
    if not len(values):
        return values
    mean = values.mean()
    spread = float(np.sqrt(np.mean((values - mean) ** 2)))
    if spread < 1e-9 * max(1.0, float(np.abs(values).max())):
        return np.zeros(len(values))
    z = _softened((values - mean) / spread)
    if neutral is None:
        return z
    return z - max(float(_softened(np.array((neutral - mean) / spread))), -1.0)


def _softened(z: Floats) -> Floats:
    beyond = np.abs(z) - LOUD
    return np.where(beyond > 0, np.sign(z) * (LOUD + np.log1p(np.maximum(beyond, 0.0))), z)
