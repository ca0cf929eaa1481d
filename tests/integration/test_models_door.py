"""The same contract for both drivers: models in this process, and a real `serve_models` on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest

from curation.serving import queries
from curation.serving.types import InferRequest, InvalidRequest, ModelNotFound, ModelUnavailable, Tensor

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "manage.py", "serve_models", "--port", str(port)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE)


def wait_until_ready(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, server.stderr.read().decode() if server.stderr else ""
        try:
            if httpx.get(f"{url}/v2/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError("the model server did not become ready")


@pytest.fixture(scope="module")
def model_server() -> Iterator[str]:
    port = free_port()
    server = start_server(port)
    try:
        wait_until_ready(server, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


@pytest.fixture(params=["in this process", "over HTTP"])
def door(request, settings) -> str:
    settings.MODELS_URL = "" if request.param == "in this process" else request.getfixturevalue("model_server")
    return str(request.param)


def pair(text: str, language: str) -> InferRequest:
    return InferRequest((Tensor.of_text("text", [text]), Tensor.of_text("language", [language])), id="7")


def test_vectors_are_unit_rows_of_the_current_space(door):
    vectors = queries.embed(["Stocks plunge", "주가 폭락", ""], ["en", "ko", "en"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, queries.current_space().dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_both_languages_lie_in_one_space(door):
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


def test_nothing_to_embed_is_no_trouble(door):
    assert queries.embed([], []).shape == (0, 384)
    assert queries.search_tokens([], []) == []


def test_many_texts_come_back_in_their_order(door):
    texts = [f"story number {n}" for n in range(150)]
    many = queries.embed(texts, ["en"] * 150)
    assert np.allclose(many[[3, 149]], queries.embed([texts[3], texts[149]], ["en", "en"]), atol=1e-4)


def test_concurrent_callers_get_their_own_answers(door):
    texts = [f"headline of caller {n}" for n in range(16)]
    alone = queries.embed(texts, ["en"] * 16)
    with ThreadPoolExecutor(8) as callers:
        together = list(callers.map(lambda text: queries.embed([text], ["en"])[0], texts))
    assert np.allclose(alone, np.array(together), atol=1e-4)


def test_tokens_bridge_and_familiarity_answer(door):
    assert queries.search_tokens(["인공지능 투자", "New chips"], ["ko", "en"]) == [
        ["인공", "지능", "투자"],
        ["new", "chips"],
    ]
    assert queries.bridge("무역수지 흑자") == "trade balance surplus profit"
    assert queries.familiarity(["zxqv blorp", "trade surplus"], ["en", "en"]) == [0.0, 1.0]


def test_an_answer_names_its_model_and_its_request(door):
    answer = queries.infer("tokens", pair("hello", "en"))
    assert (answer.model, answer.version, answer.id) == ("tokens", "1", "7")


def test_an_unknown_model_is_said_to_be_unknown(door):
    with pytest.raises(ModelNotFound):
        queries.infer("nobody", pair("a", "en"))


def test_a_request_that_does_not_fit_the_model_is_refused(door):
    with pytest.raises(InvalidRequest, match="inputs"):
        queries.infer("minilm", InferRequest((Tensor.of_text("text", ["a"]),)))
    with pytest.raises(InvalidRequest, match="rows"):
        queries.infer("minilm", InferRequest((Tensor.of_text("text", ["a", "b"]), Tensor.of_text("language", ["en"]))))


def test_the_door_says_that_it_is_ready(door):
    assert queries.is_ready()


def test_with_the_server_away_callers_learn_it_within_the_timeout(settings):
    settings.MODELS_URL = f"http://127.0.0.1:{free_port()}"
    settings.MODELS_TIMEOUT_SECONDS = 1
    assert not queries.is_ready()
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="nothing answers"):
        queries.embed(["a"], ["en"])
    assert time.monotonic() - began < 3


def test_a_port_in_use_is_said_in_one_line(model_server):
    port = int(model_server.rpartition(":")[2])
    second = start_server(port)
    _, complaint = second.communicate(timeout=60)
    assert second.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in complaint.decode()
    assert "Traceback" not in complaint.decode()


@pytest.mark.slow
def test_when_its_main_process_is_killed_outright_the_port_is_free_again():
    port = free_port()
    server = start_server(port)
    wait_until_ready(server, f"http://127.0.0.1:{port}")
    server.kill()
    server.wait(10)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.2)
    raise AssertionError("an orphaned worker kept the port")
