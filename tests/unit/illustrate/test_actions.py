"""Wishes for pictures: asked once, drawn anew, taken down, reported, found again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from curation.articles.signals import article_changed
from curation.topics.signals import article_assigned
from illustrate import actions, queries, tasks
from illustrate.actions import InvalidReport
from illustrate.models import Picture, PictureReport, StylePreset
from tests.factories.accounts import UserFactory
from tests.factories.illustrate import (
    NOW,
    ArticleFactory,
    AssignedArticleFactory,
    AttachedPictureFactory,
    PictureFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch):
    """Ids of the pictures that were sent to the workers, in order."""
    ids: list[int] = []
    monkeypatch.setattr(tasks.draw_picture, "delay", lambda *, picture_id: ids.append(picture_id))
    return ids


def with_files(picture: Picture) -> Picture:
    for width in (1200, 800, 400):
        default_storage.save(picture.file.format(width=width), ContentFile(b"webp"))
    return picture


def test_asking_twice_is_asking_once(sent, django_capture_on_commit_callbacks):
    article = AssignedArticleFactory()
    with django_capture_on_commit_callbacks(execute=True):
        first = actions.request_picture(article_id=article.pk, at=NOW)
        second = actions.request_picture(article_id=article.pk, at=NOW + timedelta(minutes=1))
    assert first == second
    assert first.state == Picture.State.WAITING
    assert sent == [first.pk]


def test_an_article_that_is_gone_gets_no_picture(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.request_picture(article_id=987_654, at=NOW) is None
    assert sent == []
    assert not Picture.objects.exists()


def test_a_broker_that_is_away_does_not_undo_the_wish(monkeypatch, django_capture_on_commit_callbacks):
    def refuse(*, picture_id: int) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.draw_picture, "delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        picture = actions.request_picture(article_id=AssignedArticleFactory().pk, at=NOW)
    assert Picture.objects.filter(pk=picture.pk, state=Picture.State.WAITING).exists()


def test_an_assigned_article_asks_for_its_picture(sent, django_capture_on_commit_callbacks):
    article = AssignedArticleFactory()
    with django_capture_on_commit_callbacks(execute=True):
        article_assigned.send(sender=None, article_id=article.pk)
    assert sent == [article.pictures.get().pk]


@pytest.mark.parametrize("moved", [True, False])
def test_a_correction_redraws_only_when_the_meaning_moved(sent, django_capture_on_commit_callbacks, moved, monkeypatch):
    monkeypatch.setattr("curation.topics.tasks.assign_article.delay", lambda **kwargs: None)
    picture = AttachedPictureFactory()
    with django_capture_on_commit_callbacks(execute=True):
        article_changed.send(sender=None, article_id=picture.article_id, meaning_moved=moved)
    assert sent == ([picture.pk] if moved else [])


def test_redrawing_takes_a_new_seed_and_keeps_the_old_file(sent, django_capture_on_commit_callbacks):
    picture = AttachedPictureFactory()
    with django_capture_on_commit_callbacks(execute=True):
        again = actions.redraw(picture_id=picture.pk, by=UserFactory(), at=NOW)
    assert again.seed != picture.seed
    assert again.file == picture.file
    assert again.state == Picture.State.WAITING
    assert sent == [picture.pk]
    assert Picture.objects.shown().filter(pk=picture.pk).exists()


@pytest.mark.parametrize("end", ["redraw", "take_down"])
def test_a_painting_that_nobody_waits_for_any_more_is_called_off_in_every_frame(
    end, settings, sent, monkeypatch, django_capture_on_commit_callbacks
):
    settings.PICTURE_RENDERER = "diffusion"
    picture = AttachedPictureFactory()
    called_off = []
    monkeypatch.setattr(actions.serving, "cancel", lambda model, request: called_off.append((model, request)))
    with django_capture_on_commit_callbacks(execute=True):
        getattr(actions, end)(picture_id=picture.pk, by=UserFactory(), at=NOW)
    assert called_off == [("diffusion", f"picture-{picture.pk}-{shape}") for shape in ("wide", "square", "tall")]


def test_what_an_editor_takes_down_is_gone_with_its_files(django_capture_on_commit_callbacks):
    picture = with_files(AttachedPictureFactory())
    report = actions.report_picture(picture_id=picture.pk, reader_id=UserFactory().pk, reason="ugly", at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        actions.take_down(picture_id=picture.pk, by=UserFactory(), at=NOW)
    assert not default_storage.exists(picture.file.format(width=800))
    assert not Picture.objects.shown().filter(pk=picture.pk).exists()
    report.refresh_from_db()
    assert report.settled_at == NOW


@pytest.mark.parametrize("gone", ["picture", "article", "source"])
def test_files_go_with_what_the_picture_was_drawn_for(gone, django_capture_on_commit_callbacks):
    picture, other = with_files(AttachedPictureFactory()), with_files(AttachedPictureFactory())
    with django_capture_on_commit_callbacks(execute=True):
        {"picture": picture, "article": picture.article, "source": picture.article.source}[gone].delete()
    assert not default_storage.exists(picture.file.format(width=400))
    assert default_storage.exists(other.file.format(width=400))


def test_a_file_is_known_by_the_id_in_its_name(django_assert_num_queries):
    picture = AttachedPictureFactory()
    with django_assert_num_queries(1) as captured:
        assert queries.picture_of_file(picture.file) == picture
    assert f'"id" = {picture.pk}' in captured[0]["sql"]
    for name in (
        "pictures/00/x-secret.{width}.webp",
        f"pictures/00/{picture.pk}-guess.{{width}}.webp",
        "9" * 40,
        "²-a",
    ):
        assert queries.picture_of_file(name) is None


def test_a_second_report_of_a_reader_replaces_the_first():
    picture, reader = AttachedPictureFactory(), UserFactory()
    actions.report_picture(picture_id=picture.pk, reader_id=reader.pk, reason="ugly", at=NOW)
    actions.report_picture(
        picture_id=picture.pk, reader_id=reader.pk, reason="misleading", comment=" no \n boat ", at=NOW
    )
    report = PictureReport.objects.get()
    assert (report.reason, report.comment) == ("misleading", "no boat")


@pytest.mark.parametrize(("reason", "comment"), [("boring", ""), ("other", "x" * 501)])
def test_a_bad_report_is_refused_and_nothing_is_stored(reason, comment):
    picture = AttachedPictureFactory()
    with pytest.raises(InvalidReport):
        actions.report_picture(
            picture_id=picture.pk, reader_id=UserFactory().pk, reason=reason, comment=comment, at=NOW
        )
    assert not PictureReport.objects.exists()


def test_nobody_reports_a_picture_of_somebody_elses_private_article():
    picture = AttachedPictureFactory(article=AssignedArticleFactory(owner=UserFactory()))
    with pytest.raises(Picture.DoesNotExist):
        actions.report_picture(picture_id=picture.pk, reader_id=UserFactory().pk, reason="ugly", at=NOW)


def test_the_reconciler_finds_missed_articles_and_stuck_pictures(sent, django_capture_on_commit_callbacks):
    missed = AssignedArticleFactory()
    unassigned = ArticleFactory()
    fresh = AssignedArticleFactory(ready_at=NOW + timedelta(minutes=9, seconds=30))
    unready = ArticleFactory(ready_at=None)
    stuck = PictureFactory()
    orphaned = PictureFactory(state=Picture.State.DRAWING, claimed_at=NOW)
    waiting = PictureFactory(requested_at=NOW + timedelta(minutes=9))
    held = PictureFactory(state=Picture.State.DRAWING, claimed_at=NOW + timedelta(minutes=9))
    attached = AttachedPictureFactory()
    with django_capture_on_commit_callbacks(execute=True):
        counts = actions.reconcile_pictures(at=NOW + timedelta(minutes=10))
    assert counts == (2, 2)
    asked = set(Picture.objects.filter(article__in=[missed, unassigned]).values_list("pk", flat=True))
    assert set(sent) == asked | {stuck.pk, orphaned.pk}
    assert not {waiting.pk, held.pk, attached.pk} & set(sent)
    assert not Picture.objects.filter(article__in=[fresh, unready]).exists()


def test_presets_are_synced_without_changing_the_sites_choice():
    other = StylePreset.objects.create(slug="own", version=1, name_en="Own", name_ko="고유")
    StylePreset.objects.filter(is_production=True).update(is_production=False)
    StylePreset.objects.filter(pk=other.pk).update(is_production=True)
    actions.sync_presets()
    actions.sync_presets()
    assert StylePreset.objects.get(is_production=True) == other
    assert StylePreset.objects.filter(slug="grain", version=2).count() == 1


def test_a_look_that_is_drawn_no_more_gives_way_to_its_newest_version():
    old = StylePreset.objects.create(slug="grain", version=1, name_en="Grain", name_ko="결")
    StylePreset.objects.filter(is_production=True).update(is_production=False)
    StylePreset.objects.filter(pk=old.pk).update(is_production=True)
    actions.sync_presets()
    assert str(StylePreset.objects.get(is_production=True)) == "grain/2"
