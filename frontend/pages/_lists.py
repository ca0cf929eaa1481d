"""A list of articles as bands of cards, whole or continued."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from curation.articles.models import ArticleQuerySet
from frontend.pages._answers import is_htmx
from frontend.pages._cards import make_cards, picks
from frontend.pages._layout import arrange
from frontend.pages._paging import newest_first
from frontend.pages._reader import preference_of, reader_id_of


def list_page(request: HttpRequest, template: str, articles: ArticleQuerySet, **context: Any) -> HttpResponse:
    """`template` with the first bands, or for HTMX only the stretch that continues them."""
    stretch = newest_first(articles, request)
    context |= bands_of(request, stretch.article_ids, opening=stretch.opening)
    context["next_place"] = stretch.next_place
    is_continuation = is_htmx(request) and not stretch.opening
    return render(request, "cards/_stretch.html" if is_continuation else template, context)


def bands_of(request: HttpRequest, article_ids: list[int], *, opening: bool) -> dict[str, Any]:
    cards = make_cards(
        picks(article_ids), reader_id=reader_id_of(request), with_pictures=preference_of(request).show_pictures
    )
    return {"bands": list(arrange(cards, opening=opening)), "opening": opening, "is_list": True}
