"""A painted picture before its judge: it may be shown only when nothing speaks against it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from PIL import Image

from illustrate.describe.photo import count_faces
from illustrate.evaluate import _image, likeness
from illustrate.evaluate.judge import TWIN_BITS

# Wider than the composer's band: a model's brush leaves more edges than a vector's.
EDGES_FROM, EDGES_TO = 0.004, 0.3
KEPT_SIDE = (32, 18)  # the layout's large shapes, as few pixels


@dataclass(frozen=True, slots=True)
class Check:
    """`reason` is empty where the picture may be shown."""

    figures: dict[str, float]
    reason: str


def check(
    bare: Image.Image,
    layout: Image.Image,
    *,
    people: bool,
    known: Sequence[np.ndarray] = (),
    recent: Collection[str] = (),
) -> Check:
    """`bare` is what was painted over `layout`. With `people` its faces are held against the `known` ones of the photo;
    without, it must have none. Raises what the door raises.
    """
    figures = {
        "edges": _image.edge_density(bare),
        "twin_bits": float(_image.nearest_twin(_image.perceptual_hash(bare), recent)),
        "layout_kept": kept(bare, layout),
        "faces": float(count_faces(bare)),
    }
    reasons = []
    if not EDGES_FROM <= figures["edges"] <= EDGES_TO:
        reasons.append("it is bare or cluttered")
    if figures["twin_bits"] < TWIN_BITS:
        reasons.append("it looks like another picture")
    if people:
        painted = likeness.faces_of([bare])[0]
        figures["likeness"] = max((likeness.likeness(each, painted) for each in known), default=-1.0)
        if figures["likeness"] >= settings.FACE_LIKENESS_FROM:
            reasons.append("somebody in the photo could be recognised")
    elif figures["faces"]:
        reasons.append("it has a face, and no face model can tell whose")
    return Check({name: round(value, 4) for name, value in figures.items()}, "; ".join(reasons))


def kept(painted: Image.Image, layout: Image.Image) -> float:
    """How much of the layout's large shapes is left: the correlation of both, much reduced, -1 to 1."""
    one, other = (
        np.asarray(image.convert("L").resize(KEPT_SIDE, Image.Resampling.BOX), dtype=np.float64).ravel()
        for image in (painted, layout)
    )
    if one.std() < 1e-6 or other.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
