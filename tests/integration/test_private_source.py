"""A private source is its owner's alone: a second account meets it through no door."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Subscription, User
from curation.articles.models import Article, ArticleVector, EmbeddingSpace
from curation.sources.models import Source
from curation.topics.models import ArticleTopic, Assignment, Topic
from illustrate import actions as illustrate

pytestmark = pytest.mark.django_db

SECRET = "Quarterly letter of the Ravenscourt beekeepers"


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("owner@example.org", "x")


@pytest.fixture
def other() -> User:
    return User.objects.create_user("other@example.org", "x")


@pytest.fixture
def private_article(owner: User) -> Article:
    now = timezone.now()
    source = Source.objects.create(
        address="https://letters.example.org/feed?token=hush", name="Private letters", owner=owner, status="active"
    )
    Subscription.objects.create(reader=owner, source=source, created_at=now)
    article = Article.objects.create(
        url="https://letters.example.org/1", title=SECRET, text="Bees swarm early.", html="<p>Bees swarm early.</p>",
        summary="Bees swarm early.", language="en", source=source, owner=owner, first_seen_at=now,
        sorted_at=now - timedelta(hours=1), ready_at=now, content_hash="p" * 64,
    )  # fmt: skip
    space, _ = EmbeddingSpace.objects.get_or_create(
        name="minilm", revision="test", defaults={"dimension": 384, "is_current": True}
    )
    vector = np.zeros(384, dtype=np.float32)
    vector[0] = 1
    ArticleVector.objects.create(article=article, space=space, vector=vector)
    topic = Topic.objects.get(slug="wildlife")
    ArticleTopic.objects.create(article=article, topic=topic, score=0.99, sorted_at=article.sorted_at)
    Assignment.objects.create(article=article, area=topic.area, assigned_at=now, sorted_at=article.sorted_at)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE articles_article SET search = to_tsvector('simple', %s) WHERE id = %s",
            [SECRET.lower(), article.pk],
        )
    return article


def doors(article: Article) -> list[str]:
    source = article.source_id
    return [
        "/", f"/a/{article.pk}/", f"/a/{article.pk}/why/", "/topics/wildlife/", f"/sources/{source}/", "/sources/",
        "/search/?q=beekeepers", "/saved/", "/settings/", "/settings/export.json", "/settings/export.opml",
        "/api/v1/feed", f"/api/v1/articles/{article.pk}", "/api/v1/search?q=beekeepers", "/api/v1/subscriptions",
        "/api/v1/saved",
    ]  # fmt: skip


def test_the_owner_meets_it(client: Client, owner: User, private_article: Article) -> None:
    client.force_login(owner)
    for door in ("/", f"/a/{private_article.pk}/", "/topics/wildlife/", "/api/v1/feed"):
        assert SECRET in client.get(door).content.decode(), door


def test_a_second_account_meets_it_nowhere(client: Client, other: User, private_article: Article) -> None:
    Subscription.objects.create(reader=other, topic_id="wildlife", created_at=timezone.now())
    client.force_login(other)
    for door in doors(private_article):
        content = client.get(door).content.decode()
        assert SECRET not in content, door
        assert "token=hush" not in content, door
        assert "Private letters" not in content, door


def test_a_second_account_cannot_act_on_it(client: Client, other: User, private_article: Article) -> None:
    client.force_login(other)
    pk, source = private_article.pk, private_article.source_id
    for door in (f"/a/{pk}/save", f"/a/{pk}/hide", f"/a/{pk}/more", f"/a/{pk}/less", f"/sources/{source}/follow"):
        assert client.post(door).status_code == 404, door
    assert client.put(f"/api/v1/articles/{pk}/saved").status_code == 404
    answer = client.post("/api/v1/subscriptions", {"source": source}, content_type="application/json")
    assert answer.status_code == 404
    assert not Subscription.objects.filter(reader=other).exists()


def test_nobody_signed_in_meets_it(client: Client, private_article: Article) -> None:
    for door in doors(private_article):
        assert SECRET not in client.get(door).content.decode(), door


def test_operators_do_not_see_a_readers_secret_address(client: Client, owner: User, private_article: Article) -> None:
    operator = User.objects.create_user("op@example.org", "x", role=User.Role.OPERATOR)
    picture = illustrate.request_picture(article_id=private_article.pk, at=timezone.now())
    report = illustrate.report_picture(
        picture_id=picture.pk, reader_id=owner.pk, reason="ugly", comment="", at=timezone.now()
    )
    client.force_login(operator)
    for door in (
        "/admin/sources/source/", "/admin/articles/article/", "/admin/illustrate/picture/",
        "/admin/illustrate/picturereport/", f"/admin/illustrate/picturereport/{report.pk}/change/",
        f"/admin/illustrate/picture/{picture.pk}/change/",
    ):  # fmt: skip
        content = client.get(door, follow=True).content.decode()
        assert SECRET not in content, door
        assert "token=hush" not in content, door
