"""From the bytes of a feed document to entries: sanitised, bounded, in UTC, with absolute addresses."""

from __future__ import annotations

import calendar
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any

import feedparser
import lxml.html

from curation.sources import _json_feed
from curation.sources._html import absolute_url, clean_html, plain_text, plain_title, storable
from curation.sources._xml_guard import refuse_hostile_xml
from curation.sources.types import Enclosure, FeedRefused, Image, ParsedEntry, ParsedFeed

MAX_BODY = 32 * 1024 * 1024  # bytes, unpacked
MAX_ENTRIES = 500
MAX_TITLE = 1000
MAX_NAME = 200
SMALLEST_PICTURE = 64  # pixels; what is smaller is an icon
MAX_LISTED = 20  # authors, categories, enclosures of one entry
XML = "application/xml"
_GZIP = b"\x1f\x8b"
_HARMLESS_BOZO = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_IMAGE_FILE = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|\?)", re.IGNORECASE)
_ORNAMENT = re.compile(
    r"gravatar\.com/avatar|/emoji/|/smil(?:ey|ie)s?/|feedburner\.com/~|/feedflare|/spacer\.|/pixel\.", re.I
)
_IMG_TAG = re.compile(r"<img\b", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE)


def parse(body: bytes, *, url: str = "", content_type: str = "") -> ParsedFeed:
    """RSS 0.9-2.0, Atom, RDF or JSON Feed. Raises FeedRefused when it is hostile or nothing of these."""
    body = _unpacked(body)
    if not body.strip():
        raise FeedRefused("the document is empty")
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _parse_json(body, url)
    refuse_hostile_xml(body, content_type or XML)
    return _parse_xml(body, url, content_type)


def fingerprint(title: str, html: str, image_url: str) -> str:
    """Changes when what a reader sees changes; not with dates, mark-up, or the tokens in a picture's address."""
    seen = "\n".join((title, plain_text(html), image_url.partition("?")[0]))
    return hashlib.sha256(seen.encode()).hexdigest()


def _parse_xml(body: bytes, url: str, content_type: str) -> ParsedFeed:
    # Without a type a feed would count as broken; XML's own rules for encodings are the best guess. The parser is not
    # told the address: it would resolve ids against it too, and all of them would change when the feed moves.
    headers = {"content-type": content_type or XML}
    # Our own cleaner sanitises and resolves, faster and by one rule for every format.
    result = feedparser.parse(body, response_headers=headers, resolve_relative_uris=False, sanitize_html=False)
    broken = bool(result.bozo) and not isinstance(result.get("bozo_exception"), _HARMLESS_BOZO)
    if not result.version:
        if broken:
            raise FeedRefused(f"not a feed: {result.bozo_exception}"[:300])
        raise FeedRefused("not a feed")
    head = result.feed
    return ParsedFeed(
        format=result.version,
        title=plain_title(head.get("title", ""))[:MAX_NAME],
        link=absolute_url(head.get("link", ""), url),
        language=_language(head.get("language", "") or result.get("headers", {}).get("content-language", "")),
        bozo=bool(result.bozo),
        entries=_bounded(_xml_entry(raw, url) for raw in result.entries),
    )


def _xml_entry(raw: Any, url: str) -> ParsedEntry:
    title = raw.get("title", "")
    if (raw.get("title_detail") or {}).get("type") == "text/plain":
        title = escape(title, quote=False)
    # feedparser copies the content into the summary where there is none, without the detail.
    summary = _html_of(raw.get("summary_detail") or {}, url)
    content = max((_html_of(part, url) for part in raw.get("content") or ()), key=len, default="")
    enclosures = tuple(_enclosures(raw, url))
    return ParsedEntry(
        external_id=storable(raw.get("id", "")).strip(),
        link=absolute_url(raw.get("link", ""), url),
        title=plain_title(title)[:MAX_TITLE],
        summary_html=summary,
        content_html=content,
        authors=_names([author.get("name", "") for author in raw.get("authors") or ()] or [raw.get("author", "")]),
        categories=_names(tag.get("label") or tag.get("term") or "" for tag in raw.get("tags") or ()),
        image=_xml_image(raw, url, enclosures, content or summary),
        enclosures=enclosures,
        published_at=_utc(raw.get("published_parsed") or raw.get("created_parsed")),
        updated_at=_utc(raw.get("updated_parsed") if "updated_parsed" in raw.keys() else None),  # noqa: SIM118
    )


def _html_of(detail: Any, url: str) -> str:
    value, base = detail.get("value") or "", absolute_url(detail.get("base") or "", url) or url
    if detail.get("type") == "text/plain":
        value = "<br>".join(escape(line, quote=False) for line in value.strip().splitlines())
    return clean_html(value, base) if value else ""


def _enclosures(raw: Any, url: str) -> Iterator[Enclosure]:
    for link in raw.get("links") or ():
        address = absolute_url(link.get("href", ""), url)
        if link.get("rel") == "enclosure" and address:
            yield Enclosure(address, plain_title(link.get("type", ""))[:100], _size(link.get("length")))


def _xml_image(raw: Any, url: str, enclosures: Iterable[Enclosure], html: str) -> Image | None:
    for media in raw.get("media_content") or ():
        if media.get("medium") == "image" or _is_image(media.get("type", ""), media.get("url", "")):
            return _with_alt(absolute_url(media.get("url", ""), url), html, raw)
    for media in raw.get("media_thumbnail") or ():
        if address := absolute_url(media.get("url", ""), url):
            return _with_alt(address, html, raw)
    for enclosure in enclosures:
        if _is_image(enclosure.type, enclosure.url):
            return _with_alt(enclosure.url, html, raw)
    return _first_image(html)


def _is_image(kind: str, address: str) -> bool:
    return kind.startswith("image/") if kind else _IMAGE_FILE.search(address) is not None


def _with_alt(address: str, html: str, raw: Any) -> Image | None:
    """A feed's picture has no alt text of its own: the same picture in the text may, or a caption beside it."""
    if not address:
        return _first_image(html)
    same = [image for image in _images(html) if image.url.partition("?")[0] == address.partition("?")[0] and image.alt]
    captions = [part.get("content", "") for part in raw.get("media_title_detail", ()) if isinstance(part, dict)]
    return Image(address, same[0].alt if same else plain_title(next(iter(captions), ""))[:MAX_TITLE])


def _first_image(html: str) -> Image | None:
    return next(iter(_images(html)), None)


def _images(html: str) -> Iterator[Image]:
    if not _IMG_TAG.search(html):
        return
    for element in lxml.html.fragment_fromstring(html, create_parent="div").iter("img"):
        address = absolute_url(element.get("src", ""))
        if address and not _ORNAMENT.search(address) and not _is_small(element):
            yield Image(address, plain_title(element.get("alt", ""))[:MAX_TITLE])


def _is_small(element: lxml.html.HtmlElement) -> bool:
    sizes = (element.get("width", ""), element.get("height", ""))
    return any(size.isdigit() and int(size) < SMALLEST_PICTURE for size in sizes)


def _parse_json(body: bytes, url: str) -> ParsedFeed:
    feed, items, broken = _json_feed.read(body)
    default = feed.authors or ([feed.author] if feed.author else [])
    return ParsedFeed(
        format="json11" if feed.version.rstrip("/").endswith("1.1") else "json1",
        title=plain_title(feed.title)[:MAX_NAME],
        link=absolute_url(feed.home_page_url, url),
        language=_language(feed.language),
        bozo=broken,
        entries=_bounded(_json_entry(item, url, default) for item in items),
    )


def _json_entry(item: _json_feed.Item, url: str, default: list[_json_feed.Author]) -> ParsedEntry:
    text = "<br>".join(escape(line, quote=False) for line in item.content_text.strip().splitlines())
    content = clean_html(item.content_html or text, item.url or url)
    image = absolute_url(item.image, url) or absolute_url(item.banner_image, url)
    enclosures = tuple(
        Enclosure(address, plain_title(part.mime_type)[:100], part.size_in_bytes)
        for part in item.attachments
        if (address := absolute_url(part.url, url))
    )
    return ParsedEntry(
        external_id=storable(item.id).strip(),
        link=absolute_url(item.url, url) or absolute_url(item.external_url, url),
        title=plain_title(escape(item.title, quote=False))[:MAX_TITLE],
        summary_html=clean_html(escape(item.summary, quote=False), url),
        content_html=content,
        authors=_names(author.name for author in item.authors or ([item.author] if item.author else default)),
        categories=_names(item.tags),
        image=_with_alt(image, content, {}) if image else _first_image(content),
        enclosures=enclosures,
        published_at=_utc_of_text(item.date_published),
        updated_at=_utc_of_text(item.date_modified),
    )


def _bounded(entries: Iterable[ParsedEntry]) -> tuple[ParsedEntry, ...]:
    """At most MAX_ENTRIES, each with an id that no other has, empty ones left out."""
    kept: dict[str, ParsedEntry] = {}
    for entry in entries:
        if len(kept) == MAX_ENTRIES:
            break
        if not (entry.title or entry.summary_html or entry.content_html or entry.link):
            continue
        external_id = entry.external_id if 0 < len(entry.external_id) <= 500 else _digest(entry)
        if external_id in kept:
            if kept[external_id].link == entry.link:
                continue  # the first is the newest
            external_id = _digest(entry)  # one id for everything is no id
        shown = entry.content_html or entry.summary_html
        kept.setdefault(
            external_id,
            replace(
                entry,
                external_id=external_id,
                enclosures=entry.enclosures[:MAX_LISTED],
                content_hash=fingerprint(entry.title, shown, entry.image.url if entry.image else ""),
            ),
        )
    return tuple(kept.values())


def _digest(entry: ParsedEntry) -> str:
    basis = entry.link or f"{entry.title}\n{plain_text(entry.content_html or entry.summary_html)}"
    return f"digest:{hashlib.sha256(basis.encode()).hexdigest()}"


def _unpacked(body: bytes) -> bytes:
    """Some servers send a .gz file as it lies on their disk, without saying so."""
    if len(body) > MAX_BODY:
        raise FeedRefused(f"larger than {MAX_BODY // 1024 // 1024} MiB")
    if not body.startswith(_GZIP):
        return body
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        unpacked = inflater.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise FeedRefused("the packed document is damaged") from None
    if len(unpacked) > MAX_BODY:
        raise FeedRefused(f"larger than {MAX_BODY // 1024 // 1024} MiB when unpacked")
    return unpacked


def _utc(parts: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parts), UTC) if parts else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _utc_of_text(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    named = (plain_title(text)[:MAX_NAME] for text in texts if text)
    return tuple(dict.fromkeys(name for name in named if name))[:MAX_LISTED]


def _size(text: Any) -> int | None:
    text = str(text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _language(tag: str) -> str:
    tag = (tag or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) and len(tag) <= 20 else ""
