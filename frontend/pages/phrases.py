"""Any phrase as a topic: what is about it, or why nothing can be."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import actions as accounts
from accounts.models import Subscription
from curation.topics import actions as topics_do
from curation.topics import queries as topics_of
from curation.topics.models import Phrase
from curation.topics.types import InvalidPhrase
from frontend.pages._answers import asks_for_words, back, done, go, is_htmx, is_undo
from frontend.pages._cards import only_wanted
from frontend.pages._lists import bands_of
from frontend.pages._reader import reader_of
from frontend.pages._search import language_of

LONGEST = 120
SHOWN = 33
WINDOW = timedelta(days=90)
LOOKED_UP = "phrases"  # in the session: ids of the phrases that were written into it
REMEMBERED = 50


@login_required
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """To the phrase's own page, where it can be looked at before it is followed."""
    text = " ".join(request.POST.get("text", "").split())
    try:
        found = topics_do.get_phrase(text=text, language=language_of(text))
    except InvalidPhrase:
        messages.error(request, _("Write a phrase of 1 to %(most)d characters.") % {"most": LONGEST})
        return back(request, "topics")
    _remember(request, found.pk)
    return redirect("phrase", found.pk)


@login_required
@require_safe
def phrase(request: HttpRequest, phrase_id: int) -> HttpResponse:
    subject = _own_phrase(request, phrase_id)
    reader_id = reader_of(request).pk
    found = []
    if subject.is_understood:
        since = timezone.now() - WINDOW
        found = topics_of.articles_about_phrase(subject, reader_id=reader_id, limit=SHOWN, since=since)
    context = bands_of(request, only_wanted((article_id for article_id, _cosine in found), reader_id), opening=True)
    return render(
        request,
        "phrase.html",
        {**context, "phrase": subject, "is_followed": _is_followed(reader_id, phrase_id), "next_place": ""},
    )


@login_required
@require_POST
def follow(request: HttpRequest, phrase_id: int) -> HttpResponse:
    subject = _own_phrase(request, phrase_id)
    try:
        accounts.follow_phrase(
            reader=reader_of(request), text=subject.text, language=subject.language, at=timezone.now()
        )
    except ValidationError:
        messages.error(request, _("You follow as many phrases as there is room for: leave one first."))
        return go(request, "settings")
    if is_undo(request):
        return done(request, _("Undone."))
    return _button(request, subject, is_followed=True)


@login_required
@require_POST
def unfollow(request: HttpRequest, phrase_id: int) -> HttpResponse:
    subject = _own_phrase(request, phrase_id)
    _remember(request, phrase_id)  # so that it can be followed again
    accounts.unfollow_phrase(reader=reader_of(request), phrase_id=phrase_id)
    if asks_for_words(request):
        words = _("You no longer follow “%(phrase)s”.") % {"phrase": subject.text}
        return done(request, words, undo=reverse("follow_phrase", args=[phrase_id]))
    return _button(request, subject, is_followed=False)


def _own_phrase(request: HttpRequest, phrase_id: int) -> Phrase:
    """A phrase that this reader follows or wrote. The rows are shared, and what others look for is their secret."""
    if phrase_id not in request.session.get(LOOKED_UP, []) and not _is_followed(reader_of(request).pk, phrase_id):
        raise Http404
    return get_object_or_404(Phrase, pk=phrase_id)


def _remember(request: HttpRequest, phrase_id: int) -> None:
    others = [known for known in request.session.get(LOOKED_UP, []) if known != phrase_id]
    request.session[LOOKED_UP] = [*others, phrase_id][-REMEMBERED:]


def _is_followed(reader_id: int | None, phrase_id: int) -> bool:
    return Subscription.objects.filter(reader_id=reader_id, phrase_id=phrase_id).exists()


def _button(request: HttpRequest, subject: Phrase, *, is_followed: bool) -> HttpResponse:
    if not is_htmx(request):
        return back(request, "topics")
    return render(request, "follow/_phrase.html", {"phrase": subject, "is_followed": is_followed})
