"""Background work of this chapter: look who is due, visit one; forget old visits."""

from celery import shared_task
from django.utils import timezone

from curation.sources import actions

CLAIMED_AT_ONCE = 40


@shared_task
def fetch_source(*, source_id: int) -> None:
    actions.fetch_source(source_id=source_id, at=timezone.now())


@shared_task
def poll_due_sources() -> None:
    for source_id in actions.claim_due_sources(at=timezone.now(), limit=CLAIMED_AT_ONCE):
        fetch_source.delay(source_id=source_id)


@shared_task
def prune_fetches() -> None:
    actions.prune_fetches(at=timezone.now())
