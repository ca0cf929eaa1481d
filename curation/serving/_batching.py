"""Callers of one model who come within a few milliseconds are answered by one computation."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from curation.serving import _registry
from curation.serving._registry import Compute, Model
from curation.serving.types import InferRequest, ModelUnavailable, Tensor

WINDOW_SECONDS = 0.004  # how long the first caller waits for company
MAX_BATCH_ROWS = 64
MAX_WAITING = 64  # requests; the next one is told to come again


class Overloaded(ModelUnavailable):
    """The queue is full. `retry_after_seconds` is a guess at when it will not be."""

    retry_after_seconds = 1


@dataclass
class _Waiting:
    request: InferRequest
    rows: int
    answer: Future[tuple[Tensor, ...]] = field(default_factory=Future)


class Worker:
    """One model on one thread of its own: models are not thread-safe, and nobody else's thread is held up."""

    def __init__(self, model: Model, *, window: float = WINDOW_SECONDS, waiting: int = MAX_WAITING) -> None:
        self.model = model
        self.failure = ""  # why the model could not be loaded, in words
        self._window = window
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(waiting)
        self._loaded = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"model-{model.spec.name}", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        return self._loaded.is_set() and not self.failure and not self._closed

    def wait_until_loaded(self, timeout: float) -> None:
        if not self._loaded.wait(timeout):
            raise ModelUnavailable(f"model {self.model.spec.name!r} is still loading after {timeout:.0f} s")
        if self.failure:
            raise ModelUnavailable(self.failure)

    def submit(self, request: InferRequest) -> Future[tuple[Tensor, ...]]:
        """Raises InvalidRequest, Overloaded, or ModelUnavailable at once; the rest comes through the future."""
        rows = _registry.check_request(self.model.spec, request)
        if self._closed or self.failure:
            raise ModelUnavailable(self.failure or f"model {self.model.spec.name!r} is shutting down")
        waiting = _Waiting(request, rows)
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise Overloaded(f"model {self.model.spec.name!r} has too many requests waiting") from None
        return waiting.answer

    def close(self) -> None:
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            compute = self.model.load()
        except Exception as error:
            self.failure = f"model {self.model.spec.name!r} could not be loaded: {error}"
            self._loaded.set()
            self._refuse_waiting()
            return
        self._loaded.set()
        first = self._queue.get()
        while first is not None:
            batch, first = self._gather(first)
            _answer(compute, batch)
            first = first or self._queue.get()
        self._refuse_waiting()

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], _Waiting | None]:
        """Whoever comes within the window and fits, and the one who no longer fitted."""
        batch, rows, until = [first], first.rows, time.monotonic() + self._window
        while rows < MAX_BATCH_ROWS:
            try:
                another = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if another is None:
                self._queue.put(None)
                break
            if rows + another.rows > MAX_BATCH_ROWS or another.request.parameters != first.request.parameters:
                return batch, another
            batch.append(another)
            rows += another.rows
        return batch, None

    def _refuse_waiting(self) -> None:
        while True:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return
            if waiting is not None:
                message = self.failure or f"model {self.model.spec.name!r} is shutting down"
                waiting.answer.set_exception(ModelUnavailable(message))


def _answer(compute: Compute, batch: list[_Waiting]) -> None:
    # A caller who went away has cancelled its future: computing for it would be wasted.
    batch = [waiting for waiting in batch if waiting.answer.set_running_or_notify_cancel()]
    if not batch:
        return
    try:
        outputs = compute(_registry.joined([waiting.request for waiting in batch]))
        parts = _registry.parted(outputs, [waiting.rows for waiting in batch])
    except Exception as error:
        for waiting in batch:
            waiting.answer.set_exception(error)
        return
    for waiting, part in zip(batch, parts, strict=True):
        waiting.answer.set_result(part)
