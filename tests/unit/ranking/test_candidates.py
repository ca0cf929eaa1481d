"""What each generator proposes, and to whom it proposes it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.articles.models import Article, ArticleEntry
from curation.engagement import actions as engagement
from curation.engagement.types import EventIn
from curation.ranking import _pool, actions, candidates, pipelines
from curation.ranking._interests import APART_BELOW, MOST, SMALLEST, centres
from curation.ranking.joiners import UnionJoiner
from curation.ranking.models import Popularity
from curation.ranking.pipelines import FEED
from curation.ranking.types import Past, ReaderProfile
from curation.topics import actions as topics
from curation.topics.models import ArticleTopic, Assignment
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, SourceFactory, slate_of, unit
from tests.factories.sources import EntryFactory

pytestmark = pytest.mark.django_db

KINDS = [type(generate) for generate in FEED.candidates]


def reader_of(account, **stated):
    return _pool.load_reader(ReaderProfile(reader_id=account.pk, **stated), NOW)


def as_if_sent_by(article, source):
    entry = EntryFactory(source=source, first_seen_at=article.first_seen_at)
    ArticleEntry.objects.create(article=article, entry=entry)


# -- What every generator keeps ------------------------------------------------------------------------------


@pytest.fixture
def everything(db):
    """A reader whose profile and past reach every generator, and articles that nobody else may see."""
    account, other = ReaderFactory(), ReaderFactory()
    source = SourceFactory()
    place = unit(1)
    liked = [ArticleFactory(vector=unit(n, near=place, share=0.8), hours=50) for n in range(4)]
    for article in liked:
        engagement.save_article(reader_id=account.pk, article_id=article.pk, at=NOW - timedelta(hours=1))
    kept = {"source": source, "topics": {"space": 0.9}, "vector": unit(9, near=place, share=0.9)}
    seen = ArticleFactory(**kept)
    secret = ArticleFactory(**kept, owner=other)
    unready = ArticleFactory(**kept)
    korean = ArticleFactory(**kept, language="ko")
    Article.objects.filter(pk=unready.pk).update(ready_at=None)
    for article in (seen, secret, unready, korean):
        Popularity.objects.create(article=article, clicks=3, demand=3, impressions=9, as_of=NOW, slow_as_of=NOW)
    reader = reader_of(account, topics=("space",), sources=(source.pk,), languages=("en",))
    reader = replace(reader, about={7: {seen.pk: 0.9}})
    return reader, seen, {secret.pk, unready.pk, korean.pk}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_generator_proposes_what_may_be_seen_and_nothing_else(kind, everything):
    reader, seen, never = everything
    found = kind()(reader)
    assert found.dtype == np.int64
    assert seen.pk in found.tolist()
    assert not never & set(found.tolist())
    assert len(set(found.tolist())) == len(found) or kind is candidates.PopularCandidates


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_generator_has_nothing_to_say_on_an_empty_site(kind, db):
    assert kind()(reader_of(ReaderFactory(), topics=("space",), sources=(1,))).tolist() == []


# -- What one of them promises -------------------------------------------------------------------------------


def test_a_loud_topic_leaves_room_for_a_quiet_one():
    loud = [ArticleFactory(topics={"space": 0.9}, hours=n / 10) for n in range(10)]
    quiet = ArticleFactory(topics={"food": 0.9}, hours=90)
    found = candidates.FollowedTopicCandidates(each=4)(reader_of(ReaderFactory(), topics=("space", "food"))).tolist()
    assert found[:2] in ([loud[0].pk, quiet.pk], [quiet.pk, loud[0].pk])
    assert found[2:] == [article.pk for article in loud[1:4]]


def test_an_article_that_is_hardly_about_a_topic_is_not_proposed_for_it():
    ArticleFactory(topics={"space": 0.25})
    assert not len(candidates.FollowedTopicCandidates()(reader_of(ReaderFactory(), topics=("space",))))


def test_a_followed_source_counts_for_what_another_one_sent_first():
    followed = SourceFactory()
    elsewhere = ArticleFactory()
    as_if_sent_by(elsewhere, followed)
    own = ArticleFactory(source=followed)
    as_if_sent_by(own, followed)
    found = candidates.FollowedSourceCandidates()(reader_of(ReaderFactory(), sources=(followed.pk,)))
    assert sorted(found.tolist()) == sorted([elsewhere.pk, own.pk])


def test_each_of_a_readers_interests_finds_its_own():
    account = ReaderFactory()
    places = [unit(101), unit(202)]
    for number in range(8):
        article = ArticleFactory(vector=unit(number, near=places[number % 2], share=0.8), hours=90)
        engagement.save_article(reader_id=account.pk, article_id=article.pk, at=NOW - timedelta(minutes=number))
    near = [ArticleFactory(vector=unit(50 + n, near=place, share=0.9)).pk for n, place in enumerate(places)]
    for number in range(30):
        ArticleFactory(vector=unit(1000 + number))
    found = candidates.NeighbourCandidates(each=6)(reader_of(account)).tolist()
    assert set(near) <= set(found[:12])


def test_every_area_gives_its_newest():
    newest = {}
    for area in ("science", "life", "world"):
        made = [ArticleFactory(assignment=area, hours=5 + n) for n in range(4)]
        newest[area] = made[0].pk
    found = candidates.AreaCandidates(each=2)(reader_of(ReaderFactory())).tolist()
    assert set(found[:3]) == set(newest.values())
    assert len(found) == 6


def test_what_was_read_takes_no_place_in_the_pool_from_what_may_be_shown(monkeypatch):
    account = ReaderFactory()
    read = [ArticleFactory(hours=n / 10) for n in range(30)]
    fresh = [ArticleFactory(hours=50 + n) for n in range(10)]
    slate = slate_of(account.pk, *[article.pk for article in read])
    events = [
        EventIn(uuid.uuid4(), kind, article.pk, NOW, slate.pk) for article in read for kind in ("impression", "click")
    ]
    engagement.record_events(reader_id=account.pk, events=events, at=NOW)
    monkeypatch.setattr(pipelines, "FEED", replace(FEED, union=UnionJoiner(limit=10)))
    page = actions.serve_slate(profile=ReaderProfile(reader_id=account.pk), surface="feed", at=NOW)
    assert {card.article_id for card in page.cards} == {article.pk for article in fresh}


# -- Where the newest of a topic stand -----------------------------------------------------------------------


def test_a_corrected_date_moves_an_article_in_its_topic_and_area():
    article = ArticleFactory(topics={"space": 0.9})
    earlier = NOW - timedelta(days=3)
    Article.objects.filter(pk=article.pk).update(sorted_at=earlier)
    topics.follow_article(article_id=article.pk)
    assert ArticleTopic.objects.get(article=article).sorted_at == earlier
    assert Assignment.objects.get(article=article).sorted_at == earlier


# -- Interests -----------------------------------------------------------------------------------------------


def past_of(vectors, weights=None):
    ids = np.arange(1, len(vectors) + 1)
    return Past.of(ids, vectors=vectors, **({} if weights is None else {"weights": weights}))


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(1, 5))
def test_interests_are_few_unit_vectors_that_lie_apart(seed, count, groups):
    random = np.random.default_rng(seed)
    middles = random.normal(size=(groups, 16))
    vectors = middles[random.integers(0, groups, count)] + 0.3 * random.normal(size=(count, 16))
    vectors = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    found = centres(past_of(vectors))
    assert len(found) <= MOST
    assert (len(found) == 0) == (count == 0)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    apart = found @ found.T - np.eye(len(found))
    assert len(found) < 2 or (apart.max() < APART_BELOW and count >= len(found) * SMALLEST)


def test_two_things_that_a_reader_likes_are_two_interests_and_one_is_one():
    one = np.array([unit(n, near=unit(101), share=0.8) for n in range(8)])
    two = np.concatenate([one, [unit(100 + n, near=unit(202), share=0.8) for n in range(5)]])
    assert len(centres(past_of(one))) == 1
    found = centres(past_of(two))
    assert len(found) == 2
    assert found[0] @ unit(101) > 0.9
    assert found[1] @ unit(202) > 0.9


def test_what_was_refused_is_no_interest():
    vectors = np.array([unit(n, near=unit(101), share=0.8) for n in range(8)])
    assert not len(centres(past_of(vectors, weights=-np.ones(8))))
