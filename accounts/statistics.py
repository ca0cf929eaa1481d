"""What this chapter tells the dashboard: how many readers there are, and when they joined."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Count
from django.db.models.functions import TruncDate

from accounts.models import User
from curation.analytics import registry
from curation.analytics.registry import Statistic


def _readers(at: datetime) -> float:
    return User.objects.filter(is_active=True, is_synthetic=False).count()


def _synthetic_readers(at: datetime) -> float:
    return User.objects.filter(is_active=True, is_synthetic=True).count()


def _joined_daily(since: datetime, at: datetime) -> Mapping[date, float]:
    joined = User.objects.filter(is_synthetic=False, joined_at__gte=since, joined_at__lte=at)
    days = joined.annotate(day=TruncDate("joined_at")).values_list("day")
    return dict(days.annotate(count=Count("pk")).order_by("day"))


def register() -> None:
    registry.register(
        Statistic("readers", _readers, daily=_joined_daily),
        Statistic("synthetic_readers", _synthetic_readers),
    )
