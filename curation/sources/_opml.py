"""Reads subscription lists: OPML as other readers write it, well-formed or not."""

from __future__ import annotations

from lxml import etree

from curation.sources._html import absolute_url, plain_title
from curation.sources._xml_guard import refuse_hostile_xml
from curation.sources.types import FeedRefused, ListedSource

MAX_CHARACTERS = 4_000_000
MAX_SUBSCRIPTIONS = 2000  # a flood of outlines is refused, not cut: half an import would look like a whole one
_ADDRESS_NAMES = ("xmlurl", "xmluri")


def parse_opml(text: str) -> list[ListedSource]:
    """Every feed in the list, each address once; raises FeedRefused."""
    if len(text) > MAX_CHARACTERS:
        raise FeedRefused("the subscription list is too large")
    body = text.removeprefix("\ufeff").strip().encode("utf-8", "replace")
    refuse_hostile_xml(body, "application/xml; charset=utf-8")
    parser = etree.XMLParser(encoding="utf-8", recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser) if body else None
    except etree.XMLSyntaxError:
        root = None
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise FeedRefused("not a subscription list (OPML)")
    found: dict[str, ListedSource] = {}
    for outline in root.iter("{*}outline", "{*}OUTLINE"):
        attributes = {_local_name(str(name)): str(value) for name, value in outline.attrib.items()}
        stated = next((attributes[name] for name in _ADDRESS_NAMES if name in attributes), "")
        address = absolute_url(without_feed_scheme(stated))
        if address:
            title = plain_title(attributes.get("title") or attributes.get("text") or "")[:200]
            listed = found.setdefault(address, ListedSource(title, address))
            if attributes.get("private", "").strip().lower() == "true":  # of two lines the more careful one counts
                found[address] = listed._replace(private=True)
        if len(found) > MAX_SUBSCRIPTIONS:
            raise FeedRefused(f"more than {MAX_SUBSCRIPTIONS} subscriptions in one list")
    return list(found.values())


def _local_name(name: str) -> str:
    """Without its namespace, or a prefix that a broken list never declared."""
    return name.rpartition("}")[2].rpartition(":")[2].lower()


def without_feed_scheme(address: str) -> str:
    """Browsers and readers write feed://host/… for an address that is to be subscribed to."""
    address = address.strip()
    if address.lower().startswith("feed:"):
        address = address[5:].removeprefix("//")
        return address if address.startswith("http") else f"http://{address}"
    return address
