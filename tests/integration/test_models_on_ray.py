"""What only Ray Serve can do to a caller: its replicas are processes that load late, end early, or are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from curation.serving import queries
from curation.serving.types import (
    Cancelled,
    DeadlineExceeded,
    InferRequest,
    InvalidRequest,
    ModelUnavailable,
    Tensor,
)
from tests.integration import test_models_door
from tests.integration.test_models_door import (
    ROOT,
    STARTS_WITHIN_SECONDS,
    Door,
    answers,
    ask,
    environment,
    free_port,
    open_door,
    wait_until,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # Ray takes ten seconds to start, many more where it is busy

callers = test_models_door.callers


@pytest.fixture(scope="module")
def ray_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """With one replica of each model, so that a test knows which one it kills."""
    pytest.importorskip("ray", reason="Ray is not installed")
    door = Door(tmp_path_factory.mktemp("ray"), f"http://127.0.0.1:{free_port()}")
    log = door.notes / "log"
    command = [sys.executable, "-m", "curation.serving.ray", "--port", door.url.rpartition(":")[2]]
    with log.open("wb") as file:
        server = subprocess.Popen(
            [*command, "--models", "steps", "corrupt"], cwd=ROOT, env=environment(door.notes), stdout=file, stderr=file
        )
    try:
        ready = [f"{door.url}/v2/models/steps/versions/{version}/ready" for version in "12"]
        assert wait_until(
            lambda: server.poll() is not None or all(answers(url) for url in ready), STARTS_WITHIN_SECONDS
        ), log.read_text()
        assert server.poll() is None, log.read_text()
        yield door
        assert server.poll() is None, log.read_text()
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0, log.read_text()


@pytest.fixture
def ray(ray_server: Door, monkeypatch: pytest.MonkeyPatch) -> Door:
    return open_door(ray_server, monkeypatch)


def infer(door: Door, name: str, text: str, version: str = "", **parameters: Any) -> httpx.Response:
    """Without a deadline, which our own client always sets."""
    address = f"{door.url}/v2/models/{name}{f'/versions/{version}' if version else ''}/infer"
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": [text]}
    return httpx.post(address, json={"inputs": [tensor], "parameters": parameters}, timeout=60, trust_env=False)


def state(name: str, version: str) -> str:
    """Or nothing, while Ray is too busy to say."""
    try:
        states = queries.model_states()
    except ModelUnavailable:
        return ""
    return next(each.state for each in states if (each.name, each.version) == (name, version))


def kill(title: str) -> None:
    """The one process of this test's own server that is called so."""
    (victim,) = [
        each
        for each in psutil.Process().children(recursive=True)
        if each.name().startswith("ray::") and title in each.cmdline()[0]
    ]
    os.kill(victim.pid, signal.SIGKILL)


def test_a_request_admitted_while_a_model_loads_is_told_when_that_fails(ray, callers):
    assert wait_until(lambda: state("corrupt", "1") == "failed")
    loading = callers.submit(ray.change, "load", "corrupt")
    assert wait_until(lambda: state("corrupt", "1") == "loading")
    answer = callers.submit(infer, ray, "corrupt", "abc").result(60)
    assert (answer.status_code, answer.json()["kind"]) == (503, "ModelUnavailable")
    assert "the weights are corrupt" in answer.json()["error"]
    assert "the weights are corrupt" in loading.result(60)


def test_all_versions_are_unloaded_and_loaded_at_once(ray):
    assert ray.change("unload", "steps") == ""
    assert ray.change("load", "steps") == ""
    assert queries.infer("steps", ask("abc")).version == "2"


def test_an_unloaded_model_finishes_what_it_computes_however_long(ray, callers):
    computing = callers.submit(infer, ray, "steps", "slow", version="1", steps=220)  # eleven seconds
    assert wait_until(lambda: "slow" in ray.computed())
    assert ray.change("unload", "steps", "1") == ""
    answer = computing.result(1)
    assert answer.status_code == 200, answer.text
    assert state("steps", "1") == "unloaded"
    assert ray.change("load", "steps", "1") == ""


def test_a_replica_killed_over_a_request_is_replaced_and_the_request_answered(ray, callers):
    answer = callers.submit(queries.infer, "steps", ask("survivor", id="survivor", steps=20))
    assert wait_until(lambda: "survivor" in ray.computed())
    kill("ServeReplica:steps:2:")
    assert answer.result(60).output("letters").array().tolist() == [len("survivor")]
    assert ray.computed().count("survivor") == 2


def test_of_two_requests_with_one_id_the_second_can_be_called_off_when_the_first_has_ended(ray, callers):
    second = callers.submit(queries.infer, "steps", ask("second", id="twin", steps=600))
    assert wait_until(lambda: "second" in ray.computed())
    with pytest.raises(DeadlineExceeded):
        queries.infer("steps", ask("first", id="twin", timeout=300_000))
    assert wait_until(lambda: queries.progress("steps", "twin"))
    assert queries.cancel("steps", "twin")
    with pytest.raises(Cancelled):
        second.result(10)


def test_an_answer_comes_though_the_controller_of_serve_has_died(ray):
    kill("ServeController")
    assert queries.infer("steps", ask("abc")).version == "2"
    assert wait_until(lambda: state("steps", "2") == "ready")


def test_what_never_reaches_a_replica_is_counted_too(ray):
    def counted(name: str, version: str, outcome: str) -> float:
        start = f'gyeol_model_requests_total{{model="{name}",outcome="{outcome}",version="{version}"}} '
        lines = ray.get("/metrics").text.splitlines()
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

    def now() -> tuple[float, float]:
        return counted("steps", "2", "invalid"), counted("corrupt", "1", "unavailable")

    assert wait_until(lambda: state("corrupt", "1") == "failed")
    invalid, unavailable = now()
    with pytest.raises(InvalidRequest):
        queries.infer("steps", InferRequest((Tensor.of_text("letters", ["abc"]),)))
    with pytest.raises(ModelUnavailable):
        queries.infer("corrupt", ask("abc"))
    assert wait_until(lambda: now() == (invalid + 1, unavailable + 1))
