"""Engagement's share of the nightly work."""

from celery import shared_task
from django.utils import timezone

from curation.engagement import actions


@shared_task
def prune_slates() -> None:
    actions.prune_slates(at=timezone.now())
