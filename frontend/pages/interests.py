"""What Gyeol thinks the reader likes: laid open, to be corrected, and to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import actions as accounts
from accounts import queries as readers
from accounts.models import TopicWish
from curation.articles.models import Article
from curation.engagement import queries as engagement
from curation.ranking import queries as ranking
from curation.sources.models import Source
from curation.topics.models import Topic
from frontend.pages._answers import asks_for_words, back, done, is_htmx, is_undo
from frontend.pages._names import topic_name
from frontend.pages._reader import preference_of, reader_of
from frontend.pages._shares import Share, shares_of

TOPICS_AT_ONCE = 10  # the others open on request
PUBLISHERS = 6
REFUSED = 6
WISHES = {"less": -1.0, "same": 0.0, "more": 1.0}


@dataclass(frozen=True, slots=True)
class TopicRow:
    topic: Topic
    share: Share
    is_read: bool
    wish: str  # a key of WISHES
    is_followed: bool


@dataclass(frozen=True, slots=True)
class PublisherRow:
    source: Source
    share: Share
    count: int
    is_muted: bool


@dataclass(frozen=True, slots=True)
class GroupRow:
    topics: tuple[Topic, ...]
    articles: tuple[Article, ...]
    count: int

    @property
    def area(self) -> str:
        return self.topics[0].area if self.topics else ""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    article: Article
    is_hidden: bool  # else it was said to be wanted less


@login_required
@require_safe
def interests(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    profile = readers.reader_profile(reader)
    known = ranking.interests(profile, timezone.now())
    refused = known.refused[:REFUSED]
    topics = Topic.objects.in_bulk([each.slug for each in known.topics])
    wanted = {*refused, *(article for group in known.groups for article in group.articles)}
    articles = Article.objects.visible_to(reader.pk).for_cards().in_bulk(wanted)
    rows = _topic_rows(known, topics)
    context = {
        "liked": known.liked,
        "groups": _group_rows(known, topics, articles),
        "topics": rows[:TOPICS_AT_ONCE],
        "further_topics": rows[TOPICS_AT_ONCE:],
        "publishers": _publisher_rows(known, reader.pk, profile.hidden_sources),
        "refused": _refused_rows(refused, articles, reader.pk),
        "history_since": preference_of(request).history_since,
    }
    return render(request, "interests.html", context)


@login_required
@require_POST
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """A topic's row: more or less of it, followed or not. Answers with the row, or with words and an undo."""
    subject = get_object_or_404(Topic, pk=slug)
    reader, at = reader_of(request), timezone.now()
    wish = request.POST.get("wish") or request.GET.get("wish", "")
    follow = request.POST.get("follow")
    if wish in WISHES:
        undo = f"{reverse('interest_topic', args=[slug])}?wish={_wish_now(reader.pk, slug)}"
        accounts.wish_topic(reader=reader, slug=slug, weight=WISHES[wish], at=at)
        if is_undo(request):
            return done(request, _("Undone."))
        if asks_for_words(request):
            return done(request, _words(wish, topic_name(subject)), undo=undo)
    elif follow == "yes":
        accounts.follow_topic(reader=reader, slug=slug, at=at)
    elif follow == "no":
        accounts.unfollow_topic(reader=reader, slug=slug)
    else:
        return HttpResponseBadRequest("wish is less, same or more; follow is yes or no", content_type="text/plain")
    if not is_htmx(request):
        return back(request, "interests")
    known = ranking.interests(readers.reader_profile(reader), at)
    return render(request, "interests/_topic.html", {"row": _topic_row(known, subject)})


@login_required
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    accounts.forget_history(reader=reader_of(request), at=timezone.now())
    return done(request, _("What you read before now no longer counts."), undo=reverse("remember_history"))


@login_required
@require_POST
def remember(request: HttpRequest) -> HttpResponse:
    accounts.remember_history(reader=reader_of(request))
    return done(request, _("All that you read counts again."))


def _topic_rows(known: ranking.Interests, topics: Mapping[str, Topic]) -> list[TopicRow]:
    shares = shares_of(each.share for each in known.topics)
    return [
        TopicRow(topics[each.slug], share, each.share > 0, _wish(each.weight), each.is_followed)
        for each, share in zip(known.topics, shares, strict=True)
    ]


def _topic_row(known: ranking.Interests, subject: Topic) -> TopicRow:
    each = known.topic(subject.slug)
    share = shares_of([each.share, *(other.share for other in known.topics)])[0]
    return TopicRow(subject, share, each.share > 0, _wish(each.weight), each.is_followed)


def _publisher_rows(known: ranking.Interests, reader_id: int, muted: Sequence[int]) -> list[PublisherRow]:
    sources = Source.objects.visible_to(reader_id).in_bulk([each.source_id for each in known.publishers[:PUBLISHERS]])
    shown = [each for each in known.publishers if each.source_id in sources]
    shares = shares_of(each.share for each in shown)
    return [
        PublisherRow(sources[each.source_id], share, each.count, each.source_id in muted)
        for each, share in zip(shown, shares, strict=True)
    ]


def _group_rows(
    known: ranking.Interests, topics: Mapping[str, Topic], articles: Mapping[int, Article]
) -> list[GroupRow]:
    return [
        GroupRow(
            topics=tuple(topics[slug] for slug in group.topics),
            articles=tuple(articles[pk] for pk in group.articles if pk in articles),
            count=group.count,
        )
        for group in known.groups
    ]


def _refused_rows(refused: Sequence[int], articles: Mapping[int, Article], reader_id: int) -> list[RefusedRow]:
    states = engagement.states(reader_id, refused)
    return [RefusedRow(articles[pk], states[pk].is_hidden) for pk in refused if pk in articles]


def _wish_now(reader_id: int, slug: str) -> str:
    stored = TopicWish.objects.filter(reader_id=reader_id, topic_id=slug).values_list("weight", flat=True).first()
    return _wish(stored or 0.0)


def _wish(weight: float) -> str:
    return "less" if weight < 0 else "more" if weight > 0 else "same"


def _words(wish: str, name: str) -> str:
    if wish == "less":
        return _("You will see less about %(topic)s.") % {"topic": name}
    if wish == "more":
        return _("You will see more about %(topic)s.") % {"topic": name}
    return _("Neither more nor less about %(topic)s: what you read decides.") % {"topic": name}
