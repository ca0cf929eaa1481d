"""The house's own models of language: the embedder, the bridge that it reads Korean by, and search tokens."""

from __future__ import annotations

import numpy as np

from curation.serving import _bridge, _familiarity, _korean, _tokens
from curation.serving.types import Compute, InferRequest, Model, ModelSpec, Running, Tensor, TensorSpec

_WARM = InferRequest((Tensor.of_text("text", ["경제", "economy"]), Tensor.of_text("language", ["ko", "en"])))
_TEXTS = (TensorSpec("text", "BYTES", (-1,)), TensorSpec("language", "BYTES", (-1,)))


def _load_minilm() -> Compute:
    from curation.serving._model_minilm import Encoder

    encode = Encoder()
    _korean.load()

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        return (Tensor.of_floats("embedding", encode([_embeddable(*row) for row in _rows(request)])),)

    return compute


def _load_bridge() -> Compute:
    _korean.load()
    _familiarity.load()

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        rows = _rows(request)
        return (
            Tensor.of_text("english", [_embeddable(*row) for row in rows]),
            Tensor.of_floats("familiarity", np.array([_familiarity.familiarity(*row) for row in rows])),
        )

    return compute


def _load_tokens() -> Compute:
    _korean.load()

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        # Rows differ in length, tensors do not: a row's tokens are joined by single spaces.
        return (Tensor.of_text("tokens", [" ".join(_tokens.search_tokens(*row)) for row in _rows(request)]),)

    return compute


def _rows(request: InferRequest) -> list[tuple[str, str]]:
    return list(zip(request.input("text").texts(), request.input("language").texts(), strict=True))


def _embeddable(text: str, language: str) -> str:
    return _bridge.to_english(text) if _korean.is_korean(text, language) else text


# A version names everything that a vector depends on: raise it when the bridge or its glossary changes.
MODELS = (
    Model(
        ModelSpec("minilm", "1", "openvino", _TEXTS, (TensorSpec("embedding", "FP32", (-1, 384)),)),
        _load_minilm,
        is_essential=True,
        warm=_WARM,
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
        is_essential=True,
        warm=_WARM,
    ),
    Model(
        ModelSpec("tokens", "1", "kiwipiepy", _TEXTS, (TensorSpec("tokens", "BYTES", (-1,)),)),
        _load_tokens,
        is_essential=True,
        warm=_WARM,
    ),
)
