"""Picture files are as private as their articles; only editors redraw or take down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from curation.articles.models import Article
from curation.serving.types import ModelUnavailable
from illustrate import _files
from illustrate.models import Picture, PictureReport, StylePreset

pytestmark = pytest.mark.django_db


def _picture(article: Article) -> Picture:
    preset = StylePreset.objects.filter(is_production=True).first() or StylePreset.objects.create(
        slug="grain", version=99, name_en="Grain", name_ko="결", is_production=True
    )
    picture = Picture.objects.create(article=article, preset=preset, state="attached", requested_at=timezone.now())
    picture.file = f"pictures/00/{picture.pk}-secret.{{width}}.webp"
    picture.save()
    for variant in _files.variants():
        target = Path(settings.MEDIA_ROOT) / _files.path_of(picture.file, variant)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"RIFF....WEBP")
    return picture


def test_a_public_picture_is_served_and_may_be_kept(client: Client, articles: list[Article]) -> None:
    picture = _picture(articles[0])
    answer = client.get(f"/media/{picture.file.format(width=400)}")
    assert b"".join(answer.streaming_content) == b"RIFF....WEBP"  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "image/webp"
    assert "public" in answer["Cache-Control"]


@pytest.mark.parametrize("variant", _files.variants())
def test_the_picture_of_a_private_article_is_its_owners_alone_in_every_frame(
    page: Client, stranger: User, private_article: Article, variant: str
) -> None:
    path = f"/media/{_files.path_of(_picture(private_article).file, variant)}"
    answer = page.get(path)
    assert "private" in answer["Cache-Control"]
    b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    visitor = Client()
    assert visitor.get(path).status_code == 404
    visitor.force_login(stranger)
    assert visitor.get(path).status_code == 404


def test_a_share_card_is_a_jpeg(client: Client, articles: list[Article]) -> None:
    answer = client.get(f"/media/{_files.path_of(_picture(articles[0]).file, _files.CARD)}")
    assert answer["Content-Type"] == "image/jpeg"
    b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_an_article_that_may_be_shared_names_its_card_and_a_private_one_does_not(
    page: Client, articles: list[Article], private_article: Article, settings: Any
) -> None:
    for article in (articles[0], private_article):
        picture = _picture(article)
        Picture.objects.filter(pk=picture.pk).update(has_crops=True)
    shared = page.get(f"/a/{articles[0].pk}/").content.decode()
    assert 'property="og:image" content="http://testserver/media/pictures/' in shared
    assert ".card.jpg" in shared
    assert "og:" not in page.get(f"/a/{private_article.pk}/").content.decode()


def test_an_old_picture_without_crops_shows_its_wide_files_alone(page: Client, articles: list[Article]) -> None:
    _picture(articles[0])
    text = page.get(f"/a/{articles[0].pk}/").content.decode()
    assert ".800.webp" in text
    assert "og:image" not in text
    assert "square-" not in text


@pytest.mark.parametrize("path", ["../secret_key", "pictures/../../secret_key", "pictures/1.400.png", "/etc/passwd"])
def test_nothing_but_pictures_comes_out_of_the_media_folder(client: Client, path: str) -> None:
    assert client.get(f"/media/{path}").status_code == 404


def test_a_reader_reports_a_picture(page: Client, reader: User, articles: list[Article]) -> None:
    picture = _picture(articles[0])
    address = f"/a/{articles[0].pk}/report/"
    assert "What is wrong with the picture?" in page.get(address).content.decode()
    assert page.post(address, {"reason": "no-such-reason"}).status_code == 200
    assert not PictureReport.objects.exists()
    assert page.post(address, {"reason": "misleading", "comment": "No boat."}).status_code == 302
    assert PictureReport.objects.get(picture=picture, reader=reader).comment == "No boat."


def test_the_page_of_a_report_shows_what_it_is_about_and_leads_back_to_it(
    page: Client, articles: list[Article]
) -> None:
    _picture(articles[0])
    address = f"/a/{articles[0].pk}/report/"
    text = page.get(address).content.decode()
    assert articles[0].title in text
    assert ".400.webp" in text
    assert "hx-post" not in text.split('class="narrow"')[1].split("</form>")[0]
    assert "hx-post" in page.get(address, headers={"hx-request": "true"}).content.decode(), "in the sheet, a toast"
    answer = page.post(address, {"reason": "ugly"}, follow=True)
    assert answer.redirect_chain == [(f"/a/{articles[0].pk}/", 302)]
    assert "An editor will look at the picture." in answer.content.decode()


def test_readers_may_not_redraw_but_editors_may(page: Client, operator: User, articles: list[Article]) -> None:
    picture = _picture(articles[0])
    for action in ("redraw", "take-down"):
        assert page.post(f"/pictures/{picture.pk}/{action}").status_code == 403
        assert Client().post(f"/pictures/{picture.pk}/{action}").status_code == 302
    assert "For editors" not in page.get(f"/a/{articles[0].pk}/").content.decode()
    editor = Client()
    editor.force_login(operator)
    assert "For editors" in editor.get(f"/a/{articles[0].pk}/").content.decode()
    editor.post(f"/pictures/{picture.pk}/take-down")
    picture.refresh_from_db()
    assert picture.state == Picture.State.TAKEN_DOWN


def test_an_editor_sees_how_far_a_picture_is_and_the_page_again_once_it_is_there(
    page: Client, operator: User, articles: list[Article], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = _picture(articles[0])
    address = f"/pictures/{picture.pk}/progress"
    assert page.get(address).status_code == 403
    editor = Client()
    editor.force_login(operator)
    assert editor.get(address).headers["HX-Refresh"] == "true"
    Picture.objects.filter(pk=picture.pk).update(state=Picture.State.DRAWING)
    assert address in editor.get(f"/a/{articles[0].pk}/").content.decode()
    assert "It is being drawn." in editor.get(address).content.decode()
    monkeypatch.setattr("illustrate.queries.painting_progress", lambda picture_id: (5, 12))
    assert "step 5 of 12" in editor.get(address).content.decode()

    def away(picture_id: int) -> None:
        raise ModelUnavailable("nothing answers")

    monkeypatch.setattr("illustrate.queries.painting_progress", away)
    assert "It is being drawn." in editor.get(address).content.decode()
