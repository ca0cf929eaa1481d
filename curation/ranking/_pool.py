"""Turns rows into the arrays that the components work on, in a number of queries that does not grow with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curation.articles.models import DIMENSION, Article, ArticleVector, EmbeddingSpace
from curation.engagement import queries as engagement
from curation.engagement.models import ArticleState, Event
from curation.ranking import _popularity
from curation.ranking.candidates import ELIGIBLE, parameters
from curation.ranking.models import Popularity
from curation.ranking.scorers import HALF_LIFE_HOURS, SLOW_HALF_LIFE_HOURS
from curation.ranking.types import Floats, Integers, Past, Pool, Reader, ReaderProfile, Seen
from curation.topics import queries as topics
from curation.topics.models import ArticleTopic, Assignment, Phrase, Story

HISTORY_LENGTH = 200
SEEN_WITHIN = timedelta(days=14)
SEEN_LENGTH = 200  # the last ones, whose topics count as tried
PHRASES_ASKED = 12  # the latest followed: each costs some queries
ABOUT_EACH_PHRASE = 60
PHRASE_REACH = timedelta(days=30)

_ARTICLE, _VECTOR, _SPACE, _STATE, _EVENT, _TOPIC, _ASSIGNMENT, _STORY, _POPULARITY = (
    model._meta.db_table
    for model in (
        Article, ArticleVector, EmbeddingSpace, ArticleState, Event, ArticleTopic, Assignment, Story, Popularity,
    )
)  # fmt: skip
_VECTOR_OF = f"{_VECTOR} v ON v.article_id = a.id AND v.space_id = (SELECT id FROM {_SPACE} WHERE is_current)"  # noqa: S608


def load_reader(profile: ReaderProfile, at: datetime) -> Reader:
    """The reader with the history's vectors, what was seen lately and what the phrases find; topics come later."""
    reads = [
        read
        for read in engagement.history(profile.reader_id, HISTORY_LENGTH, since=profile.history_since)
        if read.weight
    ]
    ids = np.array([read.article_id for read in reads], dtype=np.int64)
    rows = _rows(
        f"SELECT a.id, a.source_id, halfvec_send(v.vector) FROM {_ARTICLE} a LEFT JOIN {_VECTOR_OF}"  # noqa: S608
        " WHERE a.id = ANY(%(ids)s::bigint[])",
        {"ids": array_of(ids)},
    )
    known = {id: (source, raw) for id, source, raw in rows}
    place = [known.get(id, (0, None)) for id in ids.tolist()]
    past = Past.of(
        ids,
        weights=np.array([read.weight for read in reads], dtype=np.float64),
        sources=np.array([source for source, _ in place], dtype=np.int64),
        ages=np.array([(at - read.at).total_seconds() / 3600 for read in reads], dtype=np.float64),
        vectors=unit_rows([raw for _, raw in place]),
        topics=np.zeros((len(ids), 0), dtype=np.float32),
    )
    return Reader(profile=profile, at=at, past=past, seen=_seen(profile, at), about=_about(profile, at))


def load_pool(reader: Reader, candidates: Integers) -> tuple[Pool, Reader]:
    """The candidates that the reader may see, and the reader with what it did to them.

    Whatever a generator proposed passes `ELIGIBLE` here once more: an article of somebody else's private source has no
    way in.
    """
    text = "a.title || E'\\n' || a.summary" if reader.profile.muted_words else "''"
    rows = _rows(
        "SELECT a.id, a.source_id, coalesce(s.story_id, 0), coalesce(o.article_count, 1),"  # noqa: S608
        " coalesce(o.source_count, 1), coalesce(s.area, ''), extract(epoch FROM a.sorted_at)::float8,"
        " coalesce(p.impressions, 0), coalesce(p.clicks, 0), coalesce(extract(epoch FROM p.as_of)::float8, 0),"
        " coalesce(p.demand, 0), coalesce(p.reads, 0), coalesce(p.satisfaction, 0),"
        " coalesce(extract(epoch FROM p.slow_as_of)::float8, 0), x.read_at IS NOT NULL, x.hidden_at IS NOT NULL,"
        f" {text}, halfvec_send(v.vector)"
        f" FROM {_ARTICLE} a LEFT JOIN {_ASSIGNMENT} s ON s.article_id = a.id LEFT JOIN {_STORY} o ON o.id = s.story_id"
        f" LEFT JOIN {_POPULARITY} p ON p.article_id = a.id"
        f" LEFT JOIN {_STATE} x ON x.article_id = a.id AND x.reader_id = %(reader_id)s LEFT JOIN {_VECTOR_OF}"
        f" WHERE a.id = ANY(%(ids)s::bigint[]) AND {ELIGIBLE} ORDER BY a.id",
        parameters(reader, ids=array_of(candidates)),
    )
    columns = zip(*rows, strict=True) if rows else ((),) * 18
    (ids, sources, stories, story_sizes, story_sources, areas, sorted_at, impressions, clicks, as_of, demand, reads,
     satisfaction, slow_as_of, is_read, is_hidden, texts, vectors) = columns  # fmt: skip
    known = np.array(ids, dtype=np.int64)
    now = reader.at.timestamp()
    if reader.profile.is_synthetic:
        figures = _popularity.measure(known, at=reader.at)
    else:
        fast = _faded(now, as_of, HALF_LIFE_HOURS)
        slow = _faded(now, slow_as_of, SLOW_HALF_LIFE_HOURS)
        figures = {
            "impressions": np.array(impressions) * fast,
            "clicks": np.array(clicks) * fast,
            "demand": np.array(demand) * slow,
            "reads": np.array(reads) * slow,
            "satisfaction": np.array(satisfaction) * slow,
        }
    lately = reader.seen.ids[:SEEN_LENGTH]
    slugs, scores, past_scores, lately_scores = topics_of(known, reader.past.ids, lately)
    seen_scores = np.zeros((len(reader.seen.ids), len(slugs)), dtype=np.float32)
    seen_scores[: len(lately)] = lately_scores
    phrase_ids, sure = _phrases(reader.about, known)
    pool = Pool.of(
        known,
        sources=np.array(sources, dtype=np.int64),
        stories=np.array(stories, dtype=np.int64),
        story_sizes=np.array(story_sizes, dtype=np.int64),
        story_sources=np.array(story_sources, dtype=np.int64),
        areas=np.unique(areas, return_inverse=True)[1].astype(np.int64) if rows else np.empty(0, dtype=np.int64),
        ages=(now - np.array(sorted_at, dtype=np.float64)) / 3600,
        texts=texts,
        vectors=unit_rows(vectors),
        topics=scores,
        slugs=slugs,
        phrases=sure,
        phrase_ids=phrase_ids,
        **figures,
    )
    return pool, replace(
        reader,
        past=replace(reader.past, topics=past_scores),
        seen=replace(reader.seen, topics=seen_scores),
        read=known[np.array(is_read, dtype=np.bool_)],
        hidden=known[np.array(is_hidden, dtype=np.bool_)],
    )


def vector_of(article_id: int) -> NDArray[np.float32] | None:
    """The article's place in the current space; None where it has none."""
    rows = _rows(
        f"SELECT halfvec_send(v.vector) FROM {_ARTICLE} a JOIN {_VECTOR_OF} WHERE a.id = %(id)s",  # noqa: S608
        {"id": article_id},
    )
    return unit_rows([raw for (raw,) in rows])[0] if rows else None


def array_of(ids: Integers) -> str:
    """For a parameter that is cast to an array: a list of many ids would be written number by number, and slowly."""
    return "{" + ",".join(map(str, ids.tolist())) + "}"


def unit_rows(raw: tuple[Any, ...] | list[Any]) -> NDArray[np.float32]:
    """(n, d) unit rows; zeros for None.

    The database sends the bytes of a half-precision vector as they are (four bytes of header, then big-endian
    halves): reading them as text costs a hundred times as much.
    """
    vectors = np.zeros((len(raw), DIMENSION), dtype=np.float32)
    there = [number for number, data in enumerate(raw) if data is not None]
    if there:
        halves = np.frombuffer(b"".join(bytes(raw[number])[4:] for number in there), dtype=">f2")
        vectors[there] = halves.reshape(len(there), DIMENSION).astype(np.float32)
        vectors /= np.maximum(np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None], 1e-9)
    return vectors


def _rows(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _faded(now: float, as_of: tuple[float, ...], half_life_hours: float) -> Floats:
    faded: Floats = np.exp2(-np.maximum(now - np.array(as_of, dtype=np.float64), 0.0) / 3600 / half_life_hours)
    return faded


def _seen(profile: ReaderProfile, at: datetime) -> Seen:
    rows = _rows(
        "SELECT e.article_id, count(DISTINCT e.slate_id), bool_or(x.read_at IS NOT NULL)"  # noqa: S608
        f" FROM {_EVENT} e LEFT JOIN {_STATE} x ON x.article_id = e.article_id AND x.reader_id = e.reader_id"
        " WHERE e.reader_id = %(reader_id)s AND e.kind = 'impression' AND e.at > %(since)s"
        " GROUP BY e.article_id ORDER BY max(e.at) DESC",
        {"reader_id": profile.reader_id, "since": at - SEEN_WITHIN},
    )
    ids, slates, opened = zip(*rows, strict=True) if rows else ((), (), ())
    return Seen.of(
        np.array(ids, dtype=np.int64), slates=np.array(slates, dtype=np.int64), opened=np.array(opened, dtype=np.bool_)
    )


def topics_of(*lists: Integers) -> tuple[Any, ...]:
    """The slugs that any of the articles has, then for each list its (n, t) scores."""
    known, places = np.unique(np.concatenate(lists), return_inverse=True)
    rows = _rows(
        f"SELECT article_id, topic_id, score FROM {_TOPIC} WHERE article_id = ANY(%(ids)s::bigint[])",  # noqa: S608
        {"ids": array_of(known)},
    )
    articles, named, scores = zip(*rows, strict=True) if rows else ((), (), ())
    slugs = tuple(sorted(set(named)))
    column = {slug: number for number, slug in enumerate(slugs)}
    table = np.zeros((len(known), len(slugs)), dtype=np.float32)
    table[np.searchsorted(known, np.array(articles, dtype=np.int64)), [column[slug] for slug in named]] = scores
    return slugs, *(table[part] for part in np.split(places, np.cumsum([len(each) for each in lists])[:-1]))


def _about(profile: ReaderProfile, at: datetime) -> dict[int, dict[int, float]]:
    """What the followed phrases find; the topics chapter alone decides what is about a phrase."""
    if not profile.phrases:
        return {}
    phrases = Phrase.objects.filter(
        pk__in=profile.phrases, is_understood=True, vector__isnull=False, space__is_current=True
    ).order_by("-pk")[:PHRASES_ASKED]
    since = at - PHRASE_REACH
    return {
        phrase.pk: dict(
            topics.articles_about_phrase(phrase, reader_id=profile.reader_id, limit=ABOUT_EACH_PHRASE, since=since)
        )
        for phrase in phrases
    }


def _phrases(about: Mapping[int, Mapping[int, float]], ids: Integers) -> tuple[tuple[int, ...], NDArray[np.float32]]:
    """The phrases, and how surely each candidate is about each; `ids` ascend."""
    sure = np.zeros((len(ids), len(about)), dtype=np.float32)
    for column, found in enumerate(about.values()):
        articles = np.fromiter(found.keys(), np.int64, len(found))
        values = np.fromiter(found.values(), np.float32, len(found))
        known = np.isin(articles, ids)
        sure[np.searchsorted(ids, articles[known]), column] = values[known]
    return tuple(about), sure
