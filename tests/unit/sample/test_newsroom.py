"""The sample newsroom as data: whole, dated, and printed as documents that a feed parser reads."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import feedparser
import httpx
import pytest

from curation.sample import _documents, _newsroom, _photos
from curation.sample._transport import NewsroomTransport
from curation.sample.models import Newsroom
from curation.topics import queries as topics

STARTED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _language(article: _newsroom.SampleArticle) -> str:
    return _newsroom.publishers()[article.publisher].lang


def test_the_first_day_has_enough_to_read_in_both_languages() -> None:
    count = Counter(_language(article) for article in _newsroom.articles() if article.age_hours is not None)
    assert count["en"] >= 120
    assert count["ko"] >= 60


def test_every_area_is_written_about_in_both_languages() -> None:
    covered = defaultdict(set)
    for article in _newsroom.articles():
        covered[_language(article)].add(topics.topic(article.topics[0]).area)
    areas = {area.slug for area in topics.areas()}
    assert covered["en"] == covered["ko"] == areas


def test_articles_have_the_length_the_guide_asks_for() -> None:
    wrong = []
    for article in _newsroom.articles():
        words = len(article.body.split())
        low, high = (110, 260) if _language(article) == "en" else (85, 180)
        if not low <= words <= high:
            wrong.append((article.key, words))
    assert wrong == []


def test_keys_are_unique_and_some_events_have_several_voices() -> None:
    keys = Counter(article.key for article in _newsroom.articles())
    assert [key for key, count in keys.items() if count > 1] == []
    voices = defaultdict(set)
    for article in _newsroom.articles():
        if article.story:
            voices[article.story].add(article.publisher)
    assert sum(len(publishers) >= 2 for publishers in voices.values()) >= 10


def test_something_new_appears_on_most_of_the_first_fourteen_days() -> None:
    days = {article.day for article in _newsroom.articles() if article.day}
    assert len(days & set(range(1, 15))) >= 10


def test_nothing_is_printed_before_its_time() -> None:
    for publisher in _newsroom.publishers():
        first = _newsroom.published(publisher, started_at=STARTED, at=STARTED)
        later = _newsroom.published(publisher, started_at=STARTED, at=STARTED + timedelta(days=15))
        assert all(when <= STARTED for _, when in first)
        assert len(later) > len(first)


@pytest.mark.parametrize("slug", [slug for slug, p in _newsroom.publishers().items() if p.format != "json"])
def test_a_paper_is_a_well_formed_feed_with_every_article(slug: str) -> None:
    publisher = _newsroom.publishers()[slug]
    dated = _newsroom.published(slug, started_at=STARTED, at=STARTED)
    body, content_type = _documents.feed(publisher, dated)
    parsed = feedparser.parse(body, response_headers={"content-type": content_type})
    assert not parsed.bozo
    assert [entry.title for entry in parsed.entries] == [article.title for article, _ in dated]
    assert all(urls_host(entry.link) == f"{slug}.sample.invalid" for entry in parsed.entries)


def urls_host(link: str) -> str:
    return re.sub(r"^https://([^/]+)/.*$", r"\1", link)


def test_every_photograph_can_be_taken() -> None:
    scenes = {article.photo.scene for article in _newsroom.articles() if article.photo}
    for scene in scenes:
        assert _photos.photograph(scene, "x")[:2] == b"\xff\xd8"


@pytest.mark.django_db
def test_a_feed_holds_the_newest_as_many_as_asked_and_older_pages_stay(settings) -> None:  # type: ignore[no-untyped-def]
    Newsroom.objects.create(id=1, started_at=datetime.now(UTC) - timedelta(minutes=1))
    settings.SAMPLE_FEED_ENTRIES = 3
    with httpx.Client(transport=NewsroomTransport()) as client:
        paper = _newsroom.publishers()["harbour-post"]
        links = [entry.link for entry in feedparser.parse(client.get(paper.address).content).entries]
        keys = sorted(
            (article for article in _newsroom.articles() if article.publisher == paper.slug and article.age_hours),
            key=lambda article: article.age_hours or 0,
        )
        assert [link.rpartition("/")[2] for link in links] == [article.key for article in keys[:3]]
        assert client.get(f"{paper.site}{keys[3].key}").status_code == 200
