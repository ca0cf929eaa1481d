"""What happens in a headline, how it feels to people, and where, when and in which season."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from illustrate.brief._rules import Rule, load

# The title speaks for itself; the lead only where the title is silent, and more softly.
LEAD_CHARACTERS = 300
LEAD_WEIGHT = 1 / 3
TITLE_WEIGHT = 2.0
VERB_WEIGHT = 1.5
DARK = 0.12  # mean brightness below which a photo was taken at night


@dataclass(frozen=True, slots=True)
class Reading:
    """`verb` is the action in one word, "" for none; `mood` is one of MOODS; the rest as in Brief."""

    verb: str
    mood: str
    setting: str
    time_of_day: str
    season: str


@dataclass(frozen=True, slots=True)
class _Rules:
    verbs: dict[str, Rule]
    verb_moods: dict[str, str]
    good: Rule
    bad: Rule
    moods: dict[str, Rule]
    settings: dict[str, Rule]
    times: dict[str, Rule]
    seasons: dict[str, Rule]


@cache
def _rules() -> _Rules:
    table = load("reading.toml")
    named = {
        kind: {row["name"]: Rule.of(row) for row in table[kind]}
        for kind in ("verb", "mood", "setting", "time", "season")
    }
    return _Rules(
        verbs=named["verb"],
        verb_moods={row["name"]: row["mood"] for row in table["verb"] if "mood" in row},
        good=Rule.of(table["things"]["good"]),
        bad=Rule.of(table["things"]["bad"]),
        moods=named["mood"],
        settings=named["setting"],
        times=named["time"],
        seasons=named["season"],
    )


def read_headline(title: str, text: str = "", *, photo_words: str = "", brightness: float | None = None) -> Reading:
    lead = " ".join(text.split())[:LEAD_CHARACTERS]
    verb = next((name for name, rule in _rules().verbs.items() if rule.finds(title)), "")
    return Reading(
        verb=verb,
        mood=_mood(title, lead, verb),
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


def _mood(title: str, lead: str, verb: str) -> str:
    rules = _rules()
    if verb in {"rise", "grow", "fall"} and (is_welcome := _is_more_welcome(title)) is not None:
        # What goes up matters more than that it goes up: people are glad of jobs and sorry for rents.
        if verb == "fall":
            return "worry" if is_welcome else "hope"
        return "joy" if is_welcome and not rules.moods["worry"].finds(title) else "worry"
    weights: Counter[str] = Counter()
    for mood, rule in rules.moods.items():
        weights[mood] = TITLE_WEIGHT * rule.count(title) + LEAD_WEIGHT * rule.count(lead)  # type: ignore[assignment]
    if verb in rules.verb_moods:
        weights[rules.verb_moods[verb]] += VERB_WEIGHT  # type: ignore[assignment]
    # Smiling at trouble is the worst mistake that a picture makes: gladness beside it is hope at most.
    if weights["worry"] + weights["sorrow"] + weights["anger"] >= TITLE_WEIGHT:
        weights["hope"] += weights.pop("joy", 0)
    mood, weight = max(weights.items(), key=lambda item: item[1])
    return mood if weight >= 1 else "neutral"


def _is_more_welcome(title: str) -> bool | None:
    """Whether people would like more of the thing that the title names first; None where it names neither kind."""
    good, bad = (rule.fitting(title).search(title) for rule in (_rules().good, _rules().bad))
    if good is None or bad is None:
        return None if good is bad else good is not None
    return good.start() < bad.start()


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
