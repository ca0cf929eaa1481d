"""How many texts a second become vectors, asked as the house asks: through the door, here in this process."""

from __future__ import annotations

import statistics
import time
from itertools import cycle, islice
from pathlib import Path

import yaml

from curation.serving import queries

NEWSROOM = Path(__file__).resolve().parent.parent / "curation" / "sample" / "newsroom"
ROUNDS = 5
TITLES = 128
LONG_TEXTS = 32
LONG_CHARACTERS = 2_500  # more than the 256 word pieces that the model reads


def run() -> dict[str, float]:
    english, korean = _articles("en"), _articles("ko")
    long_texts = ["\n".join(parts) for parts in zip(english, english[1:] + english[:1], strict=True)]
    return {
        "titles_per_second_en": _rate([text.splitlines()[0] for text in english], "en", TITLES),
        "titles_per_second_ko": _rate([text.splitlines()[0] for text in korean], "ko", TITLES),
        "texts_per_second": _rate([text for text in long_texts if len(text) > LONG_CHARACTERS], "en", LONG_TEXTS),
    }


def _articles(language: str) -> list[str]:
    """Title and body of the sample newsroom's articles."""
    files = sorted((NEWSROOM / language).glob("*.yaml"))
    return [
        f"{article['title']}\n{article['body']}"
        for path in files
        for article in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def _rate(texts: list[str], language: str, count: int) -> float:
    """Texts a second: the median of some rounds, after one that loads the model."""
    batch = list(islice(cycle(texts), count))
    seconds = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        queries.embed(batch, [language] * count)
        seconds.append(time.perf_counter() - began)
    return count / statistics.median(seconds[1:])
