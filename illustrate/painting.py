"""The step where a model paints over what the composer laid out and drew: all frames of a picture, or none."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings

from curation.serving.types import ServingError
from illustrate.describe._decode import Rejected, decode
from illustrate.evaluate import likeness, painted
from illustrate.evaluate._image import perceptual_hash
from illustrate.render import diffusion
from illustrate.render._encode import placeholder_colour
from illustrate.render.diffusion import Refused, Unanswered
from illustrate.render.frames import Shape
from illustrate.render.stage import Stage
from illustrate.types import Rendered, Subject

TRIES = 2  # seeds; a model that fails twice is not asked a third time for one picture


@dataclass(frozen=True, slots=True)
class Errand:
    """For whom a picture is painted: what its frames are called at the door, and whether they are still wanted."""

    asked_as: Callable[[Shape], str] = lambda shape: ""
    is_wanted: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Painting:
    """Every frame painted, and how."""

    frames: tuple[Rendered, ...]  # in the order of the stages given
    provenance: dict[str, Any]
    figures: dict[str, float]
    perceptual_hash: str  # of the first frame
    seed: int


def paint(
    stages: Sequence[Stage],
    drawn: Rendered,
    subject: Subject,
    *,
    seed: int,
    recent: Collection[str] = (),
    errand: Errand | None = None,
) -> Painting:
    """The picture that the composer laid out and drew (`drawn`, its first stage), painted by the model at the door, in
    DIFFUSION_TIMEOUT_SECONDS for all its frames and tries.

    Raises Refused with the reason when there is no painting that may be shown: the drawn picture is shown then.
    """
    until = time.monotonic() + settings.DIFFUSION_TIMEOUT_SECONDS
    reasons = []
    try:
        known = _faces_to_avoid(subject) if stages[0].brief.register != "restrained" else None
        for attempt in range(TRIES):
            try:
                return _paint(stages, drawn, known, seed + attempt, recent, errand or Errand(), until)
            except _Unfit as error:
                reasons.append(str(error))
    except ServingError as error:
        raise Unanswered(str(error)) from error
    raise Refused("; ".join(dict.fromkeys(reasons)))


class _Unfit(Refused):
    """This seed's painting may not be shown; another's may."""


def _paint(
    stages: Sequence[Stage],
    drawn: Rendered,
    known: Sequence[np.ndarray] | None,
    seed: int,
    recent: Collection[str],
    errand: Errand,
    until: float,
) -> Painting:
    """`known`: faces that nobody in it may have; None where the model may paint nobody at all."""
    frames: list[Rendered] = []
    told: dict[str, Any] = {}
    figures: dict[str, float] = {}
    for number, stage in enumerate(stages):
        if not errand.is_wanted():
            raise Unanswered("it was called off")
        if (left := until - time.monotonic()) <= 0:
            raise Unanswered(f"it was not painted within {settings.DIFFUSION_TIMEOUT_SECONDS} seconds")
        made = diffusion.paint(
            stage, seed=seed, people=known is not None, patience=left, asked_as=errand.asked_as(stage.frame.shape)
        )
        checked = painted.check(
            made,
            known=known,
            recent=recent if number == 0 else (),  # frames of one picture are no twins of each other's
        )
        if checked.reason:
            raise _Unfit(checked.reason)
        if number == 0:
            told, figures = made.provenance, checked.figures
        frames.append(
            Rendered(svg=drawn.svg if number == 0 else "", image=made.image, parts=stage.parts,
                     colour=placeholder_colour(made.image))
        )  # fmt: skip
    return Painting(tuple(frames), told, figures, perceptual_hash(frames[0].image), seed)


def _faces_to_avoid(subject: Subject) -> list[np.ndarray] | None:
    """Those of the publisher's photo; none where there is no photo, None where they cannot be told."""
    if not likeness.can_tell():
        return None
    if subject.photo is None:
        return None if subject.has_photo else []
    try:
        return likeness.faces_of([decode(subject.photo)])
    except Rejected:
        return None
