"""The front page: constant queries, reasons, the next stretch, the end, and who sees what."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from curation.articles.models import Article
from curation.engagement.models import Slate, SlateItem
from curation.topics.models import Story
from illustrate.models import Picture, StylePreset
from tests.factories.ranking import SourceFactory, StoryFactory, current_space
from tests.unit.frontend.conftest import write_articles

pytestmark = pytest.mark.django_db


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def _with_everything(count: int) -> None:
    """Articles with picture, topic and a story that another source tells too."""
    preset = StylePreset.objects.filter(is_production=True).first() or StylePreset.objects.create(
        slug="grain", version=99, name_en="Grain", name_ko="결", is_production=True
    )
    for article in write_articles(count):
        story: Story = StoryFactory()
        article.assignment.story = story
        article.assignment.save()
        (other,) = write_articles(1, hours_old=40)
        other.assignment.story = story
        other.assignment.save()
        Picture.objects.create(
            article=article, preset=preset, state="attached", requested_at=timezone.now(), file="p/1.{width}.webp",
            colour="#aabbcc", alt_en="A drawn moon", alt_ko="그려진 달",
        )  # fmt: skip


def test_the_number_of_queries_does_not_grow_with_the_cards(page: Client) -> None:
    _with_everything(3)
    page.get("/")  # makes the slate
    few = _queries(page, "/")
    Slate.objects.all().delete()
    _with_everything(9)
    page.get("/")
    assert page.get("/").content.count(b"<article") >= 10
    assert _queries(page, "/") == few


def test_a_card_says_why_shows_its_picture_and_the_other_voices(page: Client) -> None:
    _with_everything(3)
    page.get("/")
    SlateItem.objects.update(reason={"kind": "topic", "topic": "space"})
    html = page.get("/").content.decode()
    assert "You follow Space" in html
    assert 'alt="A drawn moon"' in html
    assert "400w" in html
    assert "1200w" in html
    assert "Illustration" in html
    assert "Also told by" in html
    assert "#aabbcc" in html


def test_pictures_can_be_switched_off(page: Client, reader: User) -> None:
    _with_everything(3)
    reader.preference.show_pictures = False
    reader.preference.save()
    html = page.get("/").content.decode()
    assert "<figure" not in html
    assert "<article" in html


def test_a_reload_shows_the_same_cards_in_the_same_order(page: Client, articles: list[Article]) -> None:
    first, second = (page.get("/").context["bands"] for _ in range(2))
    order = [[card.article.pk for band in bands for card in band.items] for bands in (first, second)]
    assert order[0] == order[1]


def test_the_next_stretch_continues_the_slate_with_and_without_script(page: Client) -> None:
    write_articles(45)
    shown = page.get("/")
    slate, position = shown.context["slate_id"], shown.context["next_position"]
    assert position
    seen = {card.article.pk for band in shown.context["bands"] for card in band.items}
    address = f"?slate={slate}&position={position}"
    fragment = page.get(f"/more/{address}", headers={"HX-Request": "true"})
    assert b"<html" not in fragment.content
    whole = page.get(f"/{address}")
    assert b"<html" in whole.content
    for answer in (fragment, whole):
        more = {card.article.pk for band in answer.context["bands"] for card in band.items}
        assert more
        assert not more & seen


def test_the_edition_ends_in_words(page: Client, articles: list[Article]) -> None:
    assert "You are up to date." in page.get("/").content.decode()


def test_an_edition_without_articles_says_so(page: Client) -> None:
    assert "Your first edition is being set." in page.get("/").content.decode()


def test_a_place_that_is_not_the_readers_own_is_not_found(
    page: Client, stranger: User, articles: list[Article]
) -> None:
    slate = Slate.objects.create(reader=stranger, surface="feed", pipeline="x", created_at=timezone.now())
    for slate_id in (slate.pk, uuid.uuid4()):
        assert page.get(f"/?slate={slate_id}&position=0").status_code == 404
    assert page.get("/more/?slate=nonsense&position=x").status_code == 404


def test_a_new_reader_is_asked_for_topics_first(client: Client, topic) -> None:  # type: ignore[no-untyped-def]
    client.force_login(User.objects.create_user("new@example.org", "a-long-passphrase"))
    assert client.get("/").headers["Location"] == "/welcome/"


def test_a_fresh_edition_is_made_on_request_only(page: Client, articles: list[Article]) -> None:
    page.get("/")
    assert page.get("/fresh/").status_code == 405
    assert page.post("/fresh/").headers["Location"] == "/"
    assert Slate.objects.count() == 2


def test_the_landing_page_shows_public_drawings_and_the_way_in(client: Client, reader: User) -> None:
    _with_everything(3)
    html = client.get("/").content.decode()
    assert "A weekly, drawn for one reader." in html
    assert "/account/signup/" in html
    assert 'alt="A drawn moon"' in html


def test_private_articles_reach_no_other_page(
    page: Client, client: Client, private_article: Article, stranger: User
) -> None:
    title = private_article.title
    assert title in page.get("/").content.decode()
    stranger_client, nobody = Client(), Client()
    stranger_client.force_login(stranger)
    source = private_article.source_id
    for visitor in (stranger_client, nobody):
        for path in ("/", "/topics/space/", "/sources/", "/search/?q=private"):
            assert title not in visitor.get(path, follow=True).content.decode(), path
        assert visitor.get(f"/a/{private_article.pk}/").status_code == 404
        assert visitor.get(f"/sources/{source}/").status_code == 404
    for action in ("save", "hide", "more", "less"):
        assert stranger_client.post(f"/a/{private_article.pk}/{action}").status_code == 404, action
    for action in ("follow", "mute"):
        assert stranger_client.post(f"/sources/{source}/{action}").status_code == 404, action
    assert stranger_client.get(f"/a/{private_article.pk}/why/").status_code == 404
    assert stranger_client.get(f"/a/{private_article.pk}/report/").status_code == 404


def test_a_voice_from_a_private_source_is_heard_by_its_owner_alone(
    page: Client, reader: User, stranger: User, topic
) -> None:  # type: ignore[no-untyped-def]
    (public,) = write_articles(1)
    (secret,) = write_articles(1, owner=reader, source=SourceFactory(owner=reader, name="My secret gazette"))
    story = StoryFactory(space=current_space())
    for article in (public, secret):
        article.assignment.story = story
        article.assignment.save()
    assert "My secret gazette" in page.get(f"/a/{public.pk}/").content.decode()
    visitor = Client()
    visitor.force_login(stranger)
    assert "My secret gazette" not in visitor.get(f"/a/{public.pk}/").content.decode()
