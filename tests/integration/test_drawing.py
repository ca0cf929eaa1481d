"""From a waiting row to a picture on disk: two workers, killed workers, lost rows, a model server that is away."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection, connections
from PIL import Image

from curation.analytics import registry
from curation.articles.models import Article
from curation.serving.types import ModelUnavailable
from illustrate import _files, actions, pipeline, queries
from illustrate.models import Picture, StylePreset
from illustrate.signals import picture_attached
from illustrate.types import Subject
from tests.factories.accounts import UserFactory
from tests.factories.illustrate import NOW, ArticleFactory, PictureFactory
from tests.loopback import Answer, serve

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def looks(transactional_db, monkeypatch):
    """A transactional test finds the tables emptied: the looks come back as after a migration. Nothing is sent."""
    actions.sync_presets()
    monkeypatch.setattr("illustrate.tasks.draw_picture.delay", lambda **kwargs: None)


@pytest.fixture(scope="module")
def made():
    return pipeline.make(Subject("Lighthouse keeper retires after forty winters"), preset="", seed=5)


@pytest.fixture
def quick(monkeypatch, made):
    """Drawing takes no time: what is tested is whose drawing counts."""
    monkeypatch.setattr(pipeline, "make", lambda subject, **kwargs: replace(made, seed=kwargs["seed"]))


def files_of(picture: Picture) -> set[str]:
    folder = f"pictures/{picture.pk % 256:02x}"
    names = default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
    return {name for name in names if name.startswith(f"{picture.pk}-")}


def test_a_waiting_picture_is_drawn_and_attached_with_everything_a_page_and_an_editor_need():
    picture = PictureFactory()
    announced = []
    picture_attached.connect(lambda **kwargs: announced.append(kwargs["picture_id"]), weak=False, dispatch_uid="test")
    try:
        assert pipeline.draw(picture_id=picture.pk, at=NOW)
    finally:
        picture_attached.disconnect(dispatch_uid="test")
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED
    assert announced == [picture.pk]
    assert len(files_of(picture)) == len(_files.variants())
    assert picture.brief["hero"] == "lighthouse"
    assert picture.provenance["renderer"] == "composer"
    assert picture.evaluation["decision"] == "accept"
    assert picture.colour.startswith("#")
    assert len(picture.perceptual_hash) == 16
    assert picture.alt_en
    assert picture.alt_ko
    assert (picture.failure, picture.claimed_at) == ("", None)


def test_drawing_again_is_harmless(quick):
    picture = PictureFactory()
    assert pipeline.draw(picture_id=picture.pk, at=NOW)
    before = files_of(picture)
    assert not pipeline.draw(picture_id=picture.pk, at=LATER)
    assert files_of(picture) == before


def test_of_two_workers_one_draws(quick, monkeypatch):
    picture = PictureFactory()
    barrier, drawn, results = threading.Barrier(2), [], []
    make = pipeline.make

    def slow(subject, **kwargs):  # type: ignore[no-untyped-def]
        drawn.append(1)
        time.sleep(0.2)
        return make(subject, **kwargs)

    monkeypatch.setattr(pipeline, "make", slow)

    def work() -> None:
        barrier.wait()
        results.append(pipeline.draw(picture_id=picture.pk, at=NOW))
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True]
    assert len(drawn) == 1
    assert len(files_of(picture)) == len(_files.variants())


def test_the_claim_of_a_dead_worker_is_taken_over_and_the_dead_one_cannot_attach(quick, monkeypatch):
    picture = PictureFactory()
    make = pipeline.make

    def overtaken(subject, **kwargs):  # type: ignore[no-untyped-def]
        monkeypatch.setattr(pipeline, "make", make)
        assert pipeline.draw(picture_id=picture.pk, at=LATER)  # another worker, long after
        return make(subject, **kwargs)

    monkeypatch.setattr(pipeline, "make", overtaken)
    assert not pipeline.draw(picture_id=picture.pk, at=NOW)
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED
    assert picture.drawn_at == LATER
    assert len(files_of(picture)) == len(_files.variants())


def test_what_could_not_be_written_whole_leaves_no_files(quick, monkeypatch):
    picture = PictureFactory()
    save, written = default_storage.save, []

    def full_disk(name, content):  # type: ignore[no-untyped-def]
        if len(written) == 6:
            raise OSError("no space left on device")
        written.append(name)
        return save(name, content)

    monkeypatch.setattr(default_storage, "save", full_disk)
    assert not pipeline.draw(picture_id=picture.pk, at=NOW)
    picture.refresh_from_db()
    assert "no space left" in picture.failure
    assert len(written) == 6
    assert files_of(picture) == set()


def test_a_private_article_gets_no_share_card(quick):
    picture = PictureFactory()
    Article.objects.filter(pk=picture.article_id).update(owner=UserFactory())
    assert pipeline.draw(picture_id=picture.pk, at=NOW)
    assert not [name for name in files_of(picture) if "card" in name]
    assert [name for name in files_of(picture) if "square" in name]


def test_a_new_version_of_the_look_replaces_the_old_picture_once_it_is_drawn(quick):
    production = StylePreset.objects.get(is_production=True)
    old = StylePreset.objects.create(slug="grain", version=1, name_en="Grain", name_ko="결")
    shown = PictureFactory(preset=old)
    assert pipeline.draw(picture_id=shown.pk, at=NOW)  # a look that is drawn no more is drawn as its newest version
    newer = PictureFactory(article=shown.article, preset=production)
    assert queries.pictures_for([shown.article_id])[shown.article_id].picture_id == shown.pk
    assert pipeline.draw(picture_id=newer.pk, at=NOW)
    assert queries.pictures_for([shown.article_id])[shown.article_id].picture_id == newer.pk
    assert not Picture.objects.filter(pk=shown.pk).exists()


def test_a_corrected_headline_is_drawn_anew_though_it_means_the_same(quick):
    picture = PictureFactory()
    assert pipeline.draw(picture_id=picture.pk, at=NOW)
    assert actions.redraw_headline(article_id=picture.article_id, at=NOW) == 0
    Article.objects.filter(pk=picture.article_id).update(title="Lighthouse keeper retires after fifty winters")
    assert actions.redraw_headline(article_id=picture.article_id, at=NOW) == 1
    picture.refresh_from_db()
    assert picture.state == Picture.State.WAITING


def test_a_fresh_claim_is_respected(quick):
    picture = PictureFactory(state=Picture.State.DRAWING, claimed_at=NOW)
    assert not pipeline.draw(picture_id=picture.pk, at=NOW + timedelta(seconds=30))


def test_what_was_taken_down_meanwhile_stays_down_and_leaves_no_file(quick, monkeypatch):
    picture = PictureFactory()
    make = pipeline.make

    def taken_down(subject, **kwargs):  # type: ignore[no-untyped-def]
        actions.take_down(picture_id=picture.pk, by=None, at=NOW)
        return make(subject, **kwargs)

    monkeypatch.setattr(pipeline, "make", taken_down)
    assert not pipeline.draw(picture_id=picture.pk, at=NOW)
    picture.refresh_from_db()
    assert picture.state == Picture.State.TAKEN_DOWN
    assert files_of(picture) == set()


def test_an_article_deleted_meanwhile_leaves_no_file(quick, monkeypatch):
    picture = PictureFactory()
    make = pipeline.make

    def deleted(subject, **kwargs):  # type: ignore[no-untyped-def]
        picture.article.delete()
        return make(subject, **kwargs)

    monkeypatch.setattr(pipeline, "make", deleted)
    picture_id = picture.pk
    assert not pipeline.draw(picture_id=picture_id, at=NOW)
    picture.pk = picture_id
    assert files_of(picture) == set()


def test_a_redrawn_picture_replaces_its_files_only_when_it_is_there(quick):
    picture = PictureFactory()
    pipeline.draw(picture_id=picture.pk, at=NOW)
    before = files_of(picture)
    actions.redraw(picture_id=picture.pk, by=None, at=NOW)
    assert files_of(picture) == before
    assert pipeline.draw(picture_id=picture.pk, at=LATER)
    after = files_of(picture)
    assert len(after) == len(_files.variants())
    assert not after & before


def test_a_failure_leaves_its_reason_and_after_some_tries_an_end(monkeypatch):
    picture = PictureFactory()

    def broken(subject, **kwargs):  # type: ignore[no-untyped-def]
        raise ValueError("the pen broke")

    monkeypatch.setattr(pipeline, "make", broken)
    for _ in range(pipeline.TRIES):
        assert not pipeline.draw(picture_id=picture.pk, at=NOW)
        picture.refresh_from_db()
        assert picture.failure == "ValueError: the pen broke"
    assert pipeline.draw(picture_id=picture.pk, at=LATER), "the desk's emblem stands in"
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED
    assert picture.evaluation["decision"] == "fallback"
    assert picture.provenance["given_up"] == "ValueError: the pen broke"
    actions.reconcile_pictures(at=LATER)
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED, "it is not tried again by itself"


def test_when_not_even_an_emblem_can_be_drawn_it_ends_with_the_reason(monkeypatch):
    picture = PictureFactory()

    def broken(subject, **kwargs):  # type: ignore[no-untyped-def]
        raise ValueError("the pen broke")

    monkeypatch.setattr(pipeline, "make", broken)
    monkeypatch.setattr(pipeline, "make_plainly", broken)
    for _ in range(pipeline.TRIES + 1):
        assert not pipeline.draw(picture_id=picture.pk, at=NOW)
    picture.refresh_from_db()
    assert (picture.state, picture.failure) == (Picture.State.FAILED, "ValueError: the pen broke")
    assert not pipeline.draw(picture_id=picture.pk, at=LATER)


def test_a_failed_redraw_keeps_the_old_picture(quick, monkeypatch):
    picture = PictureFactory()
    pipeline.draw(picture_id=picture.pk, at=NOW)
    actions.redraw(picture_id=picture.pk, by=None, at=NOW)

    def broken(subject, **kwargs):  # type: ignore[no-untyped-def]
        raise ValueError("the pen broke")

    monkeypatch.setattr(pipeline, "make", broken)
    for _ in range(pipeline.TRIES):
        pipeline.draw(picture_id=picture.pk, at=NOW)
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED
    assert picture.failure
    assert len(files_of(picture)) == len(_files.variants())


def test_a_model_server_that_is_away_costs_the_picture_no_try(monkeypatch):
    picture = PictureFactory()

    def away(subject, **kwargs):  # type: ignore[no-untyped-def]
        raise ModelUnavailable("the model server does not answer")

    monkeypatch.setattr(pipeline, "make", away)
    for _ in range(pipeline.TRIES + 2):
        pipeline.draw(picture_id=picture.pk, at=NOW)
    picture.refresh_from_db()
    assert (picture.state, picture.attempts) == (Picture.State.WAITING, 0)
    assert "does not answer" in picture.failure


def test_a_picture_that_kills_its_workers_becomes_an_emblem_and_if_that_kills_too_is_given_up():
    picture = PictureFactory(state=Picture.State.DRAWING, claimed_at=NOW, attempts=pipeline.TRIES)
    assert pipeline.draw(picture_id=picture.pk, at=LATER)
    picture.refresh_from_db()
    assert "killed" in picture.provenance["given_up"]
    deadly = PictureFactory(state=Picture.State.DRAWING, claimed_at=NOW, attempts=pipeline.TRIES + 1)
    assert not pipeline.draw(picture_id=deadly.pk, at=LATER)
    deadly.refresh_from_db()
    assert deadly.state == Picture.State.FAILED
    assert "given up" in deadly.failure


@pytest.mark.parametrize(
    ("title", "register"), [("Forty schoolchildren killed as ferry sinks", "restrained"), ("Bakers' fair", "plain")]
)
def test_models_that_stay_away_cost_the_article_no_picture(settings, monkeypatch, title, register):
    settings.MODELS_URL, settings.MODELS_TIMEOUT_SECONDS = "http://127.0.0.1:9", 0.2
    picture = PictureFactory(article__title=title)
    assert not pipeline.draw(picture_id=picture.pk, at=NOW), "at first they are waited for"
    assert pipeline.draw(picture_id=picture.pk, at=NOW + pipeline.PATIENCE)
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED
    assert picture.brief["register"] == register, "grief is seen without a model, too"
    assert "nothing answers" in picture.provenance["without_models"]
    actions.reconcile_pictures(at=LATER)
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED, "not drawn anew while they are away"
    settings.MODELS_URL = ""
    actions.reconcile_pictures(at=LATER)
    picture.refresh_from_db()
    assert picture.state == Picture.State.WAITING
    assert pipeline.draw(picture_id=picture.pk, at=LATER)
    picture.refresh_from_db()
    assert "without_models" not in picture.provenance


def test_a_picture_that_is_there_is_never_replaced_by_an_emblem_for_want_of_models(quick, monkeypatch):
    picture = PictureFactory()
    assert pipeline.draw(picture_id=picture.pk, at=NOW)
    before = files_of(picture)
    actions.redraw(picture_id=picture.pk, by=None, at=NOW)

    def away(subject, **kwargs):  # type: ignore[no-untyped-def]
        raise ModelUnavailable("the model server does not answer")

    monkeypatch.setattr(pipeline, "make", away)
    Picture.objects.filter(pk=picture.pk).update(requested_at=NOW - pipeline.PATIENCE)
    assert not pipeline.draw(picture_id=picture.pk, at=LATER)
    picture.refresh_from_db()
    assert picture.state == Picture.State.WAITING
    assert files_of(picture) == before


def test_a_redraw_that_kills_its_workers_leaves_the_picture_as_it_is(quick):
    picture = PictureFactory()
    assert pipeline.draw(picture_id=picture.pk, at=NOW)
    before = files_of(picture)
    Picture.objects.filter(pk=picture.pk).update(
        state=Picture.State.DRAWING, claimed_at=NOW, attempts=pipeline.TRIES
    )  # fmt: skip
    assert not pipeline.draw(picture_id=picture.pk, at=LATER)
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED
    assert "given up" in picture.failure
    assert files_of(picture) == before


def test_a_makeshift_picture_that_cannot_be_drawn_properly_is_not_tried_for_ever(settings, monkeypatch):
    settings.MODELS_URL, settings.MODELS_TIMEOUT_SECONDS = "http://127.0.0.1:9", 0.2
    picture = PictureFactory()
    assert pipeline.draw(picture_id=picture.pk, at=NOW + pipeline.PATIENCE)
    settings.MODELS_URL = ""

    def broken(subject, **kwargs):  # type: ignore[no-untyped-def]
        raise ValueError("the pen broke")

    monkeypatch.setattr(pipeline, "make", broken)
    tries = 0
    for _ in range(3):
        actions.reconcile_pictures(at=LATER)
        picture.refresh_from_db()
        while picture.state == Picture.State.WAITING:
            pipeline.draw(picture_id=picture.pk, at=LATER)
            tries += 1
            picture.refresh_from_db()
    assert tries == pipeline.TRIES
    assert picture.state == Picture.State.ATTACHED
    assert "the pen broke" in picture.failure


@pytest.fixture
def small_disk(tmp_path, settings):
    """A file system of 48 kB: less than a picture's files."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    settings.MEDIA_ROOT = tmp_path
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_a_full_disk_costs_the_picture_no_try_and_leaves_no_half_picture(quick, small_disk):
    picture = PictureFactory()
    for _ in range(pipeline.TRIES + 2):
        assert not pipeline.draw(picture_id=picture.pk, at=NOW)
    picture.refresh_from_db()
    assert (picture.state, picture.attempts) == (Picture.State.WAITING, 0)
    assert picture.failure == "pictures cannot be stored: No space left on device"
    assert files_of(picture) == set()
    assert [(t.key, t.count, t.reason) for t in registry.troubles(NOW) if t.key == "pictures_held_up"] == [
        ("pictures_held_up", 1, picture.failure)
    ]
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    assert pipeline.draw(picture_id=picture.pk, at=LATER)
    assert len(files_of(picture)) == len(_files.variants())


@pytest.mark.parametrize(("allowed", "seen"), [(["127.0.0.0/8"], True), ([], False)])
def test_the_articles_photo_is_looked_at_through_the_guard_and_its_loss_costs_nothing(settings, allowed, seen):
    settings.FETCH, settings.FETCH_ALLOW_NETWORKS = "on", allowed
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "#204060").save(buffer, "JPEG")
    with serve() as site:
        site.pages["/photo.jpg"] = Answer(buffer.getvalue(), headers={"Content-Type": "image/jpeg"})
        picture = PictureFactory(article__image_url=site.address("/photo.jpg"))
        assert pipeline.draw(picture_id=picture.pk, at=NOW)
        assert bool(site.requests) is seen
    picture.refresh_from_db()
    assert bool(picture.provenance["photo"]) is seen


KILLED = """
import django, sys, time
django.setup()
from datetime import datetime
from illustrate import _files, pipeline
def hold(file, drawing, title):
    print("writing", flush=True)
    time.sleep(60)
_files.write = hold
pipeline.make = lambda subject, **kwargs: None
pipeline.draw(picture_id=int(sys.argv[1]), at=datetime.fromisoformat(sys.argv[2]))
"""


@pytest.mark.slow
def test_a_worker_killed_outright_loses_nothing(quick):
    picture = PictureFactory(article=ArticleFactory())
    url = connection.settings_dict
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "curation.settings",
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/gyeol?", f"/{url['NAME']}?"),
    }
    command = [sys.executable, "-c", KILLED, str(picture.pk), NOW.isoformat()]
    worker = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2]
    )
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == "writing"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    picture.refresh_from_db()
    assert picture.state == Picture.State.DRAWING
    assert not pipeline.draw(picture_id=picture.pk, at=NOW + timedelta(minutes=1))
    assert pipeline.draw(picture_id=picture.pk, at=LATER)
    picture.refresh_from_db()
    assert picture.state == Picture.State.ATTACHED
