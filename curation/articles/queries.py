"""What others may ask about articles and texts, without changing anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection, transaction
from django.db.models import F

from curation.articles._extract import extract
from curation.articles._language import detect_language
from curation.articles._meaning import LEAD_CHARACTERS, TITLE_WEIGHT, article_vectors
from curation.articles.models import DIMENSION, Article, ArticleVector, EmbeddingSpace
from curation.serving import queries as serving
from curation.sources import queries as sources
from curation.sources.queries import clean_html
from curation.sources.types import FetchFailed

__all__ = [
    "LEAD_CHARACTERS",
    "TITLE_WEIGHT",
    "article_vectors",
    "clean_html",
    "detect_language",
    "either_form",
    "extract",
    "fetch_photo",
    "nearest",
    "nearest_to_each",
    "search",
]

# Milliseconds on a small machine, measured on 200,000 vectors: only what they say of each other matters.
EXACT_MS_PER_ROW = 0.0011
HNSW_MS = 5.0
# A graph walked with a filter passes many neighbours that do not count, and below this share it loses its way:
# measured, with 2 % eligible it found 60 % of the nearest at twelve times the cost of looking at all that are eligible.
HNSW_FROM_SHARE = 0.25
# How many neighbours the graph keeps in view for each that is asked for: twice as many found 94 in 100, four times 98.
HNSW_BREADTH = 4
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
    return nearest_to_each(np.asarray(vector)[None], limit=limit, among=Eligible(reader_id, since))[0]


@dataclass(frozen=True)
class Eligible:
    """Which ready articles count: those that the reader may see, since a moment, in these languages (none: in all)."""

    reader_id: int | None
    since: datetime | None = None
    languages: tuple[str, ...] = ()

    def parameters(self) -> dict[str, Any]:
        return {"reader_id": self.reader_id, "since": self.since, "languages": list(self.languages)}


def nearest_to_each(vectors: np.ndarray, *, limit: int, among: Eligible) -> list[list[tuple[int, float]]]:
    """What `nearest` answers for each row of `vectors` (k, d), in one question to the database.

    Where few articles are eligible all of them are looked at; HNSW serves wide questions alone, because a filter over
    it silently returns too few rows. The database's own statistics say which it is, and a list that comes back short
    is asked for again, exactly.
    """
    if not len(vectors):
        return []
    asked = _Asked(vectors, limit, among)
    if not is_wide(among):
        return asked.exactly()
    found = asked.by_graph()
    return found if all(len(each) == limit for each in found) else asked.exactly()


def is_wide(among: Eligible) -> bool:
    """Whether so much is eligible that the graph finds its way and is the cheaper one."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) SELECT FROM {_ARTICLE} a WHERE {_ELIGIBLE}",
            among.parameters(),
        )
        (plan,) = cursor.fetchone()
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [_VECTOR])
        (vectors,) = cursor.fetchone()
    eligible = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"]
    share = eligible / max(vectors, eligible, 1)
    return share >= HNSW_FROM_SHARE and HNSW_MS / share < EXACT_MS_PER_ROW * eligible


_ARTICLE, _VECTOR, _SPACE = (model._meta.db_table for model in (Article, ArticleVector, EmbeddingSpace))
_ELIGIBLE = (
    "a.ready_at IS NOT NULL AND (a.owner_id IS NULL OR a.owner_id = %(reader_id)s)"
    " AND (%(since)s::timestamptz IS NULL OR a.sorted_at >= %(since)s::timestamptz)"
    " AND (cardinality(%(languages)s::text[]) = 0 OR a.language = ANY(%(languages)s::text[]))"
)
# The places are parsed once: an expression in the scan would be parsed anew for every row.
_NEAREST = (
    "WITH places AS MATERIALIZED ("  # noqa: S608
    f" SELECT place::halfvec({DIMENSION}) AS place, n FROM unnest(%(places)s::text[]) WITH ORDINALITY AS u (place, n))"
    " SELECT places.n - 1, found.article_id, 1 - found.distance FROM places, LATERAL ("
    " SELECT v.article_id, v.vector <=> places.place AS distance"
    f" FROM {_VECTOR} v JOIN {_ARTICLE} a ON a.id = v.article_id"
    f" WHERE v.space_id = (SELECT id FROM {_SPACE} WHERE is_current) AND {_ELIGIBLE}"
    " ORDER BY (v.vector <=> places.place){exactly} LIMIT %(limit)s) AS found ORDER BY 1, found.distance"
)


@dataclass(frozen=True)
class _Asked:
    """One question for what is nearest, and the two ways to answer it."""

    vectors: np.ndarray
    limit: int
    among: Eligible

    def by_graph(self) -> list[list[tuple[int, float]]]:
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('hnsw.ef_search', %s, true),"
                " set_config('hnsw.iterative_scan', 'strict_order', true)",
                [str(min(max(HNSW_BREADTH * self.limit, 100), 1000))],
            )
            cursor.execute(_NEAREST.format(exactly=""), self._parameters())
            return self._listed(cursor.fetchall())

    def exactly(self) -> list[list[tuple[int, float]]]:
        with connection.cursor() as cursor:
            # A sum is no indexed expression: what is eligible is read and sorted, whatever the planner would rather do.
            cursor.execute(_NEAREST.format(exactly=" + 0.0"), self._parameters())
            return self._listed(cursor.fetchall())

    def _parameters(self) -> dict[str, Any]:
        places = ["[" + ",".join(map("{:.6g}".format, row)) + "]" for row in self.vectors.tolist()]
        return {**self.among.parameters(), "places": places, "limit": self.limit}

    def _listed(self, rows: list[tuple[int, int, float]]) -> list[list[tuple[int, float]]]:
        lists: list[list[tuple[int, float]]] = [[] for _ in self.vectors]
        for place, article_id, cosine in rows:
            lists[place].append((article_id, cosine))
        return lists


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
