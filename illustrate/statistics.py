"""What this chapter tells the dashboard: drawn, painted, failed, waiting, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate

from curation.analytics import registry
from curation.analytics.registry import Statistic, Trouble
from illustrate.actions import GIVEN_UP, WITHOUT_MODELS
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


def _painted(at: datetime) -> float:
    """Pictures that a model painted; the others are the composer's."""
    return Picture.objects.shown().filter(preset__is_production=True, provenance__renderer="diffusion").count()


TROUBLE_HOURS = 24  # that a picture's trouble is told
_FALLBACKS = {
    # What the provenance holds where something else was meant: (key, where its reason stands).
    "paintings_refused": ("instead_of", "provenance__instead_of__reason"),
    "pictures_without_models": (WITHOUT_MODELS, f"provenance__{WITHOUT_MODELS}"),
    "pictures_given_up": (GIVEN_UP, f"provenance__{GIVEN_UP}"),
}


def _troubles(at: datetime) -> Iterator[Trouble]:
    lately = Picture.objects.filter(drawn_at__gt=at - timedelta(hours=TROUBLE_HOURS), drawn_at__lte=at)
    for key, (member, where) in _FALLBACKS.items():
        reasons = lately.filter(provenance__has_key=member).values_list(where).annotate(count=Count("pk"))
        yield from _told(key, reasons)
    held = Picture.objects.filter(state=Picture.State.WAITING).exclude(failure="")
    yield from _told("pictures_held_up", held.values_list("failure").annotate(count=Count("pk")))


def _told(key: str, reasons: Iterable[tuple[str, int]]) -> Iterator[Trouble]:
    """All of one kind as one trouble, with the reason that it has most often."""
    counted = sorted(reasons, key=lambda each: -each[1])
    if counted:
        yield Trouble(key, sum(count for _, count in counted), str(counted[0][0]))


def register() -> None:
    registry.register(
        Statistic("articles_illustrated", _illustrated),
        Statistic("illustrations_failed", _failed),
        Statistic("pictures_painted", _painted),
        Statistic("pictures_drawn", _drawn, daily=_drawn_daily),
        Statistic("picture_queue_seconds", queue_age, is_queue=True),
    )
    registry.register_troubles("illustrate", _troubles)
