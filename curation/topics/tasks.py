"""Assigning in the background; each task may run twice without harm."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from curation.topics import actions

ASSIGN_AT_ONCE = 200


@shared_task
def assign_article(*, article_id: int) -> None:
    actions.assign_article(article_id=article_id, at=timezone.now())


@shared_task
def assign_waiting_articles() -> None:
    actions.assign_waiting(at=timezone.now(), limit=ASSIGN_AT_ONCE)


@shared_task
def remove_empty_stories() -> None:
    actions.remove_empty_stories()
