"""Which picture an article shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from illustrate import queries
from illustrate.models import Picture, StylePreset
from tests.factories.illustrate import NOW, AttachedPictureFactory, PictureFactory

pytestmark = pytest.mark.django_db


def test_one_query_however_many_articles(django_assert_num_queries):
    pictures = AttachedPictureFactory.create_batch(7)
    with django_assert_num_queries(1):
        shown = queries.pictures_for([picture.article_id for picture in pictures])
    assert set(shown) == {picture.article_id for picture in pictures}


def test_a_picture_comes_in_three_widths_with_its_alt_text_in_the_readers_language():
    picture = AttachedPictureFactory()
    with translation.override("ko"):
        shown = queries.pictures_for([picture.article_id])[picture.article_id]
    assert shown.alt == picture.alt_ko
    assert [part.split()[1] for part in shown.srcset.split(", ")] == ["400w", "800w", "1200w"]
    assert shown.src.endswith(".800.webp")
    assert (shown.width, shown.height) == (1200, 675)
    with translation.override("en"):
        assert queries.pictures_for([picture.article_id])[picture.article_id].alt == picture.alt_en


def test_crops_and_the_share_card_are_offered_only_where_they_were_drawn():
    plain, cropped = AttachedPictureFactory(), AttachedPictureFactory(has_crops=True)
    shown = queries.pictures_for([plain.article_id, cropped.article_id])
    assert [shown[plain.article_id].square, shown[plain.article_id].tall, shown[plain.article_id].card] == ["", "", ""]
    assert [part.split()[1] for part in shown[cropped.article_id].square.split(", ")] == ["320w", "640w"]
    assert shown[cropped.article_id].tall.endswith(".tall-640.webp 640w")
    assert shown[cropped.article_id].card.endswith(".card.jpg")


def test_what_is_taken_down_or_not_yet_drawn_has_no_file():
    down = AttachedPictureFactory(state=Picture.State.TAKEN_DOWN)
    waiting = PictureFactory()
    shown = queries.pictures_for([down.article_id, waiting.article_id])
    assert [shown[picture.article_id].src for picture in (down, waiting)] == ["", ""]
    assert shown[down.article_id].srcset == shown[down.article_id].alt == ""


def test_while_drawn_anew_the_old_file_is_shown():
    picture = AttachedPictureFactory(state=Picture.State.DRAWING)
    assert queries.pictures_for([picture.article_id])[picture.article_id].src


def test_another_look_is_shown_when_asked_for():
    other = StylePreset.objects.create(slug="own", version=1, name_en="Own", name_ko="고유")
    picture = AttachedPictureFactory()
    own = AttachedPictureFactory(article=picture.article, preset=other)
    assert queries.pictures_for([picture.article_id])[picture.article_id].picture_id == picture.pk
    assert queries.pictures_for([picture.article_id], preset="own")[picture.article_id].picture_id == own.pk


def test_the_queue_is_as_old_as_its_oldest_wish():
    assert queries.queue_age(NOW) == 0
    PictureFactory()
    AttachedPictureFactory(requested_at=NOW - timedelta(days=1))
    assert queries.queue_age(NOW + timedelta(seconds=90)) == 90
