"""Open Inference Protocol v2 as JSON: both sides of the wire speak through this one room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any, Literal

import numpy as np
import orjson

from curation.serving.types import (
    NUMPY_TYPES,
    Cancelled,
    DeadlineExceeded,
    InferRequest,
    InferResponse,
    InvalidRequest,
    ModelFailed,
    ModelNotFound,
    ModelSpec,
    ModelState,
    ModelUnavailable,
    OutOfMemory,
    Overloaded,
    Progress,
    ServingError,
    Tensor,
    TensorSpec,
)


def dump(document: Any) -> bytes:
    """Raises InvalidRequest for what JSON cannot hold, such as half of a character."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise InvalidRequest(f"this cannot be sent as JSON: {error}") from None


def load(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise InvalidRequest("the body is not a JSON object")
    return document


def request_document(request: InferRequest) -> dict[str, Any]:
    document: dict[str, Any] = {"inputs": [_tensor_document(tensor) for tensor in request.inputs]}
    if request.id:
        document["id"] = request.id
    if request.parameters:
        document["parameters"] = dict(request.parameters)
    return document


def read_request(document: dict[str, Any]) -> InferRequest:
    parameters = document.get("parameters", {})
    if not isinstance(parameters, dict) or not all(
        isinstance(value, str | int | float | bool) for value in parameters.values()
    ):
        raise InvalidRequest("'parameters' is an object of strings, numbers and booleans")
    identifier = document.get("id", "")
    if not isinstance(identifier, str):
        raise InvalidRequest("'id' is a string")
    return InferRequest(_read_tensors(document, "inputs"), parameters, identifier)


def wanted_outputs(document: dict[str, Any]) -> list[str]:
    """The names that the caller asked for; none means all."""
    wanted = document.get("outputs", [])
    if not isinstance(wanted, list) or not all(isinstance(item, dict) and "name" in item for item in wanted):
        raise InvalidRequest("'outputs' is a list of objects with a name")
    return [str(item["name"]) for item in wanted]


def response_document(response: InferResponse, wanted: Sequence[str] = ()) -> dict[str, Any]:
    known = {tensor.name for tensor in response.outputs}
    if unknown := set(wanted) - known:
        raise InvalidRequest(f"model {response.model!r} gives {sorted(known)}, not {sorted(unknown)}")
    document: dict[str, Any] = {
        "model_name": response.model,
        "model_version": response.version,
        "outputs": [_tensor_document(tensor) for tensor in response.outputs if not wanted or tensor.name in wanted],
    }
    if response.id:
        document["id"] = response.id
    return document


def read_response(document: dict[str, Any]) -> InferResponse:
    return InferResponse(
        str(document.get("model_name", "")),
        str(document.get("model_version", "")),
        _read_tensors(document, "outputs"),
        str(document.get("id", "")),
    )


def spec_document(spec: ModelSpec, versions: Sequence[str]) -> dict[str, Any]:
    """The versions that can be asked; the one that answers when none is named stands last."""
    return {
        "name": spec.name,
        "versions": list(versions),
        "platform": spec.platform,
        "inputs": [_tensor_spec_document(tensor) for tensor in spec.inputs],
        "outputs": [_tensor_spec_document(tensor) for tensor in spec.outputs],
    }


def read_spec(document: dict[str, Any]) -> ModelSpec:
    versions = document.get("versions") or ["1"]
    return ModelSpec(
        str(document.get("name", "")),
        str(versions[-1]),
        str(document.get("platform", "")),
        tuple(_read_tensor_spec(item) for item in document.get("inputs", [])),
        tuple(_read_tensor_spec(item) for item in document.get("outputs", [])),
    )


# -- Extensions ----------------------------------------------------------------------------------------------

# How the model repository extension calls a state; what failed and what was unloaded differ in the reason.
_REPOSITORY_STATES = {"loading": "LOADING", "ready": "READY", "failed": "UNAVAILABLE", "unloaded": "UNAVAILABLE"}


def index_document(states: Iterable[ModelState]) -> list[dict[str, str]]:
    return [
        {
            "name": state.name,
            "version": state.version,
            "state": _REPOSITORY_STATES[state.state],
            "reason": "unloaded" if state.state == "unloaded" else state.reason,
        }
        for state in states
    ]


def read_index(items: Any) -> list[ModelState]:
    """From any server with the extension; raises ValueError, KeyError or TypeError."""
    return [_read_state(item) for item in items]


def _read_state(item: dict[str, Any]) -> ModelState:
    name, version, reason = str(item["name"]), str(item.get("version", "")), str(item.get("reason", ""))
    match item.get("state"):
        case "READY":
            return ModelState(name, version, "ready")
        case "LOADING":
            return ModelState(name, version, "loading")
        case _ if reason in ("", "unloaded"):
            return ModelState(name, version, "unloaded", reason)
        case _:
            return ModelState(name, version, "failed", reason)


def wanted_version(document: dict[str, Any]) -> str:
    """Which version a load or unload is about; "" for all."""
    parameters = document.get("parameters", {})
    version = parameters.get("version", "") if isinstance(parameters, dict) else None
    if not isinstance(version, str):
        raise InvalidRequest("'parameters' is an object, and its 'version' a string")
    return version


def progress_document(progress: Progress) -> dict[str, Any]:
    return {"step": progress.step, "steps": progress.steps, "state": progress.state}


def read_progress(document: dict[str, Any]) -> Progress:
    state: Literal["waiting", "running"] = "waiting" if document.get("state") == "waiting" else "running"
    return Progress(int(document["step"]), int(document["steps"]), state)


# Errors travel with their name beside the text, so that the asking side raises what the answering side raised.
_STATUS: Mapping[type[ServingError], int] = {
    InvalidRequest: 400,
    ModelNotFound: 404,
    Overloaded: 429,
    Cancelled: 499,  # no standard number; the one that proxies log for a caller who went away
    ModelUnavailable: 503,
    OutOfMemory: 503,
    ModelFailed: 500,
    DeadlineExceeded: 504,
}


def error_document(error: ServingError) -> tuple[int, dict[str, str]]:
    """The status and the body."""
    kind = next(kind for kind in type(error).__mro__ if kind in _STATUS)
    return _STATUS[kind], {"error": str(error), "kind": kind.__name__}


def read_error(document: dict[str, Any]) -> ServingError | None:
    """None when another server's error does not say its kind. Raises KeyError when it is no error of the protocol."""
    text = str(document["error"])
    kinds = {kind.__name__: kind for kind in _STATUS}
    kind = kinds.get(str(document.get("kind", "")))
    return None if kind is None else kind(text)


# -- Tensors -------------------------------------------------------------------------------------------------


def _tensor_document(tensor: Tensor) -> dict[str, Any]:
    # The protocol lets data be nested or flat; flat is faster on both sides.
    data = tensor.data.ravel() if isinstance(tensor.data, np.ndarray) else list(tensor.data)
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape), "data": data}


def _read_tensors(document: dict[str, Any], key: str) -> tuple[Tensor, ...]:
    items = document.get(key)
    if not isinstance(items, list) or not items:
        raise InvalidRequest(f"{key!r} is a list with at least one tensor")
    return tuple(_read_tensor(item) for item in items)


def _read_tensor(item: Any) -> Tensor:
    if not isinstance(item, dict):
        raise InvalidRequest("a tensor is a JSON object")
    name, datatype, shape = item.get("name"), item.get("datatype"), item.get("shape")
    if not isinstance(name, str) or not isinstance(datatype, str):
        raise InvalidRequest("a tensor has a name and a datatype, both strings")
    if not isinstance(shape, list) or not all(type(length) is int and length >= 0 for length in shape):
        raise InvalidRequest(f"tensor {name!r}: the shape is a list of whole numbers")
    flat = _flat(item.get("data"), name, prod(shape))
    if datatype == "BYTES":
        if not all(isinstance(value, str) for value in flat):
            raise InvalidRequest(f"tensor {name!r}: BYTES are JSON strings")
        return Tensor(name, datatype, tuple(shape), flat)
    if datatype not in NUMPY_TYPES:
        raise InvalidRequest(f"tensor {name!r}: datatype {datatype!r} is not known")
    # numpy would take "7", null, true and 1.9 for a whole number.
    if not set(map(type, flat)) <= _json_types(datatype):
        raise InvalidRequest(f"tensor {name!r}: the data is not {datatype}")
    try:
        with np.errstate(over="ignore"):
            values = np.asarray(flat, dtype=NUMPY_TYPES[datatype])
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest(f"tensor {name!r}: the data is not {datatype}") from None
    if datatype.startswith("FP") and not np.isfinite(values).all():
        raise InvalidRequest(f"tensor {name!r}: a number is too large for {datatype}")
    return Tensor(name, datatype, tuple(shape), values)


def _json_types(datatype: str) -> set[type]:
    return {bool} if datatype == "BOOL" else {int, float} if datatype.startswith("FP") else {int}


def _flat(data: Any, name: str, size: int) -> list[Any]:
    if not isinstance(data, list):
        raise InvalidRequest(f"tensor {name!r}: the data is a list")
    while data and isinstance(data[0], list):
        if len(data) > size:
            raise InvalidRequest(f"tensor {name!r}: the shape does not hold so much")
        if not all(isinstance(part, list) for part in data):
            raise InvalidRequest(f"tensor {name!r}: the data is nested unevenly")
        data = [value for part in data for value in part]
    return data


def _tensor_spec_document(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape)}


def _read_tensor_spec(item: dict[str, Any]) -> TensorSpec:
    return TensorSpec(str(item["name"]), str(item["datatype"]), tuple(int(length) for length in item["shape"]))
