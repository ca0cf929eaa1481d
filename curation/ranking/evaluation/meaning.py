"""Vectors of a data set's texts, by the product's own embedder, kept for the next run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from curation.articles.models import Article, EmbeddingSpace
from curation.articles.queries import LEAD_CHARACTERS, TITLE_WEIGHT, article_vectors
from curation.ranking.evaluation.types import Progress
from curation.serving import queries as serving

TEXTS_AT_ONCE = 1024

Embed = Callable[[Sequence[Article], Sequence[Path], Progress], NDArray[np.float32]]


def embedded(articles: Sequence[Article], sources: Sequence[Path], progress: Progress) -> NDArray[np.float32]:
    """(n, d) unit rows of articles that no database knows, mixed of title and lead as those of the site are.

    They are kept under GYEOL_HOME/cache, by the content of the files that the articles come from, the embedder and the
    mix. Raises what `serving.queries.embed` raises.
    """
    space = serving.current_space()
    digest = blake2b(repr((space, TITLE_WEIGHT, LEAD_CHARACTERS)).encode(), digest_size=12)
    for path in sources:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    kept = settings.GYEOL_HOME / "cache" / f"vectors-{digest.hexdigest()}.npy"
    if not kept.exists():
        where = EmbeddingSpace(name=space.name, revision=space.revision, dimension=space.dimension)
        halves = np.zeros((len(articles), space.dimension), dtype=np.float16)  # as exact as the database keeps them
        for first in range(0, len(articles), TEXTS_AT_ONCE):
            part = slice(first, first + TEXTS_AT_ONCE)
            halves[part] = article_vectors(articles[part], where)
            progress("embedding", min(first + TEXTS_AT_ONCE, len(articles)), len(articles))
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".tmp.npy")
        np.save(unfinished, halves)
        unfinished.replace(kept)
    vectors = np.load(kept).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
