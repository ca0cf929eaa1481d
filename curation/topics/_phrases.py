"""Any phrase as a topic: whether the embedder understands it, and from which similarity an article is about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pgvector.django import CosineDistance

from curation.articles import queries as articles
from curation.articles.models import ArticleVector
from curation.serving import queries as serving
from curation.topics import _head
from curation.topics.models import Phrase

# A phrase's threshold stands this many standard deviations above its similarity to unrelated headlines: phrases differ
# in how near they lie to everything. The floor and ceiling keep odd phrases sane. Fitted on tests/data/phrases.tsv.
DEVIATIONS = 3.0
FLOOR, CEILING = 0.30, 0.60
# An article that has the phrase's very words needs that much less similarity.
WORDS_BONUS = 0.15
# Share of a phrase's words that the embedder must know.
UNDERSTOOD_FROM = 0.5
LOOKED_AT = 400


@dataclass(frozen=True)
class Reading:
    vector: np.ndarray
    threshold: float
    is_understood: bool


def read(text: str, language: str) -> Reading:
    (vector,) = serving.embed([text], [language])
    (known,) = serving.familiarity([text], [language])
    unrelated = _head.load().background @ vector
    threshold = float(np.clip(unrelated.mean() + DEVIATIONS * unrelated.std(), FLOOR, CEILING))
    return Reading(vector, threshold, known >= UNDERSTOOD_FROM)


def find(phrase: Phrase, *, reader_id: int | None, limit: int, since: datetime | None) -> list[tuple[int, float]]:
    """Articles about the phrase with their cosine, the surest first."""
    if not phrase.is_understood or phrase.vector is None:
        return []
    vector = phrase.vector.to_numpy().astype(np.float32)
    near = dict(articles.nearest(vector, reader_id=reader_id, limit=LOOKED_AT, since=since))
    worded = articles.search(phrase.text, language=phrase.language, reader_id=reader_id, limit=LOOKED_AT)
    missing = ArticleVector.objects.filter(article_id__in=set(worded) - near.keys(), space_id=phrase.space_id).annotate(
        distance=CosineDistance("vector", vector)
    )
    if since is not None:
        missing = missing.filter(article__sorted_at__gte=since)
    near |= {row.article_id: 1 - row.distance for row in missing}
    bonus = dict.fromkeys(worded, WORDS_BONUS)
    sure = {pk: cosine + bonus.get(pk, 0.0) for pk, cosine in near.items()}
    best = sorted((pk for pk in sure if sure[pk] >= phrase.threshold), key=lambda pk: (-sure[pk], -pk))
    return [(pk, near[pk]) for pk in best[:limit]]
