"""The models by name: what each takes and gives, and how it is loaded. Adding a model is adding a line to MODELS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from curation.serving import _bridge, _familiarity, _korean, _tokens
from curation.serving.types import InferRequest, InvalidRequest, ModelSpec, Tensor, TensorSpec

# More rows than this in one request are refused: callers send chunks, so that nobody waits behind a giant.
MAX_ROWS = 256

Compute = Callable[[InferRequest], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Model:
    """A signature and the way to load what computes it. Loading may take seconds and happens once."""

    spec: ModelSpec
    load: Callable[[], Compute]


_TEXTS = (TensorSpec("text", "BYTES", (-1,)), TensorSpec("language", "BYTES", (-1,)))


def _load_minilm() -> Compute:
    from curation.serving._model_minilm import Encoder

    encode = Encoder()
    _korean.load()

    def compute(request: InferRequest) -> tuple[Tensor, ...]:
        return (Tensor.of_floats("embedding", encode([_embeddable(*row) for row in _rows(request)])),)

    return compute


def _load_bridge() -> Compute:
    _korean.load()
    _familiarity.load()

    def compute(request: InferRequest) -> tuple[Tensor, ...]:
        rows = _rows(request)
        return (
            Tensor.of_text("english", [_embeddable(*row) for row in rows]),
            Tensor.of_floats("familiarity", np.array([_familiarity.familiarity(*row) for row in rows])),
        )

    return compute


def _load_tokens() -> Compute:
    _korean.load()

    def compute(request: InferRequest) -> tuple[Tensor, ...]:
        # Rows differ in length, tensors do not: a row's tokens are joined by single spaces.
        return (Tensor.of_text("tokens", [" ".join(_tokens.search_tokens(*row)) for row in _rows(request)]),)

    return compute


def _rows(request: InferRequest) -> list[tuple[str, str]]:
    return list(zip(request.input("text").texts(), request.input("language").texts(), strict=True))


def _embeddable(text: str, language: str) -> str:
    return _bridge.to_english(text) if _korean.is_korean(text, language) else text


# A version names everything that a vector depends on: raise it when the bridge or its glossary changes.
MODELS: Mapping[str, Model] = {
    model.spec.name: model
    for model in (
        Model(
            ModelSpec("minilm", "1", "onnxruntime", _TEXTS, (TensorSpec("embedding", "FP32", (-1, 384)),)),
            _load_minilm,
        ),
        Model(
            ModelSpec(
                "bridge",
                "1",
                "kiwipiepy",
                _TEXTS,
                (TensorSpec("english", "BYTES", (-1,)), TensorSpec("familiarity", "FP32", (-1,))),
            ),
            _load_bridge,
        ),
        Model(ModelSpec("tokens", "1", "kiwipiepy", _TEXTS, (TensorSpec("tokens", "BYTES", (-1,)),)), _load_tokens),
    )
}


def check_request(spec: ModelSpec, request: InferRequest) -> int:
    """The number of rows, or InvalidRequest with what is wrong in words."""
    wanted = {tensor.name: tensor for tensor in spec.inputs}
    given = {tensor.name: tensor for tensor in request.inputs}
    if len(given) != len(request.inputs):
        raise InvalidRequest(f"model {spec.name!r}: an input is given twice")
    if given.keys() != wanted.keys():
        raise InvalidRequest(f"model {spec.name!r} takes the inputs {sorted(wanted)}, not {sorted(given)}")
    for name, tensor in given.items():
        if tensor.datatype != wanted[name].datatype or len(tensor.shape) != len(wanted[name].shape):
            raise InvalidRequest(
                f"input {name!r}: expected {wanted[name].datatype} {list(wanted[name].shape)}, "
                f"got {tensor.datatype} {list(tensor.shape)}"
            )
        if any(want not in (-1, got) for want, got in zip(wanted[name].shape, tensor.shape, strict=True)):
            raise InvalidRequest(f"input {name!r}: {list(tensor.shape)} does not fit {list(wanted[name].shape)}")
    lengths = {tensor.shape[0] for tensor in request.inputs}
    if len(lengths) != 1:
        raise InvalidRequest(f"model {spec.name!r}: the inputs have different numbers of rows {sorted(lengths)}")
    rows = lengths.pop()
    if rows > MAX_ROWS:
        raise InvalidRequest(f"model {spec.name!r}: {rows} rows in one request; at most {MAX_ROWS}, send several")
    return rows


def joined(requests: list[InferRequest]) -> InferRequest:
    """Several callers' rows as one request, in the order given."""
    first = requests[0]
    inputs = []
    for tensor in first.inputs:
        parts = [request.input(tensor.name) for request in requests]
        data = (
            np.concatenate([part.array() for part in parts]).ravel()
            if isinstance(tensor.data, np.ndarray)
            else [text for part in parts for text in part.texts()]
        )
        shape = (sum(part.shape[0] for part in parts), *tensor.shape[1:])
        inputs.append(Tensor(tensor.name, tensor.datatype, shape, data))
    return InferRequest(tuple(inputs), first.parameters)


def parted(outputs: tuple[Tensor, ...], rows: list[int]) -> list[tuple[Tensor, ...]]:
    """The joined answer, cut back into one per caller."""
    parts: list[tuple[Tensor, ...]] = []
    start = 0
    for count in rows:
        cut = []
        for tensor in outputs:
            shape = (count, *tensor.shape[1:])
            data = (
                tensor.array()[start : start + count].ravel()
                if isinstance(tensor.data, np.ndarray)
                else tensor.data[start : start + count]
            )
            cut.append(Tensor(tensor.name, tensor.datatype, shape, data))
        parts.append(tuple(cut))
        start += count
    return parts
