"""One article, and what a reader may do with it."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import MutedSource, User
from curation.articles.models import Article
from curation.engagement import queries as engagement
from curation.engagement.models import ArticleState, Event, SlateItem

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def article(articles: list[Article]) -> Article:
    return articles[0]


def test_an_article_is_shown_with_its_text_its_source_and_the_way_to_the_original(
    page: Client, article: Article
) -> None:
    html = page.get(f"/a/{article.pk}/").content.decode()
    assert article.title in html
    assert "<p>Text.</p>" in html
    assert article.source.name in html
    assert article.url in html
    assert f'data-reading="{article.pk}"' in html


def test_whoever_is_not_signed_in_reads_without_buttons(client: Client, article: Article) -> None:
    html = client.get(f"/a/{article.pk}/").content.decode()
    assert article.title in html
    assert 'class="save"' not in html
    assert client.post(f"/a/{article.pk}/save").headers["Location"].startswith("/account/login/")


def test_an_article_that_is_not_ready_or_not_there_is_not_found(page: Client, article: Article) -> None:
    Article.objects.filter(pk=article.pk).update(ready_at=None)
    assert page.get(f"/a/{article.pk}/").status_code == 404
    assert page.get("/a/999999/").status_code == 404


def test_saving_answers_with_the_other_button_and_stays(page: Client, reader: User, article: Article) -> None:
    answer = page.post(f"/a/{article.pk}/save", headers=HTMX).content.decode()
    assert f"/a/{article.pk}/unsave" in answer
    assert ArticleState.objects.get(reader=reader, article=article).saved_at
    assert f"/a/{article.pk}/unsave" in page.get(f"/a/{article.pk}/").content.decode()
    assert article.title in page.get("/saved/").content.decode()
    answer = page.post(f"/a/{article.pk}/unsave", headers=HTMX).content.decode()
    assert f"/a/{article.pk}/save" in answer
    assert article.title not in page.get("/saved/").content.decode()


def test_without_script_a_button_leads_back_to_where_it_was_pressed(page: Client, article: Article) -> None:
    assert page.post(f"/a/{article.pk}/save", {"next": "/saved/"}).headers["Location"] == "/saved/"
    away = page.post(f"/a/{article.pk}/unsave", {"next": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/"


def test_hiding_leaves_an_undo_in_the_cards_place_which_brings_the_card_back(
    page: Client, reader: User, article: Article
) -> None:
    stub = page.post(f"/a/{article.pk}/hide", {"size": "tile"}, headers=HTMX).content.decode()
    assert f"/a/{article.pk}/unhide" in stub
    assert "Undo" in stub
    assert ArticleState.objects.get(reader=reader, article=article).hidden_at
    card = page.post(f"/a/{article.pk}/unhide", {"size": "tile"}, headers=HTMX).content.decode()
    assert article.title in card
    assert ArticleState.objects.get(reader=reader, article=article).hidden_at is None


def test_hiding_on_the_articles_own_page_answers_with_a_toast(page: Client, article: Article) -> None:
    assert 'class="toast"' in page.post(f"/a/{article.pk}/hide", headers=HTMX).content.decode()


def test_less_names_the_topic_and_can_be_taken_back(page: Client, reader: User, article: Article) -> None:
    stub = page.post(f"/a/{article.pk}/less", {"size": "tile"}, headers=HTMX).content.decode()
    assert "less about Space" in stub
    assert f"/a/{article.pk}/neutral" in stub
    card = page.post(f"/a/{article.pk}/neutral", {"size": "tile"}, headers=HTMX).content.decode()
    assert article.title in card
    kinds = Event.objects.filter(reader=reader).order_by("at").values_list("kind", flat=True)
    assert list(kinds) == ["less", "neutral"]
    assert not [read for read in engagement.history(reader.pk) if read.weight]


def test_a_muted_source_can_be_heard_again(page: Client, reader: User, article: Article) -> None:
    stub = page.post(f"/sources/{article.source_id}/mute", {"size": "tile", "article": article.pk}, headers=HTMX)
    assert f"/sources/{article.source_id}/unmute" in stub.content.decode()
    assert MutedSource.objects.filter(reader=reader).count() == 1
    card = page.post(f"/sources/{article.source_id}/unmute", {"size": "tile", "article": article.pk}, headers=HTMX)
    assert article.title in card.content.decode()
    assert not MutedSource.objects.exists()


def test_writing_needs_a_post(page: Client, article: Article) -> None:
    for action in ("save", "unsave", "hide", "unhide", "more", "less", "neutral"):
        assert page.get(f"/a/{article.pk}/{action}").status_code == 405, action


def test_why_tells_the_reason_of_the_slate(page: Client, article: Article) -> None:
    page.get("/")
    SlateItem.objects.filter(article=article).update(reason={"kind": "topic", "topic": "space"})
    html = page.get(f"/a/{article.pk}/why/", headers=HTMX).content.decode()
    assert "You follow Space" in html
    assert "<html" not in html
    assert "<html" in page.get(f"/a/{article.pk}/why/").content.decode()
