"""Keeps the figures fresh that ranking lives on, and has the ranker learn at night."""

from celery import shared_task
from django.utils import timezone

from curation.ranking import actions

TRAINING_SECONDS = 2400.0  # below the hour after which Redis would give the task to another worker


@shared_task
def refresh_popularity() -> None:
    actions.refresh_popularity(at=timezone.now())


@shared_task
def refresh_demand() -> None:
    actions.refresh_demand(at=timezone.now())


@shared_task(soft_time_limit=TRAINING_SECONDS + 60, time_limit=TRAINING_SECONDS + 120)
def train_ranker() -> None:
    from curation.ranking.learning.child import train_in_child

    train_in_child(seconds=TRAINING_SECONDS)
