"""What looks at the list as a whole: variety, no source too often, and one deliberate surprise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curation.ranking.types import Integers, Mask, Pick, Pool

PER_SOURCE = 3  # cards of one source on a page


@dataclass(frozen=True)
class VariedReranker:
    """A greedy determinantal point process over the best `window`, at most `per_source` of a source on the page, and
    one exploration slot.

    Greedy MAP inference after Chen, Zhang and Zhou, "Fast Greedy MAP Inference for DPP" (2018). The kernel multiplies
    quality, exp(score × `sharpness`), with likeness: cosine, partly the same area.
    """

    window: int = 200
    per_source: int = PER_SOURCE
    sharpness: float = 0.6
    area_share: float = 0.2
    explore: bool = True
    explore_window: int = 100  # the surprise is drawn evenly from so many of the next best
    explore_from: int = 4  # never among the first places

    def __call__(
        self, pool: Pool, scores: np.ndarray, order: Integers, *, size: int, earlier: Sequence[int],
        random: np.random.Generator,
    ) -> list[Pick]:  # fmt: skip
        """`order` is best first; `earlier` are the sources already on this page."""
        used = dict(zip(*np.unique(np.array(earlier, dtype=np.int64), return_counts=True), strict=True))
        best = order[: self.window]
        surprise = self.explore and size > self.explore_from and len(order) > size
        chosen = self._varied(pool, scores, best, size - surprise, used)
        picks = [Pick(int(row)) for row in chosen]
        if surprise:
            rest = order[~np.isin(order, np.array(chosen, dtype=np.int64))][: self.explore_window]
            rest = rest[open_sources(pool.sources[rest], used, self.per_source)]
            if len(rest):
                place = int(random.integers(min(self.explore_from, len(picks)), len(picks) + 1))
                picks.insert(place, Pick(int(random.choice(rest)), 1.0 / len(rest), is_exploration=True))
        return picks

    def _varied(self, pool: Pool, scores: np.ndarray, rows: Integers, size: int, used: dict[int, int]) -> list[int]:
        """Rows in the order of greedy choice; counts their sources into `used`."""
        if not len(rows) or size <= 0:
            return []
        values = scores[rows]
        quality = np.exp(np.clip(self.sharpness * (values - values.max()), -30.0, 0.0))
        vectors = pool.vectors[rows].astype(np.float64)
        sources, areas = pool.sources[rows], pool.areas[rows]
        gains = quality**2  # squared norm of what each candidate adds to the chosen ones
        basis = np.zeros((size, len(rows)))
        left = open_sources(sources, used, self.per_source)
        chosen: list[int] = []
        while len(chosen) < size and left.any():
            best = int(np.argmax(np.where(left, gains, -np.inf)))
            likeness = (1 - self.area_share) * np.maximum(vectors @ vectors[best], 0.0)
            likeness += self.area_share * (areas == areas[best])
            likeness[best] = 1.0
            done = basis[: len(chosen)]
            row = (quality[best] * likeness * quality - done[:, best] @ done) / np.sqrt(max(gains[best], 1e-12))
            basis[len(chosen)] = row
            # Two copies of one text add nothing to each other; the floor keeps them in the order of their quality.
            gains = np.maximum(gains - row**2, 1e-9 * quality**2)
            chosen.append(best)
            used[int(sources[best])] = used.get(int(sources[best]), 0) + 1
            left[best] = False
            if used[int(sources[best])] >= self.per_source:
                left &= sources != sources[best]
        return [int(row) for row in rows[chosen]]


def open_sources(sources: Integers, used: dict[int, int], per_source: int) -> Mask:
    """True where the source has a place left on the page."""
    full = [source for source, times in used.items() if times >= per_source]
    return ~np.isin(sources, np.array(full, dtype=np.int64))
