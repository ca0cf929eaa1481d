"""Random pools and readers for the properties that every component keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from curation.ranking.types import Past, Pool, Reader, ReaderProfile, Seen
from tests.factories.ranking import NOW

SLUGS = ("space", "food", "music")
DIMENSION = 8


def _units(random: np.random.Generator, count: int) -> np.ndarray:
    rows = random.normal(size=(count, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True) if count else rows


@st.composite
def worlds(draw, smallest: int = 0, largest: int = 60) -> tuple[Pool, Reader]:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(smallest, largest)), draw(st.integers(0, 12))
    sparse = random.random((n, len(SLUGS))) < 0.5
    vectors = _units(random, n)
    vectors[random.random(n) < 0.1] = 0  # an article whose embedding has not arrived
    impressions = random.integers(0, 40, n).astype(np.float64)
    reads = random.exponential(2, n)
    pool = Pool(
        ids=np.sort(random.choice(10_000, n, replace=False)).astype(np.int64) + 1,
        sources=random.integers(1, draw(st.integers(2, 20)), n),
        stories=np.where(random.random(n) < 0.4, random.integers(1, 6, n), 0),
        story_sizes=np.ones(n, dtype=np.int64),
        story_sources=random.integers(1, 5, n),
        areas=random.integers(0, 4, n),
        ages=random.exponential(30, n),
        texts=tuple(f"Text {number}" for number in range(n)),
        impressions=impressions,
        clicks=np.floor(impressions * random.random(n)),
        demand=random.exponential(2, n),
        reads=reads,
        satisfaction=reads * random.random(n),
        vectors=vectors,
        topics=(random.random((n, len(SLUGS))) * sparse).astype(np.float32),
        slugs=SLUGS,
        phrases=np.maximum(random.normal(size=(n, 1)), 0).astype(np.float32),
        phrase_ids=(7,),
    )
    weights = random.choice([-1.0, 0.3, 1.0, 2.5], m)
    past = Past(
        ids=np.arange(20_001, 20_001 + m),
        weights=weights,
        sources=random.integers(1, 20, m),
        ages=np.sort(random.exponential(50, m)),
        vectors=_units(random, m),
        topics=random.random((m, len(SLUGS))).astype(np.float32),
    )
    profile = ReaderProfile(
        reader_id=1,
        topics=tuple(draw(st.sets(st.sampled_from(SLUGS)))),
        sources=tuple(draw(st.sets(st.integers(1, 20), max_size=4))),
        phrases=(7,),
        wishes=tuple((slug, draw(st.sampled_from([-1.0, 0.0, 1.0]))) for slug in SLUGS[:2]),
    )
    shown = random.random(n) < 0.3
    seen = Seen.of(
        pool.ids[shown],
        slates=random.integers(1, 3, int(shown.sum())),
        opened=random.random(int(shown.sum())) < 0.2,
        topics=pool.topics[shown],
    )
    return pool, Reader(profile=profile, at=NOW, past=past, seen=seen)


def shuffled(pool: Pool, seed: int) -> tuple[Pool, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(pool))
    return pool.take(order), order


def without_past(reader: Reader) -> Reader:
    past, seen = reader.past, reader.seen
    nothing = Seen.of(seen.ids[:0], topics=seen.topics[:0])
    return replace(reader, past=past.take(past.ids < 0), seen=nothing)
