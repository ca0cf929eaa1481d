"""Article and its vectors; which entries an article came from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField, HnswIndex

from curation.sources.models import Entry, Source

DIMENSION = 384


class ArticleQuerySet(models.QuerySet["Article"]):
    def ready(self) -> ArticleQuerySet:
        return self.filter(ready_at__isnull=False)

    def visible_to(self, reader_id: int | None) -> ArticleQuerySet:
        """Everybody's articles, and those of the reader's own private sources."""
        return self.filter(Q(owner__isnull=True) | Q(owner_id=reader_id)) if reader_id else self.filter(owner=None)

    def fresher_than(self, at: datetime) -> ArticleQuerySet:
        return self.filter(sorted_at__gte=at)

    def from_sources(self, source_ids: Collection[int]) -> ArticleQuerySet:
        """What these publishers sent, also where another one had the same text first."""
        sent = ArticleEntry.objects.filter(entry__source_id__in=source_ids)
        return self.filter(Q(source_id__in=source_ids) | Q(pk__in=sent.values("article_id")))

    def in_language(self, languages: tuple[str, ...]) -> ArticleQuerySet:
        return self.filter(language__in=languages) if languages else self

    def for_cards(self) -> ArticleQuerySet:
        """With what a card shows, without what it does not."""
        return self.select_related("source").defer("html", "text", "search")


class Article(models.Model):
    """The cleaned, canonical text that readers see. With an owner it comes from a private source."""

    url = models.URLField(max_length=2000)  # canonical
    title = models.TextField()
    html = models.TextField(blank=True)  # sanitised; the only HTML that pages show
    text = models.TextField(blank=True)
    summary = models.TextField(blank=True)  # one or two sentences of plain text
    language = models.CharField(max_length=8)  # ISO 639-1; "" never: "und" when unknown
    author = models.CharField(max_length=300, blank=True)
    reading_seconds = models.PositiveIntegerField(default=0)
    image_url = models.URLField(max_length=2000, blank=True)  # the publisher's photo: described, never shown by default
    image_alt = models.TextField(blank=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="articles")  # who had it first
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField()
    sorted_at = models.DateTimeField(db_index=True)  # published, never later than first seen: what orders and fades
    corrected_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, db_index=True)
    has_full_text = models.BooleanField(default=False)
    full_text_tried_at = models.DateTimeField(null=True, blank=True)
    full_text_tries = models.PositiveSmallIntegerField(default=0)
    ready_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)  # why it is not ready, in words
    search = SearchVectorField(null=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["url", "owner"], nulls_distinct=False, name="article_once_per_owner"),
        ]
        indexes = [
            GinIndex(fields=["search"], name="article_search"),
            models.Index(fields=["source", "-sorted_at"], name="article_by_source"),
            models.Index(fields=["first_seen_at"], name="article_waiting", condition=Q(ready_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title


class ArticleEntry(models.Model):
    """Which entries an article came from: several where publishers sent the same text."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="article_entries")
    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="article_entry")
    entry_hash = models.CharField(
        max_length=64, default=""
    )  # of the entry as it was taken over: differs once it changes


class EmbeddingSpace(models.Model):
    """Model, revision and dimension of a vector. Vectors of different spaces are never compared."""

    name = models.CharField(max_length=100)
    revision = models.CharField(max_length=100)
    dimension = models.PositiveSmallIntegerField()
    is_current = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "revision"], name="embedding_space_once"),
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="one_current_space"),
        ]


class ArticleVector(models.Model):
    """An article's place in one embedding space, unit length."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="vectors")
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE)
    vector = HalfVectorField(dimensions=DIMENSION)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "space"], name="one_vector_per_space")]
        indexes = [
            HnswIndex(fields=["vector"], name="article_vector_hnsw", opclasses=["halfvec_cosine_ops"]),
        ]
