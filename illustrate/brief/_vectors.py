"""Vectors of texts that never change: those of our own library come with it, others are embedded once and kept on disk.

Twenty thousand phrases take a machine of two cores a minute and a half, in which a new site would show no picture.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings

from curation.serving.queries import current_space, embed
from curation.serving.types import Space
from illustrate._whole_files import replaced

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).with_name("vectors.npz")
STEPS = 127  # on either side of zero; a vector so rounded keeps a cosine of 0.9999 to its own


def fixed_vectors(texts: Sequence[str], languages: Sequence[str]) -> np.ndarray:
    """float32 (n, dimension), unit rows. Raises what `embed` raises."""
    return _fixed_vectors(tuple(texts), tuple(languages), current_space(), Path(settings.GYEOL_HOME))


def ship(rows: Sequence[tuple[str, str]], path: Path = SHIPPED) -> int:
    """Embed (text, language) rows into the file that comes with the library; how many. Raises what `embed` raises."""
    rows = sorted(set(rows))
    space = current_space()
    vectors = embed([text for text, _ in rows], [language for _, language in rows], space)
    steps = np.abs(vectors).max(axis=1, keepdims=True) / STEPS
    with replaced(path) as file:
        np.savez(
            file,
            space=np.array([space.name, space.revision]),
            keys=np.array([_key(*row) for row in rows], dtype=np.uint64),
            codes=np.rint(vectors / steps).astype(np.int8),
        )
    return len(rows)


def not_shipped(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    shipped = _shipped(current_space()).rows
    return [row for row in rows if _key(*row) not in shipped]


@lru_cache(maxsize=16)
def _fixed_vectors(texts: tuple[str, ...], languages: tuple[str, ...], space: Space, home: Path) -> np.ndarray:
    shipped = _shipped(space)
    places = np.array([shipped.rows.get(_key(*row), -1) for row in zip(texts, languages, strict=True)], dtype=np.int64)
    vectors = np.empty((len(texts), space.dimension), dtype=np.float32)
    found = places >= 0
    codes = shipped.codes[places[found]].astype(np.float32)
    vectors[found] = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    if not found.all():
        missing = np.flatnonzero(~found)
        own = tuple(texts[place] for place in missing), tuple(languages[place] for place in missing)
        vectors[missing] = _kept(*own, space, home)
    vectors.flags.writeable = False
    return vectors


# -- What comes with the library -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shipped:
    rows: Mapping[int, int]  # a text's key -> its row of codes
    codes: np.ndarray  # int8 (n, dimension)


def _key(text: str, language: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{language}\0{text}".encode()).digest()[:8], "big")


@lru_cache(maxsize=2)
def _shipped(space: Space) -> _Shipped:
    """Empty where another embedder, or another version of it, is in use, and where the file cannot be read."""
    try:
        with np.load(SHIPPED, allow_pickle=False) as file:
            if file["space"].tolist() == [space.name, space.revision]:
                return _Shipped({int(key): row for row, key in enumerate(file["keys"])}, file["codes"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        logger.warning("%s cannot be read, so its texts are embedded anew: %s", SHIPPED, error)
    return _Shipped({}, np.zeros((0, space.dimension), np.int8))


# -- What does not -------------------------------------------------------------------------------------------


def _kept(texts: tuple[str, ...], languages: tuple[str, ...], space: Space, home: Path) -> np.ndarray:
    key = hashlib.sha256(repr((space, texts, languages)).encode()).hexdigest()[:32]
    path = home / "cache" / "vectors" / f"{key}.npy"
    shape = (len(texts), space.dimension)
    if (kept := _read(path, shape)) is not None:
        return kept
    with _alone(path.with_suffix(".lock")):
        if (kept := _read(path, shape)) is not None:  # another worker was first
            return kept
        vectors = embed(texts, languages, space)
        # A folder that cannot be written costs time, not the picture.
        with contextlib.suppress(OSError), replaced(path) as file:
            np.save(file, vectors)
    return vectors


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    """None where the file is absent, broken or of another shape: then it is made again."""
    with contextlib.suppress(OSError, ValueError):
        vectors = np.load(path, allow_pickle=False)
        if vectors.shape == shape:
            return np.asarray(vectors, dtype=np.float32)
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
