"""Turns rows into the arrays that the components work on, in a number of queries that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.db.models import BinaryField, Count, F, FloatField, Func
from django.db.models.expressions import RawSQL
from numpy.typing import NDArray

from curation.articles.models import DIMENSION, ArticleVector
from curation.engagement import queries as engagement
from curation.engagement.models import ArticleState, Event
from curation.ranking import _popularity
from curation.ranking.candidates import eligible
from curation.ranking.scorers import HALF_LIFE_HOURS
from curation.ranking.types import Integers, Past, Pool, Reader, ReaderProfile
from curation.topics import queries as topics
from curation.topics.models import ArticleTopic, Phrase

HISTORY_LENGTH = 200
PHRASES_ASKED = 12  # the latest followed: each costs some queries
ABOUT_EACH_PHRASE = 60
PHRASE_REACH = timedelta(days=30)


def load_reader(profile: ReaderProfile, at: datetime) -> Reader:
    """The reader with the history's vectors and what its phrases find; topics come with the pool."""
    reads = [read for read in engagement.history(profile.reader_id, HISTORY_LENGTH) if read.weight]
    ids = np.array([read.article_id for read in reads], dtype=np.int64)
    past = Past(
        ids=ids,
        weights=np.array([read.weight for read in reads], dtype=np.float64),
        vectors=vectors_of(ids),
        topics=np.zeros((len(ids), 0), dtype=np.float32),
    )
    return Reader(profile=profile, at=at, past=past, about=_about(profile, at))


def load_pool(reader: Reader, candidates: Iterable[int]) -> tuple[Pool, Reader]:
    """The candidates that the reader may see, and the reader with what it did to them.

    Whatever a generator proposed passes `eligible` here once more: an article of somebody else's private source has
    no way in.
    """
    rows = list(
        eligible(reader)
        .filter(pk__in=among(candidates))
        .order_by("pk")
        .values_list(
            "pk", "source_id", "assignment__story_id", "assignment__story__article_count", "assignment__area",
            _seconds("sorted_at"), "title", "summary", "popularity__impressions", "popularity__clicks",
            _seconds("popularity__as_of"),
        )
    )  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * 11
    ids = np.array(columns[0], dtype=np.int64)
    slugs, scores, past_scores = _topics(ids, reader.past.ids)
    vectors = vectors_of(ids)
    phrase_ids, sure = _phrases(reader.about, ids)
    if reader.profile.is_synthetic:
        impressions, clicks = _popularity.measure(ids, at=reader.at, with_synthetic=True)
    else:
        as_of = np.array([value or 0.0 for value in columns[10]], dtype=np.float64)
        fade = np.exp2(-np.maximum(reader.at.timestamp() - as_of, 0.0) / 3600 / HALF_LIFE_HOURS)
        impressions = np.array([value or 0.0 for value in columns[8]], dtype=np.float64) * fade
        clicks = np.array([value or 0.0 for value in columns[9]], dtype=np.float64) * fade
    pool = Pool(
        ids=ids,
        sources=np.array(columns[1], dtype=np.int64),
        stories=np.array([story or 0 for story in columns[2]], dtype=np.int64),
        story_sizes=np.array([size or 1 for size in columns[3]], dtype=np.int64),
        areas=np.unique([area or "" for area in columns[4]], return_inverse=True)[1].astype(np.int64),
        ages=(reader.at.timestamp() - np.array(columns[5], dtype=np.float64)) / 3600,
        texts=tuple(f"{title}\n{summary}" for title, summary in zip(columns[6], columns[7], strict=True)),
        impressions=impressions,
        clicks=clicks,
        vectors=vectors,
        topics=scores,
        slugs=slugs,
        phrases=sure,
        phrase_ids=phrase_ids,
    )
    return pool, replace(_with_states(reader, ids), past=replace(reader.past, topics=past_scores))


def among(ids: Iterable[int]) -> RawSQL:
    """For an `in` of many ids: one array, where a list would be parsed number by number, here and in the database."""
    return RawSQL("SELECT unnest(%s::bigint[])", ["{" + ",".join(map(str, sorted(set(ids)))) + "}"])


def _seconds(name: str) -> Func:
    """A moment as seconds since the epoch: a thousand datetimes would take longer to make than to rank by."""
    return Func(F(name), template="extract(epoch FROM %(expressions)s)::float8", output_field=FloatField())


def vectors_of(ids: Integers) -> NDArray[np.float32]:
    """Unit rows in the order of `ids`, in the current space; zeros where an article has none.

    The database sends the bytes of a half-precision vector as they are (four bytes of header, then big-endian
    halves): reading them as text costs a hundred times as much.
    """
    vectors = np.zeros((len(ids), DIMENSION), dtype=np.float32)
    if not len(ids):
        return vectors
    raw = Func(F("vector"), function="halfvec_send", output_field=BinaryField())
    found = ArticleVector.objects.filter(article_id__in=among(ids.tolist()), space__is_current=True)
    rows = list(found.values_list("article_id", raw))
    if rows:
        order = np.argsort(ids)
        places = order[np.searchsorted(ids[order], [article_id for article_id, _ in rows])]
        halves = np.frombuffer(b"".join(bytes(data)[4:] for _, data in rows), dtype=">f2")
        vectors[places] = halves.reshape(len(rows), DIMENSION).astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors


def _topics(ids: Integers, past: Integers) -> tuple[tuple[str, ...], NDArray[np.float32], NDArray[np.float32]]:
    both = np.concatenate([ids, past])
    rows = list(
        ArticleTopic.objects.filter(article_id__in=among(both.tolist())).values_list("article_id", "topic_id", "score")
    )
    articles, named, scores = zip(*rows, strict=True) if rows else ((), (), ())
    slugs = tuple(sorted(set(named)))
    column = {slug: number for number, slug in enumerate(slugs)}
    known, places = np.unique(both, return_inverse=True)
    table = np.zeros((len(known), len(slugs)), dtype=np.float32)
    table[np.searchsorted(known, np.array(articles, dtype=np.int64)), [column[slug] for slug in named]] = scores
    return slugs, table[places[: len(ids)]], table[places[len(ids) :]]


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


def _with_states(reader: Reader, ids: Integers) -> Reader:
    articles = among(ids.tolist())
    mine = ArticleState.objects.filter(reader_id=reader.profile.reader_id, article_id__in=articles)
    states = list(mine.values_list("article_id", "read_at", "hidden_at"))
    shown = (
        Event.objects.filter(reader_id=reader.profile.reader_id, kind=Event.Kind.IMPRESSION, article_id__in=articles)
        .values("article_id")
        .annotate(slates=Count("slate_id", distinct=True))
        .values_list("article_id", "slates")
    )
    return replace(
        reader,
        read=np.array([article for article, read_at, _ in states if read_at], dtype=np.int64),
        hidden=np.array([article for article, _, hidden_at in states if hidden_at], dtype=np.int64),
        shown=dict(shown),
    )
