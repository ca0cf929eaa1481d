"""What readers' events look like on their way in, and what the history says on its way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

DAY_MS = 86_400_000


class InvalidEvent(ValueError):
    """This event cannot be recorded; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class EventIn:
    """One thing that a reader did, as the browser tells it. The id is the browser's: sent twice, counted once."""

    id: UUID
    kind: str
    article_id: int
    at: datetime
    slate_id: UUID | None = None
    position: int | None = None
    visible_ms: int | None = None
    active_ms: int | None = None

    @classmethod
    def from_document(cls, document: object) -> EventIn:
        """The event that a JSON object describes: keys `id`, `kind`, `article`, `at` and, where they apply, `slate`,
        `position`, `visible_ms`, `active_ms`. Raises InvalidEvent.
        """
        if not isinstance(document, Mapping):
            raise InvalidEvent("an event is a JSON object")
        kind = document.get("kind")
        if not isinstance(kind, str):
            raise InvalidEvent("kind is missing")
        article_id = _integer(document, "article", limit=2**63 - 1)
        if article_id is None:
            raise InvalidEvent("article is missing")
        return cls(
            id=_uuid(document.get("id"), "id"),
            kind=kind,
            article_id=article_id,
            at=_time(document.get("at")),
            slate_id=_uuid(document["slate"], "slate") if document.get("slate") else None,
            position=_integer(document, "position", limit=32_767),
            visible_ms=_integer(document, "visible_ms", limit=DAY_MS),
            active_ms=_integer(document, "active_ms", limit=DAY_MS),
        )


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was not recorded: its place in the batch, its id where it had one, and why."""

    index: int
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch. Every event of it is in exactly one of the three."""

    accepted: int = 0
    duplicate: int = 0
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemIn:
    """One place on a slate that is about to be stored."""

    article_id: int
    score: float
    reason: dict[str, Any] = field(default_factory=dict)
    contributions: dict[str, float] = field(default_factory=dict)
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class State:
    """Where a reader stands with an article. `preference` is "more", "less" or ""."""

    saved_at: datetime | None = None
    hidden_at: datetime | None = None
    read_at: datetime | None = None
    preference: str = ""

    @property
    def is_saved(self) -> bool:
        return self.saved_at is not None

    @property
    def is_hidden(self) -> bool:
        return self.hidden_at is not None

    @property
    def is_read(self) -> bool:
        return self.read_at is not None


@dataclass(frozen=True, slots=True)
class Read:
    """An article in a reader's history. `weight` is above 0 for what was read or liked, below 0 for what was not."""

    article_id: int
    at: datetime
    weight: float
    dwell_seconds: float = 0.0


def _uuid(value: object, name: str) -> UUID:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(str(value))
    except ValueError:
        raise InvalidEvent(f"{name} is not a UUID") from None


def _integer(document: Mapping[str, object], name: str, *, limit: int) -> int | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise InvalidEvent(f"{name} is not a whole number from 0 to {limit}")
    return value


def _time(value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise InvalidEvent("at is not an ISO 8601 time")
    if value.tzinfo is None:
        raise InvalidEvent("at has no time zone")
    return value
