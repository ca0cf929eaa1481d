"""The first minute of a new reader: which topics, which languages."""

from __future__ import annotations

import zoneinfo

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from accounts import actions as accounts
from accounts.models import Preference
from curation.topics.models import Topic
from frontend.pages._reader import preference_of, reader_of
from frontend.pages.settings import READING_LANGUAGES
from frontend.pages.topics import areas, followed_topics

SUGGESTED = 3


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    if request.method == "POST":
        known = set(Topic.objects.values_list("slug", flat=True))
        slugs = [slug for slug in request.POST.getlist("topic") if slug in known]
        languages = [code for code in request.POST.getlist("language") if code in READING_LANGUAGES]
        at = timezone.now()
        accounts.set_preference(reader=reader, reading_languages=",".join(languages), **_zone_of(request))
        accounts.pick_topics(reader=reader, slugs=slugs, at=at)
        return redirect("feed")
    chosen = preference_of(request).reading_languages.split(",") if preference_of(request).onboarded_at else []
    return render(
        request,
        "welcome.html",
        {
            "areas": areas(),
            "followed": followed_topics(reader.pk),
            "languages": READING_LANGUAGES,
            "chosen_languages": [code for code in chosen if code] or [(get_language() or "en")[:2]],
            "suggested": SUGGESTED,
        },
    )


def _zone_of(request: HttpRequest) -> dict[str, str]:
    """The browser's own time zone, where the reader has not said another."""
    zone = request.POST.get("time_zone", "")
    is_unsaid = preference_of(request).time_zone == Preference().time_zone
    return {"time_zone": zone} if is_unsaid and zone in zoneinfo.available_timezones() else {}
