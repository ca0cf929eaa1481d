"""Says what in a document is new, what changed and what is the same: pure, no clock, no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from curation.sources.types import ParsedEntry

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before the web: a publisher's empty date field
FARTHEST_AHEAD = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Known:
    """What we hold of an entry."""

    pk: int
    external_id: str
    content_hash: str
    link: str
    title: str


@dataclass(frozen=True, slots=True)
class Decision:
    new: tuple[ParsedEntry, ...] = ()
    changed: tuple[tuple[int, ParsedEntry], ...] = ()  # (pk, what it says now)
    same: tuple[int, ...] = ()


def decide(known: Iterable[Known], parsed: Iterable[ParsedEntry], *, at: datetime) -> Decision:
    """Every parsed entry lands in exactly one of the three; deciding again over the result finds everything the same.

    An entry is known by its id; where a publisher gives new ids to old items, by a link and title that only it has.
    """
    known, parsed = list(known), list(parsed)
    by_id = {entry.external_id: entry for entry in known}
    ids_here = {entry.external_id for entry in parsed}
    links_held = Counter((entry.link, entry.title) for entry in known)
    by_link = {key: entry for entry in known if links_held[key := (entry.link, entry.title)] == 1}
    links_here = Counter((entry.link, entry.title) for entry in parsed)

    new: dict[str, ParsedEntry] = {}
    changed: dict[int, ParsedEntry] = {}
    same: dict[int, None] = {}
    for entry in (_with_believable_dates(entry, at) for entry in parsed):
        held = by_id.get(entry.external_id)
        if held is None and entry.link and links_here[entry.link, entry.title] == 1:
            renamed = by_link.get((entry.link, entry.title))
            held = renamed if renamed is not None and renamed.external_id not in ids_here else None
        if held is None:
            new.setdefault(entry.external_id, entry)
        elif held.content_hash == entry.content_hash:
            same[held.pk] = None
        else:
            changed.setdefault(held.pk, replace(entry, external_id=held.external_id))
    return Decision(tuple(new.values()), tuple(changed.items()), tuple(pk for pk in same if pk not in changed))


def _with_believable_dates(entry: ParsedEntry, at: datetime) -> ParsedEntry:
    def believable(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and EARLIEST <= moment <= at + FARTHEST_AHEAD else None

    return replace(entry, published_at=believable(entry.published_at), updated_at=believable(entry.updated_at))
