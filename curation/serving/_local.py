"""The driver that keeps models in this process: for one-shot commands and tests, and inside the model server."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from curation.serving._batching import Worker
from curation.serving._registry import MODELS, Model
from curation.serving.types import InferRequest, InferResponse, ModelNotFound, ModelSpec

LOADING_SECONDS = 120


class LocalDriver:
    """A worker for each model, started when the model is first asked for."""

    def __init__(self, models: Mapping[str, Model] = MODELS) -> None:
        self.models = models
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()

    def worker(self, name: str) -> Worker:
        if name not in self.models:
            raise ModelNotFound(f"no model is called {name!r}; there are {', '.join(sorted(self.models))}")
        with self._lock:
            if name not in self._workers:
                self._workers[name] = Worker(self.models[name])
            return self._workers[name]

    def spec(self, name: str) -> ModelSpec:
        if name not in self.models:
            raise ModelNotFound(f"no model is called {name!r}; there are {', '.join(sorted(self.models))}")
        return self.models[name].spec

    def infer(self, name: str, request: InferRequest) -> InferResponse:
        worker = self.worker(name)
        worker.wait_until_loaded(LOADING_SECONDS)
        outputs = worker.submit(request).result()
        return InferResponse(name, worker.model.spec.version, outputs, request.id)

    def is_ready(self) -> bool:
        """In this process a model is ready when asked: loading is part of the first answer."""
        return True

    def close(self) -> None:
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()
