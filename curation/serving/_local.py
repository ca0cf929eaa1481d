"""The driver that keeps models in this process: for one-shot commands and tests, and inside the model server."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from curation.serving import _patience, _registry
from curation.serving._batching import Watcher, Worker, too_late
from curation.serving._registry import Registry
from curation.serving.types import (
    DeadlineExceeded,
    InferRequest,
    InferResponse,
    Model,
    ModelSpec,
    ModelState,
    ModelUnavailable,
    Progress,
    Tensor,
)

LOADING_SECONDS = 120


class LocalDriver:
    """A worker for each version of a model, started when it is first asked for, or all of them by `start`."""

    def __init__(self, models: Registry | None = None, watcher: Watcher | None = None) -> None:
        self.models = _registry.models() if models is None else models
        self.watcher = watcher or Watcher()
        self._workers: dict[tuple[str, str], Worker] = {}
        self._lock = threading.Lock()

    # -- As a driver, for callers in this process ------------------------------------------------------------

    def infer(self, name: str, request: InferRequest, version: str = "") -> InferResponse:
        while True:
            worker = self.worker(name, version)
            try:
                return InferResponse(name, worker.model.spec.version, self._outputs(worker, request), request.id)
            except ModelUnavailable:
                # An earlier version may take the place of one that could not be loaded.
                if worker.state.state != "failed" or self.worker(name, version) is worker:
                    raise

    def _outputs(self, worker: Worker, request: InferRequest) -> tuple[Tensor, ...]:
        """Waits for the model's loading too, as long as the request and its caller can wait."""
        waiting = worker.submit(request)
        left = waiting.seconds_left()
        try:
            if left is None and not worker.loaded.done():
                worker.wait_until_loaded(_patience.within(LOADING_SECONDS))
            return waiting.result(_patience.most_seconds.get() if left is None else _patience.within(left))
        except TimeoutError:
            waiting.expire()  # unless the answer is there in the same moment
            return waiting.result()

    def spec(self, name: str) -> ModelSpec:
        return self._answering(name).spec

    def has_model(self, name: str) -> bool:
        return name in self.models

    def is_ready(self) -> bool:
        """In this process a model is ready when asked: loading is part of the first answer."""
        return True

    def progress(self, name: str, request_id: str) -> Progress | None:
        for worker in self._workers_of(name):
            if progress := worker.progress(request_id):
                return progress
        return None

    def cancel(self, name: str, request_id: str) -> bool:
        """Whether there was such a request. Queued, it is not computed; running, it ends at the model's next step."""
        return sum(worker.cancel(request_id) for worker in self._workers_of(name)) > 0

    def states(self) -> list[ModelState]:
        return [self._state(model) for model in self.models]

    def close(self) -> None:
        with self._lock:
            workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            worker.begin_closing(interrupt=True)
        for worker in workers:
            worker.close()

    # -- As an engine, for the model server ------------------------------------------------------------------

    def start(self) -> None:
        """Begins to load every model, one after the other, the essential ones first."""
        before: Future[None] | None = None
        for model in sorted(self.models, key=lambda model: not model.is_essential):
            before = self._worker_of(model, after=before).loaded

    async def answer(self, name: str, version: str, request: InferRequest) -> InferResponse:
        """Cancelling the task is how the caller goes away. Never blocks: a request waits while its model loads."""
        worker = self.worker(name, version)
        version = worker.model.spec.version
        with self.watcher.counting(name, version):
            waiting = worker.submit(request)
            try:
                async with asyncio.timeout(waiting.seconds_left()):
                    outputs = await asyncio.wrap_future(waiting)
            except TimeoutError:
                raise DeadlineExceeded(too_late(request)) from None
            return InferResponse(name, version, outputs, request.id)

    def load(self, name: str, version: str = "") -> list[Future[None]]:
        """Loads what failed or was unloaded; done when the models are ready, or with ModelUnavailable."""
        return [self._worker_of(model, anew=True).loaded for model in self._meant(name, version)]

    def unload(self, name: str, version: str = "") -> list[Future[None]]:
        """What is being computed is finished, whoever waits is refused; done when the memory is free."""
        return [self._worker_of(model).begin_closing(interrupt=False) for model in self._meant(name, version)]

    def metrics(self) -> bytes:
        with self._lock:
            waiting = {key: worker.waiting_requests() for key, worker in self._workers.items()}
        return self.watcher.text(self.states(), waiting)

    def versions(self, name: str) -> list[ModelSpec]:
        """Those that can be asked, or all when none can; the one that answers when none is named stands last."""
        models = self.models.versions(name)
        usable = [model for model in models if self._is_usable(model)]
        return [model.spec for model in usable or models]

    # -- Workers ---------------------------------------------------------------------------------------------

    def worker(self, name: str, version: str = "") -> Worker:
        """Of the version named, or of the one that answers when none is. Raises ModelNotFound."""
        return self._worker_of(self.models.model(name, version) if version else self._answering(name))

    def _answering(self, name: str) -> Model:
        """The last registered that has not failed or been unloaded: taking a version away brings the one before."""
        models = self.models.versions(name)
        return next(filter(self._is_usable, reversed(models)), models[-1])

    def _worker_of(self, model: Model, *, anew: bool = False, after: Future[None] | None = None) -> Worker:
        """Also instead of one that has failed or been unloaded, if `anew`."""
        key = model.spec.name, model.spec.version
        with self._lock:
            worker = self._workers.get(key)
            if worker is None:
                worker = self._workers[key] = Worker(model, self.watcher, after)
            elif worker.model is not model:  # its name and version were registered anew
                worker = self._workers[key] = Worker(model, self.watcher, worker.begin_closing(interrupt=False))
            elif anew and worker.state.state in ("failed", "unloaded"):
                worker = self._workers[key] = Worker(model, self.watcher, worker.closed)
            return worker

    def _workers_of(self, name: str) -> list[Worker]:
        self.models.versions(name)
        with self._lock:
            return [worker for (known, _), worker in self._workers.items() if known == name]

    def _meant(self, name: str, version: str) -> list[Model]:
        return [self.models.model(name, version)] if version else self.models.versions(name)

    def _state(self, model: Model) -> ModelState:
        with self._lock:
            worker = self._workers.get((model.spec.name, model.spec.version))
        if worker is None or worker.model is not model:
            return ModelState(model.spec.name, model.spec.version, "unloaded", "nobody has asked for it yet")
        return worker.state

    def _is_usable(self, model: Model) -> bool:
        with self._lock:
            worker = self._workers.get((model.spec.name, model.spec.version))
        return worker is None or worker.model is not model or worker.state.state in ("loading", "ready")
