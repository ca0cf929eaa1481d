"""The numbers that the learned ranker consists of: where they begin, how they are stored, and what makes them unfit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from curation.ranking.learning.inputs import CONTEXT, TOLD
from curation.ranking.rankers import ZSumRanker
from curation.ranking.types import Floats

# Of z-scores: between them a curve is a straight line, which goes on beyond the outer two.
KNOTS = (-6.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
NEUTRAL = KNOTS.index(0.0)
RANK = 32  # dimensions in which the attention may see otherwise than the embedder
TEMPERATURE = 0.1  # of the attention where it begins: cosines within a history differ by a few tenths
HISTORY = "history"  # the scorer to whose contribution the attention's is added


class Unfit(Exception):
    """These weights cannot be used; the message says why, in one line."""


@dataclass(frozen=True)
class Weights:
    """Of s scorers and d dimensions; the last row of `shapes` and `gates` is the attention's."""

    shapes: Floats  # (s + 1) × knots: the contribution at each knot, before the gate
    gates: Floats  # (s + 1) × (s + context): logarithms by which the confidence is raised or lowered
    query: NDArray[np.floating]  # RANK × d
    key: NDArray[np.floating]  # RANK × d
    attention: Floats  # logarithm of 1 / temperature, then a factor for each of TOLD

    @property
    def dimension(self) -> int:
        return int(self.query.shape[1])

    @property
    def scorers(self) -> int:
        return len(self.shapes) - 1


def at_floor(floor: ZSumRanker, dimension: int, *, seed: int = 0) -> Weights:
    """Those with which the learned ranker is the floor. Raises ValueError for a floor that it cannot begin as."""
    names = [scorer.name for scorer, _ in floor.scorers]
    if HISTORY not in names:
        raise ValueError(f"no scorer is called {HISTORY!r}: the attention has nothing to add to")
    scorers = len(names)
    shapes = np.zeros((scorers + 1, len(KNOTS)))
    shapes[:scorers] = np.outer([weight for _, weight in floor.scorers], KNOTS)
    random = np.random.default_rng(seed)
    return Weights(
        shapes=shapes,
        gates=np.zeros((scorers + 1, scorers + len(CONTEXT))),
        # Plain cosine to begin with: one of the two is 0, the other has to differ row by row (Hu et al., LoRA, 2021).
        query=random.normal(0.0, RANK**-0.5, (RANK, dimension)),
        key=np.zeros((RANK, dimension)),
        attention=np.array([-np.log(TEMPERATURE), 1.0, 0.0, 0.0]),
    )


def packed(weights: Weights) -> bytes:
    """As a safetensors file, which is read without running anything."""
    from safetensors.numpy import save

    return bytes(save({each.name: np.ascontiguousarray(getattr(weights, each.name)) for each in fields(Weights)}))


def digest(stored: bytes) -> str:
    return sha256(stored).hexdigest()


def unpacked(stored: bytes, *, sha256: str, scorers: int, dimension: int) -> Weights:
    """Raises Unfit where the bytes are not those that were stored, or belong to another ranker."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    if digest(stored) != sha256:
        raise Unfit("its bytes do not match their sha256: they were damaged or changed")
    try:
        tensors = load(stored)
        weights = Weights(**{name: tensor.astype(np.float64) for name, tensor in tensors.items()})
    except (SafetensorError, TypeError, ValueError, KeyError) as error:
        raise Unfit(f"its bytes are no weights: {error}") from None
    wanted = shapes_of(scorers, dimension)
    found = [getattr(weights, each.name).shape for each in fields(Weights)]
    if found != wanted:
        raise Unfit(f"its weights have the shapes {found}, not {wanted}")
    if not all(np.isfinite(getattr(weights, each.name)).all() for each in fields(Weights)):
        raise Unfit("some of its weights are no numbers")
    return weights


def shapes_of(scorers: int, dimension: int) -> Sequence[tuple[int, ...]]:
    """Of the tensors, in the order of the fields."""
    return [
        (scorers + 1, len(KNOTS)),
        (scorers + 1, scorers + len(CONTEXT)),
        (RANK, dimension),
        (RANK, dimension),
        (1 + len(TOLD),),
    ]
