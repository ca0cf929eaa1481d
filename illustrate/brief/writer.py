"""What a small text model says of an article, and how much of it is believed: a pure decider beside the rules.

The model answers in a fixed form (`answer_type`); whatever does not fit is dropped, phrases pass the same gate as
those of the rules, and where the model is absent, unsure or wrong, what the rules read stands.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints, ValidationError, create_model
from pydantic.types import conlist

from curation.serving.queries import has_model, infer
from curation.serving.types import InferRequest, ServingError, Tensor
from illustrate.brief._reading import Reading, read_headline
from illustrate.brief._rules import load
from illustrate.brief.phrases import PHRASES, WORDS, read_phrases, scrubbed, unnamed
from illustrate.types import BRIGHT_MOODS, DARK_MOODS, MOODS, TIMES_OF_DAY, Subject, VisualFacts

logger = logging.getLogger(__name__)

MODEL = "writer"
BELIEVED_FROM = 0.5  # of the model's own confidence
SEASONS = ("", "spring", "summer", "autumn", "winter")


@cache
def verbs() -> tuple[str, ...]:
    """What happens in a headline, in one word; "" for nothing in particular."""
    table = (resources.files(__package__) / "reading_examples_en.tsv").read_text("utf-8").splitlines()
    rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
    return ("", *sorted({row["action"] for row in rows} - {"none"}))


@cache
def settings() -> tuple[str, ...]:
    return ("", *(row["name"] for row in load("reading.toml")["setting"]))


# -- The form of an answer -----------------------------------------------------------------------------------


def answer_type() -> type[BaseModel]:
    """The form that the model's answer is held to: every value one of a list, phrases small words alone."""
    word = "[a-z]+"
    phrase = Annotated[str, StringConstraints(pattern=f"^{word}(?: {word}){{0,{WORDS - 1}}}$")]
    return create_model(
        "WrittenBrief",
        mood=(_one_of(MOODS), ...),
        verb=(_one_of(verbs()), ...),
        setting=(_one_of(settings()), ...),
        time_of_day=(_one_of(TIMES_OF_DAY), ...),
        season=(_one_of(SEASONS), ...),
        phrases=(conlist(phrase, max_length=PHRASES), ...),
    )


def _one_of(values: Sequence[str]) -> Any:
    return Literal.__getitem__(tuple(values))


class Answer(BaseModel):
    """An answer as it comes in, from whatever speaks for the model: any JSON object, what is missing empty."""

    mood: Any = ""
    verb: Any = ""
    setting: Any = ""
    time_of_day: Any = ""
    season: Any = ""
    phrases: Any = ()

    def one_of(self, key: str, values: Sequence[str]) -> str:
        """The value where it is one of these, else ""."""
        value = getattr(self, key)
        return value if isinstance(value, str) and value in values else ""

    def texts(self) -> list[str]:
        return [each for each in self.phrases if isinstance(each, str)] if isinstance(self.phrases, list) else []


# -- Deciding ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """An article read for its brief. `by` is "rules" or "writer"; `reason` says why a configured writer was not
    followed, or what of its answer was dropped."""

    reading: Reading
    phrases: tuple[str, ...] = ()
    by: str = "rules"
    reason: str = ""
    confidence: float | None = None  # of the writer

    def to_dict(self) -> dict[str, Any]:
        """For the picture's record: who read it, not what it says."""
        told: dict[str, Any] = {"by": self.by}
        if self.reason:
            told["reason"] = self.reason
        if self.confidence is not None:
            told["confidence"] = round(self.confidence, 3)
        return told


def merged(told: Told, names: frozenset[str], text: str, confidence: float) -> Told:
    """What the rules read, with what of the model's answer is believed.

    The model may not make a sorry story glad, nor move a photo's place or hour, nor name anybody.
    """
    if not confidence >= BELIEVED_FROM:  # nor where it is no number
        return replace(told, reason=f"the writer is unsure ({confidence:.2f})", confidence=_share(confidence))
    try:
        answer = Answer.model_validate_json(text)
    except ValidationError:
        return replace(told, reason="the writer's answer cannot be read", confidence=confidence)
    rules = told.reading
    mood = answer.one_of("mood", MOODS) or rules.mood
    if mood in BRIGHT_MOODS and rules.mood in DARK_MOODS:
        mood = rules.mood
    verb = answer.one_of("verb", verbs()) or rules.verb
    reading = replace(
        rules,
        mood=mood,
        verb=verb,
        is_plain=rules.is_plain and verb == rules.verb,
        setting=rules.setting or answer.one_of("setting", settings()),
        time_of_day=rules.time_of_day
        if rules.time_of_day != "day"
        else answer.one_of("time_of_day", TIMES_OF_DAY) or "day",
        season=rules.season or answer.one_of("season", SEASONS),
    )
    written = answer.texts()[: 2 * PHRASES]
    passed = [phrase for phrase in (scrubbed(each, names) for each in written) if phrase]
    dropped = len(written) - len(passed)
    phrases = tuple(dict.fromkeys((*passed, *told.phrases)))[:PHRASES]
    reason = f"{dropped} of {len(written)} phrases were dropped" if dropped else ""
    return Told(reading, phrases, MODEL, reason, confidence)


def _share(confidence: float) -> float | None:
    return confidence if 0 <= confidence <= 1 else None


# -- Asking --------------------------------------------------------------------------------------------------


def tell(subject: Subject, facts: VisualFacts) -> Told:
    """Read an article for its brief, by the rules and, where there is one, by the writer.

    Raises what the embedder's server raises; a writer that does not answer is no reason for a picture to wait.
    """
    reading = read_headline(
        subject.title,
        subject.text,
        subject.language,
        photo_words=facts.words,
        brightness=facts.brightness,
        photo=facts.facts,
    )
    read = read_phrases(subject.title, subject.text, subject.language)
    told = Told(reading, read.phrases)
    try:
        if not has_model(MODEL):
            return told
        article = unnamed(subject.title, subject.text, subject.language)
        answer = infer(
            MODEL,
            InferRequest((Tensor.of_text("text", [article]), Tensor.of_text("language", ["en"]))),
        )
        text, confidence = answer.output("brief").texts()[0], float(answer.output("confidence").array()[0])
    except (ServingError, IndexError) as error:
        logger.warning("the writer did not answer: %s", error)
        return replace(told, reason=f"the writer did not answer: {error}"[:200])
    return merged(told, read.names, text, confidence)
