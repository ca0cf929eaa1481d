"""A headline read for what happens, how it feels to people, and where, when and in which season."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from illustrate.brief._happening import read_happening
from illustrate.brief._rules import Rule, load

LEAD_CHARACTERS = 300
DARK = 0.12  # mean brightness below which a photo was taken at night


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
    title: str, text: str = "", language: str = "en", *, photo_words: str = "", brightness: float | None = None
) -> Reading:
    """Raises what the model server raises."""
    lead = " ".join(text.split())[:LEAD_CHARACTERS]
    happening = read_happening(title, language)
    return Reading(
        verb=happening.action,
        is_plain=happening.is_plain,
        mood=happening.mood,
        setting=_setting(title, lead, photo_words),
        time_of_day=_time_of_day(title, photo_words, brightness),
        season=next(
            (
                name
                for words in (title, photo_words, lead)
                for name, rule in _rules().seasons.items()
                if rule.finds(words)
            ),
            "",
        ),
    )


def _setting(title: str, lead: str, photo_words: str) -> str:
    for words, enough in ((title, 1), (photo_words, 1), (lead, 2)):
        hits = {name: rule.count(words) for name, rule in _rules().settings.items()}
        best = max(hits, key=lambda name: hits[name])
        if hits[best] >= enough:
            return best
    return ""


def _time_of_day(title: str, photo_words: str, brightness: float | None) -> str:
    for name, rule in _rules().times.items():
        if rule.finds(title) or rule.finds(photo_words):
            return name
    return "night" if brightness is not None and brightness < DARK else "day"
