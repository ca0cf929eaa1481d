"""What others ask about a reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet

from curation.articles.models import ArticleQuerySet
from curation.engagement.models import Slate
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
    return _profiles([reader], [reader.pk])[reader.pk]


def profiles_of_served(*, is_synthetic: bool) -> dict[int, ReaderProfile]:
    """Of every reader who was ever served a slate, real or simulated ones, by their id; six queries."""
    served = Slate.objects.filter(is_synthetic=is_synthetic).values("reader_id")
    return _profiles(User.objects.filter(pk__in=served).only("is_synthetic"), served)


def _profiles(readers: Iterable[User], ids: Any) -> dict[int, ReaderProfile]:
    follows = _by_reader(Subscription, ids, "topic_id", "source_id", "phrase_id")
    words = _by_reader(MutedWord, ids, "word")
    muted = _by_reader(MutedSource, ids, "source_id")
    wishes = _by_reader(TopicWish, ids, "topic_id", "weight")
    choices = {row.reader_id: row for row in Preference.objects.filter(reader__in=ids)}
    unchosen = Preference()
    return {
        reader.pk: ReaderProfile(
            reader_id=reader.pk,
            topics=tuple(topic for topic, _, _ in follows[reader.pk] if topic),
            sources=tuple(source for _, source, _ in follows[reader.pk] if source),
            phrases=tuple(phrase for _, _, phrase in follows[reader.pk] if phrase),
            muted_words=tuple(word for (word,) in words[reader.pk]),
            languages=tuple(code for code in choice.reading_languages.split(",") if code),
            hidden_sources=tuple(source for (source,) in muted[reader.pk]),
            wishes=tuple((topic, weight) for topic, weight in wishes[reader.pk]),
            history_since=choice.history_since,
            is_synthetic=reader.is_synthetic,
        )
        for reader in readers
        for choice in [choices.get(reader.pk, unchosen)]
    }


def _by_reader(model: type[Model], ids: Any, *columns: str) -> defaultdict[int, list[tuple[Any, ...]]]:
    rows: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for reader_id, *told in model._default_manager.filter(reader__in=ids).values_list("reader_id", *columns):
        rows[reader_id].append(tuple(told))
    return rows


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
