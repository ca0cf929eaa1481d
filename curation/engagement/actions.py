"""What readers do, written down: events appended once, states set by hand, slates stored as served."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from curation.articles.models import Article
from curation.engagement.models import ArticleState, Event, Slate, SlateItem
from curation.engagement.types import EventIn, InvalidEvent, ItemIn, Receipt, Rejection

LATEST_DELAY = timedelta(days=7)  # a browser may have been offline that long; what claims to be older is dated so
SLATES_KEPT = timedelta(days=90)

# Saving and hiding are requests of their own, because they change a state together with the event.
SENT_BY_BROWSERS = frozenset(
    {Event.Kind.IMPRESSION, Event.Kind.CLICK, Event.Kind.DWELL, Event.Kind.MORE, Event.Kind.LESS, Event.Kind.NEUTRAL}
)


# -- Events --------------------------------------------------------------------------------------------------


def record_events(
    *,
    reader_id: int,
    events: Sequence[EventIn | Mapping[str, Any]],
    at: datetime,
    is_synthetic: bool = False,
) -> Receipt:
    """Append what `reader_id` did. Each event stands alone: a bad one is rejected with its reason, the others are kept.

    JSON objects are read by `EventIn.from_document`. An id that is already there, whoever it belongs to, is a
    duplicate and changes nothing: a reader learns nothing about another one's events.
    """
    parsed, rejected = _parse(events)
    visible = set(
        Article.objects.visible_to(reader_id)
        .filter(pk__in={event.article_id for _, event in parsed})
        .values_list("pk", flat=True)
    )
    positions = _positions(reader_id, {event.slate_id for _, event in parsed if event.slate_id})
    rows: dict[UUID, Event] = {}
    for index, event in parsed:
        if event.article_id not in visible:
            rejected.append(Rejection(index, str(event.id), "no such article"))
            continue
        position = positions.get((event.slate_id, event.article_id))
        row = Event(
            id=event.id,
            reader_id=reader_id,
            kind=event.kind,
            article_id=event.article_id,
            slate_id=event.slate_id if position is not None else None,
            position=position,
            at=min(max(event.at, at - LATEST_DELAY), at),
            received_at=at,
            visible_ms=event.visible_ms,
            active_ms=event.active_ms,
            is_synthetic=is_synthetic,
        )
        rows.setdefault(event.id, row)
    with transaction.atomic():
        new = _append(list(rows.values()))
        _set_read(reader_id, [rows[id] for id in new if rows[id].kind == Event.Kind.CLICK])
    return Receipt(
        accepted=len(new),
        duplicate=len(events) - len(rejected) - len(new),
        rejected=tuple(sorted(rejected, key=lambda rejection: rejection.index)),
    )


def _parse(events: Sequence[EventIn | Mapping[str, Any]]) -> tuple[list[tuple[int, EventIn]], list[Rejection]]:
    parsed: list[tuple[int, EventIn]] = []
    rejected: list[Rejection] = []
    for index, given in enumerate(events):
        try:
            event = given if isinstance(given, EventIn) else EventIn.from_document(given)
            _check(event)
        except InvalidEvent as error:
            id = given.id if isinstance(given, EventIn) else given.get("id", "") if isinstance(given, Mapping) else ""
            rejected.append(Rejection(index, str(id)[:36], str(error)))
        else:
            parsed.append((index, event))
    return parsed, rejected


def _check(event: EventIn) -> None:
    if event.kind not in SENT_BY_BROWSERS:
        known = event.kind in Event.Kind.values
        raise InvalidEvent(f"{event.kind} is a request of its own" if known else f"unknown kind {event.kind[:20]!r}")
    if event.kind == Event.Kind.DWELL:
        if event.visible_ms is None or event.active_ms is None:
            raise InvalidEvent("dwell needs visible_ms and active_ms")
        if event.active_ms > event.visible_ms:
            raise InvalidEvent("active_ms is more than visible_ms")
    elif event.visible_ms is not None or event.active_ms is not None:
        raise InvalidEvent(f"{event.kind} has no milliseconds")


def _positions(reader_id: int, slate_ids: set[UUID]) -> dict[tuple[UUID | None, int], int]:
    """Where each article stands on the reader's own slates; the browser's word for it is not needed."""
    if not slate_ids:
        return {}
    items = SlateItem.objects.filter(slate__reader_id=reader_id, slate_id__in=slate_ids)
    return {(slate, article): at for slate, article, at in items.values_list("slate_id", "article_id", "position")}


_COLUMNS = {
    "id": "uuid",
    "reader_id": "bigint",
    "kind": "text",
    "article_id": "bigint",
    "slate_id": "uuid",
    "position": "int",
    "at": "timestamptz",
    "received_at": "timestamptz",
    "visible_ms": "int",
    "active_ms": "int",
    "is_synthetic": "boolean",
}
_APPEND = (
    f"INSERT INTO {Event._meta.db_table} ({', '.join(map(connection.ops.quote_name, _COLUMNS))}) "  # noqa: S608
    f"SELECT * FROM unnest({', '.join(f'%s::{type}[]' for type in _COLUMNS.values())}) "
    "ON CONFLICT (id) DO NOTHING RETURNING id"
)


def _append(rows: Sequence[Event]) -> list[UUID]:
    """Insert what is not there yet; return the ids that were new (bulk_create cannot say which).

    Ids go in by one order: a batch that is sent again waits for the first one's rows, and two that hold the same
    events in different orders would otherwise wait for each other.
    """
    if not rows:
        return []
    ordered = sorted(rows, key=lambda row: row.id)
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [[getattr(row, name) for row in ordered] for name in _COLUMNS])
        return [id for (id,) in cursor.fetchall()]


def _set_read(reader_id: int, clicks: Sequence[Event]) -> None:
    """The first time an article was opened stays; rows are taken in one order, so that two batches cannot deadlock."""
    first: dict[int, datetime] = {}
    for click in clicks:
        first[click.article_id] = min(first.get(click.article_id, click.at), click.at)
    if not first:
        return
    articles = sorted(first)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {ArticleState._meta.db_table} AS state (reader_id, article_id, read_at) "  # noqa: S608
            "SELECT %s, * FROM unnest(%s::bigint[], %s::timestamptz[]) ON CONFLICT (reader_id, article_id) "
            "DO UPDATE SET read_at = LEAST(state.read_at, EXCLUDED.read_at)",
            [reader_id, articles, [first[article] for article in articles]],
        )


# -- States that a reader sets by hand -----------------------------------------------------------------------


def save_article(*, reader_id: int, article_id: int, at: datetime, slate_id: UUID | None = None) -> None:
    _set_state(reader_id, article_id, "saved_at", at, Event.Kind.SAVE, at, slate_id)


def unsave_article(*, reader_id: int, article_id: int, at: datetime, slate_id: UUID | None = None) -> None:
    _set_state(reader_id, article_id, "saved_at", None, Event.Kind.UNSAVE, at, slate_id)


def hide_article(*, reader_id: int, article_id: int, at: datetime, slate_id: UUID | None = None) -> None:
    _set_state(reader_id, article_id, "hidden_at", at, Event.Kind.HIDE, at, slate_id)


def unhide_article(*, reader_id: int, article_id: int, at: datetime, slate_id: UUID | None = None) -> None:
    _set_state(reader_id, article_id, "hidden_at", None, Event.Kind.UNHIDE, at, slate_id)


def mark_read(*, reader_id: int, article_id: int, at: datetime, slate_id: UUID | None = None) -> None:
    """The article counts as read. There is no event: a mark is not a click, and must not pass for one in a rate."""
    _set_state(reader_id, article_id, "read_at", at, None, at, slate_id)


@transaction.atomic
def _set_state(
    reader_id: int,
    article_id: int,
    column: str,
    value: datetime | None,
    kind: Event.Kind | None,
    at: datetime,
    slate_id: UUID | None,
) -> None:
    """Set one state and append its event, or do neither when the state is already so.

    Raises Article.DoesNotExist for an article that this reader cannot see.
    """
    Article.objects.visible_to(reader_id).only("pk").get(pk=article_id)
    ArticleState.objects.bulk_create([ArticleState(reader_id=reader_id, article_id=article_id)], ignore_conflicts=True)
    state = ArticleState.objects.select_for_update().get(reader_id=reader_id, article_id=article_id)
    if (getattr(state, column) is None) == (value is None):
        return
    setattr(state, column, value)
    state.save(update_fields=[column])
    if kind is None:
        return
    position = _positions(reader_id, {slate_id} if slate_id else set()).get((slate_id, article_id))
    Event.objects.create(
        id=uuid.uuid4(),
        reader_id=reader_id,
        kind=kind,
        article_id=article_id,
        slate_id=slate_id if position is not None else None,
        position=position,
        at=at,
        received_at=at,
    )


# -- Slates --------------------------------------------------------------------------------------------------


_EXTEND = (
    f"INSERT INTO {SlateItem._meta.db_table} "  # noqa: S608
    "(slate_id, position, article_id, score, reason, contributions, propensity) "
    "SELECT %s, * FROM unnest(%s::int[], %s::bigint[], %s::float8[], %s::jsonb[], %s::jsonb[], %s::float8[])"
)


def extend_slate(*, slate: Slate, items: Sequence[ItemIn], position: int) -> None:
    """Add the next page, beginning at `position`. Two requests for the same page: the caller holds the slate's lock."""
    if not items:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _EXTEND,
            [
                slate.pk,
                list(range(position, position + len(items))),
                [item.article_id for item in items],
                [item.score for item in items],
                [json.dumps(item.reason) for item in items],
                [json.dumps(item.contributions) for item in items],
                [item.propensity for item in items],
            ],
        )


def prune_slates(*, at: datetime) -> int:
    """Forget old slates; their events stay, without the slate. Returns how many were forgotten."""
    old = Slate.objects.filter(created_at__lt=at - SLATES_KEPT)
    count = old.count()
    old.delete()
    return count
