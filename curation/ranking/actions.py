"""Serving: the slate that a reader has, the page after it, and the figures that ranking lives on."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from curation.articles.models import Article
from curation.engagement import actions as engagement
from curation.engagement.models import ArticleState, Slate
from curation.ranking import _popularity, pipelines
from curation.ranking.rerankers import PER_SOURCE
from curation.ranking.types import Card, Page, ReaderProfile
from curation.topics.models import Assignment, Story

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
    """Count the last two days of real readers' events anew; returns how many articles they were shown."""
    return _popularity.refresh(at=at)


def refresh_demand(*, at: datetime) -> int:
    """Count what real readers opened in two weeks, and how far they read it, anew; returns how many articles."""
    return _popularity.refresh_slow(at=at)


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


@dataclass(frozen=True, slots=True)
class _Place:
    """One place of a slate."""

    position: int
    article_id: int
    source_id: int
    reason: dict[str, Any]
    score: float


def _page(slate: Slate, position: int, *, profile: ReaderProfile, at: datetime) -> Page:
    """What the slate holds from `position`, ranking more onto its end where it does not fill the page."""
    stored = _stored(slate)
    position = min(position, _end(stored))
    here = _cut(slate, [place for place in stored if place.position >= position])
    left = int((_end(here) or position) < _end(stored))
    if not left and len(here) < PAGE_SIZE and _end(stored) < EDITION_SIZE:
        added, left = _extend(slate, stored, here, profile=profile, at=at)
        here = [*here, *added]
    elif not left:
        left = 1  # a full page at the slate's end: whether there is another one shows when it is asked for
    end = _end(here) or position
    return Page(
        slate_id=slate.pk,
        cards=_cards(here, profile),
        next_position=end if left and here and end < EDITION_SIZE else None,
    )


def _end(places: Sequence[_Place]) -> int:
    """The place after the last one; places of articles that were deleted since stay empty."""
    return places[-1].position + 1 if places else 0


def _stored(slate: Slate) -> list[_Place]:
    """All that the slate holds, in order."""
    items = slate.items.order_by("position")
    return [
        _Place(*row) for row in items.values_list("position", "article_id", "article__source_id", "reason", "score")
    ]


def _extend(
    slate: Slate, stored: Sequence[_Place], here: Sequence[_Place], *, profile: ReaderProfile, at: datetime
) -> tuple[list[_Place], int]:
    """Rank as many as the page lacks onto the end of the slate; what was added, and how many are left."""
    pipeline = pipelines.pipeline_for(slate.surface)
    on_slate = [place.article_id for place in stored]
    stories = Assignment.objects.filter(article_id__in=on_slate, story__isnull=False).values_list("story_id", flat=True)
    position = _end(stored)
    wiring: dict[str, Any] = {
        "profile": profile,
        "at": at,
        "size": PAGE_SIZE - len(here),
        "random": pipelines.seeded(slate.pk, position),
        "on_slate": on_slate,
        "told": list(stories) if on_slate else [],
        "on_page": [place.source_id for place in here],
    }
    stretch = pipelines.run(pipeline, **wiring)
    if not stretch.items and not stored and pipeline is pipelines.FEED:
        stretch = pipelines.run(pipelines.FEED_AGAIN, **wiring)
    engagement.extend_slate(slate=slate, items=stretch.items, position=position)
    added = [
        _Place(place, item.article_id, source_id, item.reason, item.score)
        for place, (item, source_id) in enumerate(zip(stretch.items, stretch.sources, strict=True), start=position)
    ]
    return added, stretch.left


def _cut(slate: Slate, places: Sequence[_Place]) -> list[_Place]:
    """The longest beginning that makes a page: full at most and, in the feed, of no source more than its share."""
    if slate.surface != "feed":
        return list(places[:PAGE_SIZE])
    times: Counter[int] = Counter()
    for length, place in enumerate(places[:PAGE_SIZE]):
        times[place.source_id] += 1
        if times[place.source_id] > PER_SOURCE:
            return list(places[:length])
    return list(places[:PAGE_SIZE])


_VISIBLE = f"""
    SELECT a.id, coalesce(o.article_count, 1)
    FROM {Article._meta.db_table} a
    LEFT JOIN {Assignment._meta.db_table} s ON s.article_id = a.id
    LEFT JOIN {Story._meta.db_table} o ON o.id = s.story_id
    LEFT JOIN {ArticleState._meta.db_table} x ON x.article_id = a.id AND x.reader_id = %(reader_id)s
    WHERE a.id = ANY(%(ids)s) AND (a.owner_id IS NULL OR a.owner_id = %(reader_id)s) AND x.hidden_at IS NULL
"""  # noqa: S608


def _cards(places: Sequence[_Place], profile: ReaderProfile) -> tuple[Card, ...]:
    """Cards of what the reader may still see and has not hidden, each at the place where it was served."""
    with connection.cursor() as cursor:
        ids = [place.article_id for place in places]
        cursor.execute(_VISIBLE, {"reader_id": profile.reader_id, "ids": ids})
        visible = dict(cursor.fetchall())
    return tuple(
        Card(place.article_id, place.position, place.reason, place.score, story_size=visible[place.article_id])
        for place in places
        if place.article_id in visible
    )
