"""What a reader kept."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from curation.engagement import queries as engagement
from frontend.pages._lists import bands_of
from frontend.pages._reader import reader_of

PAGE_SIZE = 24


@login_required
@require_safe
def saved(request: HttpRequest) -> HttpResponse:
    kept = engagement.saved(reader_of(request).pk).values_list("pk", flat=True)
    page = Paginator(kept, PAGE_SIZE).get_page(request.GET.get("page"))
    context = bands_of(request, list(page.object_list), opening=False)
    return render(request, "saved.html", {**context, "page": page})
