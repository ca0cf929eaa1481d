"""What the learned ranker is told of a list: the floor's features, and the vectors that its attention compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2s

import numpy as np
from numpy.typing import NDArray

from curation.ranking.rankers import LOUD, Scorer, ZSumRanker, features
from curation.ranking.types import Floats, Mask, Past, Pool, Reader

VERSION = 1  # rises when what is told here, or what is computed of it, changes its meaning
LONGEST_HISTORY = 200
CONTEXT = ("history", "follows_topics", "follows_sources", "follows_phrases")
TOLD = ("weight", "days", "place")  # of each article of the history

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Of n candidates, s scorers, and the m liked articles with a vector, latest first; d is 0 without vectors."""

    z: Floats  # s × n
    confidences: Floats  # s
    context: Floats  # by CONTEXT, about 0 to 1 each
    vectors: Vectors  # n × d, unit rows; zeros where an article has no vector
    past: Vectors  # m × d, unit rows
    told: Floats  # by TOLD × m, logarithms


def inputs_of(scorers: Sequence[Scorer], pool: Pool, reader: Reader) -> Inputs:
    past, profile = reader.past, reader.profile
    _, z, confidences = features(scorers, pool, reader)
    liked = min(int(past.liked.sum()), LONGEST_HISTORY)
    context = np.array(
        [
            np.log1p(liked) / np.log1p(LONGEST_HISTORY),
            bool(profile.topics),
            bool(profile.sources),
            bool(profile.phrases),
        ],
        dtype=np.float64,
    )
    rows = compared(past)
    has_place = past.vectors.shape[1] == pool.vectors.shape[1]
    rows = rows if has_place else rows[:0]
    vectors = past.vectors[rows] if has_place else np.zeros((0, pool.vectors.shape[1]), dtype=np.float32)
    return Inputs(z, confidences, context, pool.vectors, vectors, told(past, rows))


def compared(past: Past) -> NDArray[np.int64]:
    """Rows of the history that a candidate can be compared with, latest first."""
    there: Mask = past.liked & past.vectors.any(axis=1)
    return np.flatnonzero(there)[:LONGEST_HISTORY]


def told(past: Past, rows: NDArray[np.int64]) -> Floats:
    """(3, len(rows)) logarithms: how well it was liked, how many days ago, and as the how many-th latest."""
    days = np.maximum(np.nan_to_num(past.ages[rows]), 0.0) / 24
    return np.stack([np.log(past.weights[rows]), np.log1p(days), np.log1p(np.arange(len(rows)))])


def schema_of(floor: ZSumRanker) -> str:
    """Changes when a scorer comes, goes or is set differently: what was learned of the old ones is then void."""
    scorers = [repr(scorer) for scorer, _ in floor.scorers]
    return blake2s(repr((VERSION, LOUD, scorers)).encode(), digest_size=16).hexdigest()
