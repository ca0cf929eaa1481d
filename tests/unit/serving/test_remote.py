"""The asking side against a server that answers as the test says: ours when it is in trouble, or somebody else's."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from curation.serving import queries
from curation.serving._remote import RemoteDriver
from curation.serving.queries import waiting_at_most
from curation.serving.types import (
    DeadlineExceeded,
    InvalidRequest,
    ModelNotFound,
    ModelState,
    ModelUnavailable,
    OutOfMemory,
    Overloaded,
)

from .models import request

ANSWER = {
    "model_name": "lengths",
    "model_version": "1",
    "outputs": [{"name": "length", "datatype": "INT64", "shape": [1], "data": [1]}],
}


class Server:
    """Gives its answers one after the other, the last for ever: (status, body, headers), or None to hang up."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any, dict[str, str]] | Callable[[], None] | None] = []
        self.asked: list[tuple[str, Any]] = []

    def says(self, *answers: Any) -> None:
        self.answers = list(answers)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            server.asked.append((self.path, json.loads(body or b"{}")))
            answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
            if answer is None:
                self.connection.close()
                self.close_connection = True
                return
            status, document, headers = answer
            content = json.dumps(document).encode() if not isinstance(document, str) else document.encode()
            kind = "text/html" if isinstance(document, str) else "application/json"
            self.send_response(status)
            for name, value in {"content-type": kind, "content-length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.handle_error = lambda *_: None  # type: ignore[method-assign,assignment]  # hanging up is meant
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}"  # type: ignore[attr-defined]
    yield server
    http.shutdown()
    http.server_close()


@pytest.fixture
def driver(server: Any) -> Iterator[RemoteDriver]:
    driver = RemoteDriver(server.url, timeout=5)
    yield driver
    driver.close()


def error(status: int, text: str, kind: str = "", **headers: str) -> tuple[int, dict[str, str], dict[str, str]]:
    return status, {"error": text, **({"kind": kind} if kind else {})}, headers


ANSWERED = (200, ANSWER, {})


def test_a_request_takes_its_deadline_along(server, driver):
    server.says(ANSWERED)
    driver.infer("lengths", request("a", timeout=2_000_000))
    driver.infer("lengths", request("a"))
    with waiting_at_most(0.5):
        driver.infer("lengths", request("a", timeout=2_000_000))
    assert [body["parameters"]["timeout"] for _, body in server.asked] == [2_000_000, 5_000_000, 500_000]


def test_a_version_is_asked_at_its_own_address(server, driver):
    server.says(ANSWERED)
    driver.infer("lengths", request("a"), "1/2")
    assert server.asked[0][0] == "/v2/models/lengths/versions/1%2F2/infer"


def test_the_crowd_outside_a_full_queue_comes_again(server, driver):
    server.says(error(429, "full", "Overloaded"), ANSWERED)
    assert driver.infer("lengths", request("a")).version == "1"


def test_who_is_told_when_to_come_again_does_not_come_before(server, driver):
    server.says(error(429, "too many", **{"retry-after": "1"}), ANSWERED)
    began = time.monotonic()
    driver.infer("lengths", request("a"))
    assert time.monotonic() - began >= 1.0


def test_a_proxys_page_about_a_server_away_is_waited_out(server, driver):
    server.says((502, "<h1>Bad gateway</h1>", {}), (503, "<h1>Back soon</h1>", {}), ANSWERED)
    assert driver.infer("lengths", request("a")).version == "1"


def test_a_model_that_has_failed_is_not_waited_for(server, driver):
    server.says(error(503, "it could not be loaded", "ModelUnavailable"), ANSWERED)
    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        driver.infer("lengths", request("a"))
    assert len(server.asked) == 1


def test_a_connection_lost_over_a_request_is_made_once_more(server, driver):
    server.says(None, ANSWERED)
    assert driver.infer("lengths", request("a")).version == "1"
    server.asked.clear()
    server.says(None)
    with pytest.raises(ModelUnavailable):
        driver.infer("lengths", request("a request that ends the server each time"))
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(504, "late", "DeadlineExceeded"), DeadlineExceeded),
        (error(503, "no memory", "OutOfMemory"), OutOfMemory),
        (error(404, "no such model"), ModelNotFound),
        (error(400, "no such input"), InvalidRequest),
        (error(500, "it broke"), ModelUnavailable),
        ((404, "<h1>Not found</h1>", {}), ModelNotFound),
        ((200, "<h1>Welcome</h1>", {}), ModelUnavailable),
        ((200, {"outputs": []}, {}), ModelUnavailable),
        ((200, [], {}), ModelUnavailable),
    ],
)
def test_what_a_server_says_becomes_an_error_of_ours(server, driver, answer, kind):
    server.says(answer)
    with pytest.raises(kind) as raised:
        driver.infer("lengths", request("a"))
    assert type(raised.value) is kind


def test_a_queue_that_stays_full_is_told_as_such(server, driver):
    server.says(error(429, "full", "Overloaded", **{"retry-after": "60"}))
    with pytest.raises(Overloaded) as raised:
        driver.infer("lengths", request("a", timeout=300_000))
    assert raised.value.retry_after_seconds == 60


def test_a_server_that_never_answers_is_left_in_time(server):
    driver = RemoteDriver(server.url, timeout=0.2)
    server.says(ANSWERED)
    held = threading.Event()
    server.asked = type("Held", (list,), {"append": lambda self, item: held.wait(5)})()
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        driver.infer("lengths", request("a"))
    assert time.monotonic() - began < 3
    held.set()


def test_the_signature_is_read_anew_once_another_version_answers(server, driver):
    """Vectors are named after the version that gave them."""

    def described(*versions: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        return 200, {"name": "lengths", "versions": versions, "platform": "t", "inputs": [], "outputs": []}, {}

    server.says(described("1", "2"))
    assert driver.spec("lengths").version == "2"
    server.says(ANSWERED)  # by version 1: the second was taken away
    driver.infer("lengths", request("a"))
    server.says(described("1"))
    assert driver.spec("lengths").version == "1"


def test_other_servers_states_are_understood(server, driver):
    index = [
        {"name": "a", "version": "1", "state": "READY"},
        {"name": "b", "state": "UNAVAILABLE", "reason": "unloaded"},
        {"name": "c", "version": "3", "state": "UNAVAILABLE", "reason": "no such file"},
    ]
    server.says((200, index, {}))
    assert driver.states() == [
        ModelState("a", "1", "ready"),
        ModelState("b", "", "unloaded", "unloaded"),
        ModelState("c", "3", "failed", "no such file"),
    ]


def described(version: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    shape = {"name": "embedding", "datatype": "FP32", "shape": [-1, 2]}
    document = {"name": "minilm", "versions": [version], "platform": "t", "inputs": [], "outputs": [shape]}
    return 200, document, {}


def embedded(version: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    output = {"name": "embedding", "datatype": "FP32", "shape": [1, 2], "data": [1.0, float(version)]}
    return 200, {"model_name": "minilm", "model_version": version, "outputs": [output]}, {}


def test_vectors_are_never_kept_under_a_space_that_another_version_has_left(server, driver, monkeypatch):
    """The embedder is replaced between asking for its space and asking for vectors."""
    monkeypatch.setattr(queries, "_driver", lambda url: driver)
    server.says(described("1"), embedded("2"))
    space = queries.current_space()
    assert space.revision == "1"
    with pytest.raises(ModelUnavailable, match="version 2, no longer in 1"):
        queries.embed(["a"], ["en"], space)
    server.says(described("2"), embedded("2"))
    moved = queries.current_space()
    assert moved.revision == "2"
    assert queries.embed(["a"], ["en"], moved).tolist() == [[1.0, 2.0]]


def test_who_keeps_no_vectors_gets_them_from_whichever_version_answers(server, driver, monkeypatch):
    monkeypatch.setattr(queries, "_driver", lambda url: driver)
    server.says(described("1"), embedded("2"), described("2"), embedded("2"))
    assert queries.embed(["a"], ["en"]).tolist() == [[1.0, 2.0]]
