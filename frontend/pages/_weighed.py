"""What lifted a card and what lowered it, in words, the strongest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from frontend.pages._shares import Share, shares_of

VISIBLE_FROM = 0.02  # of all that was weighed; a bar for less cannot be seen

SCORERS = {
    "history": gettext_noop("How near it is to what you have read"),
    "topics": gettext_noop("How much you read about its topics"),
    "follow_topic": gettext_noop("Topics that you follow"),
    "follow_source": gettext_noop("Publishers that you follow"),
    "follow_phrase": gettext_noop("Phrases that you follow"),
    "wish": gettext_noop("Topics that you asked for more or less of"),
    "publisher": gettext_noop("What you read of its publisher"),
    "popularity": gettext_noop("How often others opened it"),
    "demand": gettext_noop("How many opened it these days"),
    "satisfaction": gettext_noop("How far others read it"),
    "freshness": gettext_noop("How timely it is"),
    "breadth": gettext_noop("How many publishers tell it"),
    "aversion": gettext_noop("How near it is to what you refused"),
    "fatigue": gettext_noop("Whether you were shown it before"),
    "exploration": gettext_noop("A little chance"),
}
# What slates of earlier editions call some of them.
EARLIER = {"source": "follow_source", "phrase": "follow_phrase"}


@dataclass(frozen=True, slots=True)
class Part:
    words: str
    share: Share


@dataclass(frozen=True, slots=True)
class Weighed:
    lifted: tuple[Part, ...] = ()
    lowered: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.lifted or self.lowered)


def weighed(contributions: Mapping[str, float]) -> Weighed:
    """The contributions as shares of all that was said for and against the card, without what is too small to see."""
    whole = sum(abs(value) for value in contributions.values())
    seen = [
        (name, value)
        for name, value in sorted(contributions.items(), key=lambda item: -abs(item[1]))
        if whole and abs(value) / whole >= VISIBLE_FROM
    ]
    shares = shares_of(abs(value) / whole for _name, value in seen)
    parts = [(value, Part(_scorer(name), share)) for (name, value), share in zip(seen, shares, strict=True)]
    return Weighed(
        lifted=tuple(part for value, part in parts if value > 0),
        lowered=tuple(part for value, part in parts if value < 0),
    )


def _scorer(name: str) -> str:
    name = EARLIER.get(name, name)
    return _(SCORERS[name]) if name in SCORERS else _("Something else")
