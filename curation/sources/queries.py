"""What others may ask about sources, feed documents and the network, without changing anything."""

from __future__ import annotations

from django.conf import settings

from curation.sources import _http
from curation.sources._html import absolute_url, clean_html, plain_text, plain_title, storable
from curation.sources._opml import parse_opml
from curation.sources._parse import parse
from curation.sources.models import FetchingSwitch
from curation.sources.types import Document

__all__ = [
    "absolute_url",
    "clean_html",
    "fetch_document",
    "is_fetching_on",
    "parse",
    "parse_opml",
    "plain_text",
    "plain_title",
    "storable",
]

ACCEPT_HTML = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


def is_fetching_on() -> bool:
    """Whether this installation may fetch from the internet: GYEOL_FETCH decides, else the operator's switch."""
    if settings.FETCH in ("on", "off"):
        return settings.FETCH == "on"
    return FetchingSwitch.objects.filter(is_on=True).exists()


def fetch_document(
    url: str,
    *,
    accept: str = ACCEPT_HTML,
    etag: str = "",
    last_modified: str = "",
    within: float | None = None,
) -> Document:
    """A document with status 200, or 304 where a validator was given: the one guarded way to the network.

    `within`: seconds, where somebody waits for it. Raises FetchFailed or one of its kinds: AddressRefused,
    FetchingIsOff. Never call it inside a transaction.
    """
    return _http.get(
        url, accept=accept, may_fetch=is_fetching_on(), etag=etag, last_modified=last_modified, within=within
    )
