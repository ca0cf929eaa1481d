"""Takes the article out of a publisher's page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import lxml.etree
import lxml.html
import trafilatura
from trafilatura.htmlprocessing import build_html_output
from w3lib.encoding import html_to_unicode

from curation.articles._language import detect_language
from curation.articles.types import Extracted
from curation.sources import queries as sources
from curation.sources.types import Image

MAX_PAGE = 4_000_000  # characters
_ALT_NAMES = ("og:image:alt", "twitter:image:alt")
_DATES = {"original_date": True, "extensive_search": False, "outputformat": "%Y-%m-%dT%H:%M:%S%z"}


def extract(page: bytes | str, url: str, content_type: str = "") -> Extracted:
    """Title, authors, date, text, HTML and picture; empty fields where the page has none. Odd pages never raise."""
    if isinstance(page, bytes):
        _, page = html_to_unicode(content_type or None, page)
    tree = _tree(sources.storable(page)[:MAX_PAGE])
    if tree is None:
        return Extracted()
    picture = _picture(tree, url)
    stated_language = tree.get("lang") or ""
    try:
        found: Any = trafilatura.bare_extraction(
            tree,
            url=url,
            with_metadata=True,
            include_comments=False,
            include_images=True,
            include_links=True,
            include_formatting=True,
            date_extraction_params=_DATES,
        )
    except (ValueError, TypeError, AttributeError, IndexError, KeyError, lxml.etree.LxmlError, RecursionError):
        return Extracted(image=picture)  # the library's own stumbling over a page: as good as no article
    if found is None:
        return Extracted(image=picture)
    html = sources.clean_html(build_html_output(found), url)
    text = sources.plain_text(html)
    return Extracted(
        title=sources.plain_title(found.title or "")[:1000],
        authors=_authors(found.author),
        published_at=_moment(found.date),
        language=detect_language(text or found.title or "", stated_language),
        text=text,
        html=html,
        image=picture,
    )


def _tree(page: str) -> Any | None:
    try:
        parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True)
        return lxml.html.document_fromstring(page.encode(), parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return None


def _picture(tree: Any, url: str) -> Image | None:
    """The picture that the page itself would share, with its alt text."""
    metas = {
        (meta.get("property") or meta.get("name") or "").lower(): meta.get("content") or ""
        for meta in tree.iter("meta")
    }
    address = sources.absolute_url(metas.get("og:image") or metas.get("twitter:image") or "", url)
    if not address:
        return None
    alt = next((metas[name] for name in _ALT_NAMES if metas.get(name)), "")
    if not alt:
        file_name = address.partition("?")[0].rsplit("/", 1)[-1]
        named = (img.get("alt") for img in tree.iter("img") if file_name and file_name in (img.get("src") or ""))
        alt = next((text for text in named if text), "")
    return Image(address, sources.plain_title(alt)[:1000])


def _authors(names: str | None) -> tuple[str, ...]:
    found = (sources.plain_title(name)[:200] for name in (names or "").split(";"))
    return tuple(dict.fromkeys(name for name in found if name))[:10]


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
