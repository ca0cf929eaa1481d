"""While the model server is away, reading goes on, and what needs it says so soon."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Subscription, User
from curation.articles.models import Article
from curation.serving import queries as serving
from curation.topics.models import Phrase
from tests.factories.ranking import current_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def models_away(settings) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """Nobody listens there, and a worker would ask for half a minute; a page must not."""
    settings.MODELS_URL, settings.MODELS_TIMEOUT_SECONDS_IN_PAGES = "http://127.0.0.1:9", 0.2
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 5
    serving._made.cache_clear()


@pytest.fixture
def followed(reader: User, articles: list[Article]) -> Phrase:
    """A phrase that lies on the first article and names a word of every headline."""
    vector = articles[0].vectors.get().vector
    phrase = Phrase.objects.create(
        text="headline", language="en", vector=vector, space=current_space(), threshold=0.9, tokens=["headline"],
        placed_at=timezone.now(),
    )  # fmt: skip
    Subscription.objects.create(reader=reader, phrase=phrase, created_at=timezone.now())
    return phrase


def test_the_edition_and_a_phrases_page_need_no_model(
    models_away: None, page: Client, followed: Phrase, articles: list[Article]
) -> None:
    assert articles[0].title in page.get("/").content.decode()
    assert articles[0].title in page.get(f"/phrases/{followed.pk}/").content.decode()
    assert page.get("/api/v1/feed").status_code == 200


def test_search_says_that_it_is_away(models_away: None, page: Client) -> None:
    assert "Search is waking up" in page.get("/search/", {"q": "space"}).content.decode()


def test_the_api_says_that_search_is_away(models_away: None, page: Client) -> None:
    assert page.get("/api/v1/search", {"q": "space"}).status_code == 503


def test_a_new_phrase_is_kept_and_its_page_says_what_it_waits_for(models_away: None, page: Client) -> None:
    address = page.post("/phrases/", {"text": "wooden boats"}).headers["Location"]
    assert "away for a moment" in page.get(address).content.decode()
    page.post(f"{address}follow")
    assert Subscription.objects.filter(phrase__text="wooden boats").exists()
