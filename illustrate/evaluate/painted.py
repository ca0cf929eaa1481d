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
from illustrate.render.diffusion import Painted

# Wider than the composer's band: a model's brush leaves more edges than a vector's.
EDGES_FROM, EDGES_TO = 0.004, 0.3
KEPT_SIDE = (32, 18)  # the layout's large shapes, as few pixels
# Alt text, crops and the judge's verdict are of the layout. Of 276 pairs of layouts that have nothing to do with each
# other six in ten are less alike than this; of layouts that another one covers by half, none.
KEPT_FROM = 0.3


@dataclass(frozen=True, slots=True)
class Check:
    """`reason` is empty where the picture may be shown."""

    figures: dict[str, float]
    reason: str


def check(made: Painted, *, known: Sequence[np.ndarray] | None, recent: Collection[str] = ()) -> Check:
    """Painted faces are held against the `known` ones of the photo; where these cannot be told (None) there must be
    none. `recent`: perceptual hashes of what was shown lately. Raises what the door raises.
    """
    figures = {
        "edges": _image.edge_density(made.bare),
        "twin_bits": float(_image.nearest_twin(_image.perceptual_hash(made.image), recent)),
        "layout_kept": kept(made.bare, made.layout),
        "faces": float(count_faces(made.bare)),
    }
    reasons = []
    if not EDGES_FROM <= figures["edges"] <= EDGES_TO:
        reasons.append("it is bare or cluttered")
    if figures["twin_bits"] < TWIN_BITS:
        reasons.append("it looks like another picture")
    if figures["layout_kept"] < KEPT_FROM:
        reasons.append("nothing is left of the layout")
    if known is None:
        if figures["faces"]:
            reasons.append("it has a face, and nothing can tell whose")
    elif faces := [each for each in known if len(each)]:
        painted = likeness.faces_of([made.bare])[0]
        figures["likeness"] = max(likeness.likeness(each, painted) for each in faces)
        if figures["likeness"] >= settings.FACE_LIKENESS_FROM:
            reasons.append("somebody in the photo could be recognised")
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
