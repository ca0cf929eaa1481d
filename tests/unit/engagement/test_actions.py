from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from curation.articles.models import Article
from curation.engagement import actions, queries
from curation.engagement.models import ArticleState, Event, Slate
from curation.engagement.types import EventIn
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, SourceFactory, slate_of

pytestmark = pytest.mark.django_db


def event(article, kind="click", **changes):
    given = {"id": uuid.uuid4(), "kind": kind, "article_id": article.pk, "at": NOW - timedelta(minutes=1)}
    return EventIn(**{**given, **changes})


def record(reader, *events):
    return actions.record_events(reader_id=reader.pk, events=events, at=NOW)


def test_a_batch_sent_twice_counts_once():
    reader, article = ReaderFactory(), ArticleFactory()
    batch = [event(article), event(article, "impression"), event(article, "dwell", visible_ms=9000, active_ms=8000)]

    first, second = record(reader, *batch), record(reader, *batch)

    assert (first.accepted, first.duplicate) == (3, 0)
    assert (second.accepted, second.duplicate) == (0, 3)
    assert Event.objects.count() == 3
    assert queries.history(reader.pk)[0].dwell_seconds == 8.0


@pytest.mark.django_db(transaction=True)
def test_a_batch_sent_several_times_at_once_counts_once():
    reader, articles = ReaderFactory(), ArticleFactory.create_batch(6)
    batch = [event(article, kind) for article in articles for kind in ("impression", "click")]

    def send(turn):
        try:
            return record(reader, *(batch if turn % 2 else batch[::-1]))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        receipts = list(threads.map(send, range(6)))

    assert sum(receipt.accepted for receipt in receipts) == len(batch) == Event.objects.count()
    assert all(receipt.accepted + receipt.duplicate == len(batch) for receipt in receipts)
    assert ArticleState.objects.filter(reader=reader).count() == 6


@pytest.mark.django_db(transaction=True)
def test_two_batches_with_the_same_events_in_opposite_orders_do_not_wait_for_each_other():
    reader, article = ReaderFactory(), ArticleFactory()
    low, middle, high = sorted((event(article) for _ in range(3)), key=lambda each: each.id)

    def send(batch):
        try:
            return record(reader, *batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():  # holds the middle id until both batches have come as far as it
            record(reader, middle)
            receipts = [threads.submit(send, batch) for batch in ((low, middle, high), (high, middle, low))]
            wait_until_blocked(2)
            transaction.set_rollback(True)
        accepted = sum(receipt.result().accepted for receipt in receipts)

    assert accepted == 3 == Event.objects.count()


def wait_until_blocked(sessions, *, seconds=20):
    deadline = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else the first answer stays for the transaction
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= sessions:
                return
            time.sleep(0.02)
    pytest.fail(f"{sessions} sessions were expected to wait")


def test_the_same_id_twice_in_one_batch_counts_once():
    reader, article = ReaderFactory(), ArticleFactory()
    click = event(article)

    receipt = record(reader, click, click)

    assert (receipt.accepted, receipt.duplicate) == (1, 1)


def test_a_bad_event_is_rejected_with_its_reason_and_the_good_ones_are_kept():
    reader, article = ReaderFactory(), ArticleFactory()
    good = {"id": str(uuid.uuid4()), "kind": "click", "article": article.pk, "at": NOW.isoformat()}
    bad = [
        "no object",
        {**good, "id": "seven"},
        {**good, "kind": "explode"},
        {**good, "kind": "save"},
        {**good, "article": True},
        {**good, "article": 10**30},
        {**good, "article": 987654321},
        {**good, "at": "yesterday"},
        {**good, "at": "2026-11-20T09:00:00"},
        {**good, "kind": "dwell", "visible_ms": 5},
        {**good, "kind": "dwell", "visible_ms": 5, "active_ms": 6},
        {**good, "visible_ms": -1},
        {**good, "active_ms": 1},
        {},
    ]

    receipt = actions.record_events(reader_id=reader.pk, events=[*bad, good], at=NOW)

    assert receipt.accepted == 1
    assert [rejection.index for rejection in receipt.rejected] == list(range(len(bad)))
    assert all(rejection.reason and "\n" not in rejection.reason for rejection in receipt.rejected)
    assert Event.objects.get().id == uuid.UUID(good["id"])


def test_the_time_of_an_event_is_clamped_to_the_week_before_its_receipt():
    reader, article = ReaderFactory(), ArticleFactory()
    late, early, fine = (event(article, at=NOW + timedelta(days=shift)) for shift in (3, -30, -2))

    record(reader, late, early, fine)

    at = dict(Event.objects.values_list("id", "at"))
    assert at == {late.id: NOW, early.id: NOW - timedelta(days=7), fine.id: NOW - timedelta(days=2)}


def test_an_article_of_another_readers_private_source_does_not_exist():
    owner, other = ReaderFactory(), ReaderFactory()
    private = ArticleFactory(owner=owner, source=SourceFactory(owner=owner))

    receipt = record(other, event(private))

    assert [rejection.reason for rejection in receipt.rejected] == ["no such article"]
    assert record(owner, event(private)).accepted == 1
    for act in (actions.save_article, actions.hide_article, actions.mark_read):
        with pytest.raises(Article.DoesNotExist):
            act(reader_id=other.pk, article_id=private.pk, at=NOW)
    assert not ArticleState.objects.filter(reader=other).exists()


def test_an_id_of_another_reader_is_just_a_duplicate_and_changes_neither():
    first, second, article = ReaderFactory(), ReaderFactory(), ArticleFactory()
    theirs = event(article)
    record(first, theirs)

    receipt = record(second, event(article, "click", id=theirs.id))

    assert (receipt.accepted, receipt.duplicate, receipt.rejected) == (0, 1, ())
    assert Event.objects.get().reader == first
    assert not ArticleState.objects.filter(reader=second).exists()


def test_an_event_keeps_only_a_slate_of_its_reader_that_holds_the_article():
    reader, other = ReaderFactory(), ReaderFactory()
    on_it, not_on_it = ArticleFactory(), ArticleFactory()

    mine, theirs = (slate_of(owner.pk, ArticleFactory().pk, on_it.pk) for owner in (reader, other))
    kept = event(on_it, slate_id=mine.pk, position=17)
    dropped = [
        event(not_on_it, slate_id=mine.pk),
        event(on_it, slate_id=theirs.pk),
        event(on_it, slate_id=uuid.uuid4()),
    ]

    assert record(reader, kept, *dropped).accepted == 4

    rows = {row.id: row for row in Event.objects.all()}
    assert (rows[kept.id].slate_id, rows[kept.id].position) == (mine.pk, 1)
    assert all(rows[event.id].slate_id is None and rows[event.id].position is None for event in dropped)


def test_a_click_sets_the_first_time_that_the_article_was_read():
    reader, article = ReaderFactory(), ArticleFactory()
    later, sooner = NOW - timedelta(hours=1), NOW - timedelta(hours=5)

    record(reader, event(article, at=later))
    record(reader, event(article, at=sooner), event(article, "impression", at=NOW - timedelta(days=1)))
    record(reader, event(article, at=later))

    assert queries.states(reader.pk, [article.pk])[article.pk].read_at == sooner


@pytest.mark.parametrize(
    ("do", "undo", "column", "kinds"),
    [
        (actions.save_article, actions.unsave_article, "is_saved", ["save", "unsave"]),
        (actions.hide_article, actions.unhide_article, "is_hidden", ["hide", "unhide"]),
    ],
)
def test_a_state_set_twice_is_one_event_and_can_be_taken_back(do, undo, column, kinds):
    reader, article = ReaderFactory(), ArticleFactory()

    def state():
        return getattr(queries.states(reader.pk, [article.pk])[article.pk], column)

    for _ in range(2):
        do(reader_id=reader.pk, article_id=article.pk, at=NOW)
        assert state()
    for _ in range(2):
        undo(reader_id=reader.pk, article_id=article.pk, at=NOW + timedelta(seconds=1))
        assert not state()
    assert list(Event.objects.order_by("at").values_list("kind", flat=True)) == kinds


def test_a_mark_is_a_state_and_no_click():
    reader, article = ReaderFactory(), ArticleFactory()
    actions.mark_read(reader_id=reader.pk, article_id=article.pk, at=NOW)
    assert queries.states(reader.pk, [article.pk])[article.pk].is_read
    assert not Event.objects.exists()


def test_old_slates_are_forgotten_and_their_events_stay():
    reader, article = ReaderFactory(), ArticleFactory()
    at = NOW - timedelta(days=100)
    old = slate_of(reader.pk, article.pk, at=at)
    actions.record_events(reader_id=reader.pk, events=[event(article, slate_id=old.pk, at=at)], at=at)
    new = slate_of(reader.pk)

    assert actions.prune_slates(at=NOW) == 1
    assert actions.prune_slates(at=NOW) == 0

    assert list(Slate.objects.all()) == [new]
    assert Event.objects.get().slate_id is None
