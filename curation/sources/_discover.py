"""Finds the feeds that a web page announces."""

from __future__ import annotations

import lxml.etree
import lxml.html
from w3lib.encoding import html_to_unicode

from curation.sources._html import absolute_url
from curation.sources.types import Document

FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
LOOSE_TYPES = ("application/json", "text/xml", "application/xml")
MAX_CANDIDATES = 5


def announced_feeds(page: Document) -> list[str]:
    """Absolute addresses in `<link rel="alternate">`, in the page's order, comment feeds last."""
    _, text = html_to_unicode(page.content_type, page.body)
    try:
        tree = lxml.html.document_fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.ParserError, ValueError):
        return []
    base = absolute_url(next(iter(tree.xpath("//base/@href")), ""), page.url) or page.url
    found = []
    for link in tree.iter("link"):
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        relations = (link.get("rel") or "").lower().split()
        address = absolute_url(link.get("href", ""), base)
        if "alternate" in relations and (kind in FEED_TYPES or (kind in LOOSE_TYPES and "feed" in address)):
            found.append(address)
    unique = [address for address in dict.fromkeys(found) if address]
    return sorted(unique, key=lambda address: "comments" in address)[:MAX_CANDIDATES]
