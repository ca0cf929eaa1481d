"""A list on its way to the model server and back, packed: numbers in JSON cost more than what is done to them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error

import numpy as np
from numpy.typing import NDArray

from curation.ranking.learning.inputs import CONTEXT, TOLD, Inputs
from curation.ranking.types import Floats
from curation.serving.types import InferRequest, InvalidRequest, ModelSpec, Tensor, TensorSpec

NAME = "ranker"
# Row by row one reader's list. BYTES are base64 of little-endian numbers, in row-major order.
SPEC = ModelSpec(
    NAME,
    "1",
    "pytorch",
    (
        TensorSpec("known", "FP32", (-1, -1)),  # s confidences, then the context
        TensorSpec("z", "BYTES", (-1,)),  # float32 s × n
        TensorSpec("vectors", "BYTES", (-1,)),  # float16 n × d; empty without vectors
        TensorSpec("past", "BYTES", (-1,)),  # float16 m × d
        TensorSpec("told", "BYTES", (-1,)),  # float32 3 × m
    ),
    (TensorSpec("contributions", "BYTES", (-1,)),),  # float32 s × n
)
CHECKPOINT = "checkpoint"  # the parameter that says which training answers


def request_of(inputs: Inputs, checkpoint: int) -> InferRequest:
    known = np.concatenate([inputs.confidences, inputs.context])[None]
    return InferRequest(
        (
            Tensor.of_floats("known", known),
            Tensor.of_text("z", [_packed(inputs.z, "<f4")]),
            Tensor.of_text("vectors", [_packed(inputs.vectors, "<f2")]),
            Tensor.of_text("past", [_packed(inputs.past, "<f2")]),
            Tensor.of_text("told", [_packed(inputs.told, "<f4")]),
        ),
        {CHECKPOINT: checkpoint},
    )


def read_requests(request: InferRequest, dimension: int) -> list[Inputs]:
    """A row each. Raises InvalidRequest."""
    known = request.input("known").array().astype(np.float64)
    scorers = known.shape[1] - len(CONTEXT)
    if scorers < 1:
        raise InvalidRequest(f"'known' holds more than {len(CONTEXT)} numbers a row")
    texts = (request.input(name).texts() for name in ("z", "vectors", "past", "told"))
    return [
        _read(row[:scorers], row[scorers:], *packed, dimension=dimension)
        for row, *packed in zip(known, *texts, strict=True)
    ]


def _read(
    confidences: Floats, context: Floats, z: str, vectors: str, past: str, told: str, *, dimension: int
) -> Inputs:
    try:
        scores = _unpacked(z, "<f4").reshape(len(confidences), -1).astype(np.float64)
        history = _unpacked(told, "<f4").reshape(len(TOLD), -1).astype(np.float64)
        n, m = scores.shape[1], history.shape[1]
        d = dimension if vectors else 0
        return Inputs(
            scores,
            confidences,
            context,
            _unpacked(vectors, "<f2").reshape(n, d).astype(np.float32),
            _unpacked(past, "<f2").reshape(m, d).astype(np.float32),
            history,
        )
    except ValueError as error:
        raise InvalidRequest(f"a list that does not fit together: {error}") from None


def answer_of(contributions: list[Floats]) -> tuple[Tensor, ...]:
    return (Tensor.of_text("contributions", [_packed(each, "<f4") for each in contributions]),)


def read_answer(text: str, shape: tuple[int, int]) -> Floats:
    """(s, n). Raises ValueError."""
    return _unpacked(text, "<f4").reshape(shape).astype(np.float64)


def _packed(values: NDArray[np.floating], kind: str) -> str:
    return b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode("ascii")


def _unpacked(text: str, kind: str) -> NDArray[np.floating]:
    """Raises ValueError."""
    try:
        return np.frombuffer(b64decode(text, validate=True), dtype=kind)
    except Error as error:
        raise ValueError(f"not base64: {error}") from None
