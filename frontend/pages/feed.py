"""The front page: a reader's edition, and the landing page for whoever is not signed in."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from accounts import queries as accounts
from accounts.models import Subscription, User
from curation.articles.models import Article
from curation.engagement.models import Slate
from curation.ranking import actions as ranking
from curation.ranking.types import Page, ReaderProfile
from curation.sources.models import FetchingSwitch
from frontend.pages._cards import Card, Pick, make_cards, picks
from frontend.pages._layout import arrange
from frontend.pages._reader import preference_of, reader_of

SURFACE = "feed"
LANDING_CARDS = 7
LANDING_POOL = 80


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return _landing(request)
    if _is_new(request):
        return redirect("welcome")
    profile = accounts.reader_profile(reader_of(request))
    if place := _place(request):
        page = _more(profile, place)
    else:
        page = ranking.serve_slate(profile=profile, surface=SURFACE, at=timezone.now())
    context = _edition(request, page, opening=place is None)
    return render(request, "feed.html", {**context, "asks_operator": _asks_operator(request)})


@login_required
@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """The next stretch of the edition, for HTMX; without it the same link is a page of its own."""
    place = _place(request)
    if place is None:
        raise Http404
    if not getattr(request, "htmx", False):
        return feed(request)
    page = _more(accounts.reader_profile(reader_of(request)), place)
    return render(request, "cards/_stretch.html", _edition(request, page, opening=False))


@login_required
@require_POST
def fresh(request: HttpRequest) -> HttpResponse:
    """A new edition, because the reader asks for one."""
    profile = accounts.reader_profile(reader_of(request))
    ranking.serve_slate(profile=profile, surface=SURFACE, at=timezone.now(), fresh=True)
    return redirect("feed")


def _is_new(request: HttpRequest) -> bool:
    if preference_of(request).onboarded_at is not None:
        return False
    return not Subscription.objects.filter(reader_id=reader_of(request).pk).exists()


def _asks_operator(request: HttpRequest) -> bool:
    """Whether the operator has yet to say if this installation may fetch from the internet."""
    if reader_of(request).role != User.Role.OPERATOR or settings.FETCH != "ask":
        return False
    return not FetchingSwitch.objects.filter(decided_at__isnull=False).exists()


def _place(request: HttpRequest) -> tuple[UUID, int] | None:
    try:
        return UUID(request.GET["slate"]), max(0, int(request.GET["position"]))
    except (KeyError, ValueError):
        return None


def _more(profile: ReaderProfile, place: tuple[UUID, int]) -> Page:
    try:
        return ranking.serve_more(profile=profile, slate_id=place[0], position=place[1], at=timezone.now())
    except Slate.DoesNotExist:
        raise Http404 from None


def _edition(request: HttpRequest, page: Page, *, opening: bool) -> dict[str, object]:
    wanted = [Pick(card.article_id, card.position, card.reason) for card in page.cards]
    cards = make_cards(
        wanted,
        reader_id=reader_of(request).pk,
        slate_id=page.slate_id,
        with_pictures=preference_of(request).show_pictures,
    )
    return {
        "bands": list(arrange(cards, opening=opening)),
        "slate_id": page.slate_id,
        "next_position": page.next_position,
        "opening": opening,
        "today": timezone.localdate(),
    }


def _landing(request: HttpRequest) -> HttpResponse:
    return render(request, "landing.html", {"cards": _samples()})


def _samples() -> list[Card]:
    """A few public articles that have their picture, newest first, as many areas as there are."""
    pool = (
        Article.objects.visible_to(None)
        .ready()
        .in_language(((get_language() or "en")[:2],))
        .filter(pictures__state="attached", pictures__preset__is_production=True)
        .order_by("-sorted_at")
        .values_list("pk", flat=True)[:LANDING_POOL]
    )
    cards = make_cards(picks(pool), reader_id=None)
    first_of_area: dict[str, Card] = {}
    for card in cards:
        first_of_area.setdefault(card.area, card)
    chosen = list(first_of_area.values())
    chosen += [card for card in cards if card not in chosen]
    return chosen[:LANDING_CARDS]
