"""Search: full text, by rank, in the language of the words asked for."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from curation.serving.types import ServingError
from curation.topics.models import Topic
from frontend.pages._lists import bands_of
from frontend.pages._reader import reader_id_of
from frontend.pages._search import asked, find

SHOWN = 40


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = asked(request.GET.get("q", ""))
    context: dict[str, object] = {"q": text}
    if text:
        try:
            found = find(text, reader_id=reader_id_of(request), limit=SHOWN)
        except ServingError:
            found = []
            context["is_away"] = True
        context |= bands_of(request, found, opening=False)
        context["count"] = len(found)
        context["topics"] = Topic.objects.filter(Q(name_en__icontains=text) | Q(name_ko__icontains=text))
    return render(request, "search.html", context)
