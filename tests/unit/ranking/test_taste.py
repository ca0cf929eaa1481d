"""What the history says of its reader, whatever the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.engagement import actions as engagement
from curation.engagement.types import EventIn
from curation.ranking import _interests, queries
from curation.ranking._taste import interests_of
from curation.ranking.types import Past, Pool, Reader, ReaderProfile
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, SourceFactory, unit
from tests.unit.ranking.pools import SLUGS, worlds


def _interests_of(world: tuple[Pool, Reader]):  # type: ignore[no-untyped-def]
    _pool, reader = world
    return interests_of(reader.profile, reader.past, SLUGS)


# -- Properties


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_shares_are_parts_of_one_or_nothing_is_known(world: tuple[Pool, Reader]) -> None:
    known = _interests_of(world)
    for shares in ([topic.share for topic in known.topics], [publisher.share for publisher in known.publishers]):
        assert all(0 <= share <= 1 + 1e-9 for share in shares)
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1.0 if known.liked else 0.0)


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_what_is_stated_is_always_there_and_told_from_what_is_inferred(world: tuple[Pool, Reader]) -> None:
    profile, known = world[1].profile, _interests_of(world)
    wishes = {slug: weight for slug, weight in profile.wishes if weight}
    assert {topic.slug for topic in known.topics if topic.is_followed} == set(profile.topics)
    assert {topic.slug: topic.weight for topic in known.topics if topic.weight} == wishes
    assert {topic.slug for topic in known.topics if topic.is_stated} == set(profile.topics) | wishes.keys()
    assert all(topic.is_stated or topic.share > 0 for topic in known.topics)


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_examples_are_liked_and_what_was_refused_is_none(world: tuple[Pool, Reader]) -> None:
    past, known = world[1].past, _interests_of(world)
    liked = set(past.ids[past.liked].tolist())
    shown = [article for group in known.groups for article in group.articles]
    assert set(shown) <= liked
    assert len(shown) == len(set(shown))
    assert len(known.groups) <= _interests.MOST
    assert all(len(group.articles) == 3 <= group.count for group in known.groups)
    assert sum(group.count for group in known.groups) <= known.liked == len(liked)
    assert known.refused == tuple(past.ids[past.refused].tolist())
    assert sum(publisher.count for publisher in known.publishers) == known.liked


@given(worlds(), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_a_wish_or_a_follow_changes_nothing_that_is_inferred(world: tuple[Pool, Reader], seed: int) -> None:
    pool, reader = world
    slug = SLUGS[seed % len(SLUGS)]
    stated = replace(reader.profile, topics=(slug,), wishes=((slug, -1.0),))
    before, after = _interests_of(world), _interests_of((pool, replace(reader, profile=stated)))
    assert {topic.slug: topic.share for topic in before.topics if topic.share} == {
        topic.slug: topic.share for topic in after.topics if topic.share
    }
    assert (before.publishers, before.groups, before.refused) == (after.publishers, after.groups, after.refused)


def test_two_interests_have_two_names_though_one_topic_lies_in_both() -> None:
    places = [unit(1), unit(2)]
    vectors = np.array([unit(10 + number, near=places[number % 2], share=0.9) for number in range(12)])
    both, space, food = ([1.0, 0.0, 0.0], [0.0, 0.9, 0.0], [0.0, 0.0, 0.9])
    topics = np.array([np.add(both, space if number % 2 else food) for number in range(12)], dtype=np.float32)
    past = Past.of(np.arange(1, 13), sources=np.full(12, 3), vectors=vectors, topics=topics)
    groups = interests_of(ReaderProfile(reader_id=1), past, ("world", "space", "food")).groups
    assert {group.topics[0] for group in groups} == {"space", "food"}


def test_an_example_is_about_what_its_interest_is_called() -> None:
    vectors = np.array([unit(number, near=unit(99), share=0.9) for number in range(9)])
    topics = np.zeros((9, 3), dtype=np.float32)
    topics[:4, 0], topics[4:8, 1], topics[8, 2] = 0.9, 0.8, 0.5
    past = Past.of(np.arange(1, 10), sources=np.full(9, 3), vectors=vectors, topics=topics)
    (group,) = interests_of(ReaderProfile(reader_id=1), past, ("space", "food", "music")).groups
    assert group.topics == ("space", "food")
    first, second, third = group.articles
    assert {first, third} <= {1, 2, 3, 4}
    assert second in {5, 6, 7, 8}


def test_nothing_is_known_of_a_new_reader() -> None:
    nobody = Past.of(np.empty(0, dtype=np.int64))
    known = interests_of(ReaderProfile(reader_id=1, topics=("space",)), nobody, ())
    assert [(topic.slug, topic.share, topic.is_followed) for topic in known.topics] == [("space", 0.0, True)]
    assert (known.publishers, known.groups, known.refused, known.liked) == ((), (), (), 0)
    assert known.topic("food").is_stated is False


# -- From the database


def _read(reader, article, *, hours: float = 1.0, kind: str = "click") -> None:  # type: ignore[no-untyped-def]
    at = NOW - timedelta(hours=hours)
    engagement.record_events(reader_id=reader.pk, events=[EventIn(uuid4(), kind, article.pk, at)], at=at)


@pytest.fixture
def reader(db):  # type: ignore[no-untyped-def]
    return ReaderFactory()


def _history(reader, count: int):  # type: ignore[no-untyped-def]
    papers = SourceFactory.create_batch(2)
    subjects = [("space", unit(901)), ("food", unit(902))]
    articles = []
    for number in range(count):
        subject, place = subjects[number % 2]
        article = ArticleFactory(
            source=papers[number % 4 == 0], topics={subject: 0.9}, vector=unit(number, near=place, share=0.8)
        )
        _read(reader, article, hours=1 + number / 10)
        articles.append(article)
    return articles


def test_the_page_of_a_reader_with_two_interests(reader) -> None:  # type: ignore[no-untyped-def]
    articles = _history(reader, 16)
    refused = ArticleFactory(topics={"music": 0.9})
    engagement.hide_article(reader_id=reader.pk, article_id=refused.pk, at=NOW)
    profile = ReaderProfile(reader_id=reader.pk, topics=("space",), wishes=(("food", -1.0),))
    known = queries.interests(profile, NOW)
    assert known.liked == 16
    assert {(topic.slug, round(topic.share, 2), topic.weight, topic.is_followed) for topic in known.topics} == {
        ("space", 0.5, 0.0, True), ("food", 0.5, -1.0, False),
    }  # fmt: skip
    assert [(publisher.count, round(publisher.share, 2)) for publisher in known.publishers] == [(12, 0.75), (4, 0.25)]
    assert {group.topics for group in known.groups} == {("space",), ("food",)}
    assert {pk for group in known.groups for pk in group.articles} <= {article.pk for article in articles}
    assert known.refused == (refused.pk,)


def test_what_was_read_before_it_was_forgotten_does_not_show(reader) -> None:  # type: ignore[no-untyped-def]
    _history(reader, 6)
    engagement.hide_article(reader_id=reader.pk, article_id=ArticleFactory().pk, at=NOW - timedelta(hours=2))
    forgotten = queries.interests(ReaderProfile(reader_id=reader.pk, history_since=NOW - timedelta(minutes=30)), NOW)
    assert (forgotten.liked, forgotten.topics, forgotten.groups, forgotten.refused) == (0, (), (), ())
    assert queries.interests(ReaderProfile(reader_id=reader.pk), NOW).liked == 6


def test_the_number_of_queries_does_not_grow_with_the_history(reader) -> None:  # type: ignore[no-untyped-def]
    profile = ReaderProfile(reader_id=reader.pk, topics=("space",), phrases=(1, 2, 3))
    counts = []
    for count in (0, 4, 20):
        _history(reader, count)
        with CaptureQueriesContext(connection) as captured:
            queries.interests(profile, NOW)
        counts.append(len(captured))
    assert counts == [4, 4, 4]
