"""One article: its drawing, its text, what comes after it, and what a reader may do with it."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from curation.articles.models import Article
from curation.engagement import actions as engagement
from curation.engagement import queries as engaged
from curation.engagement.models import SlateItem
from curation.engagement.types import EventIn
from curation.ranking import queries as ranking
from curation.topics.models import ArticleTopic
from frontend.pages import _reasons
from frontend.pages._answers import back, done, is_htmx, is_undo
from frontend.pages._cards import Pick, make_cards, only_wanted, picks
from frontend.pages._controls import controls_for
from frontend.pages._linked_data import picture_data
from frontend.pages._names import topic_name
from frontend.pages._prose import prose
from frontend.pages._reader import preference_of, reader_id_of, reader_of
from frontend.pages._weighed import weighed
from illustrate import queries as pictures_of

READ_NEXT = 4
LOOKED_AT = 4 * READ_NEXT  # a reader who mutes much has something to read next all the same
SIZES = frozenset({"lead", "second", "tile", "small", "brief", "wide"})


@require_safe
def article(request: HttpRequest, article_id: int) -> HttpResponse:
    reader_id = reader_id_of(request)
    shown = get_object_or_404(
        Article.objects.visible_to(reader_id).ready().select_related("source", "assignment").defer("search"),
        pk=article_id,
    )
    item = _slate_item(request, article_id)
    with_pictures = preference_of(request).show_pictures
    (card,) = make_cards(
        [Pick(article_id, item.position if item else 0, item.reason if item else None)],
        reader_id=reader_id,
        slate_id=item.slate_id if item else None,
        with_pictures=with_pictures,
    )
    published = pictures_of.published(card.picture.picture_id) if card.picture and card.picture.src else None
    next_ids = only_wanted(ranking.also_like(article_id, reader_id, LOOKED_AT), reader_id)[:READ_NEXT]
    return render(
        request,
        "article.html",
        {
            "article": shown,
            "card": card,
            "prose": prose(shown),
            "share_image": request.build_absolute_uri(card.picture.card) if card.picture and card.picture.card else "",
            "linked_data": picture_data(request, shown, card.picture, published)
            if published and shown.owner_id is None
            else "",
            "topics": _topics(article_id),
            "read_next": make_cards(picks(next_ids), reader_id=reader_id, with_pictures=with_pictures),
        },
    )


@login_required
@require_safe
def why(request: HttpRequest, article_id: int) -> HttpResponse:
    """What put the article before this reader, what weighed how much, and what can be done about it."""
    get_object_or_404(Article.objects.visible_to(reader_id_of(request)), pk=article_id)
    reader_id = reader_of(request).pk
    item = _slate_item(request, article_id)
    if item is None:
        context: dict[str, Any] = {"words": _("You came here by yourself: it was not recommended.")}
    else:
        names = _reasons.names_for([item.reason], reader_id=reader_id)
        context = {
            "words": _reasons.words(item.reason, names),
            "explanation": _reasons.explanation(item.reason),
            "controls": controls_for(reader_id, item.reason, names),
            "weighed": weighed(item.contributions),
        }
    return render(request, "sheets/_why.html" if is_htmx(request) else "sheets/why.html", context)


@login_required
@require_POST
def save(request: HttpRequest, article_id: int) -> HttpResponse:
    _set_state(request, article_id, engagement.save_article)
    return _save_button(request, article_id, is_saved=True)


@login_required
@require_POST
def unsave(request: HttpRequest, article_id: int) -> HttpResponse:
    _set_state(request, article_id, engagement.unsave_article)
    return _save_button(request, article_id, is_saved=False)


@login_required
@require_POST
def hide(request: HttpRequest, article_id: int) -> HttpResponse:
    _set_state(request, article_id, engagement.hide_article)
    words = _("Hidden. You will not be shown it again.")
    return done(request, words, undo=reverse("unhide_article", args=[article_id]), article_id=article_id)


@login_required
@require_POST
def unhide(request: HttpRequest, article_id: int) -> HttpResponse:
    _set_state(request, article_id, engagement.unhide_article)
    return restored(request, article_id)


@login_required
@require_POST
def more_like_this(request: HttpRequest, article_id: int) -> HttpResponse:
    undo = _taken_back(request, article_id)
    _express(request, article_id, "more")
    if is_undo(request):
        return restored(request, article_id)
    return done(request, _("Noted: more like this."), undo=undo, article_id=article_id)


@login_required
@require_POST
def less_like_this(request: HttpRequest, article_id: int) -> HttpResponse:
    undo = _taken_back(request, article_id)
    _express(request, article_id, "less")
    if is_undo(request):
        return restored(request, article_id)
    topic = ArticleTopic.objects.filter(article_id=article_id).select_related("topic").order_by("-score").first()
    words = (
        _("You will see less about %(topic)s.") % {"topic": topic_name(topic.topic)}
        if topic
        else _("You will see less like this.")
    )
    return done(request, words, undo=undo, article_id=article_id)


@login_required
@require_POST
def neutral_again(request: HttpRequest, article_id: int) -> HttpResponse:
    """Takes back what was said about the article, as if it had not been said."""
    _express(request, article_id, "neutral")
    return restored(request, article_id)


def restored(request: HttpRequest, article_id: int) -> HttpResponse:
    """The card back in its place, after an undo."""
    if not is_htmx(request):
        messages.success(request, _("Undone."))
        return back(request)
    size = request.POST.get("size", "")
    if size not in SIZES:
        return render(request, "_toast.html", {"words": _("Undone.")})
    item = _slate_item(request, article_id)
    cards = make_cards(
        [Pick(article_id, item.position if item else 0, item.reason if item else None)],
        reader_id=reader_id_of(request),
        slate_id=item.slate_id if item else None,
        with_pictures=preference_of(request).show_pictures,
    )
    if not cards:
        raise Http404
    return render(request, "cards/_card.html", {"card": cards[0], "size": size})


def _set_state(request: HttpRequest, article_id: int, action: Any) -> None:
    try:
        action(reader_id=reader_of(request).pk, article_id=article_id, at=timezone.now(), slate_id=_slate_id(request))
    except Article.DoesNotExist:
        raise Http404 from None


def _taken_back(request: HttpRequest, article_id: int) -> str:
    """The address that brings back what the reader says of the article now, before saying something else."""
    said = engaged.states(reader_of(request).pk, [article_id])[article_id].preference
    name = {"more": "more_like_this", "less": "less_like_this"}.get(said, "neutral_again")
    return reverse(name, args=[article_id])


def _express(request: HttpRequest, article_id: int, kind: str) -> None:
    get_object_or_404(Article.objects.visible_to(reader_id_of(request)), pk=article_id)
    at = timezone.now()
    event = EventIn(id=uuid.uuid4(), kind=kind, article_id=article_id, at=at, slate_id=_slate_id(request))
    engagement.record_events(reader_id=reader_of(request).pk, events=[event], at=at)


def _save_button(request: HttpRequest, article_id: int, *, is_saved: bool) -> HttpResponse:
    if not is_htmx(request):
        return back(request)
    title = Article.objects.values_list("title", flat=True).get(pk=article_id)
    return render(
        request, "cards/_save.html", {"article_id": article_id, "is_saved": is_saved, "title": title, "is_answer": True}
    )


def _slate_id(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("slate") or request.GET.get("slate") or "")
    except ValueError:
        return None


def _slate_item(request: HttpRequest, article_id: int) -> SlateItem | None:
    """The reader's own slate position that led here: the one named in the address, else the latest."""
    reader_id = reader_id_of(request)
    if reader_id is None:
        return None
    items = SlateItem.objects.filter(slate__reader_id=reader_id, article_id=article_id)
    if slate_id := _slate_id(request):
        items = items.filter(slate_id=slate_id)
    return items.order_by("-slate__created_at").first()


def _topics(article_id: int) -> list[Any]:
    rows = ArticleTopic.objects.filter(article_id=article_id).select_related("topic").order_by("-score")[:3]
    return [row.topic for row in rows]
