"""StylePreset, Picture, PictureReport: a look, the drawing an article shows in it, and what readers say of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from curation.articles.models import Article


class StylePreset(models.Model):
    """A named, versioned look. A version that has drawn a picture is never edited: a change is a new version."""

    slug = models.SlugField()
    version = models.PositiveSmallIntegerField(default=1)
    name_en = models.CharField(max_length=80)
    name_ko = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict)
    is_production = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="preset_version_once"),
            models.UniqueConstraint(
                fields=["is_production"], condition=Q(is_production=True), name="one_production_preset"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug}/{self.version}"


class PictureQuerySet(models.QuerySet["Picture"]):
    def shown(self) -> PictureQuerySet:
        """With a file to show: a picture that is drawn anew keeps its old one until then."""
        return self.exclude(file="").exclude(state=Picture.State.TAKEN_DOWN)


class Picture(models.Model):
    """The drawing of one article in one preset version. The row is the truth of its job, from wish to file."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DRAWING = "drawing"
        ATTACHED = "attached"
        FAILED = "failed"  # every attempt was rejected or broke; `failure` says why
        TAKEN_DOWN = "taken_down"  # by an editor

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="pictures")
    preset = models.ForeignKey(StylePreset, on_delete=models.PROTECT, related_name="pictures")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    requested_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)  # a worker holds it since; reclaimed when that is too long ago
    drawn_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)

    seed = models.BigIntegerField(null=True)
    brief = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)  # renderer, revision, preset, seed, licence, times
    evaluation = models.JSONField(default=dict)  # each check with its figure
    alt_en = models.TextField(blank=True)
    alt_ko = models.TextField(blank=True)
    colour = models.CharField(max_length=7, blank=True)  # placeholder, "#rrggbb"
    perceptual_hash = models.CharField(max_length=16, blank=True)  # 64-bit pHash, hex
    file = models.CharField(
        max_length=200, blank=True
    )  # media path with "{width}" for the width: "pictures/ab/12-7.{width}.webp"

    has_crops = models.BooleanField(default=False)  # a square, a tall one and a share card lie beside the wide files

    objects = PictureQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "preset"], name="one_picture_per_preset")]
        indexes = [models.Index(fields=["state", "requested_at"], name="picture_queue")]

    def __str__(self) -> str:
        return self.article.title


class PictureReport(models.Model):
    """A reader says that a picture is wrong."""

    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="reports")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=20)  # misleading | offensive | ugly | other
    comment = models.CharField(max_length=500, blank=True)
    reported_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["picture", "reader"], name="one_report_per_reader")]

    def __str__(self) -> str:
        return f"{self.reason}: {self.picture}"
