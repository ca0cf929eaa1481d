"""Lists with a known outcome as columns: what the training needs of each, the latest of them, few candidates each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.ranking.evaluation.types import Question
from curation.ranking.learning.inputs import Inputs, compared, inputs_of
from curation.ranking.rankers import Scorer
from curation.ranking.types import Integers, Mask

MOST_LISTS = 20_000
MOST_REFUSED = 60  # candidates of a list that were not opened, drawn from all of them
PLACES = 25  # the first twenty by themselves, then five more stretches; what is told apart of a list's positions
MOST_WEIGHT = 10.0  # of what was shown by chance: one lucky draw must not decide


@dataclass(frozen=True, slots=True)
class Example:
    """A list of k candidates, at least one of them opened and one not."""

    at: float
    z: NDArray[np.float32]  # s × k
    known: NDArray[np.float32]  # confidences, then context
    told: NDArray[np.float32]  # 3 × m
    rows: Integers  # k, into the vectors
    past: Integers  # m
    wanted: Mask  # k
    weights: NDArray[np.float32]  # k, at least 1
    places: NDArray[np.int64]  # k; PLACES where nobody knows


@dataclass(frozen=True)
class Examples:
    """In the order of time."""

    lists: Sequence[Example]
    vectors: NDArray[np.float16]
    scorers: int

    def __len__(self) -> int:
        return len(self.lists)

    @property
    def dimension(self) -> int:
        return int(self.vectors.shape[1])

    @property
    def weight(self) -> float:
        """The mean over all that was opened."""
        return float(np.mean([example.weights[example.wanted].mean() for example in self.lists]))

    def batch(self, numbers: Sequence[int]) -> dict[str, NDArray[Any]]:
        """These lists, filled up to the longest."""
        chosen = [self.lists[number] for number in numbers]
        sizes, lengths = [len(each.rows) for each in chosen], [len(each.past) for each in chosen]
        b, k, m, s = len(chosen), max(sizes), max(lengths), self.scorers
        rows, past = np.zeros((b, k), np.int64), np.zeros((b, m), np.int64)
        told, z = np.zeros((b, 3, m), np.float32), np.zeros((b, s, k), np.float32)
        wanted, places = np.zeros((b, k), np.float32), np.full((b, k), PLACES)
        for place, (each, size, length) in enumerate(zip(chosen, sizes, lengths, strict=True)):
            rows[place, :size], past[place, :length] = each.rows, each.past
            z[place, :, :size], told[place, :, :length] = each.z, each.told
            wanted[place, :size] = each.wanted * each.weights / each.wanted.sum()
            places[place, :size] = each.places
        known = np.stack([each.known for each in chosen])
        return {
            "z": z,
            "confidences": known[:, :s],
            "context": known[:, s:],
            "vectors": self.vectors[rows].astype(np.float32),
            "past": self.vectors[past].astype(np.float32),
            "told": told,
            "is_there": np.arange(k) < np.array(sizes)[:, None],
            "is_past": np.arange(m) < np.array(lengths)[:, None],
            "wanted": wanted,
            "places": places,
        }


def examples_of(
    questions: Iterable[Question], scorers: Sequence[Scorer], *, seed: int, most: int = MOST_LISTS
) -> Examples:
    """Of the latest lists of which something was opened, and not everything."""
    kept: deque[Example] = deque(maxlen=most)
    vectors = _Vectors()
    for question in questions:
        if 0 < int(question.wanted.sum()) < len(question.wanted):
            kept.append(_example(question, inputs_of(scorers, question.pool, question.reader), vectors, seed))
    return Examples(tuple(kept), vectors.table(), len(scorers))


def _example(question: Question, inputs: Inputs, vectors: _Vectors, seed: int) -> Example:
    chosen = _drawn(question.wanted, np.random.default_rng([seed, question.number]))
    past = question.past_rows[compared(question.reader.past)][: len(inputs.past)]
    propensities = question.propensities[chosen].astype(np.float64)
    by_chance = (propensities > 0) & (propensities < 1)
    return Example(
        at=question.at,
        z=inputs.z[:, chosen].astype(np.float32),
        known=np.concatenate([inputs.confidences, inputs.context]).astype(np.float32),
        told=inputs.told.astype(np.float32),
        rows=vectors.places(question.rows[chosen], inputs.vectors[chosen]),
        past=vectors.places(past, inputs.past),
        wanted=question.wanted[chosen],
        weights=np.where(by_chance, np.minimum(1 / np.where(by_chance, propensities, 1.0), MOST_WEIGHT), 1.0).astype(
            np.float32
        ),
        places=places(question.positions[chosen]),
    )


def _drawn(wanted: Mask, random: np.random.Generator) -> Integers:
    """All that was opened, and as many others as may be."""
    refused = np.flatnonzero(~wanted)
    if len(refused) > MOST_REFUSED:
        refused = random.choice(refused, MOST_REFUSED, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(wanted), refused]))


def places(positions: NDArray[np.integer]) -> Integers:
    """Which of the PLACES each position, counted from 0, belongs to."""
    found = np.where(positions < 20, positions, np.minimum(20 + (positions - 20) // 10, PLACES - 1))
    return np.where(positions < 0, PLACES, found).astype(np.int64)


class _Vectors:
    """Every article's vector once, in the order in which they came."""

    def __init__(self) -> None:
        self._place: dict[int, int] = {}
        self._rows: list[NDArray[np.float16]] = []

    def places(self, ids: NDArray[np.integer], vectors: NDArray[np.float32]) -> Integers:
        for id, vector in zip(ids.tolist(), vectors, strict=True):
            if id not in self._place:
                self._place[id] = len(self._rows)
                self._rows.append(vector.astype(np.float16))
        return np.array([self._place[id] for id in ids.tolist()], dtype=np.int64)

    def table(self) -> NDArray[np.float16]:
        return np.stack(self._rows) if self._rows else np.zeros((0, 0), dtype=np.float16)
