"""The site's own log is asked what the site itself would have known at that moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import queries as accounts
from accounts.models import User
from curation.engagement import actions as engagement
from curation.engagement.models import Event, Slate, SlateItem
from curation.engagement.types import EventIn, ItemIn
from curation.ranking import _pool
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.site import read_site
from curation.ranking.evaluation.types import Dataset, Question
from curation.ranking.types import ReaderProfile
from curation.topics.models import Assignment
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, StoryFactory

pytestmark = pytest.mark.django_db
BEGIN = NOW - timedelta(days=4)


def serve(reader: User, *articles: int, at: datetime, propensities: tuple[float, ...] = ()) -> Slate:
    slate = Slate.objects.create(
        id=uuid4(), reader=reader, surface="feed", pipeline="test", created_at=at, is_synthetic=reader.is_synthetic
    )
    chances = propensities or (1.0,) * len(articles)
    items = [ItemIn(pk, 0.0, propensity=chance) for pk, chance in zip(articles, chances, strict=True)]
    engagement.extend_slate(slate=slate, items=items, position=0)
    return slate


def happens(
    reader: User, kind: Event.Kind, article: int, at: datetime, slate: Slate | None = None, **more: int
) -> None:
    event = EventIn(uuid4(), kind, article, at, slate.pk if slate else None, **more)
    receipt = engagement.record_events(reader_id=reader.pk, events=[event], at=at, is_synthetic=reader.is_synthetic)
    assert receipt.accepted == 1


def see(reader: User, slate: Slate, at: datetime, *, but: int = 0) -> None:
    for pk in slate.items.values_list("article_id", flat=True):
        if pk != but:
            happens(reader, Event.Kind.IMPRESSION, pk, at, slate)


def read(profiles: dict[int, ReaderProfile] | None = None, *, with_synthetic: bool = False) -> Dataset:
    return read_site(profiles=profiles or {}, progress=lambda doing, done, of: None, with_synthetic=with_synthetic)


def questions(dataset: Dataset) -> list[Question]:
    return list(Replay(dataset.log, range(len(dataset.log.lists))))


def hours(number: float) -> datetime:
    return BEGIN + timedelta(hours=number)


def test_a_list_is_what_was_seen_of_a_slate_and_what_of_it_was_opened() -> None:
    reader, other = ReaderFactory(), ReaderFactory()
    one, two, three, four = (ArticleFactory(hours=120).pk for _ in range(4))
    slate = serve(reader, three, one, two, at=hours(1), propensities=(1.0, 0.25, 1.0))
    serve(other, one, two, at=hours(2))  # nobody looked
    see(reader, slate, hours(1.1), but=two)
    happens(reader, Event.Kind.CLICK, one, hours(1.2), slate)
    happens(reader, Event.Kind.CLICK, four, hours(1.2))  # from elsewhere
    [question] = questions(read())
    assert question.pool.ids.tolist() == [three, one]
    assert question.wanted.tolist() == [False, True]
    assert question.positions.tolist() == [0, 1]
    assert question.propensities.tolist() == [1.0, 0.25]
    assert question.reader.at == hours(1)


def test_a_click_without_a_slate_counts_while_the_slate_lives() -> None:
    reader = ReaderFactory()
    one, two, three = (ArticleFactory(hours=120).pk for _ in range(3))
    slate = serve(reader, one, two, three, at=hours(1))
    see(reader, slate, hours(1.1))
    happens(reader, Event.Kind.CLICK, one, hours(1.25))
    happens(reader, Event.Kind.CLICK, two, hours(3))
    happens(reader, Event.Kind.CLICK, three, hours(0.9))
    [question] = questions(read())
    assert dict(zip(question.pool.ids.tolist(), question.wanted.tolist(), strict=True)) == {
        one: True, two: False, three: False,
    }  # fmt: skip


def test_history_and_figures_are_those_that_the_site_would_have_ranked_by() -> None:
    """Every kind of deed, some taken back; the replay's last question against what a slate is made from."""
    reader, other, third = (ReaderFactory(is_synthetic=True) for _ in range(3))
    story = StoryFactory(article_count=2, source_count=2)
    pks = [ArticleFactory(hours=130 + n, topics={"space": 0.2 + 0.05 * n, "food": 0.4}).pk for n in range(12)]
    Assignment.objects.filter(article_id__in=pks[:2]).update(story=story)
    first = serve(reader, *pks[:10], at=hours(1))
    see(reader, first, hours(1.1))
    see(reader, first, hours(1.4))  # scrolled back: the same cards of the same slate
    for number, pk in enumerate(pks[:6]):
        happens(reader, Event.Kind.CLICK, pk, hours(1.2 + number / 10), first)
    happens(reader, Event.Kind.DWELL, pks[0], hours(2), first, active_ms=3_000, visible_ms=9_000)
    happens(reader, Event.Kind.DWELL, pks[1], hours(2.1), first, active_ms=40_000, visible_ms=60_000)
    happens(reader, Event.Kind.DWELL, pks[1], hours(9), active_ms=30_000, visible_ms=60_000)
    happens(reader, Event.Kind.MORE, pks[2], hours(3))
    happens(reader, Event.Kind.LESS, pks[3], hours(3))
    happens(reader, Event.Kind.LESS, pks[4], hours(3.1))
    happens(reader, Event.Kind.NEUTRAL, pks[4], hours(3.2))
    happens(reader, Event.Kind.MORE, pks[5], hours(3.3))
    happens(reader, Event.Kind.LESS, pks[5], hours(3.4))
    happens(reader, Event.Kind.CLICK, pks[5], hours(8))  # once more: it was read when it was first opened
    Event.objects.update(is_synthetic=True)
    for pk, then in ((pks[6], engagement.unsave_article), (pks[0], None)):
        engagement.save_article(reader_id=reader.pk, article_id=pk, at=hours(4))
        if then:
            then(reader_id=reader.pk, article_id=pk, at=hours(4.5))
    engagement.hide_article(reader_id=reader.pk, article_id=pks[7], at=hours(5))
    engagement.hide_article(reader_id=reader.pk, article_id=pks[1], at=hours(5))
    engagement.unhide_article(reader_id=reader.pk, article_id=pks[1], at=hours(6))
    engagement.mark_read(reader_id=reader.pk, article_id=pks[8], at=hours(7))
    Event.objects.update(is_synthetic=True)
    for whose, at in ((other, 10.0), (third, 30.0)):
        slate = serve(whose, *pks, at=hours(at))
        see(whose, slate, hours(at + 0.1))
        happens(whose, Event.Kind.CLICK, pks[9], hours(at + 0.2), slate)
        happens(whose, Event.Kind.DWELL, pks[9], hours(at + 0.5), slate, active_ms=50_000, visible_ms=60_000)
    last = serve(reader, *pks, at=hours(40))
    profile = accounts.reader_profile(reader)
    known = _pool.load_reader(profile, hours(40))
    pool, known = _pool.load_pool(known, np.array(pks))

    see(reader, last, hours(40.1))
    happens(other, Event.Kind.CLICK, pks[10], hours(40.2))
    question = questions(read({reader.pk: profile}, with_synthetic=True))[-1]
    assert question.reader.profile == profile
    past = question.reader.past
    assert past.ids.tolist() == known.past.ids.tolist()
    assert past.weights == pytest.approx(known.past.weights)
    assert {round(weight, 2) for weight in past.weights} >= {-1.0, 1.0, 2.5}
    assert past.ages == pytest.approx(known.past.ages, abs=1e-3)
    assert past.sources.tolist() == known.past.sources.tolist()
    assert past.vectors == pytest.approx(known.past.vectors, abs=1e-6)
    assert question.pool.ids.tolist() == pool.ids.tolist()
    for name in ("impressions", "clicks", "demand", "reads", "satisfaction", "ages"):
        assert getattr(question.pool, name) == pytest.approx(getattr(pool, name), abs=1e-4), name
    assert question.pool.satisfaction.any()
    assert question.pool.reads.any()
    assert question.pool.clicks.any()
    for name in ("sources", "stories", "story_sizes", "story_sources"):
        assert getattr(question.pool, name).tolist() == getattr(pool, name).tolist(), name
    assert question.pool.slugs == pool.slugs
    assert question.pool.topics == pytest.approx(pool.topics)
    assert past.topics == pytest.approx(known.past.topics)
    seen = dict(zip(question.reader.seen.ids.tolist(), question.reader.seen.slates.tolist(), strict=True))
    assert seen == dict(zip(known.seen.ids.tolist(), known.seen.slates.tolist(), strict=True))


def test_real_readers_and_simulated_ones_are_never_in_one_log() -> None:
    real, made_up = ReaderFactory(), ReaderFactory(is_synthetic=True)
    pk = ArticleFactory(hours=120).pk
    for reader in (real, made_up):
        slate = serve(reader, pk, at=hours(1))
        see(reader, slate, hours(1.1))
        engagement.mark_read(reader_id=reader.pk, article_id=pk, at=hours(2))
    for with_synthetic in (False, True):
        dataset = read(with_synthetic=with_synthetic)
        assert len(dataset.log.lists) == dataset.log.readers == 1
        assert dataset.log.impressions is not None
        assert len(dataset.log.impressions) == len(dataset.log.acts.at) == 1


def test_what_a_reader_asked_to_be_forgotten_is_no_history() -> None:
    reader = ReaderFactory()
    one, two = (ArticleFactory(hours=120).pk for _ in range(2))
    happens(reader, Event.Kind.CLICK, one, hours(1))
    happens(reader, Event.Kind.CLICK, two, hours(3))
    slate = serve(reader, one, at=hours(4))
    see(reader, slate, hours(4.1))
    profile = ReaderProfile(reader_id=reader.pk, history_since=hours(2))
    [question] = questions(read({reader.pk: profile}))
    assert question.reader.past.ids.tolist() == [two]


def test_an_article_that_was_deleted_leaves_the_lists() -> None:
    reader = ReaderFactory()
    one, two = (ArticleFactory(hours=120) for _ in range(2))
    slate = serve(reader, one.pk, two.pk, at=hours(1))
    see(reader, slate, hours(1.1))
    two.delete()
    [question] = questions(read())
    assert question.pool.ids.tolist() == [one.pk]


def test_an_empty_site_has_an_empty_log() -> None:
    dataset = read()
    assert (len(dataset.log.lists), len(dataset.train), len(dataset.test)) == (0, 0, 0)


def test_the_number_of_queries_does_not_grow_with_the_log() -> None:
    def grown(count: int) -> int:
        for number in range(count):
            reader = ReaderFactory()
            slate = serve(reader, *(ArticleFactory(hours=120, topics={"space": 0.5}).pk for _ in range(3)), at=hours(1))
            see(reader, slate, hours(1.1 + number))
        with CaptureQueriesContext(connection) as captured:
            read()
        return len(captured)

    assert grown(1) == grown(6) == 6
    assert SlateItem.objects.count() == 21


def test_the_last_quarter_in_time_is_evaluated() -> None:
    reader = ReaderFactory()
    pk = ArticleFactory(hours=120).pk
    for number in range(16):
        see(reader, serve(reader, pk, at=hours(number)), hours(number + 0.1))
    dataset = read()
    assert (dataset.train, dataset.test) == (range(3, 12), range(12, 16))
