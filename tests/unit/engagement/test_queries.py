from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from curation.engagement import actions, queries
from curation.engagement.types import EventIn, State
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, SourceFactory

pytestmark = pytest.mark.django_db


def tell(reader, article, kind, minutes=1, seconds=None):
    ms = None if seconds is None else seconds * 1000
    given = EventIn(uuid.uuid4(), kind, article.pk, NOW - timedelta(minutes=minutes), visible_ms=ms, active_ms=ms)
    actions.record_events(reader_id=reader.pk, events=[given], at=NOW)


def weights(reader):
    return {read.article_id: read.weight for read in queries.history(reader.pk)}


def test_every_article_asked_for_has_a_state():
    assert queries.states(ReaderFactory().pk, [11, 12]) == {11: State(), 12: State()}


def test_the_last_preference_is_the_one_that_counts():
    reader, article = ReaderFactory(), ArticleFactory()
    tell(reader, article, "less", minutes=9)
    tell(reader, article, "more", minutes=3)
    assert queries.states(reader.pk, [article.pk])[article.pk].preference == "more"
    assert weights(reader)[article.pk] > 0
    tell(reader, article, "less", minutes=1)
    assert queries.states(reader.pk, [article.pk])[article.pk].preference == "less"
    assert weights(reader)[article.pk] < 0


def test_a_preference_that_was_taken_back_counts_for_nothing():
    reader, article, read = ReaderFactory(), ArticleFactory(), ArticleFactory()
    tell(reader, read, "click", minutes=9)
    before = weights(reader)[read.pk]
    for number, kind in enumerate(("more", "less")):
        for each in (article, read):
            tell(reader, each, kind, minutes=8 - 2 * number)
            tell(reader, each, "neutral", minutes=7 - 2 * number)
        assert queries.states(reader.pk, [article.pk])[article.pk].preference == ""
        assert weights(reader).get(article.pk, 0) == 0
        assert weights(reader)[read.pk] == before
    tell(reader, article, "more", minutes=1)
    assert queries.states(reader.pk, [article.pk])[article.pk].preference == "more"
    assert weights(reader)[article.pk] > 0


def test_a_save_weighs_more_than_a_long_read_and_that_more_than_a_glance():
    reader = ReaderFactory()
    saved, long, glance, hidden, shown = ArticleFactory.create_batch(5)
    for article in (saved, long, glance, hidden):
        tell(reader, article, "click")
    tell(reader, shown, "impression")
    tell(reader, long, "dwell", seconds=50)
    tell(reader, long, "dwell", seconds=40)
    tell(reader, glance, "dwell", seconds=2)
    actions.save_article(reader_id=reader.pk, article_id=saved.pk, at=NOW)
    actions.hide_article(reader_id=reader.pk, article_id=hidden.pk, at=NOW)

    found = weights(reader)

    assert found[saved.pk] > found[long.pk] > found[glance.pk] > 0 > found[hidden.pk]
    assert shown.pk not in found
    assert {read.dwell_seconds for read in queries.history(reader.pk) if read.article_id == long.pk} == {90.0}


def test_history_is_the_readers_own_latest_first_and_limited():
    reader, other = ReaderFactory(), ReaderFactory()
    articles = ArticleFactory.create_batch(4)
    for minutes, article in enumerate(articles):
        tell(reader, article, "click", minutes=minutes)
        tell(other, article, "less")
    assert [read.article_id for read in queries.history(reader.pk, 3)] == [article.pk for article in articles[:3]]
    assert all(read.weight > 0 for read in queries.history(reader.pk))


def test_history_takes_the_same_number_of_queries_however_long_it_is(django_assert_num_queries):
    reader = ReaderFactory()
    for article in ArticleFactory.create_batch(8):
        tell(reader, article, "click")
    with django_assert_num_queries(1):
        queries.history(reader.pk)
    with django_assert_num_queries(2):
        queries.states(reader.pk, range(50))


def test_the_saved_list_is_latest_first_and_never_anothers():
    reader, other = ReaderFactory(), ReaderFactory()
    first, second = ArticleFactory.create_batch(2)
    private = ArticleFactory(owner=reader, source=SourceFactory(owner=reader))
    for minutes, article in enumerate([first, private, second]):
        actions.save_article(reader_id=reader.pk, article_id=article.pk, at=NOW + timedelta(minutes=minutes))
    actions.save_article(reader_id=other.pk, article_id=first.pk, at=NOW)

    assert list(queries.saved(reader.pk)) == [second, private, first]
    assert list(queries.saved(other.pk)) == [first]
