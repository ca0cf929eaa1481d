"""Source, Entry, Fetch: whom we poll, what they sent, and how each visit went."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class SourceQuerySet(models.QuerySet["Source"]):
    def active(self) -> SourceQuerySet:
        return self.filter(status=Source.Status.ACTIVE)

    def due(self, at: datetime) -> SourceQuerySet:
        return (
            self.active()
            .filter(Q(next_fetch_at__isnull=True) | Q(next_fetch_at__lte=at))
            .order_by(F("next_fetch_at").asc(nulls_first=True))
        )

    def visible_to(self, reader_id: int | None) -> SourceQuerySet:
        """Public sources, and the reader's own private ones."""
        return self.filter(Q(owner__isnull=True) | Q(owner_id=reader_id)) if reader_id else self.filter(owner=None)


class Source(models.Model):
    """A publisher address that we poll. With an owner it is private: its address may hold a token."""

    class Status(models.TextChoices):
        DORMANT = "dormant"  # in the catalogue, nobody follows it yet: never fetched
        ACTIVE = "active"
        PAUSED = "paused"  # by an operator, or after too many failures; `pause_reason` says which
        GONE = "gone"  # 410, or removed by its publisher

    address = models.URLField(max_length=2000)
    name = models.CharField(max_length=200)
    site_url = models.URLField(max_length=2000, blank=True)
    language = models.CharField(max_length=8, blank=True)
    topic_slugs = ArrayField(models.SlugField(), default=list, blank=True)  # stated by the catalogue
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    excerpts_only = models.BooleanField(default=False)  # never fetch the full text of its articles
    is_sample = models.BooleanField(default=False)

    status = models.CharField(max_length=10, choices=Status, default=Status.DORMANT)
    pause_reason = models.CharField(max_length=200, blank=True)
    next_fetch_at = models.DateTimeField(null=True, blank=True)
    interval_seconds = models.PositiveIntegerField(default=1800)
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    last_fetched_at = models.DateTimeField(null=True, blank=True)
    last_new_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)  # in words, for the operator; empty when all is well
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address", "owner"], nulls_distinct=False, name="source_once_per_owner"),
        ]
        indexes = [models.Index(fields=["status", "next_fetch_at"], name="source_due")]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """The raw item as parsed, its HTML already sanitised."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="entries")
    external_id = models.CharField(max_length=500)  # guid / atom:id, or a digest where the feed gives none
    link = models.URLField(max_length=2000, blank=True)
    title = models.TextField()
    summary_html = models.TextField(blank=True)
    content_html = models.TextField(blank=True)
    authors = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    categories = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    image_url = models.URLField(max_length=2000, blank=True)
    image_alt = models.TextField(blank=True)
    enclosures = models.JSONField(default=list, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)  # as the feed says; feed dates lie
    updated_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="entry_once_per_source")]
        indexes = [models.Index(fields=["source", "-first_seen_at"], name="entry_latest")]


class Fetch(models.Model):
    """One visit to a source: what came of it, with the reason in words when it failed."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="fetches")
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0)
    http_status = models.PositiveSmallIntegerField(null=True)
    bytes_read = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=20)  # stored | unchanged | failed | refused
    reason = models.CharField(max_length=500, blank=True)
    entries_new = models.PositiveIntegerField(default=0)
    entries_changed = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["source", "-started_at"], name="fetch_by_source")]


class FetchingSwitch(models.Model):
    """One row: whether the operator lets this installation fetch from the internet. GYEOL_FETCH=on|off overrules it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    is_on = models.BooleanField(default=False)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="fetching_switch_single_row")]
