"""The make-up of an edition: which cards stand together, and how large each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

# Sizes follow rank. A band's name is its grid in the style sheet, the figure is how many cards it takes.
# Either pattern adds up to a page of twenty.
OPENING = (("lead", 3), ("trio", 3), ("briefs", 4), ("quartet", 4), ("pair", 2), ("briefs", 4))
CONTINUATION = (("trio", 3), ("quartet", 4), ("briefs", 4), ("pair", 2), ("trio", 3), ("briefs", 4))
REMAINDERS = {1: "wide", 2: "pair", 3: "trio"}


@dataclass(frozen=True, slots=True)
class Band(Generic[Item]):
    """Cards side by side on a wide screen, under one another on a phone."""

    kind: str
    items: tuple[Item, ...]


def arrange(items: Sequence[Item], *, opening: bool) -> Iterator[Band[Item]]:
    """Every item once, in order. What does not fill a band at the end gets one that fits it."""
    start = 0
    for kind, size in _pattern(opening):
        taken = tuple(items[start : start + size])
        if not taken:
            return
        if len(taken) < size and kind != "lead":
            kind = REMAINDERS[len(taken)]
        yield Band(kind, taken)
        start += size


def _pattern(opening: bool) -> Iterator[tuple[str, int]]:
    if opening:
        yield from OPENING
    while True:
        yield from CONTINUATION
