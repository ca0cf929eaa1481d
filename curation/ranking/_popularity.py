"""How articles fare with everybody, straight from the events: fast figures of the last hours, slow ones of days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Q

from curation.articles.models import Article
from curation.engagement.models import Event
from curation.ranking.models import Popularity
from curation.ranking.scorers import HALF_LIFE_HOURS, SLOW_HALF_LIFE_HOURS
from curation.ranking.types import Floats, Integers

WINDOW = timedelta(hours=48)  # eight half-lives: what is older weighs less than half a hundredth
SLOW_WINDOW = timedelta(days=14)  # nearly five: less than four hundredths
SHORTEST_SECONDS = 20  # an article is taken to need at least so long

_EVENTS = Event._meta.db_table
_ONLY = (
    "at > %(since)s AND at <= %(at)s AND (%(with_synthetic)s OR NOT is_synthetic)"
    " AND (%(ids)s::bigint[] IS NULL OR article_id = ANY(%(ids)s::bigint[]))"
)


def _fade(moment: str) -> str:
    return f"exp(-ln(2.0) * extract(epoch FROM %(at)s - {moment}) / %(half_life)s)"


# One reader counts once for an article, however often it was shown or opened; a click counts with its impression.
_FAST = f"""
    SELECT article_id, sum({_fade("shown_at")}) AS impressions, coalesce(sum({_fade("clicked_at")}), 0) AS clicks
    FROM (
        SELECT article_id,
               max(at) FILTER (WHERE kind = 'impression') AS shown_at,
               max(at) FILTER (WHERE kind = 'click') AS clicked_at
        FROM {_EVENTS}
        WHERE {_ONLY} AND kind IN ('impression', 'click')
        GROUP BY article_id, reader_id
    ) AS one_reader
    WHERE shown_at IS NOT NULL
    GROUP BY article_id
"""  # noqa: S608
_SLOW = f"""
    SELECT article_id,
           coalesce(sum({_fade("opened_at")}), 0) AS demand,
           coalesce(sum({_fade("read_at")}), 0) AS reads,
           coalesce(sum({_fade("read_at")} * least(read_ms / needed_ms, 1.0)), 0) AS satisfaction
    FROM (
        SELECT e.article_id,
               coalesce(max(e.at) FILTER (WHERE e.kind = 'click'), max(e.at)) AS opened_at,
               max(e.at) FILTER (WHERE e.kind = 'dwell') AS read_at,
               coalesce(sum(e.active_ms), 0)::float8 AS read_ms,
               1000.0 * greatest(max(a.reading_seconds), {SHORTEST_SECONDS}) AS needed_ms
        FROM {_EVENTS} e JOIN {Article._meta.db_table} a ON a.id = e.article_id
        WHERE {_ONLY} AND e.kind IN ('click', 'dwell')
        GROUP BY e.article_id, e.reader_id
    ) AS one_reader
    GROUP BY article_id
"""  # noqa: S608


def _parameters(
    at: datetime, window: timedelta, half_life_hours: float, *, with_synthetic: bool, ids: list[int] | None = None
) -> dict[str, Any]:
    return {
        "at": at,
        "since": at - window,
        "half_life": half_life_hours * 3600,
        "with_synthetic": with_synthetic,
        "ids": ids,
    }


def measure(ids: Integers, *, at: datetime) -> dict[str, Floats]:
    """The pool's five columns of figures for these articles, whose ids ascend: simulated readers count with the real,
    as they do for simulated readers alone.
    """
    columns = {name: np.zeros(len(ids)) for name in ("impressions", "clicks", "demand", "reads", "satisfaction")}
    for sql, names, window, half_life in (
        (_FAST, ("impressions", "clicks"), WINDOW, HALF_LIFE_HOURS),
        (_SLOW, ("demand", "reads", "satisfaction"), SLOW_WINDOW, SLOW_HALF_LIFE_HOURS),
    ):
        with connection.cursor() as cursor:
            cursor.execute(sql, _parameters(at, window, half_life, with_synthetic=True, ids=ids.tolist()))
            rows = cursor.fetchall()
        if rows:
            places = np.searchsorted(ids, [row[0] for row in rows])
            for column, name in enumerate(names, start=1):
                columns[name][places] = [row[column] for row in rows]
    return columns


@transaction.atomic
def refresh(*, at: datetime) -> int:
    """Count the last hours of real readers' events anew; what nobody was shown since is 0. Returns how many articles
    were shown.
    """
    return _refresh(
        _FAST,
        ("impressions", "clicks"),
        "as_of",
        "slow_as_of",
        _parameters(at, WINDOW, HALF_LIFE_HOURS, with_synthetic=False),
    )


@transaction.atomic
def refresh_slow(*, at: datetime) -> int:
    """The same for the figures of days; returns how many articles were opened."""
    parameters = _parameters(at, SLOW_WINDOW, SLOW_HALF_LIFE_HOURS, with_synthetic=False)
    return _refresh(_SLOW, ("demand", "reads", "satisfaction"), "slow_as_of", "as_of", parameters)


def _refresh(sql: str, columns: tuple[str, ...], moment: str, other: str, parameters: dict[str, Any]) -> int:
    table, at = Popularity._meta.db_table, parameters["at"]
    rest = tuple({"impressions", "clicks", "demand", "reads", "satisfaction"} - {*columns})
    named, zeros = ", ".join(columns), ", ".join("0" for _ in rest)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table])
        cursor.execute(
            f"INSERT INTO {table} (article_id, {named}, {moment}, {', '.join(rest)}, {other}) "  # noqa: S608
            f"SELECT article_id, {named}, %(at)s, {zeros}, %(at)s FROM ({sql}) AS measured "
            "ON CONFLICT (article_id) DO UPDATE SET "
            + ", ".join(f"{column} = EXCLUDED.{column}" for column in (*columns, moment)),
            parameters,
        )
        count = cursor.rowcount
    Popularity.objects.exclude(**{moment: at}).update(**dict.fromkeys(columns, 0.0), **{moment: at})
    nothing = dict.fromkeys(("impressions", "clicks", "demand"), 0.0)
    Popularity.objects.filter(Q(**nothing)).delete()
    return count
