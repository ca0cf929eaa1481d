"""The state of the site in figures: for `status`, and for the dashboard's first page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q
from django.utils import timezone

from curation.analytics import registry
from curation.analytics.registry import Trouble
from curation.analytics.types import AilingSource, Day, Figures, Overview, SourceHealth
from curation.articles.models import Article
from curation.engagement.models import Event
from curation.ranking.models import Checkpoint
from curation.serving import queries as serving
from curation.serving.types import ServingError
from curation.sources.models import Fetch, Source

QUALIFYING_READ = timedelta(seconds=30)  # active time of one reader on one article in one day
SERIES_DAYS = 30
AILING_SHOWN = 10
MODELS_SECONDS = 2.0  # that the dashboard waits to hear how the models are
TRAINING_AT_MOST = timedelta(hours=6)  # a training of the ranker that is older does not run any more


def site_status(at: datetime | None = None) -> dict[str, int]:
    """The site in seven numbers, simulated readers and their events included."""
    at = at or timezone.now()
    return {
        "sources": Source.objects.exclude(status=Source.Status.DORMANT).count(),
        "articles": Article.objects.ready().count(),
        "articles_illustrated": int(registry.value("articles_illustrated", at)),
        "illustrations_failed": int(registry.value("illustrations_failed", at)),
        "readers": int(registry.value("readers", at) + registry.value("synthetic_readers", at)),
        "events": Event.objects.count(),
        "queue_oldest_seconds": int(_queue_oldest_seconds(at)),
    }


def overview(at: datetime) -> Overview:
    """The last 30 days up to `at`, real and simulated readers apart."""
    today = at.astimezone(UTC).date()
    first = today - timedelta(days=SERIES_DAYS - 1)
    since = datetime.combine(first, time.min, tzinfo=UTC)
    statistics = {statistic.key: statistic.compute(at) for statistic in registry.statistics()}
    real, synthetic = (
        _figures(is_synthetic, today, since, at, int(statistics.get(key, 0)))
        for is_synthetic, key in ((False, "readers"), (True, "synthetic_readers"))
    )
    midnight = datetime.combine(today, time.min, tzinfo=UTC)
    articles = Article.objects.aggregate(
        ready=Count("pk", filter=Q(ready_at__isnull=False)),
        today=Count("pk", filter=Q(ready_at__gte=midnight, ready_at__lte=at)),
        failed=Count("pk", filter=Q(ready_at__isnull=True) & ~Q(failure="")),
    )
    return Overview(
        at=at,
        real=real,
        synthetic=synthetic,
        days=_days(first, since, at),
        statistics=statistics,
        articles=articles["ready"],
        articles_today=articles["today"],
        articles_failed=articles["failed"],
        queue_oldest_seconds=_queue_oldest_seconds(at),
        sources=_source_health(at),
        troubles=(*_model_troubles(), *_ranker_troubles(at), *registry.troubles(at)),
    )


# -- Reading -------------------------------------------------------------------------------------------------

_READS = f"""
    SELECT reader_id, article_id, is_synthetic, (at AT TIME ZONE 'UTC')::date AS day
    FROM {Event._meta.db_table}
    WHERE kind = 'dwell' AND at >= %(since)s AND at <= %(at)s
    GROUP BY 1, 2, 3, 4
    HAVING sum(active_ms) >= %(qualifying_ms)s
"""  # noqa: S608

# One line for each time that an article was shown to a reader on a slate, and whether it was opened from there.
_SHOWN = f"""
    SELECT is_synthetic,
           (min(at) FILTER (WHERE kind = 'impression') AT TIME ZONE 'UTC')::date AS day,
           bool_or(kind = 'click') AS clicked
    FROM {Event._meta.db_table}
    WHERE kind IN ('impression', 'click') AND at >= %(since)s AND at <= %(at)s
    GROUP BY is_synthetic, reader_id, article_id, slate_id
    HAVING bool_or(kind = 'impression')
"""  # noqa: S608


def _rows(sql: str, since: datetime, at: datetime, **more: Any) -> list[tuple[Any, ...]]:
    qualifying_ms = QUALIFYING_READ // timedelta(milliseconds=1)
    with connection.cursor() as cursor:
        cursor.execute(sql, {"since": since, "at": at, "qualifying_ms": qualifying_ms, **more})
        return list(cursor.fetchall())


def _figures(is_synthetic: bool, today: date, since: datetime, at: datetime, readers: int) -> Figures:
    ((reads, active_30, active_7, active_today),) = _rows(
        f"SELECT count(*), count(DISTINCT reader_id), "  # noqa: S608
        "count(DISTINCT reader_id) FILTER (WHERE day > %(today)s - 7), "
        "count(DISTINCT reader_id) FILTER (WHERE day = %(today)s) "
        f"FROM ({_READS}) AS reads WHERE is_synthetic = %(is_synthetic)s",
        since,
        at,
        today=today,
        is_synthetic=is_synthetic,
    )
    ((impressions, clicks),) = _rows(
        f"SELECT count(*), count(*) FILTER (WHERE clicked) FROM ({_SHOWN}) AS shown "  # noqa: S608
        "WHERE is_synthetic = %(is_synthetic)s",
        since,
        at,
        is_synthetic=is_synthetic,
    )
    return Figures(readers, active_today, active_7, active_30, reads, impressions, clicks)


def _days(first: date, since: datetime, at: datetime) -> tuple[Day, ...]:
    found: dict[date, dict[str, Any]] = defaultdict(dict)
    for is_synthetic, day, reads, active in _rows(
        f"SELECT is_synthetic, day, count(*), count(DISTINCT reader_id) FROM ({_READS}) AS r GROUP BY 1, 2",  # noqa: S608
        since,
        at,
    ):
        prefix = "synthetic_" if is_synthetic else ""
        found[day] |= {f"{prefix}reads": reads, f"{prefix}active": active}
    for is_synthetic, day, impressions, clicks in _rows(
        f"SELECT is_synthetic, day, count(*), count(*) FILTER (WHERE clicked) FROM ({_SHOWN}) AS s GROUP BY 1, 2",  # noqa: S608
        since,
        at,
    ):
        prefix = "synthetic_" if is_synthetic else ""
        found[day] |= {f"{prefix}impressions": impressions, f"{prefix}clicks": clicks}
    series = {s.key: s.daily(since, at) for s in registry.statistics() if s.daily}
    days = [first + timedelta(days=number) for number in range(SERIES_DAYS)]
    return tuple(
        Day(day=day, statistics={key: values.get(day, 0.0) for key, values in series.items()}, **found[day])
        for day in days
    )


# -- Models, work and sources ----------------------------------------------------------------------------------------


def _model_troubles() -> Iterable[Trouble]:
    """Models that cannot answer, or the door itself."""
    try:
        with serving.waiting_at_most(MODELS_SECONDS):
            states = serving.model_states()
    except ServingError as error:
        return [Trouble("models_away", 1, str(error))]
    return [
        Trouble("model_failed", 1, f"{state.name}/{state.version}: {state.reason}")
        for state in states
        if state.state == "failed"
    ]


def _ranker_troubles(at: datetime) -> Iterable[Trouble]:
    """A training of the ranker that served and cannot any more, and a last one of which nothing came."""
    trainings = Checkpoint.objects.filter(created_at__lte=at).order_by("-created_at", "-pk")
    known = list(trainings.values_list("pk", "state", "reason", "created_at", "is_synthetic"))
    for pk, state, reason, _, _ in known:
        if state == Checkpoint.State.BROKEN:
            yield Trouble("ranker_broken", 1, f"{pk}: {reason}")
    for _, state, reason, created_at, _ in [each for each in known if not each[-1]][:1]:
        broke_off = state == Checkpoint.State.TRAINING and (reason or at - created_at > TRAINING_AT_MOST)
        if broke_off or state == Checkpoint.State.FAILED:
            yield Trouble("ranker_not_trained", 1, reason or "it did not come to an end")


def _queue_oldest_seconds(at: datetime) -> float:
    """How long the oldest job waits: an article to be prepared, or what another chapter registered as its queue."""
    waiting = Article.objects.filter(ready_at__isnull=True, failure="").aggregate(oldest=Min("first_seen_at"))["oldest"]
    ages = [statistic.compute(at) for statistic in registry.statistics() if statistic.is_queue]
    if waiting is not None:
        ages.append((at - waiting).total_seconds())
    return max(0.0, *ages, 0.0)


def _source_health(at: datetime) -> SourceHealth:
    in_use = Source.objects.exclude(status=Source.Status.DORMANT)
    by_status = dict(in_use.values_list("status").annotate(count=Count("pk")).order_by("status"))
    outcomes = Fetch.objects.filter(started_at__gt=at - timedelta(days=1), started_at__lte=at)
    ailing = in_use.visible_to(None).exclude(failures=0, last_error="").order_by("-failures", "name")[:AILING_SHOWN]
    return SourceHealth(
        by_status=by_status,
        failing=in_use.filter(failures__gt=0).count(),
        fetches_24_hours=dict(outcomes.values_list("outcome").annotate(count=Count("pk")).order_by("outcome")),
        ailing=tuple(
            AilingSource(
                source_id=source.pk,
                name=source.name,
                status=source.status,
                failures=source.failures,
                reason=source.last_error or source.pause_reason,
                last_fetched_at=source.last_fetched_at,
            )
            for source in ailing
        ),
    )
