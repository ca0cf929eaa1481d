"""What a reader did, read back: states for pages, history for the ranking, the saved list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, FilteredRelation, Max, Q, QuerySet, Sum
from django.db.models.functions import Greatest

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


def history(reader_id: int, limit: int = 200) -> list[Read]:
    """What the reader read, saved, liked or refused, latest first, at most `limit` articles.

    Saving and "more like this" weigh more than reading, reading more than a glance; a hidden article and "less like
    this" weigh below 0, whatever was read before. An article that was only shown is not here.
    """
    rows = (
        ArticleState.objects.filter(reader_id=reader_id)
        .annotate(moment=Greatest("saved_at", "hidden_at", "read_at"))
        .filter(moment__isnull=False)
        .order_by("-moment", "-article_id")[:limit]
    )
    set_by_hand = {row.article_id: row for row in rows}
    told: dict[int, dict[str, Any]] = {
        row["article_id"]: dict(row)
        for row in Event.objects.filter(reader_id=reader_id, kind__in=[Event.Kind.DWELL, *PREFERENCES])
        .values("article_id")
        .annotate(
            moment=Max("at"),
            active_ms=Sum("active_ms"),
            more_at=Max("at", filter=Q(kind=Event.Kind.MORE)),
            less_at=Max("at", filter=Q(kind=Event.Kind.LESS)),
            neutral_at=Max("at", filter=Q(kind=Event.Kind.NEUTRAL)),
        )
        .order_by("-moment", "-article_id")[:limit]
    }
    reads = []
    for article_id in set_by_hand.keys() | told.keys():
        state, events = set_by_hand.get(article_id), told.get(article_id, {})
        dwell = (events.get("active_ms") or 0) / 1000
        more_at, less_at = events.get("more_at"), events.get("less_at")
        if neutral_at := events.get("neutral_at"):
            more_at, less_at = (at if at and at > neutral_at else None for at in (more_at, less_at))
        moments = [events.get("moment"), getattr(state, "moment", None)]
        reads.append(
            Read(
                article_id=article_id,
                at=max(moment for moment in moments if moment),
                weight=weigh(state, dwell, more_at=more_at, less_at=less_at),
                dwell_seconds=dwell,
            )
        )
    reads.sort(key=lambda read: (read.at, read.article_id), reverse=True)
    return reads[:limit]


def weigh(state: ArticleState | None, dwell: float, *, more_at: datetime | None, less_at: datetime | None) -> float:
    """How much an article says about its reader's interest. `dwell` is in active seconds."""
    refused = less_at is not None and (more_at is None or less_at > more_at)
    if refused or (state is not None and state.hidden_at is not None):
        return REFUSED_WEIGHT
    weight = 0.0
    if dwell > 0:
        weight = GLANCE_WEIGHT if dwell < GLANCE_SECONDS else READ_WEIGHT
        weight += LONG_READ_BONUS * min(dwell / LONG_READ_SECONDS, 1.0)
    elif state is not None and state.read_at is not None:
        weight = READ_WEIGHT
    if state is not None and state.saved_at is not None:
        weight += SAVED_BONUS
    if more_at is not None:
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
