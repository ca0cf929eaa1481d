"""What a reader did, read back: states for pages, history for the ranking, the saved list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import F, FilteredRelation, Q, QuerySet

from curation.articles.models import Article
from curation.engagement.models import ArticleState, Event
from curation.engagement.types import Read, State

GLANCE_SECONDS = 5.0  # opened and closed again: hardly a sign of interest
LONG_READ_SECONDS = 60.0
GLANCE_WEIGHT, READ_WEIGHT, LONG_READ_BONUS, SAVED_BONUS, MORE_BONUS, REFUSED_WEIGHT = 0.3, 1.0, 0.5, 1.0, 1.5, -1.0
PREFERENCES = (Event.Kind.MORE, Event.Kind.LESS, Event.Kind.NEUTRAL)


def states(reader_id: int, article_ids: Iterable[int]) -> dict[int, State]:
    """Where the reader stands with each of these articles; every id asked for has an answer."""
    ids = list(article_ids)
    rows = {row.article_id: row for row in ArticleState.objects.filter(reader_id=reader_id, article_id__in=ids)}
    latest = (
        Event.objects.filter(reader_id=reader_id, article_id__in=ids, kind__in=PREFERENCES)
        .order_by("article_id", "-at", "-id")
        .distinct("article_id")
    )
    said = latest.values_list("article_id", "kind")
    preferences = {article_id: kind for article_id, kind in said if kind != Event.Kind.NEUTRAL}
    nothing = ArticleState()
    return {
        id: State(row.saved_at, row.hidden_at, row.read_at, preferences.get(id, ""))
        for id in ids
        for row in [rows.get(id, nothing)]
    }


_STATE, _EVENT = ArticleState._meta.db_table, Event._meta.db_table
# One statement, because a slate waits for it: the last states set by hand, the last reads, and both laid together.
_HISTORY = f"""
    WITH by_hand AS (
        SELECT article_id, saved_at, hidden_at, read_at, greatest(saved_at, hidden_at, read_at) AS moment
        FROM {_STATE}
        WHERE reader_id = %(reader_id)s AND greatest(saved_at, hidden_at, read_at) > %(since)s
        ORDER BY moment DESC, article_id DESC LIMIT %(limit)s
    ), told AS (
        SELECT article_id, max(at) AS moment, coalesce(sum(active_ms), 0) / 1000.0 AS dwell,
               max(at) FILTER (WHERE kind = 'more') AS more_at,
               max(at) FILTER (WHERE kind = 'less') AS less_at,
               max(at) FILTER (WHERE kind = 'neutral') AS neutral_at
        FROM {_EVENT}
        WHERE reader_id = %(reader_id)s AND kind IN ('dwell', 'more', 'less', 'neutral') AND at > %(since)s
        GROUP BY article_id ORDER BY moment DESC, article_id DESC LIMIT %(limit)s
    )
    SELECT article_id, extract(epoch FROM greatest(by_hand.moment, told.moment))::float8 AS moment,
           coalesce(dwell, 0)::float8,
           saved_at IS NOT NULL, hidden_at IS NOT NULL, read_at IS NOT NULL, more_at, less_at, neutral_at
    FROM by_hand FULL JOIN told USING (article_id)
    ORDER BY moment DESC, article_id DESC LIMIT %(limit)s
"""  # noqa: S608


def history(reader_id: int, limit: int = 200, since: datetime | None = None) -> list[Read]:
    """What the reader read, saved, liked or refused, latest first, at most `limit` articles; nothing before `since`.

    Saving and "more like this" weigh more than reading, reading more than a glance; a hidden article and "less like
    this" weigh below 0, whatever was read before. An article that was only shown is not here.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, {"reader_id": reader_id, "limit": limit, "since": since or "-infinity"})
        rows = cursor.fetchall()
    reads = []
    for article_id, moment, dwell, saved, hidden, read, more_at, less_at, neutral_at in rows:
        if neutral_at:
            more_at, less_at = (said if said and said > neutral_at else None for said in (more_at, less_at))
        refused = hidden or (less_at is not None and (more_at is None or less_at > more_at))
        weight = weigh(dwell, read=read, saved=saved, more=more_at is not None, refused=refused)
        at = datetime.fromtimestamp(moment, UTC)
        reads.append(Read(article_id=article_id, at=at, weight=weight, dwell_seconds=dwell))
    return reads


def weigh(dwell: float, *, read: bool, saved: bool, more: bool, refused: bool) -> float:
    """How much an article says about its reader's interest. `dwell` is in active seconds; `more` and `refused` are the
    reader's own words, of which the last one counts.
    """
    if refused:
        return REFUSED_WEIGHT
    weight = 0.0
    if dwell > 0:
        weight = GLANCE_WEIGHT if dwell < GLANCE_SECONDS else READ_WEIGHT
        weight += LONG_READ_BONUS * min(dwell / LONG_READ_SECONDS, 1.0)
    elif read:
        weight = READ_WEIGHT
    if saved:
        weight += SAVED_BONUS
    if more:
        weight += MORE_BONUS
    return weight


def saved(reader_id: int) -> QuerySet[Article]:
    """The reader's saved articles, latest first, each with `saved_at`."""
    return (
        Article.objects.visible_to(reader_id)
        .for_cards()
        .annotate(mine=FilteredRelation("states", condition=Q(states__reader_id=reader_id)))
        .filter(mine__saved_at__isnull=False)
        .annotate(saved_at=F("mine__saved_at"))
        .order_by("-saved_at", "-pk")
    )


def export_reader(reader_id: int) -> dict[str, Any]:
    """Everything that is written down about a reader here, as plain data for JSON, oldest first."""
    states = ArticleState.objects.filter(reader_id=reader_id).select_related("article").order_by("pk")
    events = Event.objects.filter(reader_id=reader_id).order_by("at", "pk")

    def listed(moment: str) -> list[dict[str, str]]:
        return [
            {"url": state.article.url, "title": state.article.title, "at": getattr(state, moment).isoformat()}
            for state in states
            if getattr(state, moment)
        ]

    return {
        "saved": listed("saved_at"),
        "hidden": listed("hidden_at"),
        "read": listed("read_at"),
        "events": [
            {
                "id": str(event.pk),
                "kind": event.kind,
                "article": event.article.url,
                "at": event.at.isoformat(),
                "visible_ms": event.visible_ms,
                "active_ms": event.active_ms,
            }
            for event in events.select_related("article").only(
                "id", "kind", "at", "visible_ms", "active_ms", "article__url"
            )
        ],
    }
