"""The ASGI application itself, asked through httpx, with models whose pace the test sets."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

import httpx
import pytest

from curation.serving import _protocol
from curation.serving._local import LocalDriver
from curation.serving._registry import Registry
from curation.serving._server import MAX_BODY_BYTES, Application
from curation.serving.types import Compute, ModelUnavailable

from .models import Lengths, broken_model, request


@pytest.fixture
def lengths():
    model = Lengths()
    model.gate.set()
    return model


@pytest.fixture
def driver(lengths):
    driver = LocalDriver(Registry([lengths.model()]))
    driver.worker("lengths").wait_until_loaded(30)
    yield driver
    lengths.gate.set()
    driver.close()


def ask(driver: LocalDriver, method: str, path: str, body: bytes | None = None) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client(driver) as door:
            return await door.request(method, path, content=body)

    return asyncio.run(once())


def client(driver: LocalDriver) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Application(driver)), base_url="http://models.invalid")


def body(*texts: str, **more: object) -> bytes:
    return _protocol.dump({**_protocol.request_document(request(*texts)), **more})


def test_the_protocols_addresses_answer(driver):
    assert ask(driver, "GET", "/v2").json()["name"] == "gyeol"
    assert ask(driver, "GET", "/v2/health/live").json() == {"live": True}
    assert ask(driver, "GET", "/v2/health/ready").json() == {"ready": True}
    assert ask(driver, "GET", "/v2/models/lengths/ready").json() == {"name": "lengths", "ready": True}
    assert ask(driver, "GET", "/v2/models/lengths/versions/3/ready").status_code == 200
    assert set(ask(driver, "GET", "/v2").json()["extensions"]) == {"model_repository", "progress", "cancel", "metrics"}
    described = ask(driver, "GET", "/v2/models/lengths/versions/3").json()
    assert described["versions"] == ["3"]
    assert described["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]


@pytest.mark.parametrize("path", ["/v2/models/lengths/infer", "/v2/models/lengths/versions/3/infer"])
def test_infer_answers_with_the_id_it_was_asked_with(driver, path):
    answer = ask(driver, "POST", path, body("abc", "결", id="q1")).json()
    assert answer == {
        "model_name": "lengths",
        "model_version": "3",
        "id": "q1",
        "outputs": [{"name": "length", "datatype": "INT64", "shape": [2], "data": [3, 1]}],
    }


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/", None, 404),
        ("GET", "/v2/models", None, 404),
        ("GET", "/v2/models/none", None, 404),
        ("GET", "/v2/models/none/ready", None, 404),
        ("GET", "/v2/models/lengths/versions/9", None, 404),
        ("POST", "/v2/models/none/infer", body("a"), 404),
        ("POST", "/v2/models/lengths/versions/9/infer", body("a"), 404),
        ("GET", "/v2/models/lengths/requests/none", None, 404),
        ("POST", "/v2/models/lengths/requests/none/cancel", b"", 404),
        ("GET", "/v2/models/lengths/versions/3/requests/none", None, 404),
        ("POST", "/v2/repository/models/none/load", b"", 404),
        ("POST", "/v2/repository/models/lengths/unload", b'{"parameters": {"version": "9"}}', 404),
        ("POST", "/v2/repository/models/lengths/unload", b'{"parameters": {"version": 3}}', 400),
        ("GET", "/v2/repository/index", None, 405),
        ("POST", "/metrics", b"", 405),
        ("GET", "/v2/models/lengths/infer", None, 405),
        ("POST", "/v2/health/live", b"", 405),
        ("POST", "/v2/models/lengths/infer", b"{", 400),
        ("POST", "/v2/models/lengths/infer", body("a", outputs=[{"name": "nothing"}]), 400),
        ("POST", "/v2/models/lengths/infer", b" " * (MAX_BODY_BYTES + 1), 413),
        ("POST", "/v2/models/lengths/infer", body("spoil"), 500),
    ],
)
def test_what_cannot_be_answered_says_why_in_one_line(driver, method, path, content, status):
    answer = ask(driver, method, path, content)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_running_inference_never_holds_up_the_health_probe(driver, lengths):
    lengths.gate.clear()

    async def scene() -> float:
        async with client(driver) as door:
            busy = asyncio.create_task(door.post("/v2/models/lengths/infer", content=body("a")))
            while not lengths.entered.is_set():
                await asyncio.sleep(0.005)
            began = time.monotonic()
            assert (await door.get("/v2/health/live")).status_code == 200
            assert (await door.get("/v2/health/ready")).status_code == 200
            spent = time.monotonic() - began
            lengths.gate.set()
            assert (await busy).status_code == 200
            return spent

    assert asyncio.run(scene()) < 0.2


def test_too_many_callers_are_told_when_to_come_again(driver, lengths):
    lengths.gate.clear()

    async def scene() -> list[httpx.Response]:
        async with client(driver) as door:
            calls = [asyncio.create_task(door.post("/v2/models/lengths/infer", content=body("a"))) for _ in range(200)]
            while not any(call.done() for call in calls):
                await asyncio.sleep(0.01)
            lengths.gate.set()
            return list(await asyncio.gather(*calls))

    answers = asyncio.run(scene())
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(answer.headers["retry-after"] == "1" for answer in refused)
    assert {answer.status_code for answer in answers} == {200, 429}


def test_a_model_that_a_site_can_do_without_fails_alone(lengths):
    essential = replace(lengths.model(), is_essential=True)
    driver = LocalDriver(Registry([essential, broken_model()]))
    driver.start()
    driver.worker("lengths").wait_until_loaded(30)
    with pytest.raises(ModelUnavailable, match="weights"):
        driver.worker("broken").wait_until_loaded(30)
    assert ask(driver, "GET", "/v2/health/ready").status_code == 200
    assert ask(driver, "GET", "/v2/models/broken/ready").status_code == 503
    assert ask(driver, "POST", "/v2/repository/index").json() == [
        {"name": "lengths", "version": "3", "state": "READY", "reason": ""},
        {
            "name": "broken",
            "version": "1",
            "state": "UNAVAILABLE",
            "reason": "it could not be loaded: the weights are gone",
        },
    ]
    assert ask(driver, "POST", "/v2/models/lengths/infer", body("a")).status_code == 200
    driver.close()


def test_a_model_that_cannot_load_leaves_the_server_alive_but_not_ready():
    driver = LocalDriver(Registry([replace(broken_model(), is_essential=True)]))
    with pytest.raises(ModelUnavailable, match="weights"):
        driver.worker("broken").wait_until_loaded(30)
    assert ask(driver, "GET", "/v2/health/live").status_code == 200
    assert ask(driver, "GET", "/v2/health/ready").status_code == 503
    answer = ask(driver, "POST", "/v2/models/broken/infer", body("a"))
    assert answer.status_code == 503
    assert "the weights are gone" in answer.json()["error"]


def test_the_application_starts_and_stops_by_the_asgi_lifespan(driver):
    async def scene() -> list[str]:
        incoming: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        said: list[str] = []

        async def send(message) -> None:
            said.append(message["type"])

        for kind in ("lifespan.startup", "lifespan.shutdown"):
            await incoming.put({"type": kind})
        await Application(driver)({"type": "lifespan"}, incoming.get, send)
        return said

    assert asyncio.run(scene()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize("verb", ["load", "unload"])
def test_a_connection_lost_before_its_body_changes_nothing(driver, verb):
    """An empty body means every version; a body that never came means nothing."""
    sent = []

    async def receive() -> dict:
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    path = f"/v2/repository/models/lengths/{verb}"
    asyncio.run(Application(driver)({"type": "http", "method": "POST", "path": path}, receive, send))
    assert driver.worker("lengths").state.state == "ready"
    assert sent[0]["status"] == 499


def test_a_model_is_loaded_to_the_end_though_whoever_asked_for_it_goes_away():
    built, may_build = threading.Event(), threading.Event()

    def build() -> Compute:
        built.set()
        assert may_build.wait(30)
        return Lengths().compute

    driver = LocalDriver(Registry([replace(Lengths().model(), load=build)]))

    async def scene() -> None:
        async with client(driver) as door:
            asked = asyncio.create_task(door.post("/v2/repository/models/lengths/load"))
            while not built.is_set():
                await asyncio.sleep(0.005)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked

    try:
        asyncio.run(scene())
        may_build.set()
        driver.worker("lengths").wait_until_loaded(30)
        assert driver.worker("lengths").state.state == "ready"
    finally:
        driver.close()


def test_a_caller_who_goes_away_ends_the_request_and_is_no_error(driver, lengths, caplog):
    lengths.gate.clear()
    sent = []

    async def scene() -> None:
        messages = [{"type": "http.request", "body": body("a", id="q")}]

        async def receive() -> dict:
            if messages:
                return messages.pop()
            while not lengths.entered.is_set():
                await asyncio.sleep(0.005)
            return {"type": "http.disconnect"}

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v2/models/lengths/infer"}
        await Application(driver)(scope, receive, send)

    asyncio.run(scene())
    assert driver.progress("lengths", "q") is None
    assert sent[0]["status"] == 499
    assert not caplog.records


def test_head_answers_like_get_without_the_body(driver):
    got, told = ask(driver, "GET", "/v2"), ask(driver, "HEAD", "/v2")
    assert (told.status_code, told.headers["content-length"]) == (200, got.headers["content-length"])
    assert told.content == b""
    refused = ask(driver, "HEAD", "/v2/models/lengths/infer")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_a_request_whose_id_holds_a_slash_is_followed_and_called_off(driver, lengths):
    lengths.gate.clear()

    async def scene() -> list[int]:
        async with client(driver) as door:
            busy = asyncio.create_task(door.post("/v2/models/lengths/infer", content=body("a", id="q/1")))
            while not lengths.entered.is_set():
                await asyncio.sleep(0.005)
            followed = await door.get("/v2/models/lengths/requests/q%2F1")
            called_off = await door.post("/v2/models/lengths/requests/q%2F1/cancel")
            return [followed.status_code, called_off.status_code, (await busy).status_code]

    assert asyncio.run(scene()) == [200, 200, 499]


def test_the_server_itself_keeps_a_requests_deadline(driver, lengths):
    """Whoever asks past our own driver has nobody else to end the wait."""
    lengths.gate.clear()
    began = time.monotonic()
    answer = ask(driver, "POST", "/v2/models/lengths/infer", body("a", parameters={"timeout": 200_000}))
    lengths.gate.set()
    assert answer.status_code == 504
    assert answer.json()["kind"] == "DeadlineExceeded"
    assert time.monotonic() - began < 5


def test_a_large_body_of_nothing_is_refused_before_it_grows(driver):
    lists = b"[" + b",".join([b"[]"] * 200_000) + b"]"
    content = b'{"inputs": [{"name": "text", "datatype": "FP32", "shape": [1], "data": ' + lists + b"}]}"
    answer = ask(driver, "POST", "/v2/models/lengths/infer", content)
    assert answer.status_code == 400
    assert "does not hold so much" in answer.json()["error"]


def test_an_answer_that_cannot_be_told_is_the_models_fault(driver):
    answer = ask(driver, "POST", "/v2/models/lengths/infer", body("untold"))
    assert (answer.status_code, answer.json()["kind"]) == (500, "ModelFailed")
