"""What makes one list of several: proposals into a pool's ids, a drawn card into a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curation.ranking.samplers import Drawn
from curation.ranking.types import Floats, Integers, Pick


@dataclass(frozen=True)
class UnionJoiner:
    """Each proposal once, at most `limit`: the first of every generator before the second of any."""

    limit: int = 360

    def __call__(self, proposals: Sequence[Integers], without: Integers) -> Integers:
        """Ids, ascending, none of them in `without`."""
        ids = np.concatenate([np.empty(0, dtype=np.int64), *proposals])
        places = np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(len(each)) for each in proposals)])
        best_first = ids[np.argsort(places, kind="stable")]
        best_first = best_first[~np.isin(best_first, without)]
        _, first = np.unique(best_first, return_index=True)
        return np.sort(best_first[np.sort(first)[: self.limit]])


@dataclass(frozen=True)
class ExplorationJoiner:
    """Puts what was drawn among the others, never among the first places, and says how far that lifted it."""

    not_before: int = 4

    def __call__(
        self, picks: list[Pick], drawn: Drawn | None, scores: Floats, random: np.random.Generator
    ) -> list[Pick]:
        if drawn is None:
            return picks
        place = int(random.integers(min(self.not_before, len(picks)), len(picks) + 1))
        # Without the draw it would have needed the score of the last one that made the page.
        needed = float(scores[picks[-1].row]) if picks else float(scores[drawn.row])
        lift = max(needed - float(scores[drawn.row]), 0.0)
        pick = Pick(drawn.row, drawn.propensity, lift, is_exploration=True)
        return [*picks[:place], pick, *picks[place:]]
