"""Prints the newsroom: feed documents and article pages, as real publishers send them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree as ET

from ._newsroom import Publisher, SampleArticle

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
CREATOR = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
for prefix, name in (("atom", ATOM), ("content", CONTENT), ("dc", CREATOR), ("media", MEDIA)):
    ET.register_namespace(prefix, name)

Dated = Sequence[tuple[SampleArticle, datetime]]


def link_of(publisher: Publisher, article: SampleArticle) -> str:
    return f"{publisher.site}{article.key}"


def photo_of(publisher: Publisher, article: SampleArticle) -> str:
    return f"{publisher.site}photos/{article.key}.jpg"


def body_html(article: SampleArticle, *, paragraphs: int | None = None) -> str:
    parts = []
    for paragraph in article.paragraphs()[:paragraphs]:
        if paragraph.startswith("> "):
            quotation = " ".join(line.removeprefix("> ") for line in paragraph.splitlines())
            parts.append(f"<blockquote><p>{escape(quotation)}</p></blockquote>")
        else:
            parts.append(f"<p>{escape(' '.join(paragraph.splitlines()))}</p>")
    return "\n".join(parts)


def _figure(publisher: Publisher, article: SampleArticle) -> str:
    if article.photo is None:
        return ""
    alt = escape(article.photo.alt, quote=True)
    return f'<figure><img src="{photo_of(publisher, article)}" alt="{alt}"></figure>\n'


def feed(publisher: Publisher, dated: Dated) -> tuple[bytes, str]:
    """The publisher's feed document and its content type."""
    if publisher.format == "rss":
        return _rss(publisher, dated), "application/rss+xml; charset=utf-8"
    if publisher.format == "atom":
        return _atom(publisher, dated), "application/atom+xml; charset=utf-8"
    return _json(publisher, dated), "application/feed+json; charset=utf-8"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _feed_html(publisher: Publisher, article: SampleArticle) -> str:
    return body_html(article, paragraphs=1 if publisher.delivery == "teaser" else None)


def _rss(publisher: Publisher, dated: Dated) -> bytes:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _text(channel, "title", publisher.name)
    _text(channel, "link", publisher.site)
    _text(channel, "description", publisher.tagline)
    _text(channel, "language", publisher.lang)
    for article, at in dated:
        item = ET.SubElement(channel, "item")
        _text(item, "title", article.title)
        _text(item, "link", link_of(publisher, article))
        _text(item, "guid", f"{publisher.slug}:{article.key}", isPermaLink="false")
        _text(item, "pubDate", format_datetime(at))
        _text(item, f"{{{CREATOR}}}creator", article.author)
        _text(item, "description", article.paragraphs()[0])
        if publisher.delivery == "full":
            _text(item, f"{{{CONTENT}}}encoded", _feed_html(publisher, article))
        if article.photo:
            media = ET.SubElement(item, f"{{{MEDIA}}}content", url=photo_of(publisher, article), medium="image")
            _text(media, f"{{{MEDIA}}}description", article.photo.alt)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _atom(publisher: Publisher, dated: Dated) -> bytes:
    root = ET.Element(f"{{{ATOM}}}feed", {"xml:lang": publisher.lang})
    _text(root, f"{{{ATOM}}}title", publisher.name)
    _text(root, f"{{{ATOM}}}subtitle", publisher.tagline)
    _text(root, f"{{{ATOM}}}id", publisher.site)
    ET.SubElement(root, f"{{{ATOM}}}link", href=publisher.site)
    ET.SubElement(root, f"{{{ATOM}}}link", href=publisher.address, rel="self")
    if dated:
        _text(root, f"{{{ATOM}}}updated", dated[0][1].isoformat())
    for article, at in dated:
        entry = ET.SubElement(root, f"{{{ATOM}}}entry")
        _text(entry, f"{{{ATOM}}}title", article.title)
        _text(entry, f"{{{ATOM}}}id", f"tag:{publisher.slug},2026:{article.key}")
        ET.SubElement(entry, f"{{{ATOM}}}link", href=link_of(publisher, article))
        _text(entry, f"{{{ATOM}}}published", at.isoformat())
        _text(entry, f"{{{ATOM}}}updated", at.isoformat())
        _text(ET.SubElement(entry, f"{{{ATOM}}}author"), f"{{{ATOM}}}name", article.author)
        _text(entry, f"{{{ATOM}}}summary", article.paragraphs()[0])
        html = _feed_html(publisher, article)
        if article.photo:
            html = _figure(publisher, article) + html
        if publisher.delivery == "full":
            _text(entry, f"{{{ATOM}}}content", html, type="html")
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _json(publisher: Publisher, dated: Dated) -> bytes:
    items = []
    for article, at in dated:
        item = {
            "id": f"{publisher.slug}:{article.key}",
            "url": link_of(publisher, article),
            "title": article.title,
            "content_html": _feed_html(publisher, article),
            "summary": article.paragraphs()[0],
            "date_published": at.isoformat(),
            "authors": [{"name": article.author}],
            "language": publisher.lang,
        }
        if article.photo:
            item["image"] = photo_of(publisher, article)
            item["content_html"] = _figure(publisher, article) + str(item["content_html"])
        items.append(item)
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": publisher.name,
        "home_page_url": publisher.site,
        "feed_url": publisher.address,
        "description": publisher.tagline,
        "language": publisher.lang,
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def page(publisher: Publisher, article: SampleArticle, at: datetime) -> bytes:
    """The article's own page, with the furniture that an extractor has to leave behind."""
    return f"""<!doctype html>
<html lang="{publisher.lang}"><head><meta charset="utf-8">
<title>{escape(article.title)} | {escape(publisher.name)}</title>
<meta name="author" content="{escape(article.author, quote=True)}">
<meta property="article:published_time" content="{at.isoformat()}">
<link rel="alternate" href="{publisher.address}"></head>
<body><header><p>{escape(publisher.name)}</p><nav><a href="/">Front page</a> <a href="/about">About</a></nav></header>
<main><article><h1>{escape(article.title)}</h1><p class="byline">{escape(article.author)}</p>
{_figure(publisher, article)}{body_html(article)}
</article></main><footer><p>{escape(publisher.tagline)}</p></footer></body></html>""".encode()
