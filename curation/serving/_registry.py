"""The models by name and version, and what their signatures demand of requests and answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from math import prod

import numpy as np
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from curation.serving.types import InferRequest, InvalidRequest, Model, ModelNotFound, ModelSpec, Parameter, Tensor

# More rows than this in one request are refused: callers send chunks, so that nobody waits behind a giant.
MAX_ROWS = 256
# What says how a request is served, not what is computed: requests that differ in these alone share a batch.
HOW_NOT_WHAT = frozenset({"timeout", "priority"})


class Registry:
    """Models in the order in which they were registered; of a name's versions, the last answers when none is named."""

    def __init__(self, models: Iterable[Model] = ()) -> None:
        self._models: dict[str, dict[str, Model]] = {}
        self.register(*models)

    def register(self, *models: Model) -> None:
        """A name and version that is there already is replaced, and counts as registered last."""
        for model in models:
            versions = self._models.setdefault(model.spec.name, {})
            versions.pop(model.spec.version, None)
            versions[model.spec.version] = model

    def __iter__(self) -> Iterator[Model]:
        for versions in list(self._models.values()):
            yield from list(versions.values())

    def __contains__(self, name: str) -> bool:
        return name in self._models

    def versions(self, name: str) -> list[Model]:
        """At least one, the last registered last. Raises ModelNotFound."""
        if name not in self._models:
            raise ModelNotFound(f"no model is called {name!r}; there are {', '.join(sorted(self._models))}")
        return list(self._models[name].values())

    def model(self, name: str, version: str) -> Model:
        """Raises ModelNotFound."""
        for model in self.versions(name):
            if model.spec.version == version:
                return model
        known = ", ".join(model.spec.version for model in self.versions(name))
        raise ModelNotFound(f"model {name!r} has no version {version!r}; there are {known}")


MODELS = Registry()


@cache
def models() -> Registry:
    """MODELS with what an operator brings: each entry of MODELS_EXTRA is `package.module:function`, and the function
    gives the models. Raises ImproperlyConfigured.
    """
    for entry in settings.MODELS_EXTRA:
        try:
            module, colon, function = entry.partition(":")
            if not (module and colon and function):
                raise ValueError("write package.module:function")
            MODELS.register(*getattr(import_module(module), function)())
        except Exception as error:  # whatever the module does
            raise ImproperlyConfigured(f"MODELS_EXTRA: {entry!r} gives no models: {error}") from error
    return MODELS


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
    return InferRequest(tuple(inputs), what_is_asked(first))


def what_is_asked(request: InferRequest) -> dict[str, Parameter]:
    """The parameters that an answer depends on."""
    return {name: value for name, value in request.parameters.items() if name not in HOW_NOT_WHAT}


def may_share(one: InferRequest, other: InferRequest) -> bool:
    """Whether two requests of one model can be computed as one: the same parameters, rows of the same shape."""
    return what_is_asked(one) == what_is_asked(other) and all(
        tensor.shape[1:] == other.input(tensor.name).shape[1:] for tensor in one.inputs
    )


def parted(outputs: tuple[Tensor, ...], rows: list[int]) -> list[tuple[Tensor, ...]]:
    """The joined answer, cut back into one per caller. Raises ValueError when the model gave other rows than asked."""
    for tensor in outputs:
        if not tensor.shape or tensor.shape[0] != sum(rows):
            raise ValueError(f"output {tensor.name!r} has the shape {list(tensor.shape)} for {sum(rows)} rows")
    parts: list[tuple[Tensor, ...]] = []
    start = 0
    for count in rows:
        cut = []
        for tensor in outputs:
            shape = (count, *tensor.shape[1:])
            data = (
                tensor.array()[start : start + count].ravel()
                if isinstance(tensor.data, np.ndarray)
                else tensor.data[start * prod(shape[1:]) : (start + count) * prod(shape[1:])]
            )
            cut.append(Tensor(tensor.name, tensor.datatype, shape, data))
        parts.append(tuple(cut))
        start += count
    return parts
