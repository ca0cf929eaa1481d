"""What a model is asked about a photo, what its answers may be, and which of them are believed. Pure.

The questions, their wording and their answers are one version: whoever changes a word raises VERSION.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from tomllib import loads
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from illustrate.brief._rules import Rule

VERSION = 1

# An answer out of a list is believed when it is more probable than all the others together; free words are believed
# from a mean probability that a sentence pieced together at random does not reach.
SURE_FROM = 0.5
MOST_OBJECTS = 5
LEAD_CHARACTERS = 300
# From here a photo is no night scene, and up to here no day: mean brightness, 0 to 1.
NIGHT_UP_TO, DAY_FROM = 0.6, 0.08

People = Literal["none", "one", "two", "few", "crowd", "unknown"]
Doing = Literal[
    "nothing", "posing", "speaking", "meeting", "working", "walking", "travelling", "protesting", "sport", "performing",
    "celebrating", "helping", "fighting", "mourning", "unknown",
]  # fmt: skip
Where = Literal[
    "space", "sea", "road", "mountain", "farm", "forest", "stadium", "stage", "parliament", "school", "hospital",
    "laboratory", "office", "kitchen", "home", "city", "unknown",
]  # fmt: skip
Mood = Literal[
    "neutral", "joy", "hope", "worry", "sorrow", "anger", "surprise", "determination", "calm", "curiosity", "unknown"
]
TimeOfDay = Literal["day", "dusk", "night", "unknown"]
Weather = Literal["sun", "clouds", "rain", "snow", "fog", "storm", "unknown"]


class Facts(BaseModel):
    """What a photo shows, as far as a model is sure of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: People = "unknown"
    doing: Doing = "unknown"
    where: Where = "unknown"
    mood: Mood = "unknown"
    objects: tuple[str, ...] = ()
    time_of_day: TimeOfDay = "unknown"
    weather: Weather = "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """`answers` are the words that a model may choose from, and the fact that each stands for; none for free words."""

    key: str  # a field of Facts
    text: str
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(self.answers)


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's own words, and how probable it holds them, 0 to 1."""

    words: str
    confidence: float


QUESTIONS = (
    Question(
        "people", "How many people can be seen in this picture?",
        {"nobody": "none", "one person": "one", "two people": "two", "a few people": "few", "a crowd": "crowd"},
    ),
    Question(
        "doing", "What are the people in this picture doing?",
        {
            "nothing, nobody is there": "nothing", "posing for the camera": "posing", "giving a speech": "speaking",
            "sitting in a meeting": "meeting", "working": "working", "walking": "walking", "travelling": "travelling",
            "protesting": "protesting", "playing sport": "sport", "performing on a stage": "performing",
            "celebrating": "celebrating", "helping somebody": "helping", "fighting": "fighting", "mourning": "mourning",
        },
    ),
    Question(
        "where", "Where was this picture taken?",
        {
            "in a city street": "city", "on a road or railway": "road", "at sea or on a coast": "sea",
            "in the mountains": "mountain", "on a farm or in a field": "farm", "in a forest": "forest",
            "in a stadium": "stadium", "on a stage": "stage", "in a parliament or court": "parliament",
            "in a school": "school", "in a hospital": "hospital", "in a laboratory": "laboratory",
            "in an office": "office", "in a kitchen": "kitchen", "in a home": "home", "in space": "space",
            "somewhere else": "unknown",
        },
    ),
    Question(
        "mood", "Which mood does this picture have?",
        {
            "joyful": "joy", "hopeful": "hope", "worried": "worry", "sad": "sorrow", "angry": "anger",
            "surprising": "surprise", "determined": "determination", "calm": "calm", "curious": "curiosity",
            "neutral": "neutral",
        },
    ),
    Question(
        "objects",
        "Which things stand out in this picture? Name at most five, as plain nouns with commas between them, and "
        "no names.",
    ),
    Question(
        "time_of_day", "At what time of day was this picture taken?",
        {"by day": "day", "at dusk or dawn": "dusk", "at night": "night", "it cannot be told": "unknown"},
    ),
    Question(
        "weather", "What is the weather in this picture?",
        {
            "sunny": "sun", "cloudy": "clouds", "rainy": "rain", "snowy": "snow", "foggy": "fog", "stormy": "storm",
            "it cannot be told": "unknown",
        },
    ),
)  # fmt: skip


# -- What is believed ----------------------------------------------------------------------------------------


def decide(answers: Mapping[str, Answer]) -> Facts:
    """Raw answers by question, as many as there are, become facts. What is unsure or was not asked is unknown."""
    values: dict[str, Any] = {}
    for question in QUESTIONS:
        answer = answers.get(question.key)
        if answer is None or not math.isfinite(answer.confidence) or answer.confidence < SURE_FROM:
            continue
        if question.answers:
            said = {_plain(words): value for words, value in question.answers.items()}
            values[question.key] = said.get(_plain(answer.words), "unknown")
        else:
            values[question.key] = _nouns(answer.words)
    return Facts(**values)


def known(facts: Facts) -> dict[str, str | tuple[str, ...]]:
    """Only what is known, ready for JSON."""
    return {key: value for key, value in facts.model_dump().items() if value not in ("unknown", ())}


def _plain(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.casefold()))


def _nouns(words: str) -> tuple[str, ...]:
    """At most five things, without articles. A word with a capital is a name, except the first, which may begin a
    sentence: names are not taken.
    """
    found: list[str] = []
    for place, part in enumerate(re.split(r"[,;\n.]|\band\b", words)):
        part = re.sub(r"^\s*(?:[-*\d]+\s*)?(?:(?:an?|the|some|two|three|several)\s+)?", "", part, flags=re.IGNORECASE)
        part = part.strip(" '\"()[]:!?-")
        if place == 0:
            part = part[:1].lower() + part[1:]
        if re.fullmatch(r"[a-z]+(?:[ -][a-z]+){0,2}", part) and len(part) <= 30 and part not in found:
            found.append(part)
    return tuple(found[:MOST_OBJECTS])


# -- What the article, or the photo itself, contradicts ------------------------------------------------------


def without_contradictions(
    facts: Facts, title: str, text: str, language: str, *, faces: int | None = None, brightness: float | None = None
) -> tuple[Facts, tuple[str, ...]]:
    """The facts without those that cannot be true of this article, and for each of them why.

    Nothing is ever put in the place of a fact: it is believed or unknown. `faces` and `brightness` are what was counted
    and measured in the photo.
    """
    why: dict[str, str] = {}
    for rule in _contradictions():
        value = getattr(facts, rule.fact)
        if value in rule.values and rule.is_told(title, text, language):
            why.setdefault(rule.fact, f"{rule.fact} {value!r}: {rule.why}")
    for key, reason in _against_the_pixels(facts, faces, brightness):
        why.setdefault(key, f"{key} {getattr(facts, key)!r}: {reason}")
    return facts.model_copy(update={key: Facts.model_fields[key].default for key in why}), tuple(why.values())


def _against_the_pixels(facts: Facts, faces: int | None, brightness: float | None) -> list[tuple[str, str]]:
    found = []
    if faces is not None:
        if facts.people == "crowd" and faces == 0:
            found.append(("people", "no face was found"))
        if facts.people == "none" and faces > 0:
            found.append(("people", f"faces were found: {faces}"))
        if facts.people in ("one", "two") and faces > 3:
            found.append(("people", f"faces were found: {faces}"))
    if facts.people == "none" and not found and facts.doing not in ("nothing", "unknown"):
        found.append(("doing", "nobody is there"))
    if brightness is not None:
        if facts.time_of_day == "night" and brightness > NIGHT_UP_TO:
            found.append(("time_of_day", f"the photo is bright: {brightness:.2f}"))
        if facts.time_of_day == "day" and brightness < DAY_FROM:
            found.append(("time_of_day", f"the photo is dark: {brightness:.2f}"))
    return found


@dataclass(frozen=True, slots=True)
class _Contradiction:
    fact: str
    values: frozenset[str]
    told: Rule
    unless: Rule | None
    why: str

    def is_told(self, title: str, text: str, language: str) -> bool:
        """Whether the headline or the beginning of the text says it, and neither says the opposite too."""
        words = f"{title} {' '.join(text.split())[:LEAD_CHARACTERS]}"
        return _finds(self.told, words, language) and not (self.unless and _finds(self.unless, words, language))


def _finds(rule: Rule, words: str, language: str) -> bool:
    return (rule.ko if language == "ko" else rule.en).search(words) is not None


@cache
def _contradictions() -> tuple[_Contradiction, ...]:
    table = loads((resources.files(__package__) / "contradictions.toml").read_text("utf-8"))
    told = {row["name"]: row for row in table["told"]}
    return tuple(
        _Contradiction(
            fact=fact,
            values=frozenset(values),
            told=Rule.of(row),
            unless=Rule.of(told[row["unless"]]) if "unless" in row else None,
            why=row["why"],
        )
        for row in table["told"]
        for fact, values in row["contradicts"].items()
    )
