"""Any phrase as a topic: whether the embedder understands it, and from which similarity an article is about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

import numpy as np
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorExact, SearchVectorField
from django.db.models import BooleanField, Expression, ExpressionWrapper, F, Func
from pgvector.django import CosineDistance

from curation.articles import queries as articles
from curation.articles.models import Article, ArticleVector
from curation.serving import queries as serving
from curation.serving.types import Space
from curation.topics import _head, _stories
from curation.topics.models import Phrase

# A phrase's threshold stands this many standard deviations above its similarity to headlines of every topic: phrases
# differ in how near they lie to everything. All five were fitted on tests/data/phrases*.tsv.
DEVIATIONS = 3.5
FLOOR, CEILING = 0.48, 0.70
# An article that has all of the phrase's words needs that much less similarity; one that has some, nearly as much.
WORDS_BONUS = 0.40
PASSING = 0.6  # how much a word counts that stands in the text alone: headline and summary say what it is about
UNDERSTOOD_FROM = 0.5
LOOKED_AT = 600
MOST_TOKENS = 8


@dataclass(frozen=True)
class Reading:
    vector: np.ndarray
    tokens: list[str]
    threshold: float
    is_understood: bool


def read(text: str, language: str, space: Space) -> Reading:
    """A phrase is understood when the embedder knows its words, or when articles use them all the same.

    Its vector lies in `space`. Raises ServingError, also where another embedder answers by now.
    """
    (vector,) = serving.embed([text], [language], space)
    (known,) = serving.familiarity([text], [language])
    unrelated = _head.load().background @ vector
    threshold = float(np.clip(unrelated.mean() + DEVIATIONS * unrelated.std(), FLOOR, CEILING))
    tokens = _tokens(text, language)
    is_understood = known >= UNDERSTOOD_FROM or _is_written(tokens)
    return Reading(vector, tokens, threshold, is_understood)


def find(phrase: Phrase, *, reader_id: int | None, limit: int, since: datetime | None) -> list[tuple[int, float]]:
    """Articles about the phrase with how sure that is (cosine, and the words' bonus), the surest first."""
    if not phrase.is_understood or phrase.vector is None:
        return []
    vector = np.asarray(phrase.vector, dtype=np.float32)
    looked_at = max(LOOKED_AT, limit)
    near = dict(articles.nearest(vector, reader_id=reader_id, limit=looked_at, since=since))
    worded = _worded(phrase, reader_id=reader_id, since=since, limit=looked_at)
    places = ArticleVector.objects.filter(article_id__in=worded.keys() - near.keys(), space_id=phrase.space_id)
    for place in places.annotate(distance=CosineDistance("vector", vector)):
        near[place.article_id] = 1 - place.distance
    sure = {pk: cosine + WORDS_BONUS * worded.get(pk, 0.0) for pk, cosine in near.items()}
    best = sorted((pk for pk in sure if sure[pk] >= phrase.threshold), key=lambda pk: (-sure[pk], -pk))
    return [(pk, sure[pk]) for pk in best[:limit]]


def _tokens(text: str, language: str) -> list[str]:
    (tokens,) = serving.search_tokens([text], [language])
    return _stories.telling(tokens)[:MOST_TOKENS]


def _is_written(tokens: list[str]) -> bool:
    query = articles.either_form(" ".join(tokens))
    return bool(tokens) and Article.objects.ready().filter(owner=None, search=query).exists()


def _worded(phrase: Phrase, *, reader_id: int | None, since: datetime | None, limit: int) -> dict[int, float]:
    """Article id -> root of the share of the phrase's words that it has, rare words and its headline counting more."""
    if not phrase.tokens:
        return {}
    asked = [articles.either_form(token) for token in phrase.tokens]
    eligible = Article.objects.ready().visible_to(reader_id)
    if since is not None:
        eligible = eligible.fresher_than(since)
    has = {f"has_{index}": _holds(F("search"), query) for index, query in enumerate(asked)}
    tells = {f"tells_{index}": _holds(_TELLING_PARTS, query) for index, query in enumerate(asked)}
    any_of_them = reduce(or_, asked)
    rows = (
        eligible.filter(search=any_of_them)
        .annotate(rank=SearchRank(F("search"), any_of_them), **has, **tells)
        .order_by("-rank", "-pk")
        .values_list("pk", *has, *tells)[:limit]
    )
    found = list(rows)
    if not found:
        return {}
    held, told = np.split(np.array([flags for _, *flags in found], dtype=float), 2, axis=1)
    weights = np.log((eligible.count() + 1) / (held.sum(axis=0) + 0.5)).clip(0.01)
    shares = np.maximum(held * PASSING, told) @ weights / weights.sum()
    return {pk: float(share) ** 0.5 for (pk, *_), share in zip(found, shares, strict=True)}


_TELLING_PARTS = Func(F("search"), template="ts_filter(%(expressions)s, '{a,b}')", output_field=SearchVectorField())


def _holds(vector: Expression | F, query: SearchQuery) -> ExpressionWrapper:
    return ExpressionWrapper(SearchVectorExact(vector, query), output_field=BooleanField())
