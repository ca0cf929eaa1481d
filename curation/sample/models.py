"""Newsroom: whether the sample newsroom prints here, and since when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Newsroom(models.Model):
    """One row once the sample newsroom has been opened; its dates count from `started_at`. Closed, it stays closed."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="newsroom_single_row")]
