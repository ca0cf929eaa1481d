"""Lists in order of time, a page at a time, with a place in the address that stays right while articles arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime

from django.db.models import Q
from django.http import HttpRequest

from curation.articles.models import ArticleQuerySet

PAGE_SIZE = 20  # whole bands


@dataclass(frozen=True, slots=True)
class Stretch:
    article_ids: list[int]
    next_place: str  # "" at the end
    opening: bool


def newest_first(articles: ArticleQuerySet, request: HttpRequest) -> Stretch:
    """The stretch of `articles` that the address asks for; a place that makes no sense is the beginning."""
    place = _parse(request.GET.get("before", ""))
    if place is not None:
        at, pk = place
        articles = articles.filter(Q(sorted_at__lt=at) | Q(sorted_at=at, pk__lt=pk))
    rows = list(articles.order_by("-sorted_at", "-pk").values_list("pk", "sorted_at")[: PAGE_SIZE + 1])
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    next_place = f"{rows[-1][1].isoformat()}~{rows[-1][0]}" if more else ""
    return Stretch([pk for pk, _ in rows], next_place, opening=place is None)


def _parse(place: str) -> tuple[datetime, int] | None:
    moment, _, pk = place.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        # Elsewhere on the earth the first and the last year are no years any more.
        return (at, int(pk)) if at.tzinfo and MINYEAR < at.year < MAXYEAR else None
    except ValueError:
        return None
