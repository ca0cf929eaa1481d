"""The words of the Open Inference Protocol, version 2, as plain Python: tensors, requests, responses, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

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


class ServingError(Exception):
    """Something went wrong at the door to the models; the message is one line for people."""


class ModelNotFound(ServingError):
    """No model, or no version of it, has this name."""


class ModelUnavailable(ServingError):
    """The model is there but cannot answer now: loading, overloaded, or out of reach. Trying later may help."""


class InvalidRequest(ServingError):
    """The request breaks the protocol or the model's signature; trying again will not help."""


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
