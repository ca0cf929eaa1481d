"""Popularity: how articles fare with everybody, decayed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from curation.articles.models import Article


class Popularity(models.Model):
    """How an article fares with real readers: impressions and clicks halved every six hours, as of one moment, and what
    is halved every three days, as of another.
    """

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="popularity")
    impressions = models.FloatField(default=0)
    clicks = models.FloatField(default=0)
    as_of = models.DateTimeField()
    demand = models.FloatField(default=0)  # readers who opened it
    reads = models.FloatField(default=0)  # of them, those whose reading time is known
    satisfaction = models.FloatField(default=0)  # the sum of how far they read, 0 to 1 each
    slow_as_of = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["-clicks"], name="popular_now", condition=Q(clicks__gt=0)),
            models.Index(fields=["-demand"], name="popular_these_days", condition=Q(demand__gt=0)),
        ]
