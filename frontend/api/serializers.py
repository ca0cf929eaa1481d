"""What the API says and accepts."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import get_language
from rest_framework import serializers

from accounts.models import Subscription
from curation.articles.models import Article
from curation.topics.models import Topic


class PictureOut(serializers.Serializer[Any]):
    """An illustration, never a photograph of what happened."""

    src = serializers.CharField()
    srcset = serializers.CharField()
    alt = serializers.CharField()
    colour = serializers.CharField(help_text="placeholder while it loads, #rrggbb")


class SourceOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class ArticleOut(serializers.ModelSerializer[Article]):
    source = SourceOut()  # type: ignore[assignment]

    class Meta:
        model = Article
        fields = ["id", "url", "title", "summary", "language", "author", "reading_seconds", "source", "sorted_at"]


class ArticleDetailOut(ArticleOut):
    picture = serializers.SerializerMethodField()
    topics = serializers.SerializerMethodField()

    class Meta(ArticleOut.Meta):
        fields = [*ArticleOut.Meta.fields, "html", "published_at", "corrected_at", "topics", "picture"]

    def get_picture(self, article: Article) -> dict[str, Any] | None:
        picture = self.context["pictures"].get(article.pk)
        return PictureOut(picture).data if picture else None

    def get_topics(self, article: Article) -> list[str]:
        return [row.topic_id for row in article.article_topics.order_by("-score")]


class PlainText(serializers.CharField):
    """Words that pages show with marks, without them."""

    def to_representation(self, value: Any) -> str:
        return unescape(strip_tags(super().to_representation(value)))


class CardOut(serializers.Serializer[Any]):
    position = serializers.IntegerField()
    article = ArticleOut()
    area = serializers.CharField()
    topic = serializers.CharField(source="topic.slug", default=None)
    picture = PictureOut(allow_null=True)
    reason = PlainText(help_text="why it is here, in the reader's language")
    is_saved = serializers.BooleanField()
    is_read = serializers.BooleanField()


class PageOut(serializers.Serializer[Any]):
    slate = serializers.CharField(allow_null=True)
    cards = CardOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="address of the next page, or null at the end")


class ListOut(serializers.Serializer[Any]):
    cards = CardOut(many=True)


class TopicOut(serializers.ModelSerializer[Topic]):
    name = serializers.SerializerMethodField()
    is_followed = serializers.SerializerMethodField()

    class Meta:
        model = Topic
        fields = ["slug", "area", "name", "name_en", "name_ko", "is_followed"]

    def get_name(self, topic: Topic) -> str:
        return topic.name_ko if (get_language() or "").startswith("ko") else topic.name_en

    def get_is_followed(self, topic: Topic) -> bool:
        return topic.slug in self.context["followed"]


class SubscriptionOut(serializers.ModelSerializer[Subscription]):
    topic = serializers.SlugRelatedField[Topic](slug_field="slug", read_only=True)
    source = SourceOut(allow_null=True)  # type: ignore[assignment]
    phrase = serializers.CharField(source="phrase.text", default=None)

    class Meta:
        model = Subscription
        fields = ["id", "topic", "source", "phrase", "created_at"]


class SubscriptionIn(serializers.Serializer[Any]):
    """Exactly one of the four."""

    topic = serializers.SlugField(required=False)
    source = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)  # type: ignore[assignment]
    address = serializers.URLField(required=False, max_length=2000, help_text="a feed, or a page that names one")
    phrase = serializers.CharField(required=False, max_length=120)
    language = serializers.ChoiceField(choices=["en", "ko"], required=False, help_text="of the phrase")
    private = serializers.BooleanField(default=False, help_text="the address holds a token: only you see its articles")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(key in attrs for key in ("topic", "source", "address", "phrase")) != 1:
            raise serializers.ValidationError("Give exactly one of topic, source, address and phrase.")
        return attrs


class EventIn(serializers.Serializer[Any]):
    """Documents the shape; engagement validates each event on its own, so that one bad one loses no other."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["impression", "click", "dwell", "more", "less", "neutral"])
    article = serializers.IntegerField()
    at = serializers.DateTimeField()
    slate = serializers.UUIDField(required=False, allow_null=True)
    position = serializers.IntegerField(required=False, allow_null=True)
    visible_ms = serializers.IntegerField(required=False, allow_null=True)
    active_ms = serializers.IntegerField(required=False, allow_null=True)


class EventsIn(serializers.Serializer[Any]):
    events = EventIn(many=True)


class RejectionOut(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    id = serializers.CharField()
    reason = PlainText()


class ReceiptOut(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    rejected = RejectionOut(many=True)
