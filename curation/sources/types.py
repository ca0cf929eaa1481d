"""The nouns that travel between fetching, parsing, deciding and storing; and errors that say why something did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from psycopg.errors import ProgramLimitExceeded


class SourceError(Exception):
    """Something about a source is not as it should be; the message is one line for people and holds no secret."""


class FeedRefused(SourceError):
    """The document is hostile, or no feed at all."""


class FetchFailed(SourceError):
    """The visit brought no document. `status` is the answer's, where there was one."""

    def __init__(self, reason: str, *, status: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after  # seconds

    @property
    def is_passing(self) -> bool:
        """Whether trying again later may help."""
        return self.status is None or self.status == 429 or self.status >= 500


class AddressRefused(FetchFailed):
    """The guard does not let us go there: no connection was made to that address."""

    @property
    def is_passing(self) -> bool:
        return False


class FetchingIsOff(FetchFailed):
    """The operator has not allowed this installation to fetch from the internet."""


def is_no_fault_of_the_text(error: Exception) -> bool:
    """Whether the run met trouble of its own: time, memory or the database ran out. It ends, and is tried again."""
    if isinstance(error, OperationalError):  # a value too large for its index stays too large
        return not isinstance(error.__cause__, ProgramLimitExceeded)
    return isinstance(error, SoftTimeLimitExceeded | InterfaceError | MemoryError)


@dataclass(frozen=True, slots=True)
class Image:
    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Enclosure:
    url: str
    type: str = ""
    length: int | None = None  # bytes, as stated


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One item of a feed: text without control characters, HTML sanitised, URLs absolute, times in UTC."""

    external_id: str
    link: str = ""
    title: str = ""
    summary_html: str = ""
    content_html: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    image: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    content_hash: str = ""

    @property
    def image_url(self) -> str:
        return self.image.url if self.image else ""

    @property
    def image_alt(self) -> str:
        return self.image.alt if self.image else ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    format: str  # rss20, atom10, rss10, json11 …; never empty
    title: str = ""
    link: str = ""
    language: str = ""
    bozo: bool = False  # broken, but readable
    entries: tuple[ParsedEntry, ...] = ()

    @property
    def main_language(self) -> str:
        """ISO 639, without the region."""
        return self.language.partition("-")[0].lower()


class ListedSource(NamedTuple):
    """One line of a subscription list."""

    title: str
    address: str
    private: bool = False  # so says the list: Gyeol's own lists do


@dataclass(frozen=True, slots=True)
class Document:
    """What a visit brought: the body decompressed, `url` the last hop's."""

    url: str
    status: int  # 200 or 304
    content_type: str = ""
    body: bytes = b""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""  # where permanent redirects alone lead
    max_age: int | None = None  # seconds, Cache-Control


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    outcome: str  # stored | unchanged | failed | refused
    reason: str = ""
    new_ids: Sequence[int] = field(default_factory=tuple)
    changed_ids: Sequence[int] = field(default_factory=tuple)
