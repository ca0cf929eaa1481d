"""The several things that one reader likes: the history, taken apart where it is about different things."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.ranking.types import Past

MOST = 3  # each interest is one more search
APART_BELOW = 0.5  # cosine of two middles above which they are one interest
SMALLEST = 3  # articles: fewer are an excursion
ROUNDS = 4


def centres(past: Past) -> NDArray[np.float32]:
    """(k, d) unit middles of what the reader liked, the one with most articles first; k is 0 without a history.

    Spherical k-means from the articles that lie farthest apart; it stops taking apart where two middles lie together.
    """
    liked = past.liked & past.vectors.any(axis=1)
    vectors, weights = past.vectors[liked], past.weights[liked].astype(np.float32)
    if not len(vectors):
        return np.zeros((0, past.vectors.shape[1]), dtype=np.float32)
    found = _unit(weights @ vectors)[None]
    for count in range(2, MOST + 1):
        if len(vectors) < count * SMALLEST:
            break
        middles = _parted(vectors, weights, count)
        if middles is None:
            break
        found = middles
    return found


def _parted(vectors: NDArray[np.float32], weights: NDArray[np.float32], count: int) -> NDArray[np.float32] | None:
    """None where so many interests are not to be found."""
    middles = _unit(weights @ vectors)[None]
    for _ in range(count - 1):
        farthest = int(np.argmin((vectors @ middles.T).max(axis=1)))
        middles = np.vstack([middles, vectors[farthest]])
    # The common middle was only there to find what lies far from it.
    middles = middles.copy()
    for _ in range(ROUNDS):
        nearest = np.argmax(vectors @ middles.T, axis=1)
        sizes = np.bincount(nearest, minlength=count)
        if sizes.min() < SMALLEST:
            return None
        belongs = (nearest[:, None] == np.arange(count)) * weights[:, None]
        middles = _unit(belongs.T @ vectors)
    apart = middles @ middles.T - np.eye(count)
    if apart.max() >= APART_BELOW:
        return None
    return middles[np.argsort(-sizes, kind="stable")]


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)).astype(
        np.float32
    )
    return result
