"""What others may ask about articles and texts, without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_

import numpy as np
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection, transaction
from django.db.models import Expression, F, Value
from pgvector.django import CosineDistance

from curation.articles._extract import extract
from curation.articles._language import detect_language
from curation.articles.models import Article, ArticleVector
from curation.serving import queries as serving
from curation.sources import queries as sources
from curation.sources.queries import clean_html
from curation.sources.types import FetchFailed

__all__ = ["clean_html", "detect_language", "either_form", "extract", "fetch_photo", "nearest", "search"]

# Up to here filtering first and scanning exactly is both fast and complete. HNSW with a filter silently returns
# too few rows (measured: recall .20 at a 10 % filter), so it serves wide questions alone, scanning on until full.
EXACT_UP_TO = 20_000
HNSW_BREADTH = 200
MAX_QUERY_TOKENS = 16


def search(text: str, *, language: str, reader_id: int | None, limit: int) -> list[int]:
    """Ids of ready articles that hold all words of `text`, or failing that some, best first.

    Raises what `serving.queries.search_tokens` raises.
    """
    tokens = serving.search_tokens([text], [detect_language(text, language)])[0][:MAX_QUERY_TOKENS]
    if not tokens:
        return []
    found = _ranked(either_form(" ".join(tokens)), reader_id, limit)
    if found or len(tokens) == 1:
        return found
    return _ranked(reduce(or_, map(either_form, tokens)), reader_id, limit)


def nearest(
    vector: Sequence[float] | np.ndarray, *, reader_id: int | None, limit: int, since: datetime | None = None
) -> list[tuple[int, float]]:
    """(article_id, cosine) of the ready articles that the reader may see, nearest first, in the current space."""
    eligible = Article.objects.ready().visible_to(reader_id)
    if since is not None:
        eligible = eligible.fresher_than(since)
    rows = ArticleVector.objects.filter(space__is_current=True)
    distance = CosineDistance("vector", np.asarray(vector, dtype=np.float32))
    if eligible.order_by()[: EXACT_UP_TO + 1].count() <= EXACT_UP_TO:
        # A sum is no indexed expression: what is eligible is read and sorted, whatever the planner would rather do.
        return _by_distance(rows.filter(article__in=eligible), distance + Value(0.0), limit)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL hnsw.ef_search = {max(HNSW_BREADTH, min(2 * limit, 1000))}")
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        return _by_distance(rows.filter(article__in=eligible), distance, limit)


def _by_distance(rows: object, distance: Expression, limit: int) -> list[tuple[int, float]]:
    found = rows.annotate(distance=distance).order_by("distance").values_list("article_id", "distance")[:limit]  # type: ignore[attr-defined]
    return [(article_id, 1.0 - far) for article_id, far in found]


def either_form(words: str) -> SearchQuery:
    """As written, or stemmed: an English word is looked for in Korean articles too, where nothing is stemmed."""
    return SearchQuery(words, config="simple") | SearchQuery(words, config="english")


def _ranked(query: SearchQuery, reader_id: int | None, limit: int) -> list[int]:
    articles = Article.objects.ready().visible_to(reader_id).filter(search=query)
    ranked = articles.annotate(rank=SearchRank(F("search"), query)).order_by("-rank", "-sorted_at")
    return list(ranked.values_list("pk", flat=True)[:limit])


def fetch_photo(article_id: int) -> bytes | None:
    """The publisher's photo through the guarded way to the network; None where there is none, or it cannot be had."""
    address = Article.objects.filter(pk=article_id).values_list("image_url", flat=True).first()
    if not address:
        return None
    try:
        return sources.fetch_document(address, accept="image/*").body or None
    except FetchFailed:
        return None
