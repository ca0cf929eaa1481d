"""A small world to rank in: readers, sources, topics, articles with random places in the embedding space."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import factory
import numpy as np
from factory.django import DjangoModelFactory

from accounts.models import User
from curation.articles.models import DIMENSION, Article, ArticleVector, EmbeddingSpace
from curation.engagement import actions as engagement
from curation.engagement.models import Slate
from curation.engagement.types import ItemIn
from curation.sources.models import Source
from curation.topics.models import ArticleTopic, Assignment, Story, Topic

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def unit(seed: int, *, near: np.ndarray | None = None, share: float = 0.0) -> np.ndarray:
    """A random unit vector; with `near`, one that lies `share` of the way to it."""
    vector = np.random.default_rng(seed).normal(size=DIMENSION)
    vector /= np.linalg.norm(vector)
    if near is not None:
        vector = (1 - share) * vector + share * near
        vector /= np.linalg.norm(vector)
    return vector.astype(np.float32)


class ReaderFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"ranked-{n}@example.org")


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = Source

    address = factory.Sequence(lambda n: f"https://source-{n}.example.org/feed")
    name = factory.Sequence(lambda n: f"Source {n}")
    status = Source.Status.ACTIVE


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = Topic
        django_get_or_create = ("slug",)

    slug = factory.Sequence(lambda n: f"subject-{n}")
    area = "science"
    name_en = factory.Sequence(lambda n: f"Subject {n}")
    name_ko = factory.Sequence(lambda n: f"주제 {n}")
    position = factory.Sequence(lambda n: 500 + n)


def current_space() -> EmbeddingSpace:
    return EmbeddingSpace.objects.get_or_create(
        is_current=True, defaults={"name": "random", "revision": "1", "dimension": DIMENSION}
    )[0]


class ArticleFactory(DjangoModelFactory):
    """A ready article with a vector and an area. `topics` maps slug to score; `hours` is its age at NOW."""

    class Meta:
        model = Article
        skip_postgeneration_save = True

    class Params:
        hours = 2.0

    url = factory.Sequence(lambda n: f"https://example.org/ranked/{n}")
    title = factory.Sequence(lambda n: f"Headline {n}")
    summary = "What happened."
    language = "en"
    reading_seconds = 120
    source = factory.SubFactory(SourceFactory)
    sorted_at = factory.LazyAttribute(lambda article: NOW - timedelta(hours=article.hours))
    first_seen_at = factory.SelfAttribute("sorted_at")
    ready_at = factory.SelfAttribute("sorted_at")
    content_hash = factory.Sequence(lambda n: f"{n:064d}")

    @factory.post_generation
    def vector(self, create: bool, given: np.ndarray | None, **kwargs: Any) -> None:
        place = unit(self.pk) if given is None else given
        ArticleVector.objects.create(article=self, space=current_space(), vector=place)

    @factory.post_generation
    def topics(self, create: bool, given: dict[str, float] | None, **kwargs: Any) -> None:
        for slug, score in (given or {}).items():
            TopicFactory(slug=slug)
            ArticleTopic.objects.create(article=self, topic_id=slug, score=score, sorted_at=self.sorted_at)

    @factory.post_generation
    def assignment(self, create: bool, given: str | None, story: Story | None = None, **kwargs: Any) -> None:
        Assignment.objects.create(
            article=self, area=given or "science", story=story, assigned_at=self.sorted_at, sorted_at=self.sorted_at
        )


class StoryFactory(DjangoModelFactory):
    class Meta:
        model = Story

    headline = "One event"
    centre = factory.LazyFunction(lambda: unit(1))
    space = factory.LazyFunction(current_space)
    first_at = NOW - timedelta(hours=3)
    last_at = NOW - timedelta(hours=1)


def slate_of(reader_id: int, *article_ids: int, surface: str = "feed", at: datetime = NOW) -> Slate:
    """A slate as it is served, with these articles from its first place on."""
    slate = Slate.objects.create(id=uuid4(), reader_id=reader_id, surface=surface, pipeline="test", created_at=at)
    engagement.extend_slate(slate=slate, items=[ItemIn(pk, 0.0) for pk in article_ids], position=0)
    return slate
