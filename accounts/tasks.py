"""The accounts' share of the nightly work."""

from celery import shared_task
from django.utils import timezone

from accounts import actions


@shared_task
def forget_phrases() -> None:
    actions.forget_phrases(at=timezone.now())
