"""A reader with an edition to read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Preference, Subscription, User
from curation.articles.models import Article
from tests.factories.ranking import ArticleFactory, SourceFactory, TopicFactory


@pytest.fixture
def topic(db):  # type: ignore[no-untyped-def]
    return TopicFactory(slug="space", name_en="Space", name_ko="우주", area="science")


@pytest.fixture
def reader(topic) -> User:  # type: ignore[no-untyped-def]
    user = User.objects.create_user("reader@example.org", "a-long-passphrase")
    Preference.objects.create(reader=user, onboarded_at=timezone.now())
    Subscription.objects.create(reader=user, topic=topic, created_at=timezone.now())
    return user


@pytest.fixture
def stranger(db) -> User:  # type: ignore[no-untyped-def]
    user = User.objects.create_user("stranger@example.org", "a-long-passphrase")
    Preference.objects.create(reader=user, onboarded_at=timezone.now())
    return user


@pytest.fixture
def operator(db) -> User:  # type: ignore[no-untyped-def]
    user = User.objects.create_superuser("operator@example.org", "a-long-passphrase")
    Preference.objects.create(reader=user, onboarded_at=timezone.now())
    return user


@pytest.fixture
def page(reader: User, client: Client) -> Client:
    """The reader's browser."""
    client.force_login(reader)
    return client


def write_articles(count: int, *, hours_old: int = 0, **fields: object) -> list[Article]:
    """Fresh articles about space, each of a source of its own."""
    at = timezone.now() - timedelta(hours=hours_old)
    return [
        ArticleFactory(
            sorted_at=at - timedelta(minutes=5 * number), topics={"space": 0.9}, html="<p>Text.</p>", **fields
        )
        for number in range(count)
    ]


@pytest.fixture
def articles(topic) -> list[Article]:  # type: ignore[no-untyped-def]
    return write_articles(8)


@pytest.fixture
def private_article(reader: User) -> Article:
    source = SourceFactory(owner=reader, name="Letters to me")
    (article,) = write_articles(1, owner=reader, source=source, title="A private headline")
    return article
