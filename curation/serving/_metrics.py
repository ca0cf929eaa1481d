"""What the workers do, counted and timed for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from curation.serving._batching import Watcher
from curation.serving.types import ModelState

STATES = ("loading", "ready", "failed", "unloaded")
# Seconds: an embedding takes milliseconds, a diffusion on a processor minutes.
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics(Watcher):
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("model", "version")
        self._requests = Counter(
            "gyeol_model_requests",
            "Requests by what became of them.",
            (*labels, "outcome"),
            registry=self._registry,
        )
        self._queued = Histogram(
            "gyeol_model_queue_seconds",
            "From a request's arrival to its computation.",
            labels,
            buckets=SECONDS,
            registry=self._registry,
        )
        self._computed = Histogram(
            "gyeol_model_compute_seconds",
            "One computation, whoever shares it.",
            labels,
            buckets=SECONDS,
            registry=self._registry,
        )
        self._rows = Histogram(
            "gyeol_model_batch_rows", "Rows computed together.", labels, buckets=ROWS, registry=self._registry
        )
        self._loading = Gauge(
            "gyeol_model_load_seconds", "The latest loading, warming included.", labels, registry=self._registry
        )
        self._waiting = Gauge(
            "gyeol_model_waiting_requests", "Requests that wait for their computation.", labels, registry=self._registry
        )
        self._states = Gauge(
            "gyeol_model_state", "1 for the state that the model is in.", (*labels, "state"), registry=self._registry
        )

    def loaded(self, name: str, version: str, seconds: float) -> None:
        self._loading.labels(name, version).set(seconds)

    def computed(self, name: str, version: str, rows: int, queued: Sequence[float], seconds: float) -> None:
        for wait in queued:
            self._queued.labels(name, version).observe(wait)
        self._computed.labels(name, version).observe(seconds)
        self._rows.labels(name, version).observe(rows)

    def answered(self, name: str, version: str, outcome: str) -> None:
        self._requests.labels(name, version, outcome).inc()

    def text(self, states: Iterable[ModelState], waiting: Mapping[tuple[str, str], int]) -> bytes:
        for each in states:
            self._waiting.labels(each.name, each.version).set(waiting.get((each.name, each.version), 0))
            for state in STATES:
                self._states.labels(each.name, each.version, state).set(each.state == state)
        return generate_latest(self._registry)
