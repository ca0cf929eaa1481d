"""All topics by area, and one topic's articles."""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import actions as accounts
from accounts import queries as readers
from accounts.models import Subscription
from curation.topics import queries as topics_of
from curation.topics.models import Topic
from frontend.pages._answers import asks_for_words, back, done, is_htmx, is_undo
from frontend.pages._lists import list_page
from frontend.pages._names import topic_name
from frontend.pages._reader import reader_id_of, reader_of, reading_languages


@require_safe
def topics(request: HttpRequest) -> HttpResponse:
    return render(request, "topics.html", {"areas": areas(), "followed": followed_topics(reader_id_of(request))})


@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    subject = get_object_or_404(Topic, pk=slug)
    reader_id = reader_id_of(request)
    readable = topics_of.in_topic(slug).visible_to(reader_id).ready().in_language(reading_languages(request))
    articles = readers.wanted(readable, reader_id)
    return list_page(
        request,
        "topic.html",
        articles,
        topic=subject,
        is_followed=slug in followed_topics(reader_id),
        siblings=Topic.objects.filter(area=subject.area).exclude(pk=slug),
    )


@login_required
@require_POST
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    subject = get_object_or_404(Topic, pk=slug)
    accounts.follow_topic(reader=reader_of(request), slug=slug, at=timezone.now())
    if is_undo(request):
        return done(request, _("Undone."))
    return _button(request, subject, is_followed=True)


@login_required
@require_POST
def unfollow(request: HttpRequest, slug: str) -> HttpResponse:
    subject = get_object_or_404(Topic, pk=slug)
    accounts.unfollow_topic(reader=reader_of(request), slug=slug)
    if asks_for_words(request):
        words = _("You no longer follow %(name)s.") % {"name": topic_name(subject)}
        return done(request, words, undo=reverse("follow_topic", args=[slug]))
    return _button(request, subject, is_followed=False)


def areas() -> list[tuple[str, list[Topic]]]:
    """Every area with its topics, in the order of the topics file."""
    return [(area, list(members)) for area, members in groupby(Topic.objects.all(), key=lambda topic: topic.area)]


def followed_topics(reader_id: int | None) -> set[str]:
    if reader_id is None:
        return set()
    return set(Subscription.objects.filter(reader_id=reader_id, topic__isnull=False).values_list("topic_id", flat=True))


def _button(request: HttpRequest, subject: Topic, *, is_followed: bool) -> HttpResponse:
    if not is_htmx(request):
        return back(request, "topics")
    return render(request, "follow/_topic.html", {"topic": subject, "is_followed": is_followed})
