from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command

from curation.analytics import queries, registry
from curation.engagement import actions as engagement
from curation.engagement.types import EventIn
from curation.sources.models import Fetch, Source
from illustrate.models import Picture, StylePreset
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, SourceFactory, slate_of

pytestmark = pytest.mark.django_db


def do(reader, kind, article, *, days=0, seconds=None, slate=None):
    at = NOW - timedelta(days=days)
    ms = None if seconds is None else seconds * 1000
    event = EventIn(uuid.uuid4(), kind, article.pk, at, slate, visible_ms=ms, active_ms=ms)
    engagement.record_events(reader_id=reader.pk, events=[event], at=at, is_synthetic=reader.is_synthetic)


def test_a_reader_is_active_by_half_a_minute_on_one_article_in_one_day():
    articles = ArticleFactory.create_batch(2)
    reader, scanner, week, month, gone = ReaderFactory.create_batch(5)
    do(reader, "dwell", articles[0], seconds=12)
    do(reader, "dwell", articles[0], seconds=18)
    do(scanner, "dwell", articles[0], seconds=29)
    do(scanner, "dwell", articles[1], seconds=29)
    do(scanner, "dwell", articles[0], days=1, seconds=29)
    do(week, "dwell", articles[1], days=6, seconds=31)
    do(month, "dwell", articles[1], days=29, seconds=31)
    do(gone, "dwell", articles[1], days=30, seconds=31)

    real = queries.overview(NOW).real

    assert (real.active_today, real.active_7_days, real.active_30_days, real.reads) == (1, 2, 3, 3)
    assert real.readers == 5


def test_the_click_through_rate_counts_clicks_on_what_was_shown():
    reader, (shown, twice, searched) = ReaderFactory(), ArticleFactory.create_batch(3)
    slate = slate_of(reader.pk, shown.pk, twice.pk).pk
    for article in (shown, twice, twice):
        do(reader, "impression", article, slate=slate)
    for article in (twice, twice):
        do(reader, "click", article, slate=slate)
    do(reader, "click", searched)

    real = queries.overview(NOW).real

    assert (real.impressions, real.clicks, real.click_through_rate) == (2, 1, 0.5)


def test_simulated_readers_are_counted_apart_and_said_to_be_there():
    article = ArticleFactory()
    real = ReaderFactory()
    assert not queries.overview(NOW).includes_synthetic
    synthetic = ReaderFactory(is_synthetic=True)
    for reader, times in ((real, 1), (synthetic, 2)):
        for day in range(times):
            do(reader, "impression", article, days=day)
            do(reader, "dwell", article, days=day, seconds=40)

    overview = queries.overview(NOW)

    assert overview.includes_synthetic
    assert (overview.real.readers, overview.real.reads, overview.real.impressions) == (1, 1, 1)
    assert (overview.synthetic.readers, overview.synthetic.reads) == (1, 2)
    assert len(overview.days) == 30
    today, yesterday = overview.days[-1], overview.days[-2]
    assert (today.day, today.active, today.reads, today.synthetic_active) == (NOW.date(), 1, 1, 1)
    assert (yesterday.active, yesterday.synthetic_reads) == (0, 1)


def test_the_queue_is_as_old_as_its_oldest_job_whoever_keeps_it():
    assert queries.site_status(NOW)["queue_oldest_seconds"] == 0
    ArticleFactory(hours=1, ready_at=None)
    ArticleFactory(hours=9, ready_at=None, failure="not a text")
    assert queries.site_status(NOW)["queue_oldest_seconds"] == 3600
    preset = StylePreset.objects.create(slug="x", name_en="X", name_ko="X")
    Picture.objects.create(article=ArticleFactory(), preset=preset, requested_at=NOW - timedelta(hours=2))
    assert queries.site_status(NOW)["queue_oldest_seconds"] == 7200


def test_ailing_sources_are_named_unless_they_are_private():
    owner = ReaderFactory()
    ailing = SourceFactory(failures=4, last_error="certificate expired", name="Ailing")
    SourceFactory(failures=9, last_error="401", name="secret", owner=owner)
    SourceFactory(status=Source.Status.DORMANT)
    Fetch.objects.create(source=ailing, started_at=NOW - timedelta(hours=1), outcome="failed")

    health = queries.overview(NOW).sources

    assert [source.name for source in health.ailing] == ["Ailing"]
    assert health.failing == 2
    assert health.by_status == {"active": 2}
    assert health.fetches_24_hours == {"failed": 1}


def test_the_overview_takes_the_same_number_of_queries_however_much_happened(django_assert_max_num_queries):
    def count():
        with django_assert_max_num_queries(26) as context:
            queries.overview(NOW)
        return len(context)

    before = count()
    for article in ArticleFactory.create_batch(5):
        for reader in ReaderFactory.create_batch(3):
            do(reader, "impression", article)
            do(reader, "dwell", article, seconds=60)
    assert count() == before


def test_status_prints_json_alone_with_the_keys_that_others_rely_on(capsys):
    reader, article = ReaderFactory(), ArticleFactory()
    ReaderFactory(is_synthetic=True)
    production, _ = StylePreset.objects.update_or_create(
        is_production=True, defaults={"slug": "p", "name_en": "P", "name_ko": "P"}
    )
    for state, one in ((Picture.State.ATTACHED, article), (Picture.State.FAILED, ArticleFactory())):
        file = "pictures/1.{width}.webp" if state == Picture.State.ATTACHED else ""
        Picture.objects.create(article=one, preset=production, requested_at=NOW, state=state, file=file)
    do(reader, "click", article)

    call_command("status", "--json")

    assert json.loads(capsys.readouterr().out) == {
        "sources": 2,
        "articles": 2,
        "articles_illustrated": 1,
        "illustrations_failed": 1,
        "readers": 2,
        "events": 1,
        "queue_oldest_seconds": 0,
    }
    call_command("status")
    assert "articles illustrated" in capsys.readouterr().out


def test_a_figure_has_one_owner():
    mine = registry.Statistic("of-this-test", lambda at: 1.0)
    registry.register(mine)
    registry.register(mine)
    assert registry.value("of-this-test", NOW) == 1.0
    assert registry.value("of-nobody", NOW) == 0.0
    with pytest.raises(ValueError, match="registered twice"):
        registry.register(registry.Statistic("of-this-test", lambda at: 2.0))
    registry._statistics.pop("of-this-test")
