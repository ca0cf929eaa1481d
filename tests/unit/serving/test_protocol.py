from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.serving import _protocol
from curation.serving.types import InferRequest, InferResponse, InvalidRequest, Tensor

texts = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=0, max_size=5)
numbers = st.lists(st.floats(-1e6, 1e6, width=32), min_size=0, max_size=12)


@given(texts, st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
def test_a_request_survives_the_wire(rows: list[str], identifier: str) -> None:
    request = InferRequest((Tensor.of_text("text", rows),), {"a": 1, "b": True, "c": "x", "d": 0.5}, identifier)
    back = _protocol.read_request(_protocol.load(_protocol.dump(_protocol.request_document(request))))
    assert back == request


@given(numbers)
def test_numbers_survive_the_wire_exactly(values: list[float]) -> None:
    tensor = Tensor.of_floats("embedding", np.array(values, dtype=np.float32).reshape(-1, 1))
    response = InferResponse("m", "1", (tensor,), "7")
    back = _protocol.read_response(_protocol.load(_protocol.dump(_protocol.response_document(response))))
    assert (back.model, back.version, back.id) == ("m", "1", "7")
    assert np.array_equal(back.output("embedding").array(), tensor.array())


def test_data_may_be_nested_as_the_protocol_allows() -> None:
    tensor = {"name": "x", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}
    read = _protocol.read_request({"inputs": [tensor]}).input("x")
    assert read.array().tolist() == [[1, 2], [3, 4]]


def _with(**changes: object) -> dict[str, object]:
    return {"inputs": [{"name": "t", "datatype": "BYTES", "shape": [1], "data": ["a"], **changes}]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"inputs": []},
        {"inputs": {}},
        {"inputs": ["t"]},
        _with(name=1),
        _with(datatype="TEXT"),
        _with(shape=[2]),
        _with(shape=[-1]),
        _with(shape=[True]),
        _with(shape="1"),
        _with(data="a"),
        _with(data=[1]),
        _with(data=[["a"], "b"], shape=[2]),
        _with(datatype="FP32", data=["a"]),
        _with(datatype="INT8", data=[1000]),
        _with(datatype="INT64", data=[1.9]),
        _with(datatype="INT64", data=["7"]),
        _with(datatype="INT64", data=[True]),
        _with(datatype="INT64", data=[2**63]),
        _with(datatype="FP32", data=[None]),
        _with(datatype="FP32", data=["3"]),
        _with(datatype="FP32", data=[1e39]),
        _with(datatype="FP64", data=[True]),
        _with(datatype="BOOL", data=["no"]),
        _with(datatype="BOOL", data=[1]),
        {**_with(), "parameters": {"a": [1]}},
        {**_with(), "id": 7},
    ],
)
def test_what_breaks_the_protocol_is_refused_in_words(document: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        _protocol.read_request(document)
    assert str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        _protocol.load(body)


def test_half_of_a_character_is_refused_in_words() -> None:
    request = InferRequest((Tensor.of_text("text", ["\ud800"]),))
    with pytest.raises(InvalidRequest, match="JSON"):
        _protocol.dump(_protocol.request_document(request))


@pytest.mark.parametrize("timeout", [2**63 - 1, 1e30])
def test_a_deadline_beyond_all_days_is_a_day(timeout: float) -> None:
    assert InferRequest((), {"timeout": timeout}).timeout_seconds == 24 * 3600
