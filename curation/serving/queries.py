"""What the house asks of its models; where they run (here or behind a URL) is the settings' business."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Protocol

import numpy as np
from django.conf import settings

from curation.serving import _patience
from curation.serving.types import (
    InferRequest,
    InferResponse,
    ModelSpec,
    ModelState,
    ModelUnavailable,
    Progress,
    Space,
    Tensor,
)

# Large enough to keep the embedder busy, small enough that others get their turn in between.
CHUNK_ROWS = 64


class Driver(Protocol):
    def infer(self, name: str, request: InferRequest, version: str = "") -> InferResponse: ...
    def spec(self, name: str) -> ModelSpec: ...
    def has_model(self, name: str) -> bool: ...
    def is_ready(self) -> bool: ...
    def states(self) -> list[ModelState]: ...
    def progress(self, name: str, request_id: str) -> Progress | None: ...
    def cancel(self, name: str, request_id: str) -> bool: ...


def _driver(url: str) -> Driver:
    with _making:  # two drivers in this process would load every model twice
        return _made(url)


@lru_cache(maxsize=8)
def _made(url: str) -> Driver:
    if url:
        from curation.serving._remote import RemoteDriver

        return RemoteDriver(url, timeout=settings.MODELS_TIMEOUT_SECONDS)
    if not settings.LOCAL_MODELS:
        raise ModelUnavailable("MODELS_URL is not set, and this process loads no models itself")
    from curation.serving._local import LocalDriver

    return LocalDriver()


_making = threading.Lock()


def _forget() -> None:
    """A process forked from this one must not share its connections, nor rely on threads that were not forked."""
    global _making
    _making = threading.Lock()
    _made.cache_clear()


os.register_at_fork(after_in_child=_forget)


def infer(model: str, request: InferRequest, *, version: str = "") -> InferResponse:
    """The answer of the version named, or of the last registered that can answer.

    The request's parameter `timeout`, in microseconds, is its deadline: what waits longer is never computed. One with
    an `id` can be followed by `progress` and called off by `cancel`.

    Raises ModelNotFound, InvalidRequest, Cancelled, or ModelUnavailable: Overloaded, DeadlineExceeded, OutOfMemory.
    """
    return _driver(settings.MODELS_URL).infer(model, request, version)


def progress(model: str, request_id: str) -> Progress | None:
    """None when there is no such request: not yet, or no longer. Raises ModelNotFound or ModelUnavailable."""
    return _driver(settings.MODELS_URL).progress(model, request_id)


def cancel(model: str, request_id: str) -> bool:
    """Whether there was such a request: whoever asked it gets Cancelled. Raises ModelNotFound or ModelUnavailable."""
    return _driver(settings.MODELS_URL).cancel(model, request_id)


def has_model(name: str) -> bool:
    """Whether there is a model of that name, able to answer or not. Raises ModelUnavailable when nobody can tell."""
    return _driver(settings.MODELS_URL).has_model(name)


def model_states() -> list[ModelState]:
    """Every version of every model. Raises ModelUnavailable when nobody can tell."""
    return _driver(settings.MODELS_URL).states()


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Inside it, a model that does not answer in time counts as unavailable: somebody is looking at an empty page."""
    token = _patience.most_seconds.set(seconds)
    try:
        yield
    finally:
        _patience.most_seconds.reset(token)


def embed(texts: Sequence[str], languages: Sequence[str], space: Space | None = None) -> np.ndarray:
    """float32 (n, 384), unit rows; Korean and English lie in one space. Raises what `infer` raises.

    Whoever keeps the vectors gives the `space` that they are kept under: where another version of the embedder answers
    by now, that is ModelUnavailable.
    """
    asked = space or current_space()
    answers = list(_in_chunks(settings.EMBEDDER, texts, languages))
    if moved := {answer.version for answer in answers} - {asked.revision, ""}:
        if space is None and (now := current_space()) != asked:
            return embed(texts, languages, now)
        raise ModelUnavailable(f"the embedder answers in version {', '.join(moved)}, no longer in {asked.revision}")
    parts = [answer.output("embedding").array() for answer in answers]
    return np.concatenate([np.zeros((0, asked.dimension), np.float32), *parts])


def search_tokens(texts: Sequence[str], languages: Sequence[str]) -> list[list[str]]:
    return [
        joined.split()
        for response in _in_chunks("tokens", texts, languages)
        for joined in response.output("tokens").texts()
    ]


def bridged(texts: Sequence[str], languages: Sequence[str]) -> list[str]:
    """The texts as the embedder sees them: Korean as the English words that stand for it, others unchanged."""
    return [
        english for response in _in_chunks("bridge", texts, languages) for english in response.output("english").texts()
    ]


def familiarity(texts: Sequence[str], languages: Sequence[str]) -> list[float]:
    """Share of each text in words that the embedder knows, 0..1: nonsense has a vector too, but it means nothing."""
    return [
        float(share)
        for response in _in_chunks("bridge", texts, languages)
        for share in response.output("familiarity").array()
    ]


def bridge(text: str) -> str:
    """The English words that stand for a Korean text in the embedding space."""
    return bridged([text], ["ko"])[0]


def current_space() -> Space:
    spec = _driver(settings.MODELS_URL).spec(settings.EMBEDDER)
    return Space(spec.name, spec.version, spec.outputs[0].shape[-1])


def is_ready() -> bool:
    return _driver(settings.MODELS_URL).is_ready()


def _in_chunks(model: str, texts: Sequence[str], languages: Sequence[str]) -> Iterator[InferResponse]:
    if len(texts) != len(languages):
        raise ValueError(f"{len(texts)} texts but {len(languages)} languages")
    for start in range(0, len(texts), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        yield infer(
            model,
            InferRequest((Tensor.of_text("text", texts[rows]), Tensor.of_text("language", languages[rows]))),
        )
