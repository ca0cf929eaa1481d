"""Visits to a real web server: what is stored, what is refused, and what stays on record."""

from __future__ import annotations

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection

from curation.sources import actions, queries
from curation.sources.models import Entry, Fetch, FetchingSwitch, Source
from curation.sources.signals import entry_stored
from curation.sources.types import AddressRefused, FeedRefused, FetchFailed, FetchingIsOff
from tests.factories.sources import SourceFactory
from tests.loopback import Answer, Site, serve

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
XML = {"Content-Type": "application/rss+xml"}


def rss(*titles: str, extra: str = "") -> bytes:
    items = "".join(
        f"<item><guid>{title}</guid><link>https://example.org/{title}</link><title>{title}</title>{extra}</item>"
        for title in titles
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


@pytest.fixture
def site(settings):
    settings.FETCH = "on"
    settings.FETCH_ALLOW_NETWORKS = ["127.0.0.0/8"]
    settings.FETCH_TIMEOUT_SECONDS = 2
    with serve() as running:
        yield running


@pytest.fixture
def source(site: Site, db) -> Source:
    return SourceFactory(address=site.address("/feed"))


def visit(source: Source, at: datetime = AT):
    outcome = actions.fetch_source(source_id=source.pk, at=at)
    source.refresh_from_db()
    return outcome


def test_a_visit_stores_entries_and_a_second_one_finds_them_the_same(site, source):
    site.pages["/feed"] = Answer(rss("a", "b"))
    assert len(visit(source).new_ids) == 2
    again = visit(source, AT + timedelta(hours=1))
    assert (again.outcome, again.new_ids, again.changed_ids) == ("stored", [], [])
    assert Entry.objects.count() == 2
    assert set(Entry.objects.values_list("last_seen_at", flat=True)) == {AT + timedelta(hours=1)}
    assert list(Fetch.objects.order_by("pk").values_list("entries_new", flat=True)) == [2, 0]


def test_a_correction_changes_the_entry_it_belongs_to(site, source):
    site.pages["/feed"] = Answer(rss("a", extra="<description>One dead</description>"))
    visit(source)
    site.pages["/feed"] = Answer(rss("a", extra="<description>Nobody dead</description>"))
    later = AT + timedelta(hours=1)
    outcome = visit(source, later)
    entry = Entry.objects.get()
    assert outcome.changed_ids == [entry.pk]
    assert (entry.summary_html, entry.first_seen_at, entry.changed_at) == ("Nobody dead", AT, later)


def test_the_entries_are_announced_after_commit_and_only_when_there_is_news(
    site, source, django_capture_on_commit_callbacks
):
    heard = []

    def hear(entry_ids, **_):
        heard.append(entry_ids)

    site.pages["/feed"] = Answer(rss("a", "b"))
    entry_stored.connect(hear)
    try:
        with django_capture_on_commit_callbacks() as callbacks:
            outcome = visit(source)
        assert heard == []
        assert len(callbacks) == 1
        receivers, entry_stored.receivers = entry_stored.receivers, entry_stored.receivers[-1:]
        entry_stored.sender_receivers_cache.clear()
        callbacks[0]()
        entry_stored.receivers = receivers
        assert heard == [list(outcome.new_ids)]
        with django_capture_on_commit_callbacks() as callbacks:
            visit(source)
        assert callbacks == []
    finally:
        entry_stored.disconnect(hear)


def test_conditional_requests_send_the_validators_and_an_unchanged_feed_costs_nothing(site, source):
    site.pages["/feed"] = Answer(
        rss("a"), headers=XML | {"ETag": '"v1"', "Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT"}
    )
    visit(source)
    site.pages["/feed"] = Answer(status=304)
    outcome = visit(source)
    assert outcome.outcome == "unchanged"
    sent = {name.lower(): value for name, value in site.requests[-1][1].items()}
    assert sent["if-none-match"] == '"v1"'
    assert sent["if-modified-since"] == "Fri, 20 Nov 2026 10:00:00 GMT"
    assert sent["user-agent"].startswith("Gyeol/")
    assert (source.etag, Fetch.objects.latest("pk").http_status) == ('"v1"', 304)


def test_a_permanent_redirect_moves_the_source_and_a_passing_one_does_not(site, source):
    site.pages["/feed"] = Answer(status=302, headers={"Location": "/elsewhere"})
    site.pages["/elsewhere"] = Answer(rss("a"))
    visit(source)
    assert source.address == site.address("/feed")
    site.pages["/feed"] = Answer(status=301, headers={"Location": "/elsewhere"})
    visit(source)
    assert source.address == site.address("/elsewhere")


def test_a_move_onto_another_sources_address_is_not_followed(site, source):
    SourceFactory(address=site.address("/elsewhere"))
    site.pages["/feed"] = Answer(status=308, headers={"Location": "/elsewhere"})
    site.pages["/elsewhere"] = Answer(rss("a"))
    assert visit(source).outcome == "stored"
    assert source.address == site.address("/feed")


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/x", "http://169.254.169.254/latest", "http://[::1]/", "file:///etc/passwd"]
)
def test_a_redirect_into_a_network_is_refused_without_a_request(site, source, target):
    site.pages["/feed"] = Answer(status=302, headers={"Location": target})
    outcome = visit(source)
    assert outcome.outcome == "refused"
    assert source.last_error == outcome.reason != ""
    assert not Entry.objects.exists()


@pytest.mark.parametrize("target", ["http://[x/", "//["])
def test_a_redirect_to_what_is_no_address_is_a_failure_with_its_reason(site, source, target):
    site.pages["/feed"] = Answer(status=302, headers={"Location": target})
    assert visit(source).outcome == "failed"
    assert Fetch.objects.get().reason == source.last_error == "the server redirects to what is no address"


def test_a_failure_that_nobody_foresaw_is_on_record(site, source, monkeypatch):
    def break_down(*args, **kwargs):
        raise ValueError("a stranger's bytes")

    monkeypatch.setattr("curation.sources.queries.fetch_document", break_down)
    assert visit(source).outcome == "failed"
    assert (source.failures, Fetch.objects.get().reason) == (1, "the visit failed: ValueError")


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded(), OperationalError(), InterfaceError(), MemoryError()])
@pytest.mark.parametrize("where", ["fetch_document", "parse"])
def test_trouble_of_our_own_is_not_held_against_the_source(site, source, monkeypatch, error, where):
    def break_down(*args, **kwargs):
        raise error

    site.pages["/feed"] = Answer(rss("a"))
    monkeypatch.setattr(f"curation.sources.queries.{where}", break_down)
    with pytest.raises(type(error)):
        visit(source)
    source.refresh_from_db()
    assert (source.failures, Fetch.objects.count()) == (0, 0)


def test_a_redirect_loop_ends(site, source):
    site.pages["/feed"] = Answer(status=302, headers={"Location": "/feed"})
    assert visit(source).reason == "more than 5 redirects"
    assert len(site.requests) == 6


def test_without_the_allowance_loopback_is_refused_at_the_socket(site, source, settings):
    settings.FETCH_ALLOW_NETWORKS = []
    outcome = visit(source)
    assert (outcome.outcome, site.requests) == ("refused", [])
    assert "not an address of the public internet" in outcome.reason


def test_a_name_that_resolves_into_a_network_is_refused_before_connecting(settings, monkeypatch, site):
    settings.FETCH_ALLOW_NETWORKS = []
    port = int(site.url.rsplit(":", 1)[1])
    answers = [(2, 1, 6, "", ("93.184.215.14", port)), (2, 1, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr("curation.sources._http.socket.getaddrinfo", lambda *a, **k: answers)
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 is not"):
        queries.fetch_document(f"http://rebinding.example.org:{port}/feed")
    assert site.requests == []


def test_the_connection_goes_to_the_address_that_was_checked(settings, monkeypatch, site):
    """A second look-up, which a rebinding name server would answer differently, never happens."""
    asked = []
    port = int(site.url.rsplit(":", 1)[1])
    site.pages["/feed"] = Answer(b"hello", headers={"Content-Type": "text/plain"})

    def resolve(host, *args, **kwargs):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("curation.sources._http.socket.getaddrinfo", resolve)
    document = queries.fetch_document(f"http://some.example.org:{port}/feed")
    assert document.body == b"hello"
    assert asked.count("some.example.org") == 1
    assert site.requests[0][1]["Host"] == f"some.example.org:{port}"


def test_a_document_over_the_limit_is_dropped_while_it_streams(site, source, settings):
    settings.FETCH_MAX_BYTES = 100_000
    site.pages["/feed"] = Answer(rss("a") + b" " * 200_000)
    assert visit(source).reason == "larger than 97 KiB"
    assert not Entry.objects.exists()


def test_a_gzip_bomb_is_dropped_before_it_unfolds(site, source, settings):
    settings.FETCH_MAX_BYTES = 1_000_000
    site.pages["/feed"] = Answer(gzip.compress(b"\0" * 300_000_000), headers=XML | {"Content-Encoding": "gzip"})
    began = time.monotonic()
    assert visit(source).reason == "larger than 976 KiB"
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("announced", [True, False])
def test_a_packed_feed_is_read_whether_or_not_the_server_says_so(site, source, announced):
    headers = XML | ({"Content-Encoding": "gzip"} if announced else {})
    site.pages["/feed"] = Answer(gzip.compress(rss("a")), headers=headers)
    assert len(visit(source).new_ids) == 1


def test_a_packing_that_was_not_asked_for_is_said(site, source):
    site.pages["/feed"] = Answer(b"\x1b\x03", headers=XML | {"Content-Encoding": "br"})
    assert "br" in visit(source).reason


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_cannot_hold_us_past_the_deadline(site, source, settings, part):
    settings.FETCH_TIMEOUT_SECONDS = 0.5

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if part == "body":
            handler.wfile.write(b"Content-Type: text/xml\r\n\r\n")
        for _ in range(60):
            handler.wfile.write(b"X: y\r\n" if part == "headers" else b"<!-- -->")
            handler.wfile.flush()
            time.sleep(0.1)

    site.pages["/feed"] = drip
    began = time.monotonic()
    assert visit(source).outcome == "failed"
    assert time.monotonic() - began < 3
    assert "too long" in source.last_error


def test_an_entry_that_the_database_cannot_hold_loses_no_other(site, source, monkeypatch):
    site.pages["/feed"] = Answer(rss("a", "b", "c"))
    parse = queries.parse

    def with_a_monster(*args, **kwargs):
        feed = parse(*args, **kwargs)
        first, *others = feed.entries
        monster = replace(first, summary_html="\0", content_hash="0" * 64)
        return replace(feed, entries=(*others, monster))

    with monkeypatch.context() as patch:
        patch.setattr(queries, "parse", with_a_monster)
        outcome = visit(source)
        assert (outcome.outcome, len(outcome.new_ids)) == ("stored", 2)
        assert Fetch.objects.get().reason == "the database could not hold 1 of the entries"
    assert len(visit(source).new_ids) == 1
    site.pages["/feed"] = Answer(rss("a", "b", "c", extra="<description>More</description>"))
    with monkeypatch.context() as patch:
        patch.setattr(queries, "parse", with_a_monster)
        assert len(visit(source).changed_ids) == 2
    assert set(Entry.objects.exclude(title="a").values_list("summary_html", flat=True)) == {"More"}


def test_a_gone_source_is_never_visited_again(site, source):
    site.pages["/feed"] = Answer(status=410)
    visit(source)
    assert source.status == Source.Status.GONE
    assert actions.claim_due_sources(at=AT + timedelta(days=400), limit=10) == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(site, source, status):
    site.pages["/feed"] = Answer(status=status, headers={"Retry-After": "172800"})
    visit(source)
    assert source.next_fetch_at >= AT + timedelta(days=2)


def test_retry_after_may_be_a_date(site, source):
    moment = datetime.now(UTC) + timedelta(days=3)
    site.pages["/feed"] = Answer(status=503, headers={"Retry-After": format_datetime(moment, usegmt=True)})
    visit(source)
    assert source.next_fetch_at >= AT + timedelta(days=2, hours=23)


def test_failures_back_off_and_end_in_a_pause_with_its_reason(site, source):
    site.pages["/feed"] = Answer(status=500)
    waits = []
    for _ in range(30):
        visit(source)
        waits.append(source.next_fetch_at - AT)
    assert waits[0] < waits[1] < waits[2]
    assert max(waits) <= timedelta(hours=24 * 1.1)
    assert source.status == Source.Status.PAUSED
    assert "500" in source.pause_reason
    assert Fetch.objects.filter(outcome="failed").count() == 30


def test_a_success_after_failures_clears_them(site, source):
    site.pages["/feed"] = Answer(status=500)
    visit(source)
    site.pages["/feed"] = Answer(rss("a"))
    visit(source)
    assert (source.failures, source.last_error) == (0, "")


def test_a_bad_feed_leaves_a_reason_and_what_was_stored_before(site, source):
    site.pages["/feed"] = Answer(rss("a"))
    visit(source)
    site.pages["/feed"] = Answer(b"<html><body>We moved</body></html>")
    outcome = visit(source)
    assert (outcome.outcome, Entry.objects.count()) == ("refused", 1)
    assert "not a feed" in source.last_error
    assert Fetch.objects.latest("pk").reason == source.last_error


def test_an_entity_bomb_is_refused_with_a_recorded_reason(site, source):
    bomb = b'<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + rss("a")[21:]
    site.pages["/feed"] = Answer(b'<?xml version="1.0"?>' + bomb)
    assert visit(source).outcome == "refused"
    assert "declares entities" in Fetch.objects.get().reason


def test_fetching_that_is_off_touches_nothing(site, source, settings):
    settings.FETCH = "off"
    assert visit(source).outcome == "refused"
    assert (site.requests, source.failures, Fetch.objects.count()) == ([], 0, 0)
    with pytest.raises(FetchingIsOff):
        queries.fetch_document(site.address("/feed"))


def test_the_operators_switch_decides_unless_the_environment_does(settings, db):
    settings.FETCH = "ask"
    assert not queries.is_fetching_on()
    FetchingSwitch.objects.create(is_on=True, decided_at=AT)
    assert queries.is_fetching_on()
    settings.FETCH = "off"
    assert not queries.is_fetching_on()


def test_an_error_status_names_itself(site):
    with pytest.raises(FetchFailed) as caught:
        queries.fetch_document(site.address("/missing"))
    assert caught.value.status == 404
    assert not caught.value.is_passing


# -- Adding --------------------------------------------------------------------------------------------------


@pytest.fixture
def reader(django_user_model, db):
    return django_user_model.objects.create_user(email="r@example.org", password="Long enough 1")


def test_a_page_that_announces_a_feed_is_as_good_as_the_feed(site, reader):
    page = b"<html><head><link rel=alternate type='application/rss+xml' href='/news.xml'></head></html>"
    site.pages["/"] = Answer(page, headers={"Content-Type": "text/html"})
    site.pages["/news.xml"] = Answer(rss("a"))
    source = actions.add_source(address=site.address("/"), by=reader, at=AT)
    assert (source.address, source.name, source.status) == (site.address("/news.xml"), "News", Source.Status.ACTIVE)
    assert source.owner is None


def test_a_page_without_a_feed_is_refused_and_not_stored(site, reader):
    site.pages["/"] = Answer(b"<html><p>Hello</p></html>", headers={"Content-Type": "text/html"})
    before = Source.objects.count()
    with pytest.raises(FeedRefused):
        actions.add_source(address=site.address("/"), by=reader, at=AT)
    assert Source.objects.count() == before


def test_a_private_source_is_its_owners_alone(site, reader):
    site.pages["/feed"] = Answer(rss("a"))
    public = actions.add_source(address=site.address("/feed"), by=reader, at=AT)
    private = actions.add_source(address=site.address("/feed"), by=reader, at=AT, private=True)
    assert (public.owner, private.owner) == (None, reader)
    assert public.pk != private.pk
    assert actions.add_source(address=site.address("/feed"), by=reader, at=AT, private=True) == private


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/", "localhost", "http://u:p@example.org/", "javascript:alert(1)", ""]
)
def test_an_address_that_the_guard_refuses_is_not_stored(settings, reader, address):
    settings.FETCH = "off"
    before = Source.objects.count()
    with pytest.raises(AddressRefused):
        actions.add_source(address=address, by=reader, at=AT)
    assert Source.objects.count() == before


def test_a_listed_source_is_taken_without_a_visit(site, reader):
    source = actions.add_listed_source(address=site.address("/feed"), name="Listed", by=reader, at=AT)
    assert (source.name, source.status, source.owner) == ("Listed", Source.Status.ACTIVE, None)
    assert site.requests == []
    assert actions.add_listed_source(address=site.address("/feed"), name="Again", by=reader, at=AT) == source
    with pytest.raises(AddressRefused):
        actions.add_listed_source(address="http://10.0.0.1/feed", name="", by=reader, at=AT)


def test_a_listed_address_that_may_hold_a_secret_is_private_unless_it_is_public_already(reader):
    known = SourceFactory(address="https://example.org/feed?format=rss")
    assert actions.add_listed_source(address=known.address, name="", by=reader, at=AT) == known
    unknown = actions.add_listed_source(address="https://example.org/feed?token=1", name="", by=reader, at=AT)
    assert unknown.owner == reader
    assert actions.add_listed_source(address=unknown.address, name="", by=reader, at=AT) == unknown


def test_a_listed_address_that_the_reader_has_privately_is_that_source(reader, django_user_model):
    mine = SourceFactory(address="https://example.org/s3cret/feed", owner=reader)
    assert actions.add_listed_source(address=mine.address, name="", by=reader, at=AT) == mine
    somebody = django_user_model.objects.create_user(email="s@example.org", password="Long enough 1")
    theirs = actions.add_listed_source(address=mine.address, name="", by=somebody, at=AT, private=True)
    assert theirs.owner == somebody


# -- Polling -------------------------------------------------------------------------------------------------


def test_a_claimed_source_is_nobody_elses_until_its_lease_ends(settings, db):
    settings.FETCH = "on"
    SourceFactory()
    assert len(actions.claim_due_sources(at=AT, limit=10)) == 1
    assert actions.claim_due_sources(at=AT + timedelta(minutes=1), limit=10) == []
    assert len(actions.claim_due_sources(at=AT + timedelta(minutes=11), limit=10)) == 1


def test_one_host_is_not_visited_for_all_its_feeds_at_once(settings, db):
    settings.FETCH = "on"
    for n in range(5):
        SourceFactory(address=f"https://big.example.org/{n}")
    assert len(actions.claim_due_sources(at=AT, limit=10)) == 2


def test_a_host_with_many_feeds_starves_no_other(settings, db):
    settings.FETCH = "on"
    for n in range(30):
        SourceFactory(address=f"HTTPS://Big.example.org:443/{n}", next_fetch_at=AT - timedelta(days=9))
    others = [SourceFactory(address=f"https://big.example.org.{n}.example/", next_fetch_at=AT) for n in range(3)]
    claimed = actions.claim_due_sources(at=AT, limit=5)
    assert len(claimed) == 5
    assert {other.pk for other in others} < set(claimed)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_claim_no_source_twice(settings):
    settings.FETCH = "on"
    SourceFactory.create_batch(20)

    def claim(_: int) -> list[int]:
        try:
            return actions.claim_due_sources(at=AT, limit=20)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        claimed = [pk for run in pool.map(claim, range(4)) for pk in run]
    assert len(claimed) == len(set(claimed)) == 20


def test_old_visits_are_forgotten_but_not_the_newest_of_a_silent_source(db):
    silent, busy = SourceFactory(), SourceFactory()
    for n in range(25):
        Fetch.objects.create(source=silent, started_at=AT - timedelta(days=100 + n), outcome="failed")
        Fetch.objects.create(source=busy, started_at=AT - timedelta(days=n), outcome="stored")
    Fetch.objects.create(source=busy, started_at=AT - timedelta(days=31), outcome="stored")
    assert actions.prune_fetches(at=AT) == 5 + 1
    assert silent.fetches.earliest("started_at").started_at == AT - timedelta(days=119)
    assert busy.fetches.count() == 25


def test_only_sample_sources_are_polled_while_fetching_is_off(settings, db):
    settings.FETCH = "off"
    SourceFactory()
    sample = SourceFactory(is_sample=True, address="https://gazette.sample.invalid/feed")
    assert actions.claim_due_sources(at=AT, limit=10) == [sample.pk]


def test_a_registered_transport_serves_its_hosts_while_fetching_is_off(settings, db):
    import httpx

    settings.FETCH = "off"
    actions.register_transport(
        "press.invalid", httpx.MockTransport(lambda request: httpx.Response(200, content=rss("a")))
    )
    try:
        source = SourceFactory(is_sample=True, address="https://gazette.press.invalid/feed")
        assert len(visit(source).new_ids) == 1
        with pytest.raises(FetchingIsOff):
            queries.fetch_document("https://notpress.invalid/feed")
    finally:
        actions.unregister_transport("press.invalid")


def test_followed_topics_wake_their_catalogue_sources(db):
    asleep = SourceFactory(
        status=Source.Status.DORMANT, topic_slugs=["astronomy", "physics"], address="https://a.example/"
    )
    other = SourceFactory(status=Source.Status.DORMANT, topic_slugs=["no-such-thing"], address="https://b.example/")
    assert actions.follow_catalogue(topic_slugs=["astronomy"], at=AT) >= 1
    asleep.refresh_from_db()
    other.refresh_from_db()
    assert (asleep.status, other.status) == (Source.Status.ACTIVE, Source.Status.DORMANT)


def test_the_catalogue_loads_asleep_and_again_without_work(db):
    actions.load_catalogue()
    assert Source.objects.filter(status=Source.Status.DORMANT).count() >= 300
    assert actions.load_catalogue() == 0


@pytest.mark.django_db(transaction=True)
def test_two_visits_at_once_store_every_entry_once(site):
    """The row lock makes them take turns; the announcement of the second holds nothing."""
    source = SourceFactory(address=site.address("/feed"))
    site.pages["/feed"] = Answer(rss(*"abcdefgh"))

    def visit_in_a_thread(_: int) -> int:
        try:
            return len(actions.fetch_source(source_id=source.pk, at=AT).new_ids)
        finally:
            connection.close()

    receivers, entry_stored.receivers = entry_stored.receivers, []
    entry_stored.sender_receivers_cache.clear()
    try:
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(visit_in_a_thread, range(4))) == [0, 0, 0, 8]
    finally:
        entry_stored.receivers = receivers
        entry_stored.sender_receivers_cache.clear()
    assert Entry.objects.count() == 8
