"""Cheap, wide selection: each generator proposes some dozen articles, newest or nearest first.

Every generator starts from `ELIGIBLE`, which is the one place that decides what a reader may see at all. The SQL is
written out, because a slate asks all of it while somebody waits, and each question reads only the head of an index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest
from typing import Any

import numpy as np
from django.db import connection

from curation.articles import queries as articles
from curation.articles.models import Article, ArticleEntry
from curation.ranking._interests import centres
from curation.ranking.models import Popularity
from curation.ranking.types import Integers, Reader
from curation.sources.models import Entry
from curation.topics.models import ArticleTopic, Assignment

# Ready articles, `a`, that the reader may see, in the languages that the reader reads.
ELIGIBLE = (
    "a.ready_at IS NOT NULL AND (a.owner_id IS NULL OR a.owner_id = %(reader_id)s)"
    " AND (%(languages)s::text[] = '{}' OR a.language = ANY(%(languages)s::text[]))"
)
ABOUT_FROM = 0.3  # calibrated score below which an article is not about a topic

_ARTICLE, _TOPIC, _ASSIGNMENT, _POPULARITY, _FROM_ENTRY, _ENTRY = (
    model._meta.db_table for model in (Article, ArticleTopic, Assignment, Popularity, ArticleEntry, Entry)
)

# The newest of each, then the second newest of each …, so that the loud leave room for the quiet.
_PLACE, _IN_TURNS = "row_number() OVER () AS place", "ORDER BY found.place, found.sorted_at DESC"


def parameters(reader: Reader, **more: Any) -> dict[str, Any]:
    """What ELIGIBLE asks for, and more."""
    return {"reader_id": reader.profile.reader_id, "languages": list(reader.profile.languages), **more}


def ask(sql: str, parameters: Mapping[str, Any]) -> Integers:
    """The one column of ids that the statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return np.array([id for (id,) in cursor.fetchall()], dtype=np.int64)


@dataclass(frozen=True)
class FollowedTopicCandidates:
    """Of each followed topic the newest, so that a loud topic leaves room for a quiet one."""

    each: int = 30
    days: int = 30

    def __call__(self, reader: Reader) -> Integers:
        if not reader.profile.topics:
            return _none()
        return ask(
            f"SELECT found.article_id FROM unnest(%(topics)s::text[]) AS topic, LATERAL ("  # noqa: S608
            f" SELECT t.article_id, t.sorted_at, {_PLACE} FROM {_TOPIC} t JOIN {_ARTICLE} a ON a.id = t.article_id"
            f" WHERE t.topic_id = topic AND t.sorted_at >= %(since)s AND t.score >= {ABOUT_FROM} AND {ELIGIBLE}"
            f" ORDER BY t.sorted_at DESC LIMIT {self.each}) AS found {_IN_TURNS}",
            parameters(reader, topics=list(reader.profile.topics), since=reader.at - timedelta(days=self.days)),
        )


@dataclass(frozen=True)
class FollowedSourceCandidates:
    """The newest of each followed source, also where another publisher had the same text first."""

    each: int = 30
    days: int = 30

    def __call__(self, reader: Reader) -> Integers:
        if not reader.profile.sources:
            return _none()
        return ask(
            f"SELECT found.id FROM unnest(%(sources)s::bigint[]) AS source, LATERAL ("  # noqa: S608
            f" (SELECT a.id, a.sorted_at, {_PLACE} FROM {_ARTICLE} a"
            f"  WHERE a.source_id = source AND a.sorted_at >= %(since)s AND {ELIGIBLE}"
            f"  ORDER BY a.sorted_at DESC LIMIT {self.each})"
            " UNION ALL"
            f" (SELECT a.id, a.sorted_at, {_PLACE} FROM {_ENTRY} e JOIN {_FROM_ENTRY} f ON f.entry_id = e.id"
            f"  JOIN {_ARTICLE} a ON a.id = f.article_id WHERE e.source_id = source AND e.first_seen_at >= %(since)s"
            f"  AND a.source_id <> source AND {ELIGIBLE} ORDER BY e.first_seen_at DESC LIMIT {self.each})"
            f") AS found {_IN_TURNS}",
            parameters(reader, sources=list(reader.profile.sources), since=reader.at - timedelta(days=self.days)),
        )


@dataclass(frozen=True)
class PhraseCandidates:
    """The articles about each phrase that the reader follows, the surest first."""

    def __call__(self, reader: Reader) -> Integers:
        sure = [(-how, article) for found in reader.about.values() for article, how in found.items()]
        return np.array([article for _, article in sorted(sure)], dtype=np.int64)


@dataclass(frozen=True)
class NeighbourCandidates:
    """What lies near each of the reader's interests, and near the article liked last, which moves the next page."""

    each: int = 50
    days: int = 30
    leaning: float = 0.5  # how far the places looked around are drawn towards the article liked last

    def __call__(self, reader: Reader) -> Integers:
        places = centres(reader.past)
        if not len(places):
            return _none()
        liked = reader.past.vectors[reader.past.liked & reader.past.vectors.any(axis=1)]
        nearest = int(np.argmax(places @ liked[0]))
        places[nearest] += self.leaning * liked[0]
        since = reader.at - timedelta(days=self.days)
        among = articles.Eligible(reader.profile.reader_id, since, reader.profile.languages)
        found = articles.nearest_to_each(places, limit=self.each, among=among)
        first_to_last = (article for ranked in zip_longest(*found) for article in ranked if article)
        return np.array([article_id for article_id, _ in first_to_last], dtype=np.int64)


@dataclass(frozen=True)
class PopularCandidates:
    """What everybody opens these hours and, after that, these days."""

    each: int = 40

    def __call__(self, reader: Reader) -> Integers:
        return ask(
            " UNION ALL ".join(
                f"(SELECT p.article_id FROM {_POPULARITY} p JOIN {_ARTICLE} a ON a.id = p.article_id"  # noqa: S608
                f" WHERE p.{column} > 0 AND {ELIGIBLE} ORDER BY p.{column} DESC LIMIT {self.each})"
                for column in ("clicks", "demand")
            ),
            parameters(reader),
        )


@dataclass(frozen=True)
class NewCandidates:
    """The newest of all, however old: a site that nobody feeds any more still shows what it has."""

    limit: int = 100

    def __call__(self, reader: Reader) -> Integers:
        return ask(
            f"SELECT a.id FROM {_ARTICLE} a WHERE {ELIGIBLE} ORDER BY a.sorted_at DESC LIMIT {self.limit}",  # noqa: S608
            parameters(reader),
        )


@dataclass(frozen=True)
class AreaCandidates:
    """The newest of every area: what a reader who follows nothing is shown, and what exploration draws from."""

    each: int = 10
    days: int = 14

    def __call__(self, reader: Reader) -> Integers:
        return ask(
            f"WITH RECURSIVE areas AS ("  # noqa: S608
            f" (SELECT area FROM {_ASSIGNMENT} ORDER BY area LIMIT 1) UNION ALL"
            f" SELECT (SELECT s.area FROM {_ASSIGNMENT} s WHERE s.area > areas.area ORDER BY s.area LIMIT 1)"
            " FROM areas WHERE areas.area IS NOT NULL)"
            " SELECT found.article_id FROM areas, LATERAL ("
            f" SELECT s.article_id, s.sorted_at, {_PLACE} FROM {_ASSIGNMENT} s JOIN {_ARTICLE} a ON a.id = s.article_id"
            f" WHERE s.area = areas.area AND s.sorted_at >= %(since)s AND {ELIGIBLE}"
            f" ORDER BY s.sorted_at DESC LIMIT {self.each}) AS found {_IN_TURNS}",
            parameters(reader, since=reader.at - timedelta(days=self.days)),
        )


def _none() -> Integers:
    return np.empty(0, dtype=np.int64)
