"""Vectors of texts that never change, embedded once and kept: in this process, and on disk for the next one."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from curation.serving.queries import current_space, embed
from curation.serving.types import Space


def fixed_vectors(texts: Sequence[str], languages: Sequence[str]) -> np.ndarray:
    """float32 (n, dimension), unit rows. Raises what `embed` raises."""
    return _fixed_vectors(tuple(texts), tuple(languages), current_space(), Path(settings.GYEOL_HOME))


@lru_cache(maxsize=8)
def _fixed_vectors(texts: tuple[str, ...], languages: tuple[str, ...], space: Space, home: Path) -> np.ndarray:
    key = hashlib.sha256(repr((space, texts, languages)).encode()).hexdigest()[:32]
    path = home / "cache" / "vectors" / f"{key}.npy"
    shape = (len(texts), space.dimension)
    if (kept := _read(path, shape)) is not None:
        return kept
    with _alone(path.with_suffix(".lock")):
        if (kept := _read(path, shape)) is not None:  # another worker was first
            return kept
        vectors = embed(texts, languages)
        with contextlib.suppress(OSError):  # a folder that cannot be written costs time, not the picture
            handle, name = tempfile.mkstemp(dir=path.parent, suffix=".npy")
            with os.fdopen(handle, "wb") as file:
                np.save(file, vectors)
            Path(name).replace(path)
    return _frozen(vectors)


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """None where the file is absent, broken or of another shape: then it is made again."""
    with contextlib.suppress(OSError, ValueError):
        vectors = np.load(path, allow_pickle=False)
        if vectors.shape == shape:
            return _frozen(vectors)
    return None


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time: thousands of phrases are embedded once, not once a worker."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _frozen(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=np.float32)
    vectors.flags.writeable = False
    return vectors
