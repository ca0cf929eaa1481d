"""What looks at the list as a whole: variety, the reader's own mix of topics, no source too often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curation.ranking.scorers import followed_topics, topic_shares, wished_topics
from curation.ranking.types import Floats, Integers, Mask, Pool, Reader

PER_SOURCE = 3  # cards of one source on a page


@dataclass(frozen=True)
class VariedReranker:
    """A greedy determinantal point process over the best `window`, drawn towards the reader's mix of topics, with at
    most `per_source` of a source on the page.

    Greedy MAP inference after Chen, Zhang and Zhou, "Fast Greedy MAP Inference for DPP" (2018). The kernel multiplies
    quality, exp(score × `sharpness`), with likeness: cosine, partly the same area. The mix after Steck, "Calibrated
    Recommendations" (2018): the divergence of the list from the reader's mix is taken off, `calibration` times.
    """

    window: int = 200
    per_source: int = PER_SOURCE
    sharpness: float = 0.6
    area_share: float = 0.2
    calibration: float = 2.0

    def __call__(
        self, pool: Pool, reader: Reader, scores: Floats, order: Integers, *, size: int, earlier: Sequence[int]
    ) -> Integers:
        """Rows of at most `size`, first place first. `order` is best first; `earlier` are the sources already on this
        page.
        """
        rows = order[: self.window]
        if not len(rows) or size <= 0:
            return rows[:0]
        used = dict(zip(*np.unique(np.array(earlier, dtype=np.int64), return_counts=True), strict=True))
        values = scores[rows]
        quality = np.exp(np.clip(self.sharpness * (values - values.max()), -8.0, 0.0))
        sources, areas = pool.sources[rows], pool.areas[rows]
        vectors = pool.vectors[rows].astype(np.float64)
        alike = (1 - self.area_share) * np.maximum(vectors @ vectors.T, 0.0)
        alike += self.area_share * (areas[:, None] == areas)
        np.fill_diagonal(alike, 1.0)
        kernel = alike * quality[:, None] * quality
        gains = quality**2  # squared norm of what each candidate adds to the chosen ones
        basis = np.zeros((size, len(rows)))
        mix = _Mix(pool, reader, rows)
        left = open_sources(sources, used, self.per_source)
        chosen: list[int] = []
        while len(chosen) < size and left.any():
            # Rounded, so that what is equal is chosen by its place in `order`, not by how its sum came about.
            worth = np.round(np.log(gains) - self.calibration * mix.divergences(), 6)
            best = int(np.argmax(np.where(left, worth, -np.inf)))
            done = basis[: len(chosen)]
            row = np.zeros(len(rows))
            # Clipped cosines are no true kernel: what adds next to nothing would blow up all that follows.
            if gains[best] > 1e-4 * quality[best] ** 2:
                row = (kernel[best] - done[:, best] @ done) / np.sqrt(gains[best])
            basis[len(chosen)] = row
            # Two copies of one text add nothing to each other; the floor keeps them in the order of their quality.
            gains = np.maximum(gains - row**2, 1e-9 * quality**2)
            chosen.append(best)
            mix.add(best)
            used[int(sources[best])] = used.get(int(sources[best]), 0) + 1
            left[best] = False
            if used[int(sources[best])] >= self.per_source:
                left &= sources != sources[best]
        return rows[chosen]


class _Mix:
    """How far the chosen ones, with each candidate added, would lie from the reader's mix of topics."""

    smoothing = 0.05  # of the reader's mix in the list's, which keeps the divergence finite

    def __init__(self, pool: Pool, reader: Reader, rows: Integers) -> None:
        wanted = mix_of(pool, reader)
        told = wanted > 0
        self.wanted = wanted[told]
        topics = pool.topics[rows].astype(np.float64)
        self.topics = (topics / np.maximum(topics.sum(axis=1, keepdims=True), 1e-9))[:, told]
        self.chosen = np.zeros(len(self.wanted))
        self.count = 0

    def add(self, row: int) -> None:
        self.chosen = self.chosen + self.topics[row]
        self.count += 1

    def divergences(self) -> Floats:
        """(candidates,) Kullback-Leibler divergences from the reader's mix, for each card of the list; 0 for a reader
        without one.
        """
        if not len(self.wanted):
            return np.zeros(len(self.topics))
        list_mix = (self.chosen + self.topics) / (self.count + 1)
        smooth = (1 - self.smoothing) * list_mix + self.smoothing * self.wanted
        divergences: Floats = np.log(self.wanted / smooth) @ self.wanted
        return divergences * (self.count + 1)


def mix_of(pool: Pool, reader: Reader) -> Floats:
    """(t,) shares of the topics that the reader cares for, summing to 1 or all 0: those that are followed, and those of
    the history as it grows.
    """
    followed = followed_topics(pool, reader)
    stated = followed / max(int(followed.sum()), 1)
    count = int(reader.past.liked.sum())
    told = count / (count + 10.0) if followed.any() else 1.0
    mix = (told * topic_shares(reader.past) + (1 - told) * stated) * (1.0 + wished_topics(pool, reader))
    mix = np.maximum(mix, 0.0)
    return mix / max(float(mix.sum()), 1e-9)


def open_sources(sources: Integers, used: dict[int, int], per_source: int) -> Mask:
    """True where the source has a place left on the page."""
    full = [source for source, times in used.items() if times >= per_source]
    return ~np.isin(sources, np.array(full, dtype=np.int64))
