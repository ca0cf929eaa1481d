"""Small models that real model servers load for the tests, as an operator brings models: by MODELS_EXTRA."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from curation.serving.types import (
    Batching,
    Compute,
    InferRequest,
    Model,
    ModelSpec,
    OutOfMemory,
    Running,
    Tensor,
    TensorSpec,
)

STEP_SECONDS = 0.05
MAX_WAITING = 4


def note(folder: str, name: str) -> Path:
    """Where a model writes down what it has done, for a test that may be in another process."""
    return Path(folder) / name


def steps(version: str) -> Model:
    """Counts letters in as many steps as the request says, and writes each text down before it begins with it."""

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        texts, of = request.input("text").texts(), int(request.parameters.get("steps", 1))
        with note(os.environ["DOOR_NOTES"], "computed").open("a") as file:
            file.write("".join(f"{text}\n" for text in texts))
        if "spoil" in texts:
            raise ValueError("spoilt")
        if "huge" in texts:
            raise OutOfMemory("too large for this machine")
        for step in range(of if of > 1 else 0):
            running.step(step, of)
            time.sleep(STEP_SECONDS)
        return (Tensor("letters", "INT64", (len(texts),), np.array([len(text) for text in texts], dtype=np.int64)),)

    return Model(_spec("steps", version), lambda: compute, Batching(max_rows=8, max_waiting=MAX_WAITING))


def corrupt() -> Model:
    """Cannot be loaded until somebody has mended its weights."""

    def load() -> Compute:
        if not note(os.environ["DOOR_NOTES"], "mended").exists():
            raise OSError("the weights are corrupt")
        return steps("1").load()

    return Model(_spec("corrupt", "1"), load)


def _spec(name: str, version: str) -> ModelSpec:
    return ModelSpec(
        name, version, "test", (TensorSpec("text", "BYTES", (-1,)),), (TensorSpec("letters", "INT64", (-1,)),)
    )


def models() -> tuple[Model, ...]:
    return steps("1"), steps("2"), corrupt()
