"""What may be done to sources: visit, add, wake, load the catalogue, switch fetching."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, Func, Q, Value, Window
from django.db.models.functions import Lower, RowNumber

from curation.sources import _catalogue, _http, _store, queries
from curation.sources._discover import announced_feeds
from curation.sources._guard import check_url
from curation.sources._opml import without_feed_scheme
from curation.sources.models import Fetch, FetchingSwitch, Source
from curation.sources.types import (
    AddressRefused,
    Document,
    FeedRefused,
    FetchFailed,
    FetchingIsOff,
    FetchOutcome,
    ParsedFeed,
    SourceError,
    is_no_fault_of_the_text,
)

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

register_transport = _http.register_transport
unregister_transport = _http.unregister_transport

FINDING_SECONDS = 25.0  # for all visits while somebody waits for the feed of an address
logger = logging.getLogger(__name__)

ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
LEASE = timedelta(minutes=10)  # how long a claimed source waits for its visit before another run may claim it
HOST_IN_ADDRESS = r"^[a-z]+://(?:[^/?#@]*@)?(\[[^]]*\]|[^/:?#]+)"
FETCHES_KEPT = 20  # of each source, however old: an operator asks how a silent one came to be silent
FETCHES_KEPT_FOR = timedelta(days=30)
CLAIMED_PER_HOST = 2  # a run; the rest are due again a minute later


def fetch_source(*, source_id: int, at: datetime) -> FetchOutcome:
    """One visit: fetch, parse, decide, store. Whatever happens is on record; a failure changes no entry."""
    source = Source.objects.get(pk=source_id)
    began = time.monotonic()
    document: Document | None = None

    def took() -> timedelta:
        return timedelta(seconds=time.monotonic() - began)

    try:
        document = queries.fetch_document(
            source.address, accept=ACCEPT_FEED, etag=source.etag, last_modified=source.last_modified
        )
        if document.status == 304:
            return _store.store_unchanged(source_id=source_id, document=document, started_at=at, took=took())
        feed = _parse(document)
        return _store.store_feed(source_id=source_id, feed=feed, document=document, started_at=at, took=took())
    except FetchingIsOff as off:
        return FetchOutcome("refused", str(off))
    except Exception as problem:
        # Whatever a stranger's bytes set off goes on record: a source without a record would be due again for ever.
        if is_no_fault_of_the_text(problem):
            raise
        error = _in_words(problem)
        return _store.store_failure(
            source_id=source_id,
            error=error,
            outcome="refused" if isinstance(error, AddressRefused | FeedRefused) else "failed",
            started_at=at,
            took=took(),
            size=len(document.body) if document else 0,
        )


@transaction.atomic
def claim_due_sources(*, at: datetime, limit: int) -> list[int]:
    """Ids of sources to visit now, few of one host; they are nobody else's until the lease ends."""
    due = Source.objects.due(at)
    if not queries.is_fetching_on():
        due = due.filter(is_sample=True)
    # Ranked before they are counted: one host with hundreds of feeds takes its few places and no more.
    host = Func(Lower("address"), Value(HOST_IN_ADDRESS), function="SUBSTRING")
    turn = Window(RowNumber(), partition_by=host, order_by=[F("next_fetch_at").asc(nulls_first=True), "pk"])
    first = due.annotate(turn=turn).filter(Q(is_sample=True) | Q(turn__lte=CLAIMED_PER_HOST)).values_list("pk")
    chosen = [pk for (pk,) in first[:limit]]
    # Another run may have chosen the same: what it has locked or claimed meanwhile is its own.
    free = Source.objects.due(at).filter(pk__in=chosen).select_for_update(skip_locked=True)
    claimed = list(free.values_list("pk", flat=True))
    Source.objects.filter(pk__in=claimed).update(next_fetch_at=at + LEASE)
    return claimed


def add_source(*, address: str, by: AbstractBaseUser, at: datetime, private: bool = False) -> Source:
    """The source at `address`, or at the feed that the page there announces. Raises SourceError when there is none.

    A private source is its owner's alone: it is never the same row as a public one with the same address.
    While fetching is off the address is taken as it is, and visited once fetching is switched on.
    """
    address = _normal_address(address)
    owner_id = by.pk if private else None
    if held := Source.objects.filter(address=address, owner=owner_id).first():
        return _wake(held, at=at)
    try:
        address, feed = _find_feed(address)
    except FetchingIsOff:
        feed = None
    source, _ = Source.objects.get_or_create(
        address=address,
        owner_id=owner_id,
        defaults={
            "name": (feed.title if feed else "") or urlsplit(address).hostname or address[:200],
            "site_url": feed.link if feed else "",
            "language": feed.main_language if feed else "",
            "status": Source.Status.ACTIVE,
            "next_fetch_at": at,
        },
    )
    return _wake(source, at=at)


def add_listed_source(*, address: str, name: str, by: AbstractBaseUser, at: datetime, private: bool = False) -> Source:
    """The source at `address`, taken as another reader's list states it: nothing is fetched. Raises AddressRefused.

    A list may hold hundreds; whether each still is a feed shows at its first visit. It is a private source of `by`
    when the list says so, when `by` has it as one already, and when the address may hold a secret (a query string)
    and is no public source yet: what was private by mistake can be shared later, but not the other way round.
    """
    address = _normal_address(address)
    known = set(Source.objects.visible_to(by.pk).filter(address=address).values_list("owner_id", flat=True))
    is_private = private or by.pk in known or (None not in known and bool(urlsplit(address).query))
    source, _ = Source.objects.get_or_create(
        address=address,
        owner_id=by.pk if is_private else None,
        defaults={
            "name": name[:200] or urlsplit(address).hostname or address[:200],
            "status": Source.Status.ACTIVE,
            "next_fetch_at": at,
        },
    )
    return _wake(source, at=at)


def follow_catalogue(*, topic_slugs: Sequence[str], at: datetime) -> int:
    """Wakes the catalogue's sources of these topics; how many were asleep."""
    asleep = Source.objects.filter(owner=None, status=Source.Status.DORMANT, topic_slugs__overlap=list(topic_slugs))
    return asleep.update(status=Source.Status.ACTIVE, next_fetch_at=at)


def load_catalogue() -> int:
    """How many catalogue sources were added or brought up to date; cheap when there is nothing to do."""
    return _catalogue.store_catalogue() if _catalogue.CATALOGUE.exists() else 0


def pause_source(*, source_id: int, reason: str, by: AbstractBaseUser, at: datetime) -> None:
    logger.info("source %s paused by %s at %s: %s", source_id, by.pk, at.isoformat(), reason)
    Source.objects.filter(pk=source_id).update(status=Source.Status.PAUSED, pause_reason=reason[:200])


def resume_source(*, source_id: int, by: AbstractBaseUser, at: datetime) -> None:
    logger.info("source %s resumed by %s", source_id, by.pk)
    Source.objects.filter(~Q(status=Source.Status.ACTIVE), pk=source_id).update(
        status=Source.Status.ACTIVE, pause_reason="", failures=0, next_fetch_at=at
    )


def prune_fetches(*, at: datetime) -> int:
    """How many records of visits were forgotten: those older than a month, but not a source's newest few."""
    place = Window(RowNumber(), partition_by="source_id", order_by=["-started_at", "-pk"])
    # The age stands outside: beside the rank it would be asked first, and only old visits would be ranked.
    further_back = Fetch.objects.annotate(place=place).filter(place__gt=FETCHES_KEPT)
    return Fetch.objects.filter(pk__in=further_back.values("pk"), started_at__lt=at - FETCHES_KEPT_FOR).delete()[0]


def set_fetching(*, on: bool, by: AbstractBaseUser, at: datetime) -> None:
    """The operator's answer to whether this installation may fetch from the internet."""
    FetchingSwitch.objects.update_or_create(pk=1, defaults={"is_on": on, "decided_at": at})
    logger.info("fetching from the internet switched %s by %s", "on" if on else "off", by.pk)


def _parse(document: Document) -> ParsedFeed:
    try:
        return queries.parse(document.body, url=document.url, content_type=document.content_type)
    except FeedRefused:
        raise
    except Exception as error:
        if is_no_fault_of_the_text(error):
            raise
        logger.exception("a feed document could not be parsed")
        raise SourceError(f"the parser failed: {type(error).__name__}") from error


def _in_words(problem: Exception) -> SourceError:
    if isinstance(problem, SourceError):
        return problem
    logger.error("a visit failed in a way nobody foresaw", exc_info=problem)
    if isinstance(problem, DatabaseError):
        return SourceError("the database could not hold the entries")
    return SourceError(f"the visit failed: {type(problem).__name__}")


def _find_feed(address: str) -> tuple[str, ParsedFeed]:
    """Where the feed is, after redirects that last, and what it says of itself."""
    deadline = time.monotonic() + FINDING_SECONDS
    page = queries.fetch_document(address, accept=ACCEPT_FEED, within=FINDING_SECONDS)
    try:
        return page.moved_to or address, _parse(page)
    except FeedRefused as refusal:
        for candidate in announced_feeds(page):
            try:
                within = max(0.0, deadline - time.monotonic())
                document = queries.fetch_document(candidate, accept=ACCEPT_FEED, within=within)
                return document.moved_to or candidate, _parse(document)
            except (FeedRefused, FetchFailed):
                continue
        raise refusal


def _normal_address(address: str) -> str:
    address = without_feed_scheme(address.strip())
    if "://" not in address:
        address = f"https://{address}"
    if not _http.has_own_transport(address):
        check_url(address, allowed=settings.FETCH_ALLOW_NETWORKS)
    return address.partition("#")[0]


def _wake(source: Source, *, at: datetime) -> Source:
    if source.status in (Source.Status.DORMANT, Source.Status.GONE):
        source.status, source.next_fetch_at = Source.Status.ACTIVE, at
        source.save(update_fields=["status", "next_fetch_at"])
    return source
