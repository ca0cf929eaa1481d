"""Writes what a visit brought, in one transaction: entries, the source's state, and the record of the visit."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, transaction

from curation.sources import _schedule, signals
from curation.sources._decide import Known, decide
from curation.sources.models import Entry, Fetch, Source
from curation.sources.types import Document, FetchFailed, FetchOutcome, ParsedEntry, ParsedFeed, SourceError

logger = logging.getLogger(__name__)

_ENTRY_FIELDS = (
    "link", "title", "summary_html", "content_html", "authors", "categories", "image_url", "image_alt", "enclosures",
    "published_at", "updated_at", "content_hash",
)  # fmt: skip


@transaction.atomic
def store_feed(
    *, source_id: int, feed: ParsedFeed, document: Document, started_at: datetime, took: timedelta
) -> FetchOutcome:
    """The row lock makes two visits of one source take turns: the second finds everything the same."""
    source = Source.objects.select_for_update().get(pk=source_id)
    decision = decide(_known(source, feed.entries), feed.entries, at=started_at)
    new = _kept(
        [
            Entry(
                source=source,
                external_id=entry.external_id,
                first_seen_at=started_at,
                last_seen_at=started_at,
                **_values(entry),
            )
            for entry in decision.new
        ],
        lambda rows: Entry.objects.bulk_create(rows),
    )
    fields = [*_ENTRY_FIELDS, "changed_at", "last_seen_at"]
    changed = _kept(
        [
            Entry(pk=pk, changed_at=started_at, last_seen_at=started_at, **_values(entry))
            for pk, entry in decision.changed
        ],
        lambda rows: Entry.objects.bulk_update(rows, fields, batch_size=200),
    )
    Entry.objects.filter(pk__in=decision.same).update(last_seen_at=started_at)

    lost = len(decision.new) + len(decision.changed) - len(new) - len(changed)
    remarks = ["broken, but readable"] if feed.bozo else []
    remarks += [f"the database could not hold {lost} of the entries"] if lost else []
    outcome = FetchOutcome(
        "stored",
        "; ".join(remarks),
        [entry.pk for entry in new],
        [entry.pk for entry in changed],
    )
    _follow_move(source, document.moved_to)
    source.etag, source.last_modified = document.etag, document.last_modified
    source.site_url = source.site_url or feed.link
    source.language = source.language or feed.main_language
    if new:
        source.last_new_at = started_at
    _succeeded(source, at=started_at, had_news=bool(new), max_age=document.max_age)
    _record(source, outcome, started_at, took, status=document.status, size=len(document.body))
    if entry_ids := [*outcome.new_ids, *outcome.changed_ids]:
        transaction.on_commit(lambda: signals.entry_stored.send_robust(sender=Source, entry_ids=entry_ids))
    return outcome


@transaction.atomic
def store_unchanged(*, source_id: int, document: Document, started_at: datetime, took: timedelta) -> FetchOutcome:
    source = Source.objects.select_for_update().get(pk=source_id)
    outcome = FetchOutcome("unchanged")
    _follow_move(source, document.moved_to)
    _succeeded(source, at=started_at, had_news=False, max_age=document.max_age)
    _record(source, outcome, started_at, took, status=document.status)
    return outcome


@transaction.atomic
def store_failure(
    *, source_id: int, error: SourceError, outcome: str, started_at: datetime, took: timedelta, size: int = 0
) -> FetchOutcome:
    """Entries stay as they are; the source learns why and when to try again."""
    source = Source.objects.select_for_update().get(pk=source_id)
    status = error.status if isinstance(error, FetchFailed) else None
    reason = str(error)[:500]
    result = FetchOutcome(outcome, reason)
    source.failures += 1
    source.last_error = reason
    source.last_fetched_at = started_at
    wait = _schedule.back_off(
        source.interval_seconds,
        failures=source.failures,
        retry_after=error.retry_after if isinstance(error, FetchFailed) else None,
    )
    source.next_fetch_at = _schedule.next_visit(started_at, wait, luck=random.random())
    if status == 410:
        source.status = Source.Status.GONE
    elif source.failures >= _schedule.FAILURES_BEFORE_PAUSE and source.status == Source.Status.ACTIVE:
        source.status = Source.Status.PAUSED
        source.pause_reason = f"{source.failures} failures in a row, the last: {reason}"[:200]
        transaction.on_commit(lambda: signals.source_paused.send_robust(sender=Source, source_id=source_id))
    source.save()
    _record(source, result, started_at, took, status=status, size=size)
    return result


def _kept(rows: list[Entry], write: Callable[[list[Entry]], object]) -> list[Entry]:
    """The rows that could be written: all at once, or each for itself when one of them spoils the others."""
    try:
        with transaction.atomic():
            write(rows)
    except DataError as error:
        if len(rows) > 1:
            return [row for each in rows for row in _kept([each], write)]
        logger.warning("entry %.100s cannot be stored: %s", rows[0].external_id, error)
        return []
    return rows


def _known(source: Source, entries: Iterable[ParsedEntry]) -> list[Known]:
    entries = list(entries)
    rows = Entry.objects.filter(source=source).filter(
        external_id__in=[entry.external_id for entry in entries]
    ) | Entry.objects.filter(source=source, link__in=[entry.link for entry in entries if entry.link])
    return [Known(*row) for row in rows.values_list("pk", "external_id", "content_hash", "link", "title")]


def _values(entry: ParsedEntry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in _ENTRY_FIELDS}
    for name in ("authors", "categories"):
        values[name] = list(values[name])
    return values | {"enclosures": [asdict(enclosure) for enclosure in entry.enclosures]}


def _follow_move(source: Source, address: str) -> None:
    """A permanent redirect changes the address, unless another source of the same owner already has it."""
    if not address or address == source.address or len(address) > 2000:
        return
    if not Source.objects.filter(address=address, owner=source.owner_id).exclude(pk=source.pk).exists():
        source.address = address


def _succeeded(source: Source, *, at: datetime, had_news: bool, max_age: int | None) -> None:
    source.interval_seconds = _schedule.adapted_interval(source.interval_seconds, had_news=had_news)
    wait = _schedule.wait_after_success(source.interval_seconds, max_age=max_age)
    source.next_fetch_at = _schedule.next_visit(at, wait, luck=random.random())
    source.last_fetched_at = at
    source.failures = 0
    source.last_error = ""
    source.save()


def _record(
    source: Source, outcome: FetchOutcome, started_at: datetime, took: timedelta, *, status: int | None, size: int = 0
) -> None:
    Fetch.objects.create(
        source=source,
        started_at=started_at,
        milliseconds=max(0, round(took.total_seconds() * 1000)),
        http_status=status,
        bytes_read=size,
        outcome=outcome.outcome,
        reason=outcome.reason,
        entries_new=len(outcome.new_ids),
        entries_changed=len(outcome.changed_ids),
    )
