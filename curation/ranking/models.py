"""How articles fare with everybody, decayed, and what the learned ranker was trained to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from curation.articles.models import Article


class Popularity(models.Model):
    """How an article fares with real readers: impressions and clicks halved every six hours, as of one moment, and what
    is halved every three days, as of another.
    """

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="popularity")
    impressions = models.FloatField(default=0)
    clicks = models.FloatField(default=0)
    as_of = models.DateTimeField()
    demand = models.FloatField(default=0)  # readers who opened it
    reads = models.FloatField(default=0)  # of them, those whose reading time is known
    satisfaction = models.FloatField(default=0)  # the sum of how far they read, 0 to 1 each
    slow_as_of = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["-clicks"], name="popular_now", condition=Q(clicks__gt=0)),
            models.Index(fields=["-demand"], name="popular_these_days", condition=Q(demand__gt=0)),
        ]


class Checkpoint(models.Model):
    """One training of the learned ranker: how far it is, what came of it, and whether it serves.

    What was trained on simulated readers serves only those.
    """

    class State(models.TextChoices):
        TRAINING = "training"  # being trained, or broken off and to be gone on with
        TRAINED = "trained"  # not judged yet, or never to serve unasked
        SERVING = "serving"
        REFUSED = "refused"  # it was not surely better than what serves
        RETIRED = "retired"  # it served, until another one did
        BROKEN = "broken"  # it served, and cannot any more: the floor orders the feed
        FAILED = "failed"  # nothing came of the training

    state = models.CharField(max_length=10, choices=State, default=State.TRAINING)
    is_synthetic = models.BooleanField(default=False)
    seed = models.PositiveIntegerField(default=0)
    schema = models.CharField(max_length=64)  # of the scorers that it knows
    space_name = models.CharField(max_length=100, blank=True)  # of the vectors that its attention compares
    space_revision = models.CharField(max_length=100, blank=True)
    dimension = models.PositiveSmallIntegerField(default=0)
    weights = models.BinaryField(default=bytes)
    sha256 = models.CharField(max_length=64, blank=True)
    progress = models.BinaryField(default=bytes)  # of a training that is not over
    metrics = models.JSONField(default=dict)
    reason = models.TextField(blank=True)  # why it is in its state, in words
    created_at = models.DateTimeField()  # the log up to then is what it is trained and judged on
    trained_until = models.DateTimeField(null=True)  # the last list that it was trained on
    served_at = models.DateTimeField(null=True)  # when it last began to; None also once it was rolled back

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_synthetic"], condition=Q(state="serving"), name="one_checkpoint_serves"
            ),
            models.UniqueConstraint(
                fields=["is_synthetic"], condition=Q(state="training"), name="one_checkpoint_in_training"
            ),
            models.CheckConstraint(
                condition=~Q(state="serving") | Q(served_at__isnull=False), name="serving_checkpoint_has_its_moment"
            ),
        ]
