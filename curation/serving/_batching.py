"""Callers of one model who come within a few milliseconds are answered by one computation."""

from __future__ import annotations

import gc
import logging
import math
import threading
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager
from typing import Literal

from curation.serving import _registry
from curation.serving.types import (
    Batching,
    Cancelled,
    Compute,
    DeadlineExceeded,
    InferRequest,
    InvalidRequest,
    Model,
    ModelFailed,
    ModelNotFound,
    ModelState,
    ModelUnavailable,
    OutOfMemory,
    Overloaded,
    Progress,
    Running,
    ServingError,
    Tensor,
)

logger = logging.getLogger(__name__)

NORMAL_PRIORITY = 2  # of a request that names none, or 0 as Triton's default is called; 1 comes before it
# Waiting for company is worth it where somebody came lately, or where it costs next to nothing.
CHEAP_SHARE_OF_COMPUTING = 1 / 100
WEIGHT_OF_THE_LATEST = 0.3  # in the running mean of how long a computation takes
LONGEST_RETRY_SECONDS = 60
OUTCOMES: Mapping[type[ServingError], str] = {
    InvalidRequest: "invalid",
    Overloaded: "overloaded",
    DeadlineExceeded: "deadline",
    OutOfMemory: "out_of_memory",
    ModelFailed: "error",
    ModelUnavailable: "unavailable",
    ModelNotFound: "unavailable",
    Cancelled: "cancelled",
    ServingError: "error",
}


class Waiting(Future[tuple[Tensor, ...]]):
    """One caller's request and the answer to come. Cancelling it is how a caller goes away, at any time."""

    def __init__(self, request: InferRequest, model: Model) -> None:
        """Raises InvalidRequest when the request does not fit the model."""
        super().__init__()
        self.request = request
        self.model = model
        self.rows = _registry.check_request(model.spec, request)
        self.cost = _cost(model, request)
        self.arrived = time.monotonic()
        timeout = request.timeout_seconds
        self.deadline = None if timeout is None else self.arrived + timeout
        self.priority = _priority(request)

    def seconds_left(self) -> float | None:
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    @property
    def is_wanted(self) -> bool:
        return not self.done() and self.seconds_left() != 0.0

    def give(self, outputs: tuple[Tensor, ...]) -> None:
        try:
            self.set_result(outputs)
        except InvalidStateError:
            return  # the caller went away in the same moment

    def refuse(self, error: BaseException) -> None:
        try:
            self.set_exception(error)
        except InvalidStateError:
            return

    def expire(self) -> None:
        self.refuse(DeadlineExceeded(too_late(self.request)))


def _cost(model: Model, request: InferRequest) -> float:
    try:
        return model.batching.cost(request)
    except ServingError:
        raise
    except Exception as error:
        raise InvalidRequest(f"model {model.spec.name!r} cannot weigh this request: {in_words(error)}") from error


def too_late(request: InferRequest) -> str:
    if request.timeout_seconds is None:
        return "there was no answer as long as the caller could wait"
    return f"there was no answer within the {request.timeout_seconds:g} s that the request allows"


def _priority(request: InferRequest) -> int:
    priority = request.parameters.get("priority", 0)
    if type(priority) is not int or priority < 0:
        raise InvalidRequest(f"'priority' is a whole number, 1 before all others, not {priority!r}")
    return priority or NORMAL_PRIORITY


class Watcher:
    """Who is told what the workers do; this one is not interested."""

    def loaded(self, name: str, version: str, seconds: float) -> None: ...

    def computed(self, name: str, version: str, rows: int, queued: Sequence[float], seconds: float) -> None:
        """One batch: how long each of its requests had waited, and how long the computation took."""

    def answered(self, name: str, version: str, outcome: str) -> None: ...

    def text(self, states: Iterable[ModelState], waiting: Mapping[tuple[str, str], int]) -> bytes:
        """All of it as Prometheus reads it; `waiting` is a number of requests by name and version."""
        return b""

    @contextmanager
    def counting(self, name: str, version: str) -> Iterator[None]:
        """Around one request: tells what became of it."""
        outcome = "error"
        try:
            yield
            outcome = "answered"
        except ServingError as error:
            outcome = next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)
            raise
        except CancelledError:
            outcome = "cancelled"
            raise
        finally:
            self.answered(name, version, outcome)


class Batch(Running):
    """Requests that are computed together, and how far that is."""

    def __init__(
        self,
        waiting: Sequence[Waiting],
        *,
        is_closing: Callable[[], bool] = lambda: False,
        tell: Callable[[Sequence[Waiting], Progress], None] = lambda waiting, progress: None,
    ) -> None:
        self.waiting = waiting
        self.progress = Progress(0, 0)
        self._computed = waiting  # those of them whose computation runs now
        self._is_closing = is_closing
        self._tell = tell

    def step(self, done: int, of: int) -> None:
        self.progress = Progress(done, of)
        self._tell(self._computed, self.progress)
        if self._is_closing() or not any(waiting.is_wanted for waiting in self._computed):
            raise Cancelled("nobody waits for it any more")

    def compute(self, compute: Compute) -> None:
        """Every caller gets its own rows, or what went wrong. One caller's bad input does not spoil the others':
        what fails together is halved until the one is alone.
        """
        self._divide(compute, self.waiting)

    def _divide(self, compute: Compute, waiting: Sequence[Waiting]) -> None:
        if self._fails_together(compute, waiting):
            half = len(waiting) // 2
            self._divide(compute, waiting[:half])
            self._divide(compute, waiting[half:])

    def _fails_together(self, compute: Compute, waiting: Sequence[Waiting]) -> bool:
        """Whether several were computed and an error came of it that may be due to one of them."""
        for each in waiting:
            if not each.is_wanted:
                each.expire()
        wanted = self._computed = [each for each in waiting if not each.done()]
        if not wanted:
            return False
        try:
            outputs = compute(_registry.joined([each.request for each in wanted]), self)
            parts = _registry.parted(outputs, [each.rows for each in wanted])
        except Cancelled as error:
            _refuse(wanted, ModelUnavailable("the model is shutting down") if self._is_closing() else error)
        except ModelUnavailable as error:
            _refuse(wanted, _without_frames(error))
        except MemoryError as error:
            _refuse(wanted, OutOfMemory(in_words(error)))
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # a panic in a library written in Rust is no Exception, and harms one request
            if len(wanted) > 1:
                return True
            wanted[0].refuse(error if isinstance(error, ServingError) else _failure(wanted[0], error))
        else:
            for each, part in zip(wanted, parts, strict=True):
                each.give(part)
        return False


def _refuse(waiting: Sequence[Waiting], error: Exception) -> None:
    for each in waiting:
        # A computation that ended because every deadline had passed was not cancelled by anybody.
        if isinstance(error, Cancelled) and each.seconds_left() == 0.0:
            each.expire()
        else:
            each.refuse(error)


def _failure(waiting: Waiting, error: BaseException) -> ModelFailed:
    spec = waiting.model.spec
    logger.error("model %r, version %s, broke over a request", spec.name, spec.version, exc_info=error)
    failure = ModelFailed(f"model {spec.name!r} broke over this request: {in_words(error)}")
    failure.__cause__ = error
    return failure


def _without_frames(error: ModelUnavailable) -> ModelUnavailable:
    """Out of memory, the frames of the computation would hold on to what fills it for as long as the error lives."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def sharing(waiting: Sequence[Waiting], batching: Batching) -> tuple[list[Waiting], bool]:
    """The most urgent request and those that fit beside it, and whether that is as many as fit."""
    together: list[Waiting] = []
    rows, cost = 0, 0.0
    for each in sorted(waiting, key=lambda each: each.priority):  # stable: of one priority, by arrival
        if together and not _registry.may_share(together[0].request, each.request):
            continue
        rows, cost = rows + each.rows, cost + each.cost
        is_over = rows > batching.max_rows or (batching.max_cost is not None and cost > batching.max_cost)
        if together and is_over:
            return together, True
        together.append(each)
        if is_over or rows == batching.max_rows:
            return together, True
    return together, False


class Worker:
    """One version of a model on one thread of its own: models are not thread-safe, and nobody else is held up."""

    def __init__(self, model: Model, watcher: Watcher | None = None, after: Future[None] | None = None) -> None:
        """Begins to load at once, or when what it comes `after` is over."""
        self.model = model
        self.loaded: Future[None] = Future()  # or ModelUnavailable with the reason
        self.closed: Future[None] = Future()  # its memory is free again
        self._after = after
        self._watcher = watcher or Watcher()
        self._label = f"model {model.spec.name!r}"
        self._changed = threading.Condition()
        self._waiting: list[Waiting] = []  # in the order of their arrival
        self._batch: Batch | None = None  # what is being computed
        self._has_company = True  # whether callers came together lately
        self._seconds = 0.0  # what a computation takes, a running mean; 0 before the first
        self._state = ModelState(model.spec.name, model.spec.version, "loading")
        self._closing = False
        self._interrupted = False
        threading.Thread(target=self._run, name=f"model-{model.spec.name}", daemon=True).start()

    @property
    def state(self) -> ModelState:
        return self._state

    @property
    def is_ready(self) -> bool:
        return self._state.state == "ready"

    def wait_until_loaded(self, timeout: float | None) -> None:
        """Raises ModelUnavailable when it is not, or cannot be."""
        try:
            self.loaded.result(timeout)
        except TimeoutError:
            raise ModelUnavailable(f"{self._label} is still loading after {timeout:.0f} s") from None
        self._check_usable()

    def submit(self, request: InferRequest) -> Waiting:
        """Raises InvalidRequest, Overloaded, or ModelUnavailable at once; the rest comes through the future.

        While the model loads, requests wait for it.
        """
        waiting = Waiting(request, self.model)
        with self._changed:
            self._check_usable()
            self._drop_unwanted()
            if len(self._waiting) >= self.model.batching.max_waiting:
                raise Overloaded(f"{self._label} has too many requests waiting", self._retry_after_seconds())
            self._waiting.append(waiting)
            self._changed.notify()
        return waiting

    def waiting_requests(self) -> int:
        return sum(waiting.is_wanted for waiting in list(self._waiting))

    def progress(self, request_id: str) -> Progress | None:
        with self._changed:
            if self._batch is not None and _named(self._batch.waiting, request_id):
                return self._batch.progress
            return Progress(0, 0, "waiting") if _named(self._waiting, request_id) else None

    def cancel(self, request_id: str) -> bool:
        """Whether there was such a request. Queued, it is not computed; running, it ends at the model's next step."""
        with self._changed:
            found = _named(self._waiting, request_id)
            if self._batch is not None:
                found += _named(self._batch.waiting, request_id)
        for waiting in found:
            waiting.refuse(Cancelled(f"request {request_id!r} was cancelled"))
        return bool(found)

    def begin_closing(self, *, interrupt: bool) -> Future[None]:
        """Refuses whoever waits, ends the computation at its next step or lets it finish, and frees the memory."""
        with self._changed:
            self._closing = True
            self._interrupted = self._interrupted or interrupt
            self._become("unloaded", "it was unloaded")
            self._changed.notify()
        return self.closed

    def close(self) -> None:
        self.begin_closing(interrupt=True).result()

    # -- On the worker's own thread --------------------------------------------------------------------------

    def _run(self) -> None:
        compute: Compute | None = None
        try:
            if self._after is not None:
                self._after.exception()  # however that ended
            if not self._closing:
                compute = self._load()
                while batch := self._next_batch():
                    self._compute(compute, batch)
        except BaseException as error:  # a library that ends its thread must not leave callers waiting for ever
            reason = f"it could not be loaded: {in_words(error)}" if compute is None else f"it broke: {in_words(error)}"
            logger.error("%s, version %s: %s", self._label, self.model.spec.version, reason)
            with self._changed:
                self._become("failed", reason)
        refusal = ModelUnavailable(f"{self._label}: {self._state.reason}")
        with self._changed:
            refused = [*self._waiting, *(self._batch.waiting if self._batch else ())]
            self._waiting, self._batch = [], None
        if not self.loaded.done():
            self.loaded.set_exception(refusal)
        for waiting in refused:
            waiting.refuse(refusal)
        free(compute)
        del compute
        gc.collect()
        self.closed.set_result(None)

    def _load(self) -> Compute:
        compute = load(self.model, self._watcher)
        with self._changed:
            if not self._closing:
                self._become("ready")
        self.loaded.set_result(None)
        return compute

    def _become(self, state: Literal["ready", "failed", "unloaded"], reason: str = "") -> None:
        self._state = ModelState(self.model.spec.name, self.model.spec.version, state, reason)

    def _compute(self, compute: Compute, batch: Batch) -> None:
        began = time.monotonic()
        taken = batch.waiting
        batch.compute(compute)
        seconds = time.monotonic() - began
        with self._changed:
            self._batch = None
            self._has_company = len(taken) > 1 or bool(self._waiting)
            weight = WEIGHT_OF_THE_LATEST if self._seconds else 1.0
            self._seconds += weight * (seconds - self._seconds)
        self._watcher.computed(
            self.model.spec.name,
            self.model.spec.version,
            sum(waiting.rows for waiting in taken),
            [began - waiting.arrived for waiting in taken],
            seconds,
        )

    def _next_batch(self) -> Batch | None:
        """Whoever is there and may share, after a moment for others to come; nothing once the worker closes."""
        with self._changed:
            while not self._closing:
                self._drop_unwanted()
                together, is_full = sharing(self._waiting, self.model.batching)
                if not together:
                    self._changed.wait()
                    continue
                left = together[0].arrived + self._window() - time.monotonic()
                if is_full or left <= 0:
                    self._waiting = [waiting for waiting in self._waiting if waiting not in together]
                    self._batch = Batch(together, is_closing=lambda: self._interrupted)
                    return self._batch
                self._changed.wait(left)
        return None

    def _window(self) -> float:
        window = self.model.batching.window_seconds
        is_cheap = window <= CHEAP_SHARE_OF_COMPUTING * self._seconds
        return window if self._has_company or is_cheap else 0.0

    def _drop_unwanted(self) -> None:
        for waiting in self._waiting:
            if not waiting.is_wanted and not waiting.done():
                waiting.expire()
        self._waiting = [waiting for waiting in self._waiting if not waiting.done()]

    def _retry_after_seconds(self) -> int:
        rows = sum(waiting.rows for waiting in self._waiting)
        batches = math.ceil(rows / self.model.batching.max_rows) + (self._batch is not None)
        return max(1, min(LONGEST_RETRY_SECONDS, math.ceil(batches * self._seconds)))

    def _check_usable(self) -> None:
        if self._state.state in ("failed", "unloaded"):
            raise ModelUnavailable(f"{self._label}: {self._state.reason}")


def _named(waiting: Sequence[Waiting], request_id: str) -> list[Waiting]:
    return [each for each in waiting if request_id and each.request.id == request_id and not each.done()]


# Loading changes what a whole process shares: libraries import their parts as they are needed, and set defaults while
# they build a model. Two at once have been seen to fail with imports that were half done.
_one_at_a_time = threading.Lock()


def load(model: Model, watcher: Watcher) -> Compute:
    """Loaded and warm."""
    with _one_at_a_time:
        began = time.monotonic()
        compute = model.load()
        if model.warm is not None:
            compute(model.warm, Running())
        watcher.loaded(model.spec.name, model.spec.version, time.monotonic() - began)
    return compute


def free(compute: Compute | None) -> None:
    """Lets a computation close what Python alone would keep."""
    close = getattr(compute, "close", None)
    if close is not None:
        try:
            close()
        except Exception:
            logger.exception("a model did not close well")


def in_words(error: BaseException) -> str:
    return " ".join((str(error) or type(error).__name__).split())
