"""A simulated reader's true taste: what the ranking should find out and is never told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FOLLOWED_SHARE = 0.7  # a reader follows the fewest topics that make up so much of the taste ...
FOLLOWED_MOST = 5  # ... and no more than these


@dataclass(frozen=True, slots=True)
class Taste:
    """Weights over topics, summing to 1, and the chance of opening the feed on a day."""

    topics: Mapping[str, float]
    activity: float

    @property
    def follows(self) -> tuple[str, ...]:
        """The topics that such a reader picks at sign-up, dearest first."""
        picked: list[str] = []
        share = 0.0
        for slug, weight in sorted(self.topics.items(), key=lambda item: (-item[1], item[0])):
            if weight <= 0 or (picked and share >= FOLLOWED_SHARE) or len(picked) == FOLLOWED_MOST:
                break
            picked.append(slug)
            share += weight
        return tuple(picked)
