"""What another way of choosing would have earned, told from choices that were made by chance.

On a slate, the items whose logged propensity lies between 0 and 1 were drawn: they alone can speak for an order that
was never served. Every estimate here takes, for each of these n draws, what came of it (`rewards`, 1 for a click), the
probability with which it was drawn (`propensities`), and the probability with which the other way of choosing, the
target, would have drawn the same item for the same place (`targets`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.ranking.evaluation.bootstrap import Interval, ratios
from curation.ranking.evaluation.types import Log
from curation.ranking.types import Floats

CAP = 50.0  # of a weight: what the target loves and chance hardly ever drew would decide alone


@dataclass(frozen=True)
class Draws:
    """n items that were drawn by chance. Raises ValueError for a propensity that is not above 0 and at most 1."""

    rewards: Floats
    propensities: Floats
    readers: NDArray[np.integer]

    def __post_init__(self) -> None:
        if not ((self.propensities > 0) & (self.propensities <= 1)).all():
            raise ValueError("a propensity lies above 0 and is at most 1")

    def __len__(self) -> int:
        return len(self.rewards)


@dataclass(frozen=True)
class Estimate:
    """A click rate with its interval by readers; of how many even draws the weights are worth, and how many of them
    were clipped.
    """

    rate: Interval
    effective_size: float
    clipped: int


def draws_of(log: Log, numbers: range) -> Draws:
    """The randomised items of these lists."""
    lists = log.lists
    items = slice(int(lists.offsets[numbers.start]), int(lists.offsets[numbers.stop])) if len(numbers) else slice(0)
    propensities = lists.propensities[items].astype(np.float64)
    drawn = (propensities > 0) & (propensities < 1)
    readers = np.repeat(lists.readers, lists.sizes)[items]
    return Draws(lists.clicked[items][drawn].astype(np.float64), propensities[drawn], readers[drawn])


def inverse_propensity(draws: Draws, targets: Floats, *, seed: int, cap: float = CAP) -> Estimate:
    """The mean of weight × reward, weight = target / propensity: Horvitz and Thompson (1952). Without bias where every
    item that the target may draw could have been drawn, apart from what clipping takes.
    """
    weights, clipped = _weights(draws, targets, cap)
    return _estimate(weights * draws.rewards, np.ones(len(draws)), draws, weights, clipped, seed)


def self_normalised(draws: Draws, targets: Floats, *, seed: int, cap: float = CAP) -> Estimate:
    """The sum of weight × reward over the sum of the weights: Swaminathan and Joachims, "The Self-Normalized Estimator
    for Counterfactual Learning" (2015). A little bias for much less variance; never outside the range of the rewards.
    """
    weights, clipped = _weights(draws, targets, cap)
    return _estimate(weights * draws.rewards, weights, draws, weights, clipped, seed)


def doubly_robust(
    draws: Draws, targets: Floats, *, predicted: Floats, expected: Floats, seed: int, cap: float = CAP
) -> Estimate:
    """The mean of expected + weight × (reward - predicted): Dudík, Langford and Li, "Doubly Robust Policy Evaluation
    and Learning" (2011). Right where either the propensities or the model is.

    `predicted` is the model's reward of the item that was drawn, `expected` its mean over what the target would draw.
    """
    weights, clipped = _weights(draws, targets, cap)
    told = expected + weights * (draws.rewards - predicted)
    return _estimate(told, np.ones(len(draws)), draws, weights, clipped, seed)


def _weights(draws: Draws, targets: Floats, cap: float) -> tuple[Floats, int]:
    if not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError("a probability lies between 0 and 1")
    weights = targets / draws.propensities
    return np.minimum(weights, cap), int((weights > cap).sum())


def _estimate(above: Floats, below: Floats, draws: Draws, weights: Floats, clipped: int, seed: int) -> Estimate:
    [rate] = ratios(above[:, None], below[:, None], draws.readers, seed=seed)
    # Kish (1965): n for even weights, towards 1 where one of them decides.
    size = float(weights.sum() ** 2 / max(float(np.square(weights).sum()), 1e-12))
    return Estimate(rate, size, clipped)
