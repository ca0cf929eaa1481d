"""The step where a model paints over what the composer laid out and drew: all frames of a picture, or none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from curation.serving.types import ServingError
from illustrate.describe._decode import Rejected, decode
from illustrate.evaluate import likeness, painted
from illustrate.render import diffusion
from illustrate.render._encode import placeholder_colour
from illustrate.render.diffusion import Refused
from illustrate.render.frames import Shape
from illustrate.render.stage import Stage
from illustrate.types import Rendered

TRIES = 2  # seeds; a model that fails twice is not asked a third time for one picture

Ask = Callable[[Shape], str]  # what the request for a frame is called at the door


@dataclass(frozen=True, slots=True)
class Painting:
    """Every frame painted, and how."""

    frames: tuple[Rendered, ...]  # in the order of the stages given
    provenance: dict[str, Any]
    figures: dict[str, float]
    seed: int


def _unnamed(shape: Shape) -> str:
    return ""


def paint(
    stages: Sequence[Stage],
    drawn: Rendered,
    *,
    photo: bytes | None,
    seed: int,
    recent: Collection[str] = (),
    asked_as: Ask = _unnamed,
) -> Painting:
    """The picture that the composer laid out and drew (`drawn`, its first stage), painted by the model at the door.

    Raises Refused with the reason when there is no painting that may be shown: the drawn picture is shown then.
    """
    reasons = []
    try:
        people = likeness.can_tell()
        known = likeness.faces_of(_photo(photo)) if people else []
        for attempt in range(TRIES):
            try:
                return _paint(stages, drawn, known, people, seed + attempt, recent, asked_as)
            except _Unfit as error:
                reasons.append(str(error))
    except ServingError as error:
        raise Refused(str(error)) from error
    raise Refused("; ".join(dict.fromkeys(reasons)))


class _Unfit(Refused):
    """This seed's painting may not be shown; another's may."""


def _paint(
    stages: Sequence[Stage],
    drawn: Rendered,
    known: Sequence[np.ndarray],
    people: bool,
    seed: int,
    recent: Collection[str],
    asked_as: Ask,
) -> Painting:
    frames: list[Rendered] = []
    told: dict[str, Any] = {}
    figures: dict[str, float] = {}
    for number, stage in enumerate(stages):
        made = diffusion.paint(stage, seed=seed, people=people, asked_as=asked_as(stage.frame.shape))
        checked = painted.check(
            made.bare,
            made.layout,
            people=people,
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
    return Painting(tuple(frames), told, figures, seed)


def _photo(photo: bytes | None) -> list[Image.Image]:
    """The publisher's photo where it can be read safely."""
    if photo is None:
        return []
    try:
        return [decode(photo)]
    except Rejected:
        return []
