"""Small models for tests of the door: what they compute is plain, how long it takes is the test's to say."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from curation.serving.types import (
    Batching,
    Compute,
    InferRequest,
    InvalidRequest,
    Model,
    ModelSpec,
    OutOfMemory,
    Parameter,
    Running,
    Tensor,
    TensorSpec,
)


def request(*texts: str, id: str = "", **parameters: Parameter) -> InferRequest:
    return InferRequest((Tensor.of_text("text", texts),), parameters, id)


@dataclass
class Lengths:
    """Answers each text's length and notes its batches; holds every batch until `gate` opens, step by step."""

    gate: threading.Event = field(default_factory=threading.Event)
    computed: list[list[str]] = field(default_factory=list)
    entered: threading.Event = field(default_factory=threading.Event)
    version: str = "3"

    @property
    def batches(self) -> list[int]:
        return [len(texts) for texts in self.computed]

    def model(self, *, warm: InferRequest | None = None, **batching: Any) -> Model:
        spec = ModelSpec(
            "lengths",
            self.version,
            "test",
            (TensorSpec("text", "BYTES", (-1,)),),
            (TensorSpec("length", "INT64", (-1,)),),
        )
        return Model(spec, lambda: self.compute, Batching(**batching), warm=warm)

    def compute(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        texts = request.input("text").texts()
        self.computed.append(texts)
        self.entered.set()
        for step in range(12000):
            running.step(step, 12000)
            if self.gate.wait(0.005):
                break
        if "spoil" in texts:
            raise ValueError("spoilt")
        if "unreadable" in texts:
            raise InvalidRequest("it cannot be read")
        if "huge" in texts:
            raise OutOfMemory("too large") from MemoryError()
        if "untold" in texts:
            return (Tensor("length", "BYTES", (len(texts),), ["\ud800"] * len(texts)),)
        if "panics" in texts:
            raise Panic("called `Option::unwrap()` on a `None` value")
        if "deadly" in texts:
            raise SystemExit(1)
        if "few" in texts:
            texts = texts[1:]
        return (Tensor("length", "INT64", (len(texts),), np.array([len(text) for text in texts], dtype=np.int64)),)


class Panic(BaseException):
    """As a library written in Rust ends a call that breaks its own promises: no Exception."""


def broken_model() -> Model:
    def load() -> Compute:
        raise OSError("the weights are gone")

    return Model(ModelSpec("broken", "1", "test", (TensorSpec("text", "BYTES", (-1,)),), ()), load)
