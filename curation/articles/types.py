"""What cleaning and extracting hand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from curation.sources.types import Image


@dataclass(frozen=True, slots=True)
class Extracted:
    """The article on a publisher's page: text plain, HTML sanitised, times UTC."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    language: str = "und"
    text: str = ""
    html: str = ""
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as it would be stored: everything that follows from the entry and its page alone."""

    url: str
    title: str
    html: str
    text: str
    summary: str
    language: str
    author: str
    reading_seconds: int
    image_url: str
    image_alt: str
    published_at: datetime | None
    first_seen_at: datetime
    sorted_at: datetime
    content_hash: str
    has_full_text: bool
