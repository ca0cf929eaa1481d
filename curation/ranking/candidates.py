"""Cheap, wide selection: each generator proposes some hundred articles, newest or nearest first.

Every generator starts from `eligible`, which is the one place that decides what a reader may see at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from curation.articles import queries as articles
from curation.articles.models import Article, ArticleQuerySet
from curation.ranking.types import Reader
from curation.topics.models import ArticleTopic


def eligible(reader: Reader) -> ArticleQuerySet:
    """Ready articles that the reader may see, in the languages that the reader reads."""
    profile = reader.profile
    return Article.objects.ready().visible_to(profile.reader_id).in_language(profile.languages)


@dataclass(frozen=True)
class FollowedTopicCandidates:
    """Of each followed topic the newest, so that a loud topic leaves room for a quiet one."""

    each: int = 50
    days: int = 30
    threshold: float = 0.3  # calibrated score below which an article is not about the topic

    def __call__(self, reader: Reader) -> Iterable[int]:
        if not reader.profile.topics:
            return ()
        about = ArticleTopic.objects.filter(
            topic_id__in=reader.profile.topics,
            score__gte=self.threshold,
            article__in=eligible(reader).fresher_than(reader.at - timedelta(days=self.days)),
        )
        rank = Window(
            RowNumber(), partition_by=F("topic_id"), order_by=[F("article__sorted_at").desc(), F("pk").desc()]
        )
        return about.annotate(rank=rank).filter(rank__lte=self.each).values_list("article_id", flat=True)


@dataclass(frozen=True)
class FollowedSourceCandidates:
    """The newest of the followed sources."""

    limit: int = 200
    days: int = 30

    def __call__(self, reader: Reader) -> Iterable[int]:
        if not reader.profile.sources:
            return ()
        since = reader.at - timedelta(days=self.days)
        mine = eligible(reader).fresher_than(since).from_sources(reader.profile.sources)
        return mine.order_by("-sorted_at").values_list("pk", flat=True)[: self.limit]


@dataclass(frozen=True)
class PhraseCandidates:
    """The articles about each phrase that the reader follows."""

    def __call__(self, reader: Reader) -> Iterable[int]:
        return {article_id for found in reader.about.values() for article_id in found}


@dataclass(frozen=True)
class NeighbourCandidates:
    """What lies near the reader's history: half its middle, half the article liked last, which moves the next page."""

    limit: int = 200
    days: int = 30

    def __call__(self, reader: Reader) -> Iterable[int]:
        past = reader.past
        liked = past.vectors[past.liked & past.vectors.any(axis=1)]
        if not len(liked):
            return ()
        since = reader.at - timedelta(days=self.days)
        middle = liked.mean(axis=0)
        place = middle / max(float(np.linalg.norm(middle)), 1e-9) + liked[0]
        near = articles.nearest(place, reader_id=reader.profile.reader_id, limit=self.limit, since=since)
        return [article_id for article_id, _ in near]


@dataclass(frozen=True)
class PopularCandidates:
    """What everybody opens these days."""

    limit: int = 100

    def __call__(self, reader: Reader) -> Iterable[int]:
        liked = eligible(reader).filter(popularity__clicks__gt=0)
        return liked.order_by("-popularity__clicks").values_list("pk", flat=True)[: self.limit]


@dataclass(frozen=True)
class NewCandidates:
    """The newest of all, however old: a site that nobody feeds any more still shows what it has."""

    limit: int = 250

    def __call__(self, reader: Reader) -> Iterable[int]:
        return eligible(reader).order_by("-sorted_at", "-pk").values_list("pk", flat=True)[: self.limit]


@dataclass(frozen=True)
class AreaCandidates:
    """The newest of every area, for a reader who follows nothing yet and is shown the breadth of it all."""

    each: int = 15

    def __call__(self, reader: Reader) -> Iterable[int]:
        profile = reader.profile
        if profile.topics or profile.sources or profile.phrases:
            return ()
        rank = Window(RowNumber(), partition_by=F("assignment__area"), order_by=[F("sorted_at").desc(), F("pk").desc()])
        assigned = eligible(reader).filter(assignment__isnull=False, sorted_at__gte=reader.at - timedelta(days=30))
        return assigned.annotate(rank=rank).filter(rank__lte=self.each).values_list("pk", flat=True)
