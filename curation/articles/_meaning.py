"""Where an article lies in the embedding space, and what it is found by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Value
from django.db.models.expressions import CombinedExpression

from curation.articles.models import Article, EmbeddingSpace
from curation.serving import queries as serving
from curation.serving.types import Space

LEAD_CHARACTERS = 400  # about 90 tokens: what an embedder costs grows with them
TITLE_WEIGHT = 0.65  # a headline is written to say it all; the lead tells namesakes apart
SEARCHED_CHARACTERS = 20_000
STEMMED = {"en": "english"}  # PostgreSQL's own stemmer: "bridges" finds "bridge"; Korean comes as morphemes already
# Below this the new headline tells something else: the same story reworded stays above, see docs/decisions/0012.
MOVED_BELOW = 0.75


def article_vectors(articles: Sequence[Article], space: EmbeddingSpace) -> np.ndarray:
    """float32 (n, dimension), unit rows in the space. Raises what `serving.queries.embed` raises."""
    where = Space(space.name, space.revision, space.dimension)
    languages = [article.language for article in articles]
    titles = serving.embed([article.title for article in articles], languages, where)
    leads = serving.embed([lead_of(article) for article in articles], languages, where)
    has_lead = np.array([[bool(lead_of(article))] for article in articles], dtype=np.float32)
    mixed = TITLE_WEIGHT * titles + (1 - TITLE_WEIGHT) * leads * has_lead
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-6)


def lead_of(article: Article) -> str:
    return (article.text or article.summary)[:LEAD_CHARACTERS]


def has_moved(old_title: str, new_title: str, languages: tuple[str, str]) -> bool:
    """Whether a corrected headline means something else now."""
    if old_title == new_title:
        return False
    old, new = serving.embed([old_title, new_title], languages)
    return float(old @ new) < MOVED_BELOW


def search_vectors(articles: Sequence[Article]) -> list[CombinedExpression]:
    """Title, summary and text as weights A, B and C; the tokens come from the language's own tokeniser."""
    texts = [
        part for article in articles for part in (article.title, article.summary, article.text[:SEARCHED_CHARACTERS])
    ]
    tokens = serving.search_tokens(texts, [article.language for article in articles for _ in range(3)])
    return [
        _search_vector(tokens[3 * n : 3 * n + 3], STEMMED.get(article.language, "simple"))
        for n, article in enumerate(articles)
    ]


def _search_vector(parts: Sequence[Sequence[str]], config: str) -> CombinedExpression:
    title, summary, text = (
        SearchVector(Value(" ".join(tokens)), weight=weight, config=config)
        for tokens, weight in zip(parts, "ABC", strict=True)
    )
    return title + summary + text


def current_space() -> EmbeddingSpace:
    """The row of the space that the embedder answers in now; another model's space steps back, and
    `actions.reembed` brings its articles over."""
    space = serving.current_space()
    held = EmbeddingSpace.objects.filter(name=space.name, revision=space.revision, is_current=True).first()
    if held is not None:
        return held
    with transaction.atomic():
        EmbeddingSpace.objects.filter(is_current=True).update(is_current=False)
        held, _ = EmbeddingSpace.objects.update_or_create(
            name=space.name,
            revision=space.revision,
            defaults={"dimension": space.dimension, "is_current": True},
        )
    return held
