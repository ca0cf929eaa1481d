"""What stands behind the model server's addresses: workers in its own process, or deployments on a Ray cluster."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from curation.serving._registry import Registry
from curation.serving.types import InferRequest, InferResponse, ModelSpec, ModelState, Progress


class Engine(Protocol):
    """All but `answer` may take a moment: the server calls them on a thread. They raise what `types` names."""

    models: Registry

    def start(self) -> None:
        """Begins to load every model."""

    def close(self) -> None: ...

    async def answer(self, name: str, version: str, request: InferRequest) -> InferResponse:
        """Of the version named, or of the one that answers when none is. Cancelled with its task."""

    def versions(self, name: str) -> Sequence[ModelSpec]:
        """Those that can be asked, or all when none can; the one that answers when none is named stands last."""

    def states(self) -> Sequence[ModelState]: ...

    def load(self, name: str, version: str = "") -> Sequence[Future[None]]:
        """Of every version when none is named. Done when the models are ready, or with ModelUnavailable."""

    def unload(self, name: str, version: str = "") -> Sequence[Future[None]]:
        """Of every version when none is named. Done when the memory is free."""

    def progress(self, name: str, request_id: str) -> Progress | None: ...

    def cancel(self, name: str, request_id: str) -> bool: ...

    def metrics(self) -> bytes:
        """In Prometheus' text format."""
