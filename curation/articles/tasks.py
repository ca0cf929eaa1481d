"""Background work of this chapter: make articles of entries, and find those that an announcement missed."""

from collections.abc import Sequence
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from curation.articles import actions

ENTRIES_AT_ONCE = 10  # in one message: short enough to end within its time even when every page is slow
WAITING_AT_ONCE = 100
GRACE = timedelta(minutes=2)


@shared_task
def prepare_entries(*, entry_ids: Sequence[int]) -> None:
    actions.prepare_entries(entry_ids=entry_ids, at=timezone.now())


@shared_task
def prepare_waiting_articles() -> None:
    actions.prepare_waiting(at=timezone.now(), limit=WAITING_AT_ONCE, grace=GRACE)
