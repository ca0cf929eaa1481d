"""Background work of this chapter: draw a picture, and find the pictures that an announcement missed."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from illustrate import actions, pipeline


@shared_task
def draw_picture(*, picture_id: int) -> None:
    pipeline.draw(picture_id=picture_id, at=timezone.now())


@shared_task
def reconcile_pictures() -> None:
    actions.reconcile_pictures(at=timezone.now())
