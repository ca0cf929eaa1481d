"""From what is told of a list to contributions: a curve for each scorer, a gate for each curve, and attention.

A neural additive model (Agarwal et al., "Neural Additive Models", 2021): what a scorer contributes depends on its own
z-score, and on how the reader is known, but on no other scorer's. So a score is a sum whose parts can be named. The
curves are piecewise linear, the attention is that of one head over the history with the articles' vectors frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from curation.ranking.learning.inputs import Inputs
from curation.ranking.learning.weights import KNOTS, NEUTRAL, Weights
from curation.ranking.types import Floats

GATE_REACH = 2.0  # a gate changes a confidence by e to the power of this at most
EVEN = 0.02  # standard deviation of the attention's values in a list, below which they hardly differ


@dataclass(frozen=True, slots=True)
class Lists:
    """b lists, filled up to n candidates and m articles of the history."""

    z: Tensor  # b × s × n
    confidences: Tensor  # b × s
    context: Tensor  # b × c
    vectors: Tensor  # b × n × d
    past: Tensor  # b × m × d
    told: Tensor  # b × 3 × m
    is_there: Tensor  # b × n
    is_past: Tensor  # b × m


class Network(torch.nn.Module):
    def __init__(self, weights: Weights, history: int, dtype: torch.dtype = torch.float64) -> None:
        """`history` is the row of the scorer to which the attention is added."""
        super().__init__()

        def parameter(value: NDArray[np.floating]) -> torch.nn.Parameter:
            return torch.nn.Parameter(torch.tensor(value, dtype=dtype))

        self.shapes, self.gates = parameter(weights.shapes), parameter(weights.gates)
        self.query, self.key = parameter(weights.query), parameter(weights.key)
        self.attention = parameter(weights.attention)
        self.history = history
        self._knots = torch.tensor(KNOTS, dtype=dtype)
        self._rows = torch.arange(len(weights.shapes))[:, None] * len(KNOTS)

    @property
    def scorers(self) -> int:
        return len(self.shapes) - 1

    @property
    def dimension(self) -> int:
        return int(self.query.shape[1])

    def forward(self, lists: Lists) -> Tensor:
        """(b, s, n) contributions."""
        z = torch.cat([lists.z, self.attended(lists)[:, None]], dim=1)
        own = torch.cat([lists.confidences, lists.confidences[:, [self.history]]], dim=1)
        known = torch.cat([lists.confidences, lists.context], dim=1)
        gates = own * torch.exp(GATE_REACH * torch.tanh(known @ self.gates.T / GATE_REACH))
        parts = gates[:, :, None] * self.curves(z)
        at = self.history
        return torch.cat([parts[:, :at], parts[:, [at]] + parts[:, -1:], parts[:, at + 1 : -1]], dim=1)

    def curves(self, z: Tensor) -> Tensor:
        """(b, s + 1, n) heights of the curves, each 0 at its neutral value."""
        left = (torch.bucketize(z, self._knots, right=True) - 1).clamp(0, len(KNOTS) - 2)
        share = (z - self._knots[left]) / (self._knots[left + 1] - self._knots[left])
        heights = (self.shapes - self.shapes[:, NEUTRAL, None]).flatten()
        low, high = heights[self._rows + left], heights[self._rows + left + 1]
        return low + share * (high - low)

    def attended(self, lists: Lists) -> Tensor:
        """(b, n) how near each candidate is to that of the history which it is nearest to, in standard deviations."""
        vectors, past = lists.vectors, lists.past
        if not (vectors.shape[2] and past.shape[1] and vectors.shape[1]):
            return torch.zeros_like(lists.z[:, 0])
        query, key = vectors @ self.query.T.to(vectors.dtype), past @ self.key.T.to(vectors.dtype)
        # The embedder's own cosine, and what is learned beside it.
        near = (vectors @ past.mT + query @ key.mT).to(lists.z.dtype)
        loud = near * self.attention[0].exp() + self.attention[None, None, 1:] @ lists.told
        shares = torch.softmax(loud.masked_fill(~lists.is_past[:, None], -1e9), dim=2)
        values = (shares * near).sum(dim=2)
        known = lists.is_there & vectors.any(dim=2) & lists.is_past.any(dim=1, keepdim=True)
        count = known.sum(dim=1, keepdim=True).clamp(min=1)
        middle = values - (values * known).sum(dim=1, keepdim=True) / count
        spread = torch.sqrt((middle.square() * known).sum(dim=1, keepdim=True) / count + EVEN**2)
        return torch.where(known, middle / spread, 0.0)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """torch on so many threads inside; the number is the whole process's."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def alone(inputs: Inputs, dimension: int) -> Lists:
    """One list, as a batch of its own; without vectors where they are not those of the weights."""
    known = inputs.vectors.shape[1] == dimension
    vectors, past = (
        torch.from_numpy(each if known else each[:, :0].reshape(len(each), 0)) for each in (inputs.vectors, inputs.past)
    )
    return Lists(
        z=torch.from_numpy(inputs.z)[None],
        confidences=torch.from_numpy(inputs.confidences)[None],
        context=torch.from_numpy(inputs.context)[None],
        vectors=vectors[None],
        past=past[None],
        told=torch.from_numpy(inputs.told)[None],
        is_there=torch.ones((1, len(vectors)), dtype=torch.bool),
        is_past=torch.ones((1, len(past)), dtype=torch.bool),
    )


def contributions(network: Network, inputs: Inputs) -> Floats:
    """(s, n)"""
    # Another thread would be waited for longer, where the cores are busy, than all of it takes.
    with torch.inference_mode(), threads(1):
        found: Floats = network(alone(inputs, network.dimension))[0].numpy()
        return found
