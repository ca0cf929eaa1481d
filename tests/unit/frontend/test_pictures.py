"""Picture files are as private as their articles; only editors redraw or take down."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from curation.articles.models import Article
from illustrate.models import Picture, PictureReport, StylePreset

pytestmark = pytest.mark.django_db


def _picture(article: Article) -> Picture:
    preset = StylePreset.objects.filter(is_production=True).first() or StylePreset.objects.create(
        slug="grain", version=99, name_en="Grain", name_ko="결", is_production=True
    )
    picture = Picture.objects.create(article=article, preset=preset, state="attached", requested_at=timezone.now())
    picture.file = f"pictures/00/{picture.pk}-secret.{{width}}.webp"
    picture.save()
    target = Path(settings.MEDIA_ROOT) / picture.file.format(width=400)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"RIFF....WEBP")
    return picture


def test_a_public_picture_is_served_and_may_be_kept(client: Client, articles: list[Article]) -> None:
    picture = _picture(articles[0])
    answer = client.get(f"/media/{picture.file.format(width=400)}")
    assert b"".join(answer.streaming_content) == b"RIFF....WEBP"  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "image/webp"
    assert "public" in answer["Cache-Control"]


def test_the_picture_of_a_private_article_is_its_owners_alone(
    page: Client, stranger: User, private_article: Article
) -> None:
    path = f"/media/{_picture(private_article).file.format(width=400)}"
    answer = page.get(path)
    assert "private" in answer["Cache-Control"]
    b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    visitor = Client()
    assert visitor.get(path).status_code == 404
    visitor.force_login(stranger)
    assert visitor.get(path).status_code == 404


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
