"""What others ask about a reader."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from curation.articles.models import ArticleQuerySet
from curation.ranking import queries as ranking
from curation.ranking.types import ReaderProfile

from .models import Invitation, MutedSource, MutedWord, Preference, SignupPolicy, Subscription, TopicWish, User

INVITATION_KEY = "invitation"  # in the session, from an invitation's link until the sign-up


def preference(reader: User) -> Preference:
    """The reader's choices, or the defaults, unsaved."""
    return Preference.objects.filter(reader=reader).first() or Preference(reader=reader)


def subscriptions(reader: User) -> QuerySet[Subscription]:
    return Subscription.objects.filter(reader=reader).select_related("topic", "source", "phrase").order_by("created_at")


def reader_profile(reader: User) -> ReaderProfile:
    """What ranking needs to know of the reader; five queries."""
    rows = Subscription.objects.filter(reader=reader).values_list("topic_id", "source_id", "phrase_id")
    choices = preference(reader)
    return ReaderProfile(
        reader_id=reader.pk,
        topics=tuple(topic for topic, _, _ in rows if topic),
        sources=tuple(source for _, source, _ in rows if source),
        phrases=tuple(phrase for _, _, phrase in rows if phrase),
        muted_words=tuple(MutedWord.objects.filter(reader=reader).values_list("word", flat=True)),
        languages=tuple(code for code in choices.reading_languages.split(",") if code),
        hidden_sources=tuple(MutedSource.objects.filter(reader=reader).values_list("source_id", flat=True)),
        wishes=tuple(TopicWish.objects.filter(reader=reader).values_list("topic_id", "weight")),
        history_since=choices.history_since,
        is_synthetic=reader.is_synthetic,
    )


def wanted(articles: ArticleQuerySet, reader_id: int | None, *, of_muted_sources: bool = False) -> ArticleQuerySet:
    """Without what the reader hid or muted. Only a muted source's own page still shows what comes from it."""
    if reader_id is None:
        return articles
    muted = MutedSource.objects.filter(reader_id=reader_id).values_list("source_id", flat=True)
    mutes = ReaderProfile(
        reader_id=reader_id,
        muted_words=tuple(MutedWord.objects.filter(reader_id=reader_id).values_list("word", flat=True)),
        hidden_sources=() if of_muted_sources else tuple(muted),
    )
    return ranking.wanted(articles, mutes)


def signup_policy() -> str:
    row = SignupPolicy.objects.filter(id=1).first()
    return row.policy if row else settings.SIGNUP_POLICY


def open_invitation(token: str, at: datetime) -> Invitation | None:
    return Invitation.objects.filter(token=token, used_at__isnull=True, expires_at__gt=at).first() if token else None
