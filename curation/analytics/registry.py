"""Figures of chapters that stand above this one: each declares its own in `statistics.py` and registers it when the
site starts, so that analytics can show what it may not import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Statistic:
    """A named figure as of a moment. `daily` gives its series from one moment to another, by UTC day.

    With `is_queue` the figure is the age in seconds of the oldest job that waits, 0 when none does.
    """

    key: str
    compute: Callable[[datetime], float]
    daily: Callable[[datetime, datetime], Mapping[date, float]] | None = None
    is_queue: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that an operator should look at: what it is, how often, and the reason as it was recorded."""

    key: str
    count: int
    reason: str


_statistics: dict[str, Statistic] = {}
_troubles: dict[str, Callable[[datetime], Iterable[Trouble]]] = {}


def register(*statistics: Statistic) -> None:
    """Registering the same one again changes nothing. Raises ValueError when a key has another owner already."""
    for statistic in statistics:
        known = _statistics.setdefault(statistic.key, statistic)
        if known != statistic:
            raise ValueError(f"the statistic {statistic.key!r} is registered twice")


def statistics() -> Iterable[Statistic]:
    return tuple(_statistics.values())


def value(key: str, at: datetime) -> float:
    """A registered figure, 0 where no chapter on this site provides it."""
    statistic = _statistics.get(key)
    return statistic.compute(at) if statistic else 0.0


def register_troubles(chapter: str, find: Callable[[datetime], Iterable[Trouble]]) -> None:
    """What a chapter knows to be wrong at a moment; nothing found is nothing shown."""
    _troubles[chapter] = find


def troubles(at: datetime) -> tuple[Trouble, ...]:
    return tuple(trouble for find in _troubles.values() for trouble in find(at))
