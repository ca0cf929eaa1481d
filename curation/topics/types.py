"""Areas, topics and what a text is about, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class UnknownTopic(LookupError):
    """No topic has this slug."""


class InvalidPhrase(ValueError):
    """A phrase that cannot be followed: empty, or too long. The message is for people."""


@dataclass(frozen=True)
class TopicEntry:
    """A topic as topics.toml has it; the Topic row follows it at every migrate."""

    slug: str
    area: str
    names: Mapping[str, str]  # language -> name
    description: str


@dataclass(frozen=True)
class Area:
    """One of the groups of topics; `section` is the newspaper section that it belongs to."""

    slug: str
    names: Mapping[str, str]
    section: str
    topics: tuple[TopicEntry, ...]


@dataclass(frozen=True)
class Classification:
    """What a text is about: topics with calibrated scores, best first, and the most likely area."""

    topics: list[tuple[str, float]]
    area: str
