"""An article's text as a page shows it: its headline not said twice, its pictures one deliberate click away."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from lxml import etree
from lxml import html as lxml_html

from curation.articles import queries as articles
from curation.articles.models import Article

HEADINGS = ("h1", "h2")


def prose(article: Article) -> SafeString:
    """The stored HTML for reading. A publisher's picture becomes a link to it: opening an article tells no publisher
    who reads, and a text has one heading of the first rank, the page's own.
    """
    if not article.html.strip():
        return SafeString("")
    root = lxml_html.fragment_fromstring(article.html, create_parent="div")
    _drop_repeated_title(root, article.title)
    for heading in root.iter("h1"):
        heading.tag = "h2"
    for image in list(root.iter("img")):
        if article.source.is_sample:  # nobody prints these papers: there is nowhere to go
            image.drop_tree()
        else:
            _replace_by_link(image)
    # The sanitiser has the last word, after everything that rewrote the text.
    inner = escape(root.text or "") + "".join(lxml_html.tostring(child, encoding="unicode") for child in root)
    return mark_safe(articles.clean_html(inner, article.url))  # noqa: S308


def _drop_repeated_title(root: etree._Element, title: str) -> None:
    first = next((element for element in root.iter(*HEADINGS) if _plain(element.text_content())), None)
    if first is not None and _plain(first.text_content()) == _plain(title) and first.getparent() is not None:
        first.drop_tree()


def _replace_by_link(image: etree._Element) -> None:
    source, alt = image.get("src", ""), (image.get("alt") or "").strip()
    if not source.startswith(("http://", "https://")):
        image.drop_tree()
        return
    link = etree.Element("a", href=source)
    link.text = _("Picture at the publisher: %(alt)s") % {"alt": alt} if alt else _("Picture at the publisher")
    link.tail = image.tail
    parent = image.getparent()
    if parent is not None:
        parent.replace(image, link)


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()
