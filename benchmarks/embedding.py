"""How many texts a second become vectors, asked as the house asks: through the door, here in this process."""

from __future__ import annotations

import statistics
import time
from itertools import cycle, islice, pairwise

from benchmarks._newsroom import articles
from curation.serving import queries

ROUNDS = 5
TITLES = 128
LONG_TEXTS = 32
LONG_CHARACTERS = 1_500  # more than the 256 word pieces that the model reads


def run() -> dict[str, float]:
    english, korean = articles("en"), articles("ko")
    bodies = [one["body"] + other["body"] for one, other in pairwise(english)]
    return {
        "titles_per_second_en": _rate([article["title"] for article in english], "en", TITLES),
        "titles_per_second_ko": _rate([article["title"] for article in korean], "ko", TITLES),
        "texts_per_second": _rate([body for body in bodies if len(body) > LONG_CHARACTERS], "en", LONG_TEXTS),
    }


def _rate(texts: list[str], language: str, count: int) -> float:
    """Texts a second: the median of some rounds, after one that loads the model.

    Numbered, so that none is met twice: the embedder remembers the latest.
    """
    seconds = []
    for turn in range(ROUNDS + 1):
        batch = [f"{turn}.{number} {text}" for number, text in enumerate(islice(cycle(texts), count))]
        began = time.perf_counter()
        queries.embed(batch, [language] * count)
        seconds.append(time.perf_counter() - began)
    return count / statistics.median(seconds[1:])
