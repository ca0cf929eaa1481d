"""Keeps the figures fresh that ranking lives on."""

from celery import shared_task
from django.utils import timezone

from curation.ranking import actions


@shared_task
def refresh_popularity() -> None:
    actions.refresh_popularity(at=timezone.now())


@shared_task
def refresh_demand() -> None:
    actions.refresh_demand(at=timezone.now())
