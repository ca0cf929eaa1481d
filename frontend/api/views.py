"""REST API v1: one reader's feed, articles, topics, subscriptions and events."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import OperationalError
from django.http import Http404
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from accounts import actions as accounts
from accounts import queries as account_queries
from accounts.models import Subscription, User
from curation.articles.models import Article
from curation.engagement import actions as engagement
from curation.engagement import queries as engagement_queries
from curation.ranking import actions as ranking
from curation.serving.types import ServingError
from curation.sources import actions as sources
from curation.sources.types import SourceError
from curation.topics.models import Topic
from frontend.pages._cards import Pick, make_cards, picks
from frontend.pages._search import asked, find
from frontend.pages._troubles import in_words
from illustrate import queries as illustrate

from . import serializers as out

EVENTS_PER_BATCH = 500
RESULTS = 30


class Unavailable(APIException):
    """The database or the models are away: the client keeps what it has and tries again."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The service is away for a moment; try again."


class EventThrottle(UserRateThrottle):
    scope = "events"


def _reader(request: Request) -> User:
    """The signed-in reader: every view here asks for one."""
    return cast(User, request.user)


def _article(request: Request, article_id: int) -> Article:
    article = (
        Article.objects.ready().visible_to(_reader(request).pk).select_related("source").filter(pk=article_id).first()
    )
    if article is None:
        raise Http404
    return article


class FeedView(APIView):
    """The reader's edition, page by page; a page that was seen is never reordered."""

    @extend_schema(
        parameters=[OpenApiParameter("slate", str), OpenApiParameter("position", int)], responses=out.PageOut
    )
    def get(self, request: Request) -> Response:
        profile = account_queries.reader_profile(_reader(request))
        slate, position = request.query_params.get("slate"), request.query_params.get("position")
        now = timezone.now()
        if slate and position:
            try:
                page = ranking.serve_more(profile=profile, slate_id=UUID(slate), position=int(position), at=now)
            except (ValueError, ModelValidationError, ObjectDoesNotExist):
                raise ValidationError({"slate": "This page is no longer kept; start again."}) from None
        else:
            page = ranking.serve_slate(profile=profile, surface="feed", at=now)
        cards = make_cards(
            [Pick(card.article_id, card.position, card.reason) for card in page.cards],
            reader_id=_reader(request).pk,
            slate_id=page.slate_id,
        )
        following = None
        if page.next_position is not None:
            following = f"{reverse('api:feed')}?slate={page.slate_id}&position={page.next_position}"
        document = {"slate": str(page.slate_id) if page.slate_id else None, "cards": cards, "next": following}
        return Response(out.PageOut(document).data)


class ArticleView(APIView):
    @extend_schema(responses=out.ArticleDetailOut)
    def get(self, request: Request, article_id: int) -> Response:
        article = _article(request, article_id)
        context = {"pictures": illustrate.pictures_for([article.pk])}
        return Response(out.ArticleDetailOut(article, context=context).data)


class _StateView(APIView):
    """PUT gives an article a state, DELETE takes it away; both may be repeated."""

    give: ClassVar[Any]
    take: ClassVar[Any]

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, article_id: int) -> Response:
        type(self).give(reader_id=_reader(request).pk, article_id=_article(request, article_id).pk, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, article_id: int) -> Response:
        type(self).take(reader_id=_reader(request).pk, article_id=_article(request, article_id).pk, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SavedStateView(_StateView):
    give, take = engagement.save_article, engagement.unsave_article


class HiddenStateView(_StateView):
    give, take = engagement.hide_article, engagement.unhide_article


class SavedView(APIView):
    @extend_schema(responses=out.ListOut)
    def get(self, request: Request) -> Response:
        ids = engagement_queries.saved(_reader(request).pk).values_list("pk", flat=True)[: RESULTS * 10]
        return Response(out.ListOut({"cards": make_cards(picks(ids), reader_id=_reader(request).pk)}).data)


class SearchView(APIView):
    @extend_schema(parameters=[OpenApiParameter("q", str, required=True)], responses=out.ListOut)
    def get(self, request: Request) -> Response:
        text = asked(request.query_params.get("q", ""))
        if not text:
            raise ValidationError({"q": _("What are you looking for?")})
        try:
            wanted = find(text, reader_id=_reader(request).pk, limit=RESULTS)
        except ServingError:
            raise Unavailable from None
        return Response(out.ListOut({"cards": make_cards(picks(wanted), reader_id=_reader(request).pk)}).data)


class TopicsView(APIView):
    @extend_schema(responses=out.TopicOut(many=True))
    def get(self, request: Request) -> Response:
        followed = set(
            Subscription.objects.filter(reader=_reader(request), topic__isnull=False).values_list("topic_id", flat=True)
        )
        return Response(out.TopicOut(Topic.objects.all(), many=True, context={"followed": followed}).data)


class SubscriptionsView(APIView):
    @extend_schema(responses=out.SubscriptionOut(many=True))
    def get(self, request: Request) -> Response:
        return Response(out.SubscriptionOut(account_queries.subscriptions(_reader(request)), many=True).data)

    @extend_schema(request=out.SubscriptionIn, responses={201: out.SubscriptionOut})
    def post(self, request: Request) -> Response:
        wanted = out.SubscriptionIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            subscription = self._follow(request, wanted.validated_data)
        except ObjectDoesNotExist:
            raise Http404 from None
        except ModelValidationError as error:
            raise ValidationError({"detail": error.messages}) from None
        except SourceError as error:
            raise ValidationError({"address": in_words(str(error))}) from None
        return Response(out.SubscriptionOut(subscription).data, status=status.HTTP_201_CREATED)

    @staticmethod
    def _follow(request: Request, wanted: dict[str, Any]) -> Subscription:
        reader, now = _reader(request), timezone.now()
        if "topic" in wanted:
            return accounts.follow_topic(reader=reader, slug=wanted["topic"], at=now)
        if "source" in wanted:
            return accounts.follow_source(reader=reader, source_id=wanted["source"], at=now)
        if "address" in wanted:
            source = sources.add_source(address=wanted["address"], by=reader, at=now, private=wanted["private"])
            return accounts.follow_source(reader=reader, source_id=source.pk, at=now)
        language = wanted.get("language") or (translation.get_language() or "en")[:2]
        phrase = accounts.follow_phrase(reader=reader, text=wanted["phrase"], language=language, at=now)
        return Subscription.objects.select_related("phrase").get(reader=reader, phrase=phrase)


class SubscriptionView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, subscription_id: int) -> Response:
        subscription = Subscription.objects.filter(reader=_reader(request), pk=subscription_id).first()
        if subscription is None:
            raise Http404
        if subscription.source_id:
            accounts.unfollow_source(reader=_reader(request), source_id=subscription.source_id)
        else:
            subscription.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class EventsView(APIView):
    """What the reader did. Each event counts once, however often it is sent; a bad one does not hold up the others."""

    throttle_classes = [EventThrottle]

    @extend_schema(request=out.EventsIn, responses=out.ReceiptOut)
    def post(self, request: Request) -> Response:
        documents = request.data.get("events") if isinstance(request.data, dict) else None
        if not isinstance(documents, list):
            raise ValidationError({"events": "A list of events is needed."})
        if len(documents) > EVENTS_PER_BATCH:
            raise ValidationError({"events": f"At most {EVENTS_PER_BATCH} events a request."})
        try:
            receipt = engagement.record_events(reader_id=_reader(request).pk, events=documents, at=timezone.now())
        except OperationalError:
            raise Unavailable from None
        return Response(out.ReceiptOut(receipt).data)
