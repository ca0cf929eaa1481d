"""A publisher's photo becomes a few visual facts; the photo itself goes no further than this room."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
from PIL import Image

from illustrate.describe import _faces, _pixels, _seeing
from illustrate.describe._decode import MAX_BYTES, Rejected, decode
from illustrate.describe.questions import decide, known, without_contradictions
from illustrate.types import VisualFacts

logger = logging.getLogger(__name__)

__all__ = ["MAX_BYTES", "count_faces", "describe"]

MAX_WORDS = 500  # characters kept of alt text and caption


def describe(
    photo: bytes | None, alt: str = "", caption: str = "", *, title: str = "", text: str = "", language: str = "en"
) -> VisualFacts:
    """Never raises for what the bytes hold: what cannot be used safely is `rejected` with the reason.

    Where a captioner or a model for questions is at the door it is shown the photo too. `title`, `text` and `language`
    are the article's: what its words contradict is dropped. A model that cannot answer leaves what is found without it,
    and the reason in `unavailable`.
    """
    words = VisualFacts(alt=" ".join(alt.split())[:MAX_WORDS], caption=" ".join(caption.split())[:MAX_WORDS])
    if photo is None:
        return words
    try:
        image = decode(photo)
    except Rejected as reason:
        return replace(words, rejected=str(reason))
    return _with_what_models_see(_measured(words, image), image, title, text, language)


def count_faces(image: Image.Image) -> int:
    """In any picture, RGB: a photo, or what was made of one."""
    return len(_faces.find_faces(np.asarray(image)))


def _measured(words: VisualFacts, image: Image.Image) -> VisualFacts:
    boxes, unavailable = None, ""
    try:
        boxes = _faces.find_faces(np.asarray(image))
    except (OSError, RuntimeError) as error:  # a damaged installation; what the photo's colours say is still there
        logger.error("faces cannot be found: %s", error)
        unavailable = str(error)[:200]
    return replace(
        words,
        faces=None if boxes is None else len(boxes),
        boxes=boxes or (),
        unavailable=unavailable,
        palette=_pixels.palette(image),
        brightness=_pixels.brightness(image),
        focus=_pixels.focus(image),
        place=_pixels.place(image),
    )


def _with_what_models_see(
    measured: VisualFacts, image: Image.Image, title: str, text: str, language: str
) -> VisualFacts:
    seen = _seeing.look(image)
    facts, dropped = without_contradictions(
        decide(seen.answers), title, text, language, faces=measured.faces, brightness=measured.brightness
    )
    return replace(
        measured,
        seen=seen.caption,
        seen_confidence=seen.confidence,
        facts=known(facts),
        raw={key: {"answer": answer.words, "confidence": answer.confidence} for key, answer in seen.answers.items()},
        dropped=dropped,
        source=seen.source or measured.source,
        unavailable="; ".join(filter(None, (measured.unavailable, seen.unavailable))),
    )
