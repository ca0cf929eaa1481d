"""Refuses XML that declares entities or reaches outside itself, before a feed parser sees it."""

from __future__ import annotations

import re
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import defusedxml.sax
from defusedxml.common import DefusedXmlException
from feedparser.encodings import convert_to_utf8

from curation.sources.types import FeedRefused

# Everything before the first element: only there may a document type stand.
_PROLOG = re.compile(rb"\A(?:[^<]|<[?!])*?(?=<[^?!])", re.DOTALL)
_DECLARATION = re.compile(rb"<!(?:ENTITY|ELEMENT|ATTLIST|NOTATION)\b", re.IGNORECASE)


class _PrologIsOver(SAXException):
    """The root element has begun: no declaration can follow."""

    def __init__(self) -> None:
        super().__init__("the root element")


class _PrologReader(ContentHandler):
    def startElement(self, name: str, attrs: object) -> None:
        raise _PrologIsOver

    def startElementNS(self, name: object, qname: object, attrs: object) -> None:
        raise _PrologIsOver


def refuse_hostile_xml(body: bytes, content_type: str = "") -> None:
    """Raises FeedRefused, with the reason. A plain DOCTYPE, as RSS 0.91 has it, passes: nothing loads what it names.

    The check reads the bytes in the encoding that the parser will read them in; a document type cannot hide in another.
    """
    text = convert_to_utf8({"content-type": content_type} if content_type else {}, body, {}).lstrip()
    prolog = _PROLOG.match(text)
    head = prolog[0] if prolog else text
    try:
        # An external DTD that is only named is not loaded; an external entity cannot be used without a declaration.
        defusedxml.sax.parseString(text, _PrologReader(), forbid_dtd=False, forbid_entities=True, forbid_external=False)
    except DefusedXmlException as error:
        raise FeedRefused(f"the document declares entities ({type(error).__name__}): refused unread") from None
    except SAXException:
        pass  # over, or broken: broken feeds are common and the lenient parser may still read them …
    if _DECLARATION.search(head):  # … but what is broken may hide its declarations from a strict parser
        raise FeedRefused("the document type declares entities or elements: refused unread")
