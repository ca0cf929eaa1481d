"""A headline read for what happens, how it feels to people, and where, when and in which season."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from illustrate.brief._happening import read_happening
from illustrate.brief._rules import Rule, load

LEAD_CHARACTERS = 300
DARK = 0.12  # mean brightness below which a photo was taken at night
NOTHING: Mapping[str, Any] = MappingProxyType({})
GLAD = frozenset(("joy", "hope"))
SEASON_OF = {"snow": "winter"}  # of the weather in a photo


@dataclass(frozen=True, slots=True)
class Reading:
    """`verb` is the action in one word, "" for none; `mood` is one of MOODS; the rest as in Brief."""

    verb: str
    is_plain: bool  # a verb so plain that it may choose the scene by itself
    mood: str
    setting: str
    time_of_day: str
    season: str


@dataclass(frozen=True, slots=True)
class _Rules:
    settings: dict[str, Rule]
    times: dict[str, Rule]
    seasons: dict[str, Rule]


@cache
def _rules() -> _Rules:
    table = load("reading.toml")
    named = {kind: {row["name"]: Rule.of(row) for row in table[kind]} for kind in ("setting", "time", "season")}
    return _Rules(settings=named["setting"], times=named["time"], seasons=named["season"])


def read_headline(
    title: str,
    text: str = "",
    language: str = "en",
    *,
    photo_words: str = "",
    brightness: float | None = None,
    photo: Mapping[str, Any] = NOTHING,
) -> Reading:
    """`photo` is what a model saw in it, `VisualFacts.facts`: it speaks where neither headline nor words about it do.

    Raises what the model server raises.
    """
    lead = " ".join(text.split())[:LEAD_CHARACTERS]
    happening = read_happening(title, language)
    return Reading(
        verb=happening.action,
        is_plain=happening.is_plain,
        mood=_mood(happening.mood, photo.get("mood", "")),
        setting=_setting(title, lead, photo_words, photo.get("where", "")),
        time_of_day=_time_of_day(title, photo_words, brightness, photo.get("time_of_day", "")),
        season=next(
            (
                name
                for words in (title, photo_words, lead)
                for name, rule in _rules().seasons.items()
                if rule.finds(words)
            ),
            SEASON_OF.get(photo.get("weather", ""), ""),
        ),
    )


def _mood(told: str, seen: str) -> str:
    """A photo speaks where the headline is neutral; not of gladness, for people smile at cameras whatever the news."""
    return seen if told == "neutral" and seen and seen not in GLAD else told


def _setting(title: str, lead: str, photo_words: str, seen: str) -> str:
    return _place_in(title, 1) or _place_in(photo_words, 1) or seen or _place_in(lead, 2)


def _place_in(words: str, enough: int) -> str:
    hits = {name: rule.count(words) for name, rule in _rules().settings.items()}
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] >= enough else ""


def _time_of_day(title: str, photo_words: str, brightness: float | None, seen: str) -> str:
    for name, rule in _rules().times.items():
        if rule.finds(title) or rule.finds(photo_words):
            return name
    if seen:
        return seen
    return "night" if brightness is not None and brightness < DARK else "day"
