"""The words of the Open Inference Protocol, version 2, as plain Python: tensors, requests, models, errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

import numpy as np

# What the protocol calls a datatype, and what numpy calls it. BYTES holds text here and has no fixed width.
NUMPY_TYPES: Mapping[str, type[np.generic]] = {
    "BOOL": np.bool_,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "FP32": np.float32,
    "FP64": np.float64,
}

Parameter = str | int | float | bool

LONGEST_TIMEOUT_SECONDS = 24 * 3600.0  # of a request; waiting longer is waiting for ever


class ServingError(Exception):
    """Something went wrong at the door to the models; the message is one line for people."""


class ModelNotFound(ServingError):
    """No model, or no version of it, has this name."""


class ModelUnavailable(ServingError):
    """The model is there but cannot answer now: loading, failed, unloaded, or out of reach. Trying later may help."""


class Overloaded(ModelUnavailable):
    """Too many requests wait already. `retry_after_seconds` is a guess at when there will be room."""

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DeadlineExceeded(ModelUnavailable):
    """The request's own `timeout` was over before its answer was there."""


class OutOfMemory(ModelUnavailable):
    """The computation needs more memory than there is; fewer rows, or a smaller picture, may fit."""


class ModelFailed(ModelUnavailable):
    """The computation broke over this request alone; the model goes on answering others."""


class InvalidRequest(ServingError):
    """The request breaks the protocol or the model's signature; trying again will not help."""


class Cancelled(ServingError):
    """Nobody waits for this answer any more, or somebody asked that it not be computed."""


@dataclass(frozen=True)
class Tensor:
    """A named array. `data` is a numpy array for numbers and a flat list of str for BYTES, both in row-major order."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: np.ndarray | Sequence[str]

    def __post_init__(self) -> None:
        if self.datatype != "BYTES" and self.datatype not in NUMPY_TYPES:
            raise InvalidRequest(f"tensor {self.name!r}: datatype {self.datatype!r} is not known")
        size = self.data.size if isinstance(self.data, np.ndarray) else len(self.data)
        if size != prod(self.shape) or any(length < 0 for length in self.shape):
            raise InvalidRequest(f"tensor {self.name!r}: shape {list(self.shape)} does not hold {size} elements")

    @classmethod
    def of_text(cls, name: str, texts: Sequence[str]) -> Tensor:
        return cls(name, "BYTES", (len(texts),), list(texts))

    @classmethod
    def of_floats(cls, name: str, values: np.ndarray) -> Tensor:
        return cls(name, "FP32", values.shape, np.ascontiguousarray(values, dtype=np.float32))

    def texts(self) -> list[str]:
        if isinstance(self.data, np.ndarray):
            raise InvalidRequest(f"tensor {self.name!r} holds {self.datatype}, not text")
        return list(self.data)

    def array(self) -> np.ndarray:
        if not isinstance(self.data, np.ndarray):
            raise InvalidRequest(f"tensor {self.name!r} holds text, not numbers")
        return self.data.reshape(self.shape)


@dataclass(frozen=True)
class InferRequest:
    inputs: tuple[Tensor, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    id: str = ""

    @property
    def timeout_seconds(self) -> float | None:
        """The request's own deadline, counted from its arrival: the parameter `timeout`, microseconds as Triton has it.

        Raises InvalidRequest.
        """
        timeout = self.parameters.get("timeout")
        if timeout is None:
            return None
        if isinstance(timeout, bool | str) or timeout <= 0:
            raise InvalidRequest(f"'timeout' is a positive number of microseconds, not {timeout!r}")
        return min(timeout / 1_000_000, LONGEST_TIMEOUT_SECONDS)

    def input(self, name: str) -> Tensor:
        for tensor in self.inputs:
            if tensor.name == name:
                return tensor
        raise InvalidRequest(f"input {name!r} is missing")


@dataclass(frozen=True)
class InferResponse:
    model: str
    version: str
    outputs: tuple[Tensor, ...]
    id: str = ""

    def output(self, name: str) -> Tensor:
        for tensor in self.outputs:
            if tensor.name == name:
                return tensor
        raise ModelUnavailable(f"model {self.model!r} answered without {name!r}")


@dataclass(frozen=True)
class TensorSpec:
    """What a model says of one input or output; -1 in the shape is any length."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class ModelSpec:
    """A model's signature. The first dimension of every tensor is the row; rows do not depend on each other."""

    name: str
    version: str
    platform: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class Space:
    """Where vectors live: only vectors of one name and revision may be compared."""

    name: str
    revision: str
    dimension: int


# -- Models --------------------------------------------------------------------------------------------------


class Running:
    """How a computation speaks to those who wait for it. This one, for calls past the door, has nobody to speak to."""

    def step(self, done: int, of: int) -> None:
        """Tells that `done` of `of` steps are made; raises Cancelled once nobody waits for the answer any more."""


Compute = Callable[[InferRequest, Running], tuple[Tensor, ...]]


def rows(request: InferRequest) -> float:
    """The plainest cost of a request: its number of rows."""
    return float(request.inputs[0].shape[0])


@dataclass(frozen=True)
class Batching:
    """How much is computed at once. Requests share a batch when all their parameters but timeout and priority agree."""

    window_seconds: float = 0.004  # the longest that a caller waits for company
    max_rows: int = 64
    max_waiting: int = 64  # requests; the next one is told to come again
    cost: Callable[[InferRequest], float] = rows  # what a request weighs, pixels for example
    max_cost: float | None = None  # of a batch; whoever alone costs more is computed alone


@dataclass(frozen=True)
class Model:
    """A signature and the way to load what computes it, once, on the thread that then computes.

    What `load` returns may have a method `close()`, called when the model is unloaded.
    """

    spec: ModelSpec
    load: Callable[[], Compute]
    batching: Batching = field(default_factory=Batching)
    is_essential: bool = False  # the server counts as ready only with it
    warm: InferRequest | None = None  # computed once after loading, so that the first caller does not wait for it


@dataclass(frozen=True)
class Progress:
    """How far a request is: `step` of `steps`, both 0 where its model tells no steps or has not begun."""

    step: int
    steps: int
    state: Literal["waiting", "running"] = "running"


@dataclass(frozen=True)
class ModelState:
    name: str
    version: str
    state: Literal["loading", "ready", "failed", "unloaded"]
    reason: str = ""  # why it is not ready, in one line
