"""Clicks and impressions, halved every six hours, straight from the events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from curation.engagement.models import Event
from curation.ranking.models import Popularity
from curation.ranking.scorers import HALF_LIFE_HOURS
from curation.ranking.types import Floats, Integers

WINDOW = timedelta(hours=48)  # eight half-lives: what is older weighs less than half a hundredth

# One reader counts once for an article, however often it was shown or opened; a click counts with its impression.
_MEASURE = f"""
    SELECT article_id,
           sum(exp(-ln(2.0) * extract(epoch FROM %(at)s - shown_at) / %(half_life)s)) AS impressions,
           coalesce(sum(exp(-ln(2.0) * extract(epoch FROM %(at)s - clicked_at) / %(half_life)s)), 0) AS clicks
    FROM (
        SELECT article_id,
               max(at) FILTER (WHERE kind = 'impression') AS shown_at,
               max(at) FILTER (WHERE kind = 'click') AS clicked_at
        FROM {Event._meta.db_table}
        WHERE at > %(since)s AND at <= %(at)s AND kind IN ('impression', 'click')
          AND (%(with_synthetic)s OR NOT is_synthetic)
          AND (%(ids)s::bigint[] IS NULL OR article_id = ANY(%(ids)s::bigint[]))
        GROUP BY article_id, reader_id
    ) AS one_reader
    WHERE shown_at IS NOT NULL
    GROUP BY article_id
"""  # noqa: S608


def _parameters(at: datetime, *, with_synthetic: bool, ids: list[int] | None = None) -> dict[str, Any]:
    return {
        "at": at,
        "since": at - WINDOW,
        "half_life": HALF_LIFE_HOURS * 3600,
        "with_synthetic": with_synthetic,
        "ids": ids,
    }


def measure(ids: Integers, *, at: datetime, with_synthetic: bool) -> tuple[Floats, Floats]:
    """Impressions and clicks of these articles, in their order, which is ascending."""
    impressions, clicks = np.zeros(len(ids)), np.zeros(len(ids))
    with connection.cursor() as cursor:
        cursor.execute(_MEASURE, _parameters(at, with_synthetic=with_synthetic, ids=ids.tolist()))
        rows = cursor.fetchall()
    if rows:
        places = np.searchsorted(ids, [row[0] for row in rows])
        impressions[places], clicks[places] = [row[1] for row in rows], [row[2] for row in rows]
    return impressions, clicks


@transaction.atomic
def refresh(*, at: datetime) -> int:
    """Make the table anew from the last 48 hours of real readers' events; what nobody was shown since leaves it."""
    table = Popularity._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table])
        cursor.execute(
            f"INSERT INTO {table} (article_id, impressions, clicks, as_of) "  # noqa: S608
            f"SELECT article_id, impressions, clicks, %(at)s FROM ({_MEASURE}) AS measured "
            "ON CONFLICT (article_id) DO UPDATE "
            "SET impressions = EXCLUDED.impressions, clicks = EXCLUDED.clicks, as_of = EXCLUDED.as_of",
            _parameters(at, with_synthetic=False),
        )
        count = cursor.rowcount
    Popularity.objects.exclude(as_of=at).delete()
    return count
