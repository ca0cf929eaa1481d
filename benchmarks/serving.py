"""What the door costs and what it gains: a small diffusion pipeline asked over HTTP, through the real model server."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks._pipeline import load_pipeline
from curation.serving._remote import RemoteDriver
from curation.serving.types import InferRequest, Tensor

ROOT = Path(__file__).resolve().parent.parent
PICTURE_SECONDS = 0.3  # about what a picture takes; as many steps as that needs
ROUNDS = 41
CALLERS = 8
CALLER_ROUNDS = 3
PICTURES = 3  # of each caller in a round
START_SECONDS = 300
# One thread on either side: two processes that take turns, each with a pool that spins, would measure each other.
THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def run() -> dict[str, float]:
    """overhead_ratio_batch1: a picture asked through the door ÷ the same call made here just before or after, median
    picture_ms: the same call made here
    batching_gain_8_callers: pictures a second of eight callers at once, batched ÷ one at a time, in turns, medians
    pictures_per_second_batched, pictures_per_second_alone: what that is made of
    """
    os.environ.update(THREADS)
    draw = load_pipeline()
    steps = _steps(draw)
    with _server() as door, ThreadPoolExecutor(CALLERS) as callers:
        direct, asked = [], []
        for seed in range(ROUNDS + 2):
            turns: list[tuple[list[float], Callable[[], object]]] = [
                (direct, lambda seed=seed: draw([seed], steps)),
                (asked, lambda seed=seed: _picture(door, "batched", seed, steps)),
            ]
            for seconds, work in turns if seed % 2 else reversed(turns):
                seconds.append(_clock(work))
        seeds = count()
        rates: dict[str, list[float]] = {"batched": [], "alone": []}
        for turn in range(CALLER_ROUNDS + 1):
            for name in rates if turn % 2 else reversed(rates):

                def call(_: int, name: str = name) -> None:
                    for _ in range(PICTURES):
                        _picture(door, name, next(seeds), steps)

                rates[name].append(CALLERS * PICTURES / _clock(lambda: list(callers.map(call, range(CALLERS)))))
    batched, alone = (statistics.median(rates[name][1:]) for name in ("batched", "alone"))
    # The first two rounds of each warm up.
    return {
        "overhead_ratio_batch1": statistics.median(
            door / here for door, here in zip(asked[2:], direct[2:], strict=True)
        ),
        "picture_ms": statistics.median(direct[2:]) * 1000,
        "batching_gain_8_callers": batched / alone,
        "pictures_per_second_batched": batched,
        "pictures_per_second_alone": alone,
    }


def _steps(draw: Callable[[list[int], int], object]) -> int:
    draw([0], 5)
    trial = min(_clock(lambda: draw([0], 20)) for _ in range(3))
    return max(20, round(20 * PICTURE_SECONDS / trial))


def _picture(door: RemoteDriver, model: str, seed: int, steps: int) -> str:
    seeds = Tensor("seed", "INT64", (1,), np.array([seed], dtype=np.int64))
    answer = door.infer(model, InferRequest((seeds,), {"steps": steps}))
    return answer.output("image").texts()[0]


def _clock(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _server() -> Iterator[RemoteDriver]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve_models", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "MODELS_EXTRA": "benchmarks._pipeline:models"},
        stdout=subprocess.DEVNULL,  # ours is the table
    )
    door = RemoteDriver(f"http://127.0.0.1:{port}", timeout=120)
    try:
        until = time.monotonic() + START_SECONDS
        while not door.is_ready() or "loading" in {state.state for state in door.states()}:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the model server did not become ready")
            time.sleep(0.2)
        yield door
    finally:
        server.terminate()
        server.wait(30)
