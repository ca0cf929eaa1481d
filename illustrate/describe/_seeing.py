"""The models at the door that look at a photo, each asked only where there is one: a captioner, and one for questions.

They are sent a small copy without metadata, never the publisher's own bytes.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from django.conf import settings
from PIL import Image

from curation.serving.queries import has_model, infer
from curation.serving.types import InferRequest, InferResponse, ServingError, Tensor
from illustrate._models import versions
from illustrate.describe.questions import QUESTIONS, Answer

CAPTIONER, ASKED = "captioner", "questions"
SETTINGS = {CAPTIONER: "CAPTION_MODEL", ASKED: "QUESTION_MODEL"}  # which setting puts it there
SIDE = 768  # pixels of the longer side that is shown
PATIENCE_SECONDS = 120  # for one model: a large one on a processor takes its time, and no reader waits for it
MAX_WORDS = 500  # characters kept of what a model says


@dataclass(frozen=True, slots=True)
class Seen:
    caption: str = ""
    confidence: float = 0.0
    answers: Mapping[str, Answer] = field(default_factory=dict)
    source: str = ""  # the models that answered, "" for none
    unavailable: str = ""  # why one that is there did not


def look(image: Image.Image) -> Seen:
    """Raises nothing that a model does: one that cannot answer says so in `unavailable`."""
    try:
        there = [name for name in SETTINGS if has_model(name)]
    except ServingError as error:
        return Seen(unavailable=str(error))
    if not there:
        return Seen()
    photo = _encoded(image)
    caption, confidence, answers = "", 0.0, dict[str, Answer]()
    sources, troubles = [], []
    for name in there:
        try:
            if name == CAPTIONER:
                response, (caption, confidence) = _captioned(photo)
            else:
                response, answers = _answered(photo)
            sources.append(_called(name, response))
        except (ServingError, ValueError, IndexError) as error:  # the last two: its answer has another shape
            troubles.append(f"{name}: {error}")
    return Seen(caption, confidence, answers, " + ".join(dict.fromkeys(sources)), "; ".join(troubles)[:500])


def _captioned(photo: str) -> tuple[InferResponse, tuple[str, float]]:
    response = _ask(CAPTIONER, Tensor.of_text("image", [photo]))
    words, confidence = response.output("caption").texts()[0], response.output("confidence").array()[0]
    return response, (_tidy(words), _probability(confidence))


def _answered(photo: str) -> tuple[InferResponse, dict[str, Answer]]:
    response = _ask(
        ASKED,
        Tensor.of_text("image", [photo] * len(QUESTIONS)),
        Tensor.of_text("question", [question.text for question in QUESTIONS]),
        Tensor.of_text("options", [_options(question.options) for question in QUESTIONS]),
    )
    said, sure = response.output("answer").texts(), response.output("confidence").array()
    return response, {
        question.key: Answer(_tidy(words), _probability(probability))
        for question, words, probability in zip(QUESTIONS, said, sure, strict=True)
    }


def _ask(name: str, *inputs: Tensor) -> InferResponse:
    return infer(name, InferRequest(inputs, {"timeout": PATIENCE_SECONDS * 1_000_000}))


def _encoded(image: Image.Image) -> str:
    small = image.copy()
    small.thumbnail((SIDE, SIDE))
    body = io.BytesIO()
    small.save(body, "JPEG", quality=90)
    return base64.b64encode(body.getvalue()).decode()


def _options(options: tuple[str, ...]) -> str:
    return orjson.dumps(options).decode() if options else ""


def _tidy(words: str) -> str:
    """One line, without what no database stores and no page shows."""
    return "".join(letter for letter in " ".join(words.split()) if letter.isprintable())[:MAX_WORDS]


def _probability(value: float) -> float:
    return round(min(1.0, max(0.0, float(value))), 4) if math.isfinite(value) else 0.0


def _called(name: str, response: InferResponse) -> str:
    """The folder or hub id that the setting names, so that a record can be read years later; else its name here."""
    source = dict(versions(getattr(settings, SETTINGS[name]))).get(response.version, "")
    if not source:
        return f"{name}/{response.version}"
    return Path(source).name if Path(source).is_dir() else source
