"""Slates, events, and the two states that a reader gives an article by hand."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from curation.articles.models import Article


class Slate(models.Model):
    """The ordered list served once. A reload shows it again; the next page continues it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    surface = models.CharField(max_length=40)  # "feed", "topic:climate-change" ...
    pipeline = models.CharField(max_length=60)
    created_at = models.DateTimeField()
    is_synthetic = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["reader", "surface", "-created_at"], name="slate_latest")]


class SlateItem(models.Model):
    slate = models.ForeignKey(Slate, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()  # from 0
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()
    reason = models.JSONField(default=dict)  # {"kind": "follow_topic", "topic": "ai"}: words are the page's business
    contributions = models.JSONField(default=dict)  # scorer name -> its share of the score
    propensity = models.FloatField(default=1.0)  # probability with which this pick was made

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["slate", "position"], name="slate_position_once"),
            models.UniqueConstraint(fields=["slate", "article"], name="slate_article_once"),
        ]


class Event(models.Model):
    """Something a reader did. Append-only; the id is made in the browser, so that sending twice counts once."""

    class Kind(models.TextChoices):
        IMPRESSION = "impression"
        CLICK = "click"
        DWELL = "dwell"
        MORE = "more"
        LESS = "less"
        NEUTRAL = "neutral"  # takes back what MORE or LESS said
        SAVE = "save"
        UNSAVE = "unsave"
        HIDE = "hide"
        UNHIDE = "unhide"

    id = models.UUIDField(primary_key=True)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    slate = models.ForeignKey(Slate, null=True, on_delete=models.SET_NULL, related_name="+")
    position = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()  # when it happened, clamped to the receipt
    received_at = models.DateTimeField()
    visible_ms = models.PositiveIntegerField(null=True)
    active_ms = models.PositiveIntegerField(null=True)
    is_synthetic = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="dwell", active_ms__isnull=False, visible_ms__isnull=False)
                | (~Q(kind="dwell") & Q(active_ms__isnull=True, visible_ms__isnull=True)),
                name="dwell_and_only_dwell_has_milliseconds",
            ),
        ]
        indexes = [
            models.Index(fields=["reader", "-at"], name="event_by_reader"),
            models.Index(fields=["article", "kind", "at"], name="event_by_article"),
            models.Index(fields=["at"], name="event_by_time"),
            # What a slate asks of a reader's past, which impressions would bury.
            models.Index(fields=["reader", "-at"], name="event_shown", condition=Q(kind="impression")),
            models.Index(
                fields=["reader", "article"],
                name="event_told",
                condition=Q(kind__in=["dwell", "more", "less", "neutral"]),
            ),
        ]


class ArticleState(models.Model):
    """Where a reader stands with an article: saved, hidden, read. Derived from nothing: it is the reader's own word."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="states")
    saved_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reader", "article"], name="one_state_per_reader")]
        indexes = [
            models.Index(fields=["reader", "-saved_at"], name="state_saved", condition=Q(saved_at__isnull=False)),
        ]
