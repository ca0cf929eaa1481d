"""Search: full text, by rank, in the language of the words asked for."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from curation.articles import queries as articles
from curation.serving.types import ServingError
from curation.topics.models import Topic
from frontend.pages._cards import only_wanted
from frontend.pages._lists import bands_of
from frontend.pages._reader import reader_id_of

SHOWN = 40
LONGEST = 200


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = " ".join(request.GET.get("q", "").split())[:LONGEST].replace("\x00", "")
    context: dict[str, object] = {"q": text}
    if text:
        try:
            found = articles.search(text, language=language_of(text), reader_id=reader_id_of(request), limit=SHOWN)
        except ServingError:
            found = []
            context["is_away"] = True
        found = only_wanted(found, reader_id_of(request))
        context |= bands_of(request, found, opening=False)
        context["count"] = len(found)
        context["topics"] = Topic.objects.filter(Q(name_en__icontains=text) | Q(name_ko__icontains=text))
    return render(request, "search.html", context)


def language_of(text: str) -> str:
    """Korean where there is Hangul, else the page's language, else English."""
    if any("가" <= letter <= "힣" for letter in text):
        return "ko"
    page = (get_language() or "en")[:2]
    return "en" if page == "ko" else page
