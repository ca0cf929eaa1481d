"""Serving: the slate that a reader has, the page after it, and the figures that ranking lives on."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from curation.articles.models import Article
from curation.engagement import actions as engagement
from curation.engagement.models import ArticleState, Slate
from curation.ranking import _popularity, pipelines
from curation.ranking.rerankers import PER_SOURCE
from curation.ranking.types import Card, Page, ReaderProfile
from curation.topics.models import Assignment

PAGE_SIZE = 20
EDITION_SIZE = 60  # an edition ends: about what somebody reads through in a day; more comes with the next one
SLATE_LIFE = timedelta(minutes=30)  # so long a reload shows the same list


@transaction.atomic
def serve_slate(*, profile: ReaderProfile, surface: str, at: datetime, fresh: bool = False) -> Page:
    """The first page of the reader's current slate, or of a new one.

    A slate is current while it is young, was made for what the reader states now, and still has something that was
    neither read nor hidden. What was shown on it is never reordered. Raises ValueError for an unknown surface.
    """
    pipeline = pipelines.pipeline_for(surface)
    made_by = f"{pipeline.name}:{profile.digest}"
    if not fresh and (slate := _current(profile, surface, made_by, at)) is not None:
        page = _page(slate, 0, profile=profile, at=at)
        if not _is_finished(slate, page):
            return page
    slate = Slate(
        id=uuid.uuid4(),
        reader_id=profile.reader_id,
        surface=surface,
        pipeline=made_by,
        created_at=at,
        is_synthetic=profile.is_synthetic,
    )
    slate.save(force_insert=True)
    return _page(slate, 0, profile=profile, at=at)


@transaction.atomic
def serve_more(*, profile: ReaderProfile, slate_id: UUID, position: int, at: datetime) -> Page:
    """The page that begins at `position`. It is ranked when it is first asked for, so that what the reader did on the
    page before counts; asked for again, it is the same. Raises Slate.DoesNotExist for a slate of somebody else.
    """
    slate = Slate.objects.select_for_update().get(pk=slate_id, reader_id=profile.reader_id)
    return _page(slate, max(position, 0), profile=profile, at=at)


def refresh_popularity(*, at: datetime) -> int:
    """Make the popularity table anew from real readers' events; returns how many articles it holds."""
    return _popularity.refresh(at=at)


def _current(profile: ReaderProfile, surface: str, made_by: str, at: datetime) -> Slate | None:
    latest = Slate.objects.select_for_update().filter(reader_id=profile.reader_id, surface=surface)
    slate = latest.order_by("-created_at", "-pk").first()
    if slate is None or slate.pipeline != made_by or slate.created_at <= at - SLATE_LIFE:
        return None
    return slate


def _is_finished(slate: Slate, page: Page) -> bool:
    """Whether everything on its first page was read or hidden. A slate that found nothing is not: it may still fill."""
    if not page.cards:
        return slate.items.exists()
    shown = [card.article_id for card in page.cards]
    read = ArticleState.objects.filter(reader_id=slate.reader_id, article_id__in=shown, read_at__isnull=False)
    return read.count() == len(shown)


def _page(slate: Slate, position: int, *, profile: ReaderProfile, at: datetime) -> Page:
    """What the slate holds from `position`, ranking more onto its end where it does not fill the page."""
    stored = _items(slate)
    position = min(position, _end(stored))
    here = _cut(slate, [item for item in stored if item.position >= position])
    end = _end(here) or position
    left = int(end < _end(stored))
    if not left and len(here) < PAGE_SIZE and _end(stored) < EDITION_SIZE:
        added, left = _extend(slate, stored, here, profile=profile, at=at)
        if added:
            here = [item for item in _items(slate) if item.position >= position]
            end = _end(here)
    elif not left:
        left = 1  # a full page at the slate's end: whether there is another one shows when it is asked for
    return Page(
        slate_id=slate.pk,
        cards=_cards(here, profile),
        next_position=end if left and here and end < EDITION_SIZE else None,
    )


def _end(items: Sequence[Any]) -> int:
    """The place after the last one; places of articles that were deleted since stay empty."""
    return items[-1].position + 1 if items else 0


def _items(slate: Slate) -> list[Any]:
    """All that the slate holds, in order, each item with its `source_id`."""
    return list(slate.items.annotate(source_id=F("article__source_id")).order_by("position"))


def _extend(
    slate: Slate, stored: Sequence[Any], here: Sequence[Any], *, profile: ReaderProfile, at: datetime
) -> tuple[int, int]:
    """Rank as many as the page lacks onto the end of the slate; how many were added, and how many are left."""
    pipeline = pipelines.pipeline_for(slate.surface)
    on_slate = [item.article_id for item in stored]
    stories = Assignment.objects.filter(article_id__in=on_slate, story__isnull=False).values_list("story_id", flat=True)
    wiring: dict[str, Any] = {
        "profile": profile,
        "at": at,
        "size": PAGE_SIZE - len(here),
        "random": pipelines.seeded(slate.pk, _end(stored)),
        "on_slate": on_slate,
        "told": list(stories) if on_slate else [],
        "on_page": [item.source_id for item in here],
    }
    stretch = pipelines.run(pipeline, **wiring)
    if not stretch.items and not stored and pipeline is pipelines.FEED:
        stretch = pipelines.run(pipelines.FEED_AGAIN, **wiring)
    engagement.extend_slate(slate=slate, items=stretch.items, position=_end(stored))
    return len(stretch.items), stretch.left


def _cut(slate: Slate, items: Sequence[Any]) -> list[Any]:
    """The longest beginning that makes a page: full at most and, in the feed, of no source more than its share."""
    if slate.surface != "feed":
        return list(items[:PAGE_SIZE])
    times: Counter[int] = Counter()
    for length, item in enumerate(items[:PAGE_SIZE]):
        times[item.source_id] += 1
        if times[item.source_id] > PER_SOURCE:
            return list(items[:length])
    return list(items[:PAGE_SIZE])


def _cards(items: Sequence[Any], profile: ReaderProfile) -> tuple[Card, ...]:
    """Cards of what the reader may still see and has not hidden, each at the place where it was served."""
    ids = [item.article_id for item in items]
    visible = dict(
        Article.objects.visible_to(profile.reader_id)
        .filter(pk__in=ids)
        .exclude(
            pk__in=ArticleState.objects.filter(
                reader_id=profile.reader_id, article_id__in=ids, hidden_at__isnull=False
            ).values("article_id")
        )
        .values_list("pk", "assignment__story__article_count")
    )
    return tuple(
        Card(item.article_id, item.position, item.reason, item.score, story_size=visible[item.article_id] or 1)
        for item in items
        if item.article_id in visible
    )
