"""What a reader hid or muted is shown on no page but those that the reader keeps or asks for by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import MutedSource, MutedWord, User
from curation.articles.models import Article
from curation.engagement import actions as engagement
from curation.topics.models import Assignment, Phrase
from tests.factories.ranking import StoryFactory, current_space, unit
from tests.unit.frontend.conftest import write_articles

pytestmark = pytest.mark.django_db
PLACE = unit(77)

WAYS: dict[str, Callable[[User, Article], object]] = {
    "hidden": lambda reader, article: engagement.hide_article(
        reader_id=reader.pk, article_id=article.pk, at=timezone.now()
    ),
    "muted source": lambda reader, article: MutedSource.objects.create(reader=reader, source=article.source),
    "muted word": lambda reader, article: MutedWord.objects.create(reader=reader, word="c++ (draft)"),
    "muted Korean word": lambda reader, article: MutedWord.objects.create(reader=reader, word="두루미"),
}


@pytest.fixture
def pair(topic) -> list[Article]:  # type: ignore[no-untyped-def]
    """One that is wanted and one that will not be; near each other, of one topic and one story."""
    story = StoryFactory()
    pair = [
        *write_articles(1, title="Orchard wanted", vector=PLACE),
        *write_articles(1, title="Orchard unloved C++ (Draft) 두루미가", vector=PLACE),
    ]
    Assignment.objects.filter(article__in=pair).update(story=story)
    for article in pair:
        Article.objects.filter(pk=article.pk).update(search="orchard")
    return pair


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_wanted_is_on_no_list(way: str, page: Client, reader: User, pair: list[Article]) -> None:
    wanted, unloved = pair
    (other,) = write_articles(1, title="Something near", vector=PLACE)
    (apart,) = write_articles(1, title="Unloved twin C++ (draft) 두루미", vector=PLACE, source=unloved.source)
    phrase = Phrase.objects.create(
        text="orchard", language="en", vector=PLACE, space=current_space(), threshold=0.5, placed_at=timezone.now(),
        tokens=["orchard"],
    )  # fmt: skip
    page.post(f"/phrases/{phrase.pk}/follow")
    WAYS[way](reader, unloved)
    if way == "hidden":
        WAYS[way](reader, apart)
    lists = [
        "/topics/space/",
        f"/phrases/{phrase.pk}/",
        "/search/?q=orchard",
        f"/a/{other.pk}/",
        "/api/v1/search?q=orchard",
    ]
    if way != "muted source":
        lists.append(f"/sources/{unloved.source_id}/")
    for address in lists:
        html = page.get(address).content.decode()
        assert "nloved" not in html, address
    assert "Orchard wanted" in page.get("/topics/space/").content.decode()
    assert "Orchard wanted" in page.get("/search/?q=orchard").content.decode()
    assert "nloved" not in page.get(f"/a/{wanted.pk}/").content.decode()  # nor as another voice of the story
    page.post(f"/a/{unloved.pk}/save")
    assert "nloved" in page.get("/saved/").content.decode()
    assert page.get(f"/a/{unloved.pk}/").status_code == 200


def test_a_muted_source_still_has_its_own_page(page: Client, reader: User, pair: list[Article]) -> None:
    WAYS["muted source"](reader, pair[1])
    assert "unloved" in page.get(f"/sources/{pair[1].source_id}/").content.decode()


def test_one_readers_mutes_are_nobody_elses(client: Client, stranger: User, reader: User, pair: list[Article]) -> None:
    for mute in WAYS.values():
        mute(reader, pair[1])
    assert "unloved" in client.get("/topics/space/").content.decode()
    client.force_login(stranger)
    assert "unloved" in client.get("/topics/space/").content.decode()
