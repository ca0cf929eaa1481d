"""What this chapter tells the dashboard: drawn, failed, waiting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Count
from django.db.models.functions import TruncDate

from curation.analytics import registry
from curation.analytics.registry import Statistic
from illustrate.models import Picture
from illustrate.queries import queue_age


def _illustrated(at: datetime) -> float:
    return Picture.objects.shown().filter(preset__is_production=True).count()


def _failed(at: datetime) -> float:
    """Articles that have no picture to show because every attempt failed."""
    return Picture.objects.filter(preset__is_production=True, state=Picture.State.FAILED, file="").count()


def _drawn(at: datetime) -> float:
    return Picture.objects.filter(drawn_at__lte=at).count()


def _drawn_daily(since: datetime, at: datetime) -> Mapping[date, float]:
    drawn = Picture.objects.filter(drawn_at__gte=since, drawn_at__lte=at).annotate(day=TruncDate("drawn_at"))
    return dict(drawn.values_list("day").annotate(count=Count("pk")).order_by("day"))


def register() -> None:
    registry.register(
        Statistic("articles_illustrated", _illustrated),
        Statistic("illustrations_failed", _failed),
        Statistic("pictures_drawn", _drawn, daily=_drawn_daily),
        Statistic("picture_queue_seconds", queue_age, is_queue=True),
    )
