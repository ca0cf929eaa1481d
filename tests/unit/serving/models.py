"""Small models for tests of the door: what they compute is plain, how long it takes is the test's to say."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from curation.serving._registry import Compute, Model
from curation.serving.types import InferRequest, ModelSpec, Tensor, TensorSpec


def request(*texts: str, id: str = "") -> InferRequest:
    return InferRequest((Tensor.of_text("text", texts),), id=id)


@dataclass
class Lengths:
    """Answers each text's length and counts its batches; holds every batch until `gate` opens."""

    gate: threading.Event = field(default_factory=threading.Event)
    batches: list[int] = field(default_factory=list)
    entered: threading.Event = field(default_factory=threading.Event)

    def model(self) -> Model:
        spec = ModelSpec(
            "lengths", "3", "test", (TensorSpec("text", "BYTES", (-1,)),), (TensorSpec("length", "INT64", (-1,)),)
        )
        return Model(spec, lambda: self.compute)

    def compute(self, request: InferRequest) -> tuple[Tensor, ...]:
        texts = request.input("text").texts()
        self.batches.append(len(texts))
        self.entered.set()
        assert self.gate.wait(10)
        if "spoil" in texts:
            raise ValueError("spoilt")
        return (Tensor("length", "INT64", (len(texts),), np.array([len(text) for text in texts], dtype=np.int64)),)


def broken_model() -> Model:
    def load() -> Compute:
        raise OSError("the weights are gone")

    return Model(ModelSpec("broken", "1", "test", (TensorSpec("text", "BYTES", (-1,)),), ()), load)
