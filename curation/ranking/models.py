"""Popularity: how articles fare with everybody, decayed."""

from __future__ import annotations

from django.db import models

from curation.articles.models import Article


class Popularity(models.Model):
    """Impressions and clicks of real readers, each halved every six hours, as of one moment."""

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="popularity")
    impressions = models.FloatField(default=0)
    clicks = models.FloatField(default=0)
    as_of = models.DateTimeField()
