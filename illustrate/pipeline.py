"""The way of one picture, unrolled: describe, brief, render, evaluate, paint where a model is asked to, attach."""

from __future__ import annotations

import errno
import logging
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q

from curation.articles.models import Article
from curation.articles.queries import fetch_photo
from curation.serving.types import ModelUnavailable
from curation.topics.queries import classified_text, classify
from illustrate import _files, painting
from illustrate.actions import GIVEN_UP, WITHOUT_MODELS, claim_timeout, remove_files
from illustrate.brief.compose import area_scene, compose
from illustrate.brief.register import is_sensitive_unaided
from illustrate.brief.writer import tell
from illustrate.describe.photo import describe
from illustrate.evaluate import judge
from illustrate.models import Picture
from illustrate.painting import Errand
from illustrate.provenance.record import ALGORITHM, COMPOSITE, MODEL, record_of
from illustrate.render import composer, presets
from illustrate.render.alt_text import alt_text
from illustrate.render.diffusion import Refused, Unanswered, request_id
from illustrate.render.frames import SHAPES
from illustrate.render.stage import Stage
from illustrate.signals import picture_attached
from illustrate.types import Brief, Drawing, Rendered, Scores, Subject, Verdict, VisualFacts

logger = logging.getLogger(__name__)

LICENCE = "CC0-1.0"
RENDERERS = ("composer", "diffusion")
RECENT = 60  # pictures that a new one must not be the twin of: about what a reader meets in a day
LATELY = 24  # pictures whose heroes a new one would rather not repeat: a page or two
PATIENCE = timedelta(minutes=10)  # that a picture waits for models; then it is drawn without them, and later anew
TRIES = 5  # of workers, the killed ones included; the next one draws no more than the desk's emblem, and is the last
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})  # the disk's fault, not the picture's
# What a picture's record keeps of the photo: nothing that the photo could be known by.
PHOTO_FACTS = frozenset(
    ("faces", "palette", "brightness", "focus", "place", "rejected", "facts", "dropped", "source", "unavailable")
)
TEXT_CHARACTERS = 2_000
TOPICS = 3  # of an article that a brief names
TOPIC_FROM = 0.2


# -- A picture of a subject: pure ----------------------------------------------------------------------------


def make(
    subject: Subject,
    *,
    preset: str,
    seed: int,
    recent: Collection[str] = (),
    lately: Collection[str] = (),
    renderer: str = "",
    picture_id: int | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Drawing:
    """The best picture in at most PICTURE_MAX_ATTEMPTS attempts, else the desk's own emblem: there always is one.

    Without a database. The same subject, preset, seed, `recent` (perceptual hashes) and `lately` (heroes of the
    pictures before it) give the same picture. `renderer` is one of RENDERERS, PICTURE_RENDERER where it is empty; what
    diffusion cannot paint, or may not, stays as the composer drew it, and the provenance says why. Under `picture_id`
    its painting can be followed and cancelled; once it `is_wanted` no more, no further frame is painted.
    Raises what the model server raises.
    """
    started = time.monotonic()
    renderer = renderer or settings.PICTURE_RENDERER
    if renderer not in RENDERERS:
        raise UnknownRenderer(f"no renderer is called {renderer!r}; there is: {', '.join(RENDERERS)}")
    subject = _with_topics(subject)
    facts = describe(
        subject.photo, subject.photo_alt, subject.photo_caption,
        title=subject.title, text=subject.text, language=subject.language,
    )  # fmt: skip
    told = tell(subject, facts)
    tried: list[str] = []  # heroes that failed
    refusals: list[str] = []
    attempts = settings.PICTURE_MAX_ATTEMPTS
    for attempt in range(attempts):
        brief = compose(subject, facts, seed=seed + attempt, besides=tried, lately=lately, told=told, **_look(preset))
        wide, *crops = (composer.stage(brief, seed + attempt, shape) for shape in SHAPES)
        rendered = composer.draw(wide)
        scores, verdict = judge.judge(
            rendered, brief, subject, crops=crops, recent=recent, is_last=attempt + 1 == attempts
        )
        if verdict.accepted:
            if renderer == "diffusion":
                errand = Errand(lambda shape: request_id(picture_id, shape) if picture_id else "", is_wanted)
                frames, how, scores = _painted(
                    (wide, *crops), rendered, subject, scores, seed + attempt, recent, errand
                )
            else:
                frames, how = _composed((wide, *crops), rendered)
            how |= {"read": told.to_dict()}
            return _drawing(brief, frames, how, scores, verdict, seed + attempt, attempt + 1, facts, refusals, started)
        refusals.append(f"{brief.hero} in {brief.scene}: {'; '.join(verdict.reasons)}")
        # Another seed may mend a poor composition once; what cannot be made out twice is the wrong thing to draw.
        if judge.ON_TOPIC in scores.failed or attempt > 0:
            tried.append(brief.hero)
    brief = area_scene(subject, seed=seed, **_look(preset))
    wide, *crops = (composer.stage(brief, seed, shape) for shape in SHAPES)
    frames, how = _composed((wide, *crops), composer.draw(wide))
    scores = judge.measure(frames[0], brief, subject, crops=crops, recent=recent)
    verdict = Verdict("fallback", ("last resort: the emblem of the desk", *refusals))
    return _drawing(brief, frames, how, scores, verdict, seed, attempts + 1, facts, refusals, started)


def make_plainly(subject: Subject, *, preset: str, seed: int, why: Mapping[str, str]) -> Drawing:
    """The desk's own emblem without asking a model, when nothing better is to be had; the provenance keeps `why`."""
    started = time.monotonic()
    language = subject.language if subject.language in {"en", "ko"} else "en"
    subject = replace(subject, language=language, area=subject.area or "other")
    restrained, _ = is_sensitive_unaided(subject.title)
    brief = area_scene(subject, seed=seed, restrained=restrained, **_look(preset))
    wide, *crops = (composer.stage(brief, seed, shape) for shape in SHAPES)
    frames, how = _composed((wide, *crops), composer.draw(wide))
    scores = judge.measure_image(frames[0], brief, crops=crops)
    verdict = Verdict("fallback", ("last resort: the emblem of the desk",))
    how |= {key: reason[:500] for key, reason in why.items()}
    return _drawing(brief, frames, how, scores, verdict, seed, 1, VisualFacts(), (), started)


def _composed(stages: Sequence[Stage], rendered: Rendered) -> tuple[Sequence[Rendered], dict[str, Any]]:
    """Every frame as the composer draws it, and how they were made."""
    frames = (rendered, *(composer.draw(stage) for stage in stages[1:]))
    return frames, {
        "renderer": "composer",
        "renderer_version": composer.REVISION,
        "digital_source_type": ALGORITHM,
    }


def _painted(
    stages: Sequence[Stage],
    rendered: Rendered,
    subject: Subject,
    scores: Scores,
    seed: int,
    recent: Collection[str],
    errand: Errand,
) -> tuple[Sequence[Rendered], dict[str, Any], Scores]:
    """The same, painted by a model where it can and may be; `scores` are the sketch's but for what a reader sees."""
    try:
        painted = painting.paint(stages, rendered, subject, seed=seed, recent=recent, errand=errand)
        how = {
            "renderer": "diffusion",
            "renderer_version": composer.REVISION,  # of the layout that it was painted over
            "digital_source_type": COMPOSITE if painted.provenance.get("people") == "laid in" else MODEL,
            "painting": painted.provenance | {"figures": painted.figures, "seed": painted.seed},
        }
        record_of(brief={}, provenance=how, evaluation={}, seed=None)  # whatever the model says of itself can be told
    except Exception as error:  # the composer's picture is there already, and no trouble with a model may cost it
        if isinstance(error, Refused):
            logger.warning("not painted: %s", error)
        else:
            logger.exception("not painted")
        frames, how = _composed(stages, rendered)
        reason = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        unfit = isinstance(error, Refused) and not isinstance(error, Unanswered)
        how["instead_of"] = {"renderer": "diffusion", "reason": reason[:500], "unfit": unfit}
        return frames, how, scores
    return painted.frames, how, replace(scores, perceptual_hash=painted.perceptual_hash)


class UnknownPreset(LookupError):
    """No look has this name; the message names those there are."""


class UnknownRenderer(LookupError):
    """No renderer has this name; the message names those there are."""


def _look(preset: str) -> dict[str, Any]:
    """ "grain/1", "grain" for its latest version, or "" for the default look, as a brief names it."""
    slug, _, version = (preset or presets.GRAIN.slug).partition("/")
    versions = [own for own_slug, own in presets.PRESETS if own_slug == slug]
    if not versions or (version and version not in {str(own) for own in versions}):
        known = ", ".join(f"{own_slug}/{own}" for own_slug, own in presets.PRESETS)
        raise UnknownPreset(f"no look is called {preset!r}; there is: {known}")
    return {"preset": slug, "preset_version": int(version or max(versions))}


def _with_topics(subject: Subject) -> Subject:
    """What the article's row already knows stays; a bare headline is classified here."""
    language = subject.language if subject.language in {"en", "ko"} else "en"
    subject = replace(subject, language=language, text=subject.text[:TEXT_CHARACTERS])
    if subject.area and subject.topics:
        return subject
    found = classify([classified_text(subject.title, subject.text)], [language])[0]
    likely = tuple(slug for slug, score in found.topics[:TOPICS] if score >= TOPIC_FROM)
    return replace(subject, area=subject.area or found.area, topics=subject.topics or likely)


def _drawing(
    brief: Brief,
    frames: Sequence[Rendered],
    how: dict[str, Any],
    scores: Scores,
    verdict: Verdict,
    seed: int,
    attempts: int,
    facts: VisualFacts,
    refusals: Sequence[str],
    started: float,
) -> Drawing:
    rendered, *crops = frames
    alt_en, alt_ko = (alt_text(brief, rendered, language) for language in ("en", "ko"))
    return Drawing(
        brief=brief,
        rendered=rendered,
        crops=tuple(crops),
        scores=scores,
        verdict=verdict,
        alt_en=alt_en,
        alt_ko=alt_ko,
        provenance={
            **how,
            "preset": f"{brief.preset}/{brief.preset_version}",
            "seed": seed,
            "licence": LICENCE,
            "photo": {key: value for key, value in asdict(facts).items() if key in PHOTO_FACTS}
            if facts.brightness is not None or facts.rejected
            else None,
            "refused": list(refusals),
            "drawn_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - started, 3),
        },
        seed=seed,
        attempts=attempts,
    )


def evaluation_of(drawing: Drawing) -> dict[str, Any]:
    """JSON-ready: the verdict, its reasons in words, every check's figure, the checks that failed."""
    return {
        "decision": drawing.verdict.decision,
        "reasons": list(drawing.verdict.reasons),
        "figures": dict(drawing.scores.figures),
        "failed": list(drawing.scores.failed),
    }


def encode(drawing: Drawing, title: str = "") -> dict[str, bytes]:
    """Every file of the picture by variant: "1200" is the widest one, "card" the share card."""
    return _files.encode(drawing, title)


# -- A picture of a row --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Claim:
    """A worker's hold on a row: whoever finds the row with another `claimed_at` has lost it."""

    picture_id: int
    at: datetime

    def row(self) -> Any:
        return Picture.objects.filter(pk=self.picture_id, state=Picture.State.DRAWING, claimed_at=self.at)


def draw(*, picture_id: int, at: datetime) -> bool:
    """Draw a waiting picture and attach it; whether it is attached now. May be called twice, and killed anywhere.

    Until the last step nothing refers to what was made; a failure leaves its reason on the row.
    """
    claim = _claim(picture_id, at)
    if claim is None:
        return False
    picture = Picture.objects.select_related("preset", "article").get(pk=picture_id)
    file = _name(picture_id)
    try:
        subject = _subject_of(picture.article)
        seed = picture.seed if picture.seed is not None else picture.pk
        drawing = _made(picture, claim, subject, seed, at)
        # A private article gets no card: nothing that can be passed on may say its headline.
        _files.write(file, drawing, "" if picture.article.owner_id else subject.title)
    except ModelUnavailable as error:
        _hold(claim, str(error))
        return False
    except Exception as error:
        _remove_quietly(file)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            _hold(claim, f"pictures cannot be stored: {error.strerror}")
            return False
        logger.exception("picture %s cannot be drawn", picture_id)
        _give_back(claim, f"{type(error).__name__}: {error}")
        return False
    return _attach(claim, drawing, file, at)


def _claim(picture_id: int, at: datetime) -> _Claim | None:
    """Compare and set: of several workers one gets the row; a claim whose holder is dead is taken over."""
    free = Q(state=Picture.State.WAITING) | Q(state=Picture.State.DRAWING, claimed_at__lte=at - claim_timeout())
    rows = Picture.objects.filter(free, pk=picture_id)
    # A picture that has a file keeps it: an emblem would be a change for the worse.
    given_up = rows.filter(Q(attempts__gt=TRIES) | (Q(attempts__gte=TRIES) & ~Q(file="")))
    if given_up.exists():
        _fail(given_up, f"given up after {TRIES} tries; the last worker did not say why")
        return None
    claimed = rows.update(state=Picture.State.DRAWING, claimed_at=at, attempts=F("attempts") + 1)
    return _Claim(picture_id, at) if claimed else None


def _made(picture: Picture, claim: _Claim, subject: Subject, seed: int, at: datetime) -> Drawing:
    preset = _drawn_in(picture)
    if picture.attempts > TRIES:
        reason = picture.failure or "the workers that drew it were killed"
        return make_plainly(subject, preset=preset, seed=seed, why={GIVEN_UP: reason})
    try:
        return make(
            subject, preset=preset, seed=seed, recent=_recent_hashes(picture), lately=_lately(picture),
            picture_id=picture.pk, is_wanted=lambda: claim.row().exists(),
        )  # fmt: skip
    except ModelUnavailable as error:
        if at - picture.requested_at < PATIENCE or picture.file:
            raise
        return make_plainly(subject, preset=preset, seed=seed, why={WITHOUT_MODELS: str(error)})


def _hold(claim: _Claim, reason: str) -> None:
    """Not this picture's fault: it keeps its place and its tries, and the reconciler sends it again."""
    claim.row().update(state=Picture.State.WAITING, claimed_at=None, attempts=F("attempts") - 1, failure=reason[:500])


def _remove_quietly(file: str) -> None:
    """What stopped the writing may stop the removing; the next attempt sweeps."""
    try:
        remove_files(file)
    except OSError as error:
        logger.warning("%s cannot be removed: %s", file, error)


def _give_back(claim: _Claim, reason: str) -> None:
    rows = claim.row()
    if rows.filter(Q(attempts__lt=TRIES) | Q(attempts=TRIES, file="")).update(
        state=Picture.State.WAITING, claimed_at=None, failure=reason[:500]
    ):
        return
    _fail(rows, reason)


def _fail(rows: Any, reason: str) -> None:
    """A picture that has a file keeps showing it; the reason says that a newer one could not be drawn."""
    shown = rows.exclude(file="")
    if not shown.update(state=Picture.State.ATTACHED, claimed_at=None, failure=reason[:500]):
        rows.update(state=Picture.State.FAILED, claimed_at=None, failure=reason[:500])


def _drawn_in(picture: Picture) -> str:
    """The row's look, or its newest version where that one is drawn no more."""
    preset = picture.preset
    return str(preset) if (preset.slug, preset.version) in presets.PRESETS else preset.slug


def _subject_of(article: Article) -> Subject:
    assignment = getattr(article, "assignment", None)
    likely = article.article_topics.filter(score__gte=TOPIC_FROM).order_by("-score", "topic_id")
    return Subject(
        title=article.title,
        text=(article.summary if article.summary not in article.text else "") + " " + article.text[:TEXT_CHARACTERS],
        language=article.language,
        area=assignment.area if assignment else "",
        topics=tuple(likely.values_list("topic_id", flat=True)[:TOPICS]),
        photo=fetch_photo(article.pk) if article.image_url else None,
        has_photo=bool(article.image_url),
        photo_alt=article.image_alt,
    )


def _recent_hashes(picture: Picture) -> list[str]:
    others = Picture.objects.shown().filter(preset=picture.preset_id).exclude(pk=picture.pk).exclude(perceptual_hash="")
    return list(others.order_by("-drawn_at").values_list("perceptual_hash", flat=True)[:RECENT])


def _lately(picture: Picture) -> list[str]:
    """Heroes of the pictures that stand near this one on a page."""
    others = Picture.objects.shown().filter(preset=picture.preset_id).exclude(pk=picture.pk)
    return [key for key in others.order_by("-drawn_at").values_list("brief__hero", flat=True)[:LATELY] if key]


def _name(picture_id: int) -> str:
    """One that cannot be guessed; and the page that serves it asks who may see it."""
    return f"{_folder(picture_id)}/{picture_id}-{secrets.token_urlsafe(16)}.{{width}}.webp"


def _folder(picture_id: int) -> str:
    return f"pictures/{picture_id % 256:02x}"


def _attach(claim: _Claim, drawing: Drawing, file: str, at: datetime) -> bool:
    values = {
        "state": Picture.State.ATTACHED,
        "claimed_at": None,
        "drawn_at": at,
        "failure": "",
        "seed": drawing.seed,
        "brief": drawing.brief.to_dict(),
        "provenance": drawing.provenance,
        "evaluation": evaluation_of(drawing) | {"attempts": drawing.attempts},
        "alt_en": drawing.alt_en,
        "alt_ko": drawing.alt_ko,
        "colour": drawing.rendered.colour,
        "perceptual_hash": drawing.scores.perceptual_hash,
        "file": file,
        "has_crops": True,
    }
    with transaction.atomic():
        if not claim.row().update(**values):
            # Taken over, taken down or deleted meanwhile: what was made belongs to nobody.
            transaction.on_commit(lambda: remove_files(file), robust=True)
            return False
        _supersede(claim.picture_id)
        transaction.on_commit(lambda: _sweep(claim.picture_id, file), robust=True)
        transaction.on_commit(lambda: _announce(claim.picture_id), robust=True)
    return True


def _supersede(picture_id: int) -> None:
    """An article's pictures in older versions of the same look go, their files too."""
    picture = Picture.objects.select_related("preset").get(pk=picture_id)
    older = Picture.objects.filter(
        article=picture.article_id, preset__slug=picture.preset.slug, preset__version__lt=picture.preset.version
    )
    for each in older:
        each.delete()


def _announce(picture_id: int) -> None:
    picture_attached.send(sender=Picture, picture_id=picture_id)


def _sweep(picture_id: int, file: str) -> None:
    """Remove the picture's older files, and what killed workers left."""
    folder = _folder(picture_id)
    kept = file.format(width="").split("/")[-1].split(".")[0]
    for name in default_storage.listdir(folder)[1]:
        if name.startswith(f"{picture_id}-") and not name.startswith(kept):
            default_storage.delete(f"{folder}/{name}")
