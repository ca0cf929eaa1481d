"""Training an adapter (LoRA) for the house's hand: what is asked for, and the child process that does it.

torch lives in the child alone: it is gone, with all its memory, when the child ends.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from illustrate import styles
from illustrate.render.presets import Preset
from illustrate.render.prompt import prompt_of
from illustrate.training.examples import read_examples

HELD_BACK = 1_000_000  # number of the first invented brief for samples: no folder of examples reaches it
ADAPTER = "pytorch_lora_weights.safetensors"  # the name that diffusers looks for in a folder
REPORT = "report.json"


class TrainingError(Exception):
    """One line that says what is wrong and what to do; what was trained before it is kept."""


@dataclass(frozen=True, slots=True)
class LoraOptions:
    """One training. The first group makes it what it is: a folder of another one is not gone on with."""

    base: str  # a folder with a diffusers pipeline, or a name on the model hub
    examples: Path
    rank: int = 16
    batch: int = 4
    rate: float = 1e-4
    seed: int = 1
    resolution: int = 512  # pictures have about this many pixels squared, each in its own ratio
    dtype: str = "auto"  # auto: bfloat16 on CUDA, else float32
    overfit: bool = False  # one batch, one noise: shows that the loss can fall, and trains nothing of use

    out: Path = Path("adapter")
    steps: int = 1000
    every: int = 100  # steps from one checkpoint and one sheet of samples to the next
    samples: int = 6  # pictures on a sheet
    sample_steps: int = 0  # of the sampler; 0 takes the family's own
    guidance: float | None = None  # None takes the pipeline's own
    device: str = "auto"

    def checked(self) -> LoraOptions:
        """Itself; raises TrainingError for a number that makes no training."""
        for name in ("rank", "batch", "steps", "every", "resolution"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is 1 at least")
        for name in ("samples", "sample_steps", "seed"):
            if getattr(self, name) < 0:
                raise TrainingError(f"{name} is 0 at least")
        if not 0 < self.rate < 1:
            raise TrainingError("the rate lies between 0 and 1: 0.0001 is usual")
        if self.dtype not in ("auto", "float32", "bfloat16"):
            raise TrainingError("adapters are trained in float32 or bfloat16: float16 has no room for small gradients")
        return self

    def identity(self) -> dict[str, Any]:
        """What must be the same for a folder to be gone on with, JSON-ready."""
        kept = ("base", "rank", "batch", "rate", "seed", "resolution", "dtype", "overfit")
        return {name: value for name, value in asdict(self).items() if name in kept}


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture that is drawn again and again while the model learns."""

    prompt: str
    seed: int


def samples_for(preset: Preset, count: int) -> list[Sample]:
    """Invented news that no example tells of, always the same, with a seed each."""
    return [
        Sample(prompt_of(styles.example_brief(HELD_BACK + number, preset)), HELD_BACK + number)
        for number in range(count)
    ]


def train_lora(options: LoraOptions, preset: Preset, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Trains in a child process until it is done, or SIGINT or SIGTERM asks to stop; returns the report.

    `say` gets a line at a time. Where it was stopped the answer has "finished": False and the same call goes on from
    there; where all was done before it has "already": True. Raises TrainingError, and ExamplesError for bad examples.
    """
    options = options.checked()
    read_examples(options.examples)  # a bad line is told before anything is loaded
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    samples = samples_for(preset, options.samples)
    child = context.Process(target=_child, args=(there, options, samples), daemon=True, name="train-style")
    child.start()
    there.close()
    try:
        with _stopping_at_signals(here, child.kill):
            return _relayed(here, say)
    except (EOFError, ConnectionError):
        child.join()
        raise TrainingError(_died(child.exitcode)) from None
    finally:
        here.close()  # a child that still works takes it for the end
        child.join()


def _relayed(here: Connection, say: Callable[[str], None]) -> dict[str, Any]:
    while True:
        kind, value = here.recv()
        if kind == "said":
            say(value)
        elif kind == "failed":
            raise TrainingError(value)
        else:
            return dict(value)


def _died(status: int | None) -> str:
    how = "a signal" if status is None else f"signal {-status}" if status < 0 else f"status {status}"
    killed = " (often: the machine had no memory left)" if status == -9 else ""
    return f"the training process ended by {how}{killed}; the same command goes on from its last checkpoint"


@contextmanager
def _stopping_at_signals(here: Connection, kill: Callable[[], None]) -> Iterator[None]:
    """The first SIGINT or SIGTERM asks the child to stop, the second ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []

    def stop(number: int, frame: object) -> None:
        if asked:
            kill()
            return
        asked.append(number)
        here.send("stop")

    earlier = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


# -- In the child --------------------------------------------------------------------------------------------


class Control:
    """What the training tells, and whether it is asked to stop."""

    def __init__(self, say: Callable[[str], None], stopping: threading.Event | None = None) -> None:
        self.say = say
        self.stopping = stopping or threading.Event()


def _child(connection: Connection, options: LoraOptions, samples: list[Sample]) -> None:
    # A terminal sends SIGINT to everybody in front of it: the parent passes it on in its own way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.set())

    def listen() -> None:
        with suppress(EOFError, OSError):  # the parent was killed
            connection.recv()
        stopping.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        from illustrate.training._torch_lora import train

        answer = ("done", train(options, samples, Control(lambda line: _tell(connection, ("said", line)), stopping)))
    except TrainingError as error:
        answer = ("failed", str(error))  # type: ignore[assignment]
    _tell(connection, answer)


def _tell(connection: Connection, message: tuple[str, Any]) -> None:
    with suppress(OSError):  # nobody listens any more; the checkpoint is what matters
        connection.send(message)
