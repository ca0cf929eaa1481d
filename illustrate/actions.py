"""What may be done to pictures: wish for one, draw it anew, take it down, report it; and find the lost wishes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from curation.articles.models import Article
from curation.serving import queries as serving
from curation.serving.actions import register_models
from curation.serving.types import ServingError
from illustrate import _files, _models
from illustrate.brief.compose import title_hash
from illustrate.models import Picture, PictureReport, StylePreset
from illustrate.render import diffusion, presets
from illustrate.render.frames import SHAPES

logger = logging.getLogger(__name__)

REPORT_REASONS = ("misleading", "offensive", "ugly", "other")
COMMENT_CHARACTERS = 500

# The reconciler leaves alone what was asked so lately that its own message is probably on the way.
GRACE = timedelta(minutes=1)
UNASSIGNED_GRACE = timedelta(minutes=2)  # after it an article is drawn although its topics are not known
RESEND_AFTER = timedelta(minutes=3)
WITHOUT_MODELS = "without_models"  # in a picture's provenance: why it is only the emblem of its desk
GIVEN_UP = "given_up"  # the same, because every try to draw more has failed: what of; it is not tried again by itself
REDRAWS_AT_ONCE = 20
REQUESTS_AT_ONCE = 200
RESENDS_AT_ONCE = 60  # about what a worker draws between two runs; more would only pile up messages


class InvalidReport(ValueError):
    """A report that cannot be taken; the message is for people."""


def claim_timeout() -> timedelta:
    """Longer than a task may run: who holds a claim beyond it is dead."""
    return timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 60)


# -- Wishes --------------------------------------------------------------------------------------------------


def request_picture(*, article_id: int, at: datetime) -> Picture | None:
    """The article's picture in the site's look, waiting to be drawn if it is new; None if the article is gone.

    Asking twice is asking once.
    """
    preset = StylePreset.objects.filter(is_production=True).first()
    if preset is None:
        logger.warning("article %s gets no picture: no preset is in production; run `manage.py migrate`", article_id)
        return None
    try:
        with transaction.atomic():
            picture, is_new = Picture.objects.get_or_create(
                article_id=article_id, preset=preset, defaults={"requested_at": at}
            )
            if is_new and not Article.objects.filter(pk=article_id).exists():
                raise IntegrityError(f"article {article_id} is gone")
    except IntegrityError:
        return None
    if is_new:
        _send([picture.pk])
    return picture


def redraw(*, picture_id: int, by: AbstractBaseUser | None, at: datetime) -> Picture:
    """Draw it again from a new seed; the old file is shown until then. Raises Picture.DoesNotExist."""
    with transaction.atomic():
        picture = Picture.objects.select_for_update().get(pk=picture_id)
        if by is None and picture.state == Picture.State.TAKEN_DOWN:
            return picture  # an editor was quicker; only an editor brings it back
        picture.seed = (picture.seed if picture.seed is not None else picture.pk) + SEED_STEP
        picture.state = Picture.State.WAITING
        picture.requested_at = at
        picture.claimed_at = None  # whoever draws it now works for nothing: the claim is no longer theirs
        picture.attempts = 0
        picture.failure = ""
        picture.save(update_fields=["seed", "state", "requested_at", "claimed_at", "attempts", "failure"])
        transaction.on_commit(lambda: _cancel_painting(picture_id), robust=True)
        _send([picture.pk])
    logger.info("picture %s is drawn anew, asked by %s", picture_id, by.pk if by else "a correction")
    return picture


SEED_STEP = 7919  # a prime: seeds of attempts (+1, +2) never meet those of redraws


def redraw_article(*, article_id: int, at: datetime) -> int:
    """Draw all pictures of an article anew, because it means something else now; how many."""
    drawn = Picture.objects.filter(article=article_id).exclude(state=Picture.State.TAKEN_DOWN)
    picture_ids = list(drawn.values_list("pk", flat=True))
    for picture_id in picture_ids:
        redraw(picture_id=picture_id, by=None, at=at)
    return len(picture_ids)


def redraw_headline(*, article_id: int, at: datetime) -> int:
    """Draw anew what was drawn for another headline: it stands on the share card, word by word; how many."""
    title = Article.objects.filter(pk=article_id).values_list("title", flat=True).first()
    if title is None:
        return 0
    drawn = Picture.objects.shown().filter(article=article_id).exclude(brief__title_hash=title_hash(title))
    picture_ids = list(drawn.values_list("pk", flat=True))
    for picture_id in picture_ids:
        redraw(picture_id=picture_id, by=None, at=at)
    return len(picture_ids)


def take_down(*, picture_id: int, by: AbstractBaseUser | None, at: datetime) -> Picture:
    """Show it no more and delete its files; open reports are settled. Raises Picture.DoesNotExist."""
    with transaction.atomic():
        picture = Picture.objects.select_for_update().get(pk=picture_id)
        file, picture.file = picture.file, ""
        picture.state = Picture.State.TAKEN_DOWN
        picture.claimed_at = None
        picture.save(update_fields=["file", "state", "claimed_at"])
        picture.reports.filter(settled_at=None).update(settled_at=at)
        transaction.on_commit(lambda: remove_files(file), robust=True)
        transaction.on_commit(lambda: _cancel_painting(picture_id), robust=True)
    logger.info("picture %s taken down by %s", picture_id, by.pk if by else "nobody")
    return picture


def _cancel_painting(picture_id: int) -> None:
    """Whoever paints it paints for nobody. The claim is gone already, so this only saves the work."""
    if settings.PICTURE_RENDERER == "composer":
        return
    try:
        with serving.waiting_at_most(settings.MODELS_TIMEOUT_SECONDS_IN_PAGES):
            for shape in SHAPES:
                serving.cancel(diffusion.MODEL, diffusion.request_id(picture_id, shape))
    except ServingError as error:
        logger.info("the painting of picture %s could not be cancelled: %s", picture_id, error)


def report_picture(*, picture_id: int, reader_id: int, reason: str, comment: str = "", at: datetime) -> PictureReport:
    """One report a reader and picture: a second one replaces the first.

    Raises InvalidReport, or Picture.DoesNotExist for a picture that this reader cannot see.
    """
    if reason not in REPORT_REASONS:
        raise InvalidReport(f"the reason is one of: {', '.join(REPORT_REASONS)}")
    comment = " ".join(comment.replace("\x00", "").split())
    if len(comment) > COMMENT_CHARACTERS:
        raise InvalidReport(f"the comment is longer than {COMMENT_CHARACTERS} characters")
    picture = Picture.objects.get(pk=picture_id, article__in=Article.objects.visible_to(reader_id))
    report, _ = PictureReport.objects.update_or_create(
        picture=picture,
        reader_id=reader_id,
        defaults={"reason": reason, "comment": comment, "reported_at": at, "settled_at": None},
    )
    return report


# -- What announcements missed -------------------------------------------------------------------------------


def reconcile_pictures(*, at: datetime) -> tuple[int, int]:
    """How many articles without a picture have now asked for one, and how many stuck wishes were sent again."""
    preset = StylePreset.objects.filter(is_production=True).first()
    if preset is None:
        return 0, 0
    own = Picture.objects.filter(article=OuterRef("pk"), preset=preset)
    missed = Article.objects.ready().filter(
        Q(assignment__isnull=False, ready_at__lte=at - GRACE) | Q(ready_at__lte=at - UNASSIGNED_GRACE), ~Exists(own)
    )
    article_ids = list(missed.order_by("-sorted_at").values_list("pk", flat=True)[:REQUESTS_AT_ONCE])
    requested = [request_picture(article_id=article_id, at=at) for article_id in article_ids]
    stuck = Picture.objects.filter(
        Q(state=Picture.State.WAITING, requested_at__lte=at - RESEND_AFTER)
        | Q(state=Picture.State.DRAWING, claimed_at__lte=at - claim_timeout())
    )
    picture_ids = list(stuck.order_by("requested_at").values_list("pk", flat=True)[:RESENDS_AT_ONCE])
    _send(picture_ids)
    _draw_properly(at)
    return sum(picture is not None for picture in requested), len(picture_ids)


def _draw_properly(at: datetime) -> None:
    """Pictures that were drawn while no model answered are drawn anew once the models do: once, for what fails then
    fails again.
    """
    plain = Picture.objects.filter(state=Picture.State.ATTACHED, provenance__has_key=WITHOUT_MODELS, failure="")
    picture_ids = list(plain.order_by("drawn_at").values_list("pk", flat=True)[:REDRAWS_AT_ONCE])
    if picture_ids and serving.is_ready():
        for picture_id in picture_ids:
            redraw(picture_id=picture_id, by=None, at=at)


def _send(picture_ids: Iterable[int]) -> None:
    from illustrate import tasks  # here: tasks stand above actions

    ids = list(picture_ids)

    def send() -> None:
        for picture_id in ids:
            tasks.draw_picture.delay(picture_id=picture_id)

    # A broker that is away must not undo what was stored: the reconciler sends again.
    transaction.on_commit(send, robust=True)


# -- Looks ---------------------------------------------------------------------------------------------------


def sync_presets(*, using: str = "default") -> None:
    """A row for every look that the renderer knows; the site keeps the look it has, a new site gets the default."""
    for preset in presets.PRESETS.values():
        StylePreset.objects.using(using).get_or_create(
            slug=preset.slug,
            version=preset.version,
            defaults={"name_en": preset.name_en, "name_ko": preset.name_ko, "parameters": preset.to_dict()},
        )
    rows = StylePreset.objects.using(using)
    shown = rows.filter(is_production=True).first()
    known = {preset.slug for preset in presets.PRESETS.values()}
    if shown is not None and ((shown.slug, shown.version) in presets.PRESETS or shown.slug not in known):
        return
    # A new site, or one whose look is an old version that is drawn no more: its pictures stay, new ones are drawn in
    # the look's newest version.
    preset = presets.latest(shown.slug) if shown is not None else presets.GRAIN
    with transaction.atomic(using=using):
        rows.filter(is_production=True).update(is_production=False)
        rows.filter(slug=preset.slug, version=preset.version).update(is_production=True)


# -- Models --------------------------------------------------------------------------------------------------


def paint_in_this_process(source: str) -> None:
    """For a command: this model paints, whatever the settings say, and no model server is asked.

    Raises FileNotFoundError for a path where there is nothing.
    """
    model = _models.model(_models.DIFFUSION, "1", _models.located(source))
    settings.MODELS_URL = ""
    register_models(model)


# -- Files ---------------------------------------------------------------------------------------------------


def remove_files(file: str) -> None:
    """A picture's files in every frame and width; what is already gone is no error."""
    _files.remove(file)
