"""Asks the model at the door to paint over what the composer laid out. Nothing here computes.

Every way in which it can fail is a `Refused`: the composer's own picture is there already, and stays.
"""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.conf import settings
from PIL import Image

from curation.serving.queries import infer
from curation.serving.types import InferRequest, Parameter, ServingError, Tensor
from illustrate.render import composer
from illustrate.render.frames import Shape
from illustrate.render.motifs import get_motif
from illustrate.render.prompt import NEGATIVE, VERSION, prompt_of
from illustrate.render.stage import Stage
from illustrate.types import Brief

MODEL = "diffusion"
GRID = 16  # pixels that a painted side is a multiple of


class Refused(Exception):
    """There is no painted picture that may be shown; the message is the reason, for operators."""


class Unanswered(Refused):
    """No painting came: the model is away, broken, too slow, or was called off."""


@dataclass(frozen=True, slots=True)
class Painted:
    image: Image.Image  # RGB, as large as the frame, printed by the look's own press
    bare: Image.Image  # what the model painted, before anybody was laid in
    layout: Image.Image  # what it was painted over
    provenance: dict[str, Any]


def request_id(picture_id: int, shape: Shape) -> str:
    """What a picture is asked for under, so that an editor can follow and cancel it."""
    return f"picture-{picture_id}-{shape}"


def paint(staged: Stage, *, seed: int, people: bool, patience: float, asked_as: str = "") -> Painted:
    """One frame of a picture. `people`: the model may paint them; else it paints an empty scene, and the composer's
    own people are laid over it. `patience`: seconds to wait for it.

    Raises Refused.
    """
    brief, frame = staged.brief, staged.frame
    if not people and get_motif(brief.hero).kind == "person":
        raise Refused("the main thing is a person, and no face model can tell whose face it would get")
    width, height = painted_size(*frame.pixels)
    layout = composer.layout(staged, people=people)
    painted, unsafe, told = _ask(brief, layout, (width, height), seed, people, patience, asked_as)
    if unsafe:
        raise Refused("the safety check refused what was painted")
    bare = painted.resize(frame.pixels, Image.Resampling.LANCZOS)
    if _is_blank(bare):
        raise Refused("what was painted is one even colour")
    image, laid_in = bare, False
    if not people and (figures := composer.people(staged)) is not None:
        image = Image.alpha_composite(bare.convert("RGBA"), figures).convert("RGB")
        laid_in = True
    return Painted(
        image=composer.printed(image, staged),
        bare=bare,
        layout=layout,
        provenance=told
        | {"prompt": prompt_of(brief, people=people), "prompt_version": VERSION, "people": _who(people, laid_in)},
    )


def _who(people: bool, laid_in: bool) -> str:
    return "painted" if people else "laid in" if laid_in else "nobody"


def _ask(
    brief: Brief,
    layout: Image.Image,
    size: tuple[int, int],
    seed: int,
    people: bool,
    patience: float,
    asked_as: str,
) -> tuple[Image.Image, bool, dict[str, Any]]:
    request = InferRequest(
        (
            Tensor.of_text("prompt", [prompt_of(brief, people=people)]),
            Tensor("seed", "INT64", (1,), np.array([seed % 2**63], dtype=np.int64)),
            Tensor.of_text("layout", [_encoded(layout.resize(size, Image.Resampling.LANCZOS))]),
        ),
        _parameters(brief, size, people) | {"timeout": max(1, round(patience * 1_000_000))},
        asked_as,
    )
    try:
        answer = infer(MODEL, request)
        image = _decoded(answer.output("image").texts()[0])
        told = orjson.loads(answer.output("provenance").texts()[0])
        unsafe = bool(answer.output("unsafe").array()[0])
    except ServingError as error:
        raise Unanswered(str(error)) from error
    except (OSError, ValueError, IndexError) as error:
        raise Unanswered(f"the model answered with what is no picture: {error}") from error
    if not isinstance(told, dict):
        raise Unanswered("the model does not say how it painted")
    return image, unsafe, {**told, "model_version": answer.version, "seed": seed}


def _parameters(brief: Brief, size: tuple[int, int], people: bool) -> dict[str, Parameter]:
    asked: dict[str, Parameter] = {
        "width": size[0],
        "height": size[1],
        "steps": settings.DIFFUSION_STEPS,
        "strength": settings.DIFFUSION_STRENGTH,
        "negative": NEGATIVE if people else f"people, face, {NEGATIVE}",
    }
    if settings.DIFFUSION_STYLE_SHEET:
        asked["style"] = brief.preset
    if settings.DIFFUSION_GUIDANCE:
        asked["guidance"] = settings.DIFFUSION_GUIDANCE
    if settings.DIFFUSION_SCHEDULER:
        asked["scheduler"] = settings.DIFFUSION_SCHEDULER
    if settings.DIFFUSION_ADAPTER:
        asked["adapter"] = settings.DIFFUSION_ADAPTER
    return asked


def painted_size(width: int, height: int) -> tuple[int, int]:
    """A frame's shape with about DIFFUSION_PIXELS pixels, never more than the frame has, on the models' grid."""
    scale = min(1.0, math.sqrt(settings.DIFFUSION_PIXELS / (width * height)))
    across, down = (max(GRID * 4, round(side * scale / GRID) * GRID) for side in (width, height))
    return across, down


BLANK_BELOW = 4.0  # standard deviation of grey, in steps of 255; the emptiest sky of the composer has 12


def _is_blank(image: Image.Image) -> bool:
    """A broken model paints black, grey or white, quickly and without an error."""
    return float(np.asarray(image.convert("L")).std()) < BLANK_BELOW


def _encoded(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return base64.b64encode(out.getvalue()).decode()


def _decoded(text: str) -> Image.Image:
    with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG",)) as image:
        return image.convert("RGB")
