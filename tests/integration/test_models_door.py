"""One contract for every way to the models: in this process, a real `serve_models` on loopback, a real Ray Serve."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from curation.serving import queries
from curation.serving._local import LocalDriver
from curation.serving._registry import MODELS, Registry
from curation.serving._remote import RemoteDriver
from curation.serving.types import (
    Cancelled,
    DeadlineExceeded,
    InferRequest,
    InvalidRequest,
    ModelFailed,
    ModelNotFound,
    ModelUnavailable,
    OutOfMemory,
    Overloaded,
    ServingError,
    Tensor,
)
from frontend._supervisor import Child, Supervisor
from tests import models_for_the_door
from tests.models_for_the_door import MAX_WAITING

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_SECONDS = 400
pytestmark = pytest.mark.timeout(600)  # Ray takes ten seconds to start, and many more where others are busy


@dataclass
class Door:
    """A way to the models: by URL, or by the driver of this process; and what its models have written down."""

    notes: Path
    url: str = ""
    driver: LocalDriver | None = None

    def computed(self) -> list[str]:
        file = models_for_the_door.note(str(self.notes), "computed")
        return file.read_text().splitlines() if file.exists() else []

    def change(self, verb: str, name: str, version: str = "") -> str:
        """Loads or unloads; what went wrong, if anything."""
        if self.driver is not None:
            try:
                for done in getattr(self.driver, verb)(name, version):
                    done.result(30)
            except ServingError as error:
                return str(error)
            return ""
        body = {"parameters": {"version": version}} if version else {}
        # Ray starts a process for each replica: seconds, and many of them where others are busy.
        address = f"{self.url}/v2/repository/models/{name}/{verb}"
        answer = httpx.post(address, json=body, trust_env=False, timeout=240)
        return str(answer.json().get("error", ""))

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, trust_env=False, timeout=30)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return httpx.post(self.url + path, trust_env=False, timeout=30, **options)


# -- Ways to the models --------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(notes: Path) -> dict[str, str]:
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MODELS_EXTRA": "tests.models_for_the_door:models",
        "DOOR_NOTES": str(notes),
    }


def start_server(port: int, notes: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "serve_models", "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, env=environment(notes), stderr=subprocess.PIPE)


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = Door(tmp_path_factory.mktemp("http"), f"http://127.0.0.1:{free_port()}")
    server = start_server(int(door.url.rpartition(":")[2]), door.notes)
    try:
        assert wait_until(
            lambda: server.poll() is not None or answers(f"{door.url}/v2/health/ready"), STARTS_WITHIN_SECONDS
        )
        assert server.poll() is None, server.stderr.read().decode() if server.stderr else ""
        yield door
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


@pytest.fixture(scope="module")
def ray_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    pytest.importorskip("ray", reason="Ray is not installed")
    door = Door(tmp_path_factory.mktemp("ray"), f"http://127.0.0.1:{free_port()}")
    port = door.url.rpartition(":")[2]
    log = door.notes / "log"
    command = [sys.executable, "-m", "curation.serving.ray", "--port", port, "--max-replicas", "2"]
    command += ["--models", "steps", "corrupt", "tokens"]
    with log.open("wb") as file:
        server = subprocess.Popen(command, cwd=ROOT, env=environment(door.notes), stdout=file, stderr=file)
    try:
        assert wait_until(
            lambda: server.poll() is not None or answers(f"{door.url}/v2/health/ready"), STARTS_WITHIN_SECONDS
        ), log.read_text()
        assert server.poll() is None, log.read_text()
        yield door
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0, log.read_text()


@pytest.fixture(scope="module")
def this_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    notes = tmp_path_factory.mktemp("here")
    driver = LocalDriver(Registry([*MODELS, *models_for_the_door.models()]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOOR_NOTES", str(notes))
        yield Door(notes, driver=driver)
    driver.close()


HERE, HTTP, RAY = "this_process", "model_server", pytest.param("ray_server", marks=pytest.mark.slow)


@pytest.fixture(params=[HERE, HTTP, RAY])
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Door:
    return open_door(request.getfixturevalue(request.param), monkeypatch)


@pytest.fixture(params=[HERE, HTTP])
def house(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Door:
    """Where all of the house's models are."""
    return open_door(request.getfixturevalue(request.param), monkeypatch)


@pytest.fixture(params=[HTTP, RAY])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Door:
    return open_door(request.getfixturevalue(request.param), monkeypatch)


def open_door(door: Door, monkeypatch: pytest.MonkeyPatch) -> Door:
    driver = door.driver or RemoteDriver(door.url, timeout=60)
    monkeypatch.setattr(queries, "_driver", lambda url: driver)
    return door


def pair(text: str, language: str) -> InferRequest:
    return InferRequest((Tensor.of_text("text", [text]), Tensor.of_text("language", [language])), id="7")


def ask(*texts: str, id: str = "", **parameters: int) -> InferRequest:
    return InferRequest((Tensor.of_text("text", texts),), parameters, id)


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(12) as executor:
        yield executor


@pytest.fixture
def occupied(door: Door, callers: ThreadPoolExecutor) -> Iterator[None]:
    with occupying(callers):
        yield


@contextlib.contextmanager
def occupying(callers: ThreadPoolExecutor) -> Iterator[None]:
    """The model computes for somebody else, until that request is cancelled."""
    answer = callers.submit(queries.infer, "steps", ask("occupant", id="occupant", steps=600))
    assert wait_until(lambda: (progress := queries.progress("steps", "occupant")) and progress.state == "running")
    try:
        yield
    finally:
        queries.cancel("steps", "occupant")
        with pytest.raises(Cancelled):
            answer.result(10)


# -- The embedder and what goes with it ----------------------------------------------------------------------


def test_vectors_are_unit_rows_of_the_current_space(house):
    vectors = queries.embed(["Stocks plunge", "주가 폭락", ""], ["en", "ko", "en"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, queries.current_space().dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_both_languages_lie_in_one_space(house):
    korean, same, other = queries.embed(
        [
            "코스피 급락에 투자자 불안",
            "Stock index plunges, investors worry",
            "Puppies learn to swim at a village pond",
        ],
        ["ko", "en", "en"],
    )
    assert korean @ same > 0.4
    assert korean @ same > korean @ other + 0.3


def test_nothing_to_embed_is_no_trouble(house):
    assert queries.embed([], []).shape == (0, 384)
    assert queries.search_tokens([], []) == []


def test_many_texts_come_back_in_their_order(house):
    texts = [f"story number {n}" for n in range(150)]
    many = queries.embed(texts, ["en"] * 150)
    assert np.allclose(many[[3, 149]], queries.embed([texts[3], texts[149]], ["en", "en"]), atol=1e-4)


def test_concurrent_callers_get_their_own_vectors(house, callers):
    texts = [f"headline of caller {n}" for n in range(16)]
    alone = queries.embed(texts, ["en"] * 16)
    together = list(callers.map(lambda text: queries.embed([text], ["en"])[0], texts))
    assert np.allclose(alone, np.array(together), atol=1e-4)


def test_bridge_and_familiarity_answer(house):
    assert queries.bridge("무역수지 흑자") == "trade balance surplus profit"
    assert queries.familiarity(["zxqv blorp", "trade surplus"], ["en", "en"]) == [0.0, 1.0]


# -- Every model ---------------------------------------------------------------------------------------------


def test_texts_of_two_languages_are_cut_into_tokens(door):
    assert queries.search_tokens(["인공지능 투자", "New chips"], ["ko", "en"]) == [
        ["인공", "지능", "투자"],
        ["new", "chips"],
    ]


def test_an_answer_names_its_model_and_its_request(door):
    answer = queries.infer("tokens", pair("hello", "en"))
    assert (answer.model, answer.version, answer.id) == ("tokens", "1", "7")


def test_the_last_registered_version_answers_unless_another_is_named(door):
    assert queries.infer("steps", ask("abc")).version == "2"
    old = queries.infer("steps", ask("abc"), version="1")
    assert (old.version, old.output("letters").array().tolist()) == ("1", [3])


def test_what_there_is_not_is_said_to_be_unknown(door):
    for name, version in (("nobody", ""), ("steps", "9")):
        with pytest.raises(ModelNotFound):
            queries.infer(name, ask("a"), version=version)
    assert queries.has_model("steps")
    assert not queries.has_model("nobody")


def test_a_request_that_does_not_fit_the_model_is_refused(door):
    with pytest.raises(InvalidRequest, match="inputs"):
        queries.infer("tokens", InferRequest((Tensor.of_text("text", ["a"]),)))
    with pytest.raises(InvalidRequest, match="rows"):
        queries.infer("tokens", InferRequest((Tensor.of_text("text", ["a", "b"]), Tensor.of_text("language", ["en"]))))
    with pytest.raises(InvalidRequest, match="timeout"):
        queries.infer("steps", ask("a", timeout=-1))


def test_the_door_says_that_it_is_ready(door):
    assert queries.is_ready()


def test_whoever_sends_what_breaks_the_model_is_alone_in_getting_nothing(door, callers, occupied):
    """All four wait while the model is busy, and are then computed together."""
    texts = ["innocent", "spoil", "blameless", "pure"]
    futures = [callers.submit(queries.infer, "steps", ask(text)) for text in texts]
    time.sleep(0.2)
    queries.cancel("steps", "occupant")
    for text, future in zip(texts, futures, strict=True):
        if text == "spoil":
            with pytest.raises(ModelFailed, match="spoilt"):
                future.result(20)
        else:
            assert future.result(20).output("letters").array().tolist() == [len(text)]


def test_out_of_memory_is_told_apart(door):
    with pytest.raises(OutOfMemory, match="too large"):
        queries.infer("steps", ask("huge"))


def test_whoever_waits_longer_than_allowed_is_told_so_and_never_computed(door, occupied):
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        queries.infer("steps", ask("too late", timeout=300_000))
    assert time.monotonic() - began < 2.5
    queries.cancel("steps", "occupant")
    queries.infer("steps", ask("in time"))
    assert "in time" in door.computed()
    assert "too late" not in door.computed()


def test_a_request_is_followed_step_by_step_and_called_off(door, callers):
    answer = callers.submit(queries.infer, "steps", ask("long", id="q 1", steps=600))
    assert wait_until(lambda: (progress := queries.progress("steps", "q 1")) and progress.step >= 3)
    progress = queries.progress("steps", "q 1")
    assert progress is not None
    assert (progress.steps, progress.state) == (600, "running")
    assert queries.cancel("steps", "q 1")
    with pytest.raises(Cancelled):
        answer.result(10)
    queries.infer("steps", ask("next"))  # the model is free at once
    assert queries.progress("steps", "q 1") is None
    assert not queries.cancel("steps", "q 1")


def test_a_request_called_off_while_it_waits_is_never_computed(door, callers, occupied):
    waiting = callers.submit(queries.infer, "steps", ask("unwanted", id="w"))
    assert wait_until(lambda: queries.cancel("steps", "w"))
    with pytest.raises(Cancelled):
        waiting.result(10)
    queries.cancel("steps", "occupant")
    queries.infer("steps", ask("wanted"))
    assert "unwanted" not in door.computed()


def test_more_callers_than_may_wait_are_told_to_come_again(door, callers, occupied):
    crowd = [
        callers.submit(queries.infer, "steps", ask("one of many", timeout=900_000)) for _ in range(MAX_WAITING + 5)
    ]
    errors = [future.exception(20) for future in crowd]
    assert {type(error) for error in errors} == {Overloaded, DeadlineExceeded}
    assert all(error.retry_after_seconds >= 1 for error in errors if isinstance(error, Overloaded))


def test_a_version_taken_away_brings_back_the_one_before_it(door):
    assert door.change("unload", "steps", "2") == ""
    assert queries.infer("steps", ask("abc")).version == "1"
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="unloaded"):
        queries.infer("steps", ask("abc"), version="2")
    assert time.monotonic() - began < 5  # a model that is away for good is not waited for
    assert {(state.version, state.state) for state in queries.model_states() if state.name == "steps"} == {
        ("1", "ready"),
        ("2", "unloaded"),
    }
    assert door.change("load", "steps", "2") == ""
    assert queries.infer("steps", ask("abc")).version == "2"


def test_a_model_with_corrupt_weights_harms_no_other_and_is_loaded_once_they_are_mended(door):
    with pytest.raises(ModelUnavailable, match="the weights are corrupt"):
        queries.infer("corrupt", ask("abc"))
    (state,) = [state for state in queries.model_states() if state.name == "corrupt"]
    assert (state.state, state.version) == ("failed", "1")
    assert "the weights are corrupt" in state.reason
    assert queries.is_ready()
    assert queries.infer("steps", ask("abc")).version == "2"
    models_for_the_door.note(str(door.notes), "mended").touch()
    assert door.change("load", "corrupt") == ""
    assert queries.infer("corrupt", ask("abc")).output("letters").array().tolist() == [3]
    assert door.change("unload", "corrupt") == ""


# -- Over HTTP -----------------------------------------------------------------------------------------------


def test_the_addresses_say_what_there_is(server):
    assert {"model_repository", "progress", "cancel", "metrics"} <= set(server.get("/v2").json()["extensions"])
    described = server.get("/v2/models/steps").json()
    assert described["versions"] == ["1", "2"]
    assert described["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert server.get("/v2/models/steps/versions/1/ready").status_code == 200
    assert server.get("/v2/models/corrupt/ready").status_code == 503
    index = server.post("/v2/repository/index").json()
    assert {"name": "steps", "version": "1", "state": "READY", "reason": ""} in index
    assert [each["state"] for each in index if each["name"] == "corrupt"] == ["UNAVAILABLE"]
    ready = server.post("/v2/repository/index", json={"ready": True}).json()
    assert "corrupt" not in {each["name"] for each in ready}


def test_a_caller_who_hangs_up_frees_the_model(server):
    body = {"id": "gone", "parameters": {"steps": 600}}
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["hangs up"]}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/v2/models/steps/infer", json={**body, "inputs": [tensor]}, timeout=1, trust_env=False)
    assert "hangs up" in server.computed()
    assert wait_until(lambda: queries.progress("steps", "gone") is None)
    began = time.monotonic()
    queries.infer("steps", ask("next"))
    assert time.monotonic() - began < 5


def test_what_happens_is_counted_for_prometheus(server):
    def counted(outcome: str) -> float:
        lines = server.get("/metrics").text.splitlines()
        start = f'gyeol_model_requests_total{{model="steps",outcome="{outcome}",version="2"}} '
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

    before = counted("answered"), counted("error")
    queries.infer("steps", ask("abc"))
    with pytest.raises(ModelFailed):
        queries.infer("steps", ask("spoil"))
    assert wait_until(lambda: (counted("answered"), counted("error")) == (before[0] + 1, before[1] + 1))
    text = server.get("/metrics").text
    assert 'gyeol_model_state{model="steps",state="ready",version="2"} 1.0' in text
    assert 'gyeol_model_state{model="corrupt",state="ready",version="1"} 0.0' in text
    assert 'gyeol_model_load_seconds{model="steps",version="2"}' in text
    assert 'gyeol_model_compute_seconds_bucket{le="0.5",model="steps",version="2"}' in text
    assert 'gyeol_model_queue_seconds_bucket{le="0.5",model="steps",version="2"}' in text
    assert 'gyeol_model_waiting_requests{model="steps",version="2"}' in text


def metric(server: Door, start: str) -> float:
    lines = server.get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


def outcome(server: Door, name: str) -> float:
    return metric(server, f'gyeol_model_requests_total{{model="steps",outcome="{name}",version="2"}}')


def posted(server: Door, text: str, **parameters: int) -> httpx.Response:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": [text]}
    return server.post("/v2/models/steps/infer", json={"inputs": [tensor], "parameters": parameters})


def test_each_way_that_a_request_ends_has_its_status_and_is_counted_by_its_name(server, callers):
    """Asked without our own driver, which would end a late request by itself."""
    ways = ("deadline", "out_of_memory", "invalid", "cancelled")
    before = {way: outcome(server, way) for way in ways}
    with occupying(callers):
        late = posted(server, "late", timeout=300_000)
    assert (late.status_code, late.json()["kind"]) == (504, "DeadlineExceeded")
    assert posted(server, "huge").status_code == 503
    assert posted(server, "urgent", priority=-1).status_code == 400
    assert wait_until(lambda: all(outcome(server, way) == before[way] + 1 for way in ways)), {
        way: outcome(server, way) - before[way] for way in ways
    }


def test_who_waits_is_seen_in_the_metrics_until_nobody_does(server, callers):
    gauge = 'gyeol_model_waiting_requests{model="steps",version="2"}'
    with occupying(callers):
        before = metric(server, gauge)  # Ray counts what is computed as well
        waiting = callers.submit(queries.infer, "steps", ask("waits", id="waits"))
        assert wait_until(lambda: metric(server, gauge) == before + 1)
        queries.cancel("steps", "waits")
        with pytest.raises(Cancelled):
            waiting.result(10)
        assert wait_until(lambda: metric(server, gauge) == before)


def test_with_the_server_away_callers_learn_it_within_the_timeout(settings):
    settings.MODELS_URL = f"http://127.0.0.1:{free_port()}"
    settings.MODELS_TIMEOUT_SECONDS = 1
    assert not queries.is_ready()
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="nothing answers"):
        queries.embed(["a"], ["en"])
    assert time.monotonic() - began < 3


def test_a_port_in_use_is_said_in_one_line(model_server):
    port = int(model_server.url.rpartition(":")[2])
    second = start_server(port, model_server.notes)
    _, complaint = second.communicate(timeout=60)
    assert second.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in complaint.decode()
    assert "Traceback" not in complaint.decode()


@pytest.mark.slow
def test_a_server_killed_over_a_request_is_started_again_and_the_request_answered(tmp_path, callers):
    """Under the supervisor of `manage.py up`: the patient caller never notices, the impatient one knows in time."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(ROOT / "manage.py"), "serve_models", "--port", str(port)]
    supervisor = Supervisor(tmp_path / "log", environment(tmp_path))
    child = Child("models", command)
    supervisor.start(child)
    driver = RemoteDriver(url, timeout=120)
    try:
        assert wait_until(lambda: answers(f"{url}/v2/models/steps/ready"), STARTS_WITHIN_SECONDS)
        patient = callers.submit(driver.infer, "steps", ask("patient", id="patient", steps=40))
        assert wait_until(lambda: driver.progress("steps", "patient"))
        impatient = callers.submit(driver.infer, "steps", ask("impatient", timeout=1_500_000, steps=2))
        time.sleep(0.1)
        assert child.process is not None
        began = time.monotonic()
        child.process.kill()
        child.process.wait()
        assert isinstance(impatient.exception(10), ModelUnavailable)
        assert time.monotonic() - began < 5
        supervisor.restart_dead()
        assert patient.result(STARTS_WITHIN_SECONDS).output("letters").array().tolist() == [len("patient")]
        assert Door(tmp_path).computed().count("patient") == 2
    finally:
        supervisor.stop()
    assert not answers(f"{url}/v2/health/live")
