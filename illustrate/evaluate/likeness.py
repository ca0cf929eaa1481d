"""Whether somebody in the publisher's photo could be recognised in a painted picture. A real face is never wanted."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
import orjson
from PIL import Image

from curation.serving.queries import has_model, infer
from curation.serving.types import InferRequest, Tensor

MODEL = "faces"
SIDE = 960  # pixels of what is sent; a face that is smaller than the model needs is nobody's likeness


def can_tell() -> bool:
    """Whether a face model is configured."""
    return has_model(MODEL)


def faces_of(images: Sequence[Image.Image]) -> list[np.ndarray]:
    """For each image its faces as unit rows (faces, dimension). Raises what the door raises."""
    if not images:
        return []
    answer = infer(MODEL, InferRequest((Tensor.of_text("image", [_encoded(image) for image in images]),)))
    found = [orjson.loads(text) for text in answer.output("faces").texts()]
    return [np.array([face["embedding"] for face in faces], dtype=np.float32) for faces in found]


def likeness(known: np.ndarray, painted: np.ndarray) -> float:
    """The largest cosine between a face of one and a face of the other; -1 where either has none.

    Raises ValueError for embeddings of two models.
    """
    if not len(known) or not len(painted):
        return -1.0
    if known.shape[1] != painted.shape[1]:
        raise ValueError(f"faces of two models: {known.shape[1]} and {painted.shape[1]} numbers")
    return float((known @ painted.T).max())


def _encoded(image: Image.Image) -> str:
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    small.save(out, "PNG", compress_level=1)
    return base64.b64encode(out.getvalue()).decode()
