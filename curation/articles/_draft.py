"""Makes an article of an entry, and of its page where the entry is only a teaser: no clock, no database, no network."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from curation.articles._canonical import canonical_url
from curation.articles._language import detect_language
from curation.articles._text import is_teaser, reading_seconds, shortened, summarise, without_ending
from curation.articles.types import Draft, Extracted
from curation.sources import queries as sources
from curation.sources.models import Entry

MAX_TEXT = 200_000  # characters
TOO_SHORT_TO_COMPARE = 200  # characters: two short texts may be alike by chance
_WORD = re.compile(r"\w{2,}")
_FIGURE = re.compile(r"<figure\b.*?>.*?</figure>", re.DOTALL)  # a caption is about the photo, not a summary
_NO_LETTERS = re.compile(r"^[\W\d_]*$")


@dataclass(frozen=True, slots=True)
class Teaser:
    html: str
    text: str


def teaser_of(entry: Entry) -> Teaser:
    """What the feed itself gives of the article: the longer of its two forms."""
    html = max(entry.content_html, entry.summary_html, key=len)
    return Teaser(html, sources.plain_text(html)[:MAX_TEXT])


def wants_full_text(entry: Entry) -> bool:
    return bool(entry.link) and not entry.source.excerpts_only and is_teaser(teaser_of(entry).text)


def is_full_text_of(page: Extracted, entry: Entry) -> bool:
    """Whether a page brought the article, and not a consent form, a paywall's note or the front page."""
    teaser = without_ending(teaser_of(entry).text)
    if len(page.text) < max(200, 1.2 * len(teaser)):
        return False
    expected = set(_WORD.findall(f"{entry.title} {teaser}".lower()))
    found = set(_WORD.findall(page.text.lower()))
    return not expected or len(expected & found) >= 0.25 * len(expected)


def make_draft(entry: Entry, page: Extracted | None) -> Draft:
    """`page` is None when no full text was fetched."""
    teaser = teaser_of(entry)
    html, text = (page.html, page.text[:MAX_TEXT]) if page else (teaser.html, teaser.text)
    language = detect_language(f"{entry.title}\n{text}", entry.source.language)
    title = entry.title or (page.title if page else "") or shortened(" ".join(text.split()), 100)
    url = canonical_url(entry.link) or _place_of(entry)
    image_url, image_alt = entry.image_url, entry.image_alt
    if page and page.image and not image_url:
        image_url, image_alt = page.image.url, page.image.alt
    published_at = entry.published_at or entry.updated_at or (page.published_at if page else None)
    return Draft(
        url=url,
        title=title or (urlsplit(url).hostname or ""),
        html=html,
        text=text,
        summary=summarise(*(sources.plain_text(_FIGURE.sub("", part)) for part in (entry.summary_html, html))),
        language=language,
        author=_author(entry.authors or list(page.authors if page else ())),
        reading_seconds=reading_seconds(text),
        image_url=image_url,
        image_alt=image_alt,
        published_at=published_at,
        first_seen_at=entry.first_seen_at,
        sorted_at=sort_time(published_at, entry.first_seen_at),
        content_hash=_content_hash(title, text, url),
        has_full_text=page is not None or not is_teaser(teaser.text),
    )


def sort_time(published_at: datetime | None, first_seen_at: datetime) -> datetime:
    """Feed dates lie: nothing is newer than the moment we first saw it."""
    return min(published_at or first_seen_at, first_seen_at)


def namesake_url(url: str, entry: Entry) -> str:
    """An address of its own for an entry that shares its link with another of the same source."""
    return f"{url}#{hashlib.sha256(entry.external_id.encode()).hexdigest()[:16]}"


def _place_of(entry: Entry) -> str:
    """Where an entry without a link lives: its publisher, never the feed's address, which may hold a token."""
    parts = urlsplit(entry.source.address)
    return namesake_url(canonical_url(entry.source.site_url) or f"{parts.scheme}://{parts.hostname}/", entry)


def _content_hash(title: str, text: str, url: str) -> str:
    basis = " ".join(f"{title} {text}".casefold().split())
    if len(basis) < TOO_SHORT_TO_COMPARE:
        basis = f"{url} {basis}"
    return hashlib.sha256(basis.encode()).hexdigest()


def _author(names: list[str]) -> str:
    return shortened(", ".join(name for name in names if not _NO_LETTERS.match(name)), 300)
