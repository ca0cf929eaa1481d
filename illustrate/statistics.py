"""What this chapter tells the dashboard: drawn, painted, failed, waiting, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from curation.analytics import registry
from curation.analytics.registry import Statistic, Trouble
from illustrate.actions import GIVEN_UP, WITHOUT_MODELS
from illustrate.models import Picture, PictureReport
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
# What the provenance holds where something else was meant, and what an operator is told of it.
_FALLBACKS = {
    "instead_of": "paintings_refused",
    WITHOUT_MODELS: "pictures_without_models",
    GIVEN_UP: "pictures_given_up",
}
# The same of rows that say why they do not go on.
_STUCK = {Picture.State.WAITING: "pictures_held_up", Picture.State.ATTACHED: "redraws_failed"}


def _troubles(at: datetime) -> Iterator[Trouble]:
    yield from _told("pictures_reported", _reported())
    since = at - timedelta(hours=TROUBLE_HOURS)
    lately = Picture.objects.filter(drawn_at__gt=since, drawn_at__lte=at).filter(
        Q(provenance__has_any_keys=list(_FALLBACKS)) | Q(provenance__signed=False)
    )
    found = list(
        lately.values_list(
            "provenance__instead_of__reason", f"provenance__{WITHOUT_MODELS}", f"provenance__{GIVEN_UP}",
            "provenance__unsigned_because",
        )
    )  # fmt: skip
    for column, key in enumerate((*_FALLBACKS.values(), "pictures_unsigned")):
        yield from _told(key, Counter(row[column] for row in found if row[column]))
    stuck = Picture.objects.filter(state__in=_STUCK).exclude(failure="").values_list("state", "failure")
    for state, key in _STUCK.items():
        yield from _told(key, Counter(failure for each, failure in stuck if each == state))


def _reported() -> Counter[str]:
    """Open reports by their reason's code. One of a private article is its owner's own: nobody else may settle it."""
    unsettled = PictureReport.objects.filter(settled_at=None, picture__article__owner=None)
    return Counter(unsettled.values_list("reason", flat=True))


def _told(key: str, reasons: Counter[str]) -> Iterator[Trouble]:
    """All of one kind as one trouble, with the reason that it has most often."""
    if reasons:
        yield Trouble(key, reasons.total(), reasons.most_common(1)[0][0])


def register() -> None:
    registry.register(
        Statistic("articles_illustrated", _illustrated),
        Statistic("illustrations_failed", _failed),
        Statistic("pictures_painted", _painted),
        Statistic("pictures_drawn", _drawn, daily=_drawn_daily),
        Statistic("picture_queue_seconds", queue_age, is_queue=True),
    )
    registry.register_troubles("illustrate", _troubles)
