"""Reads JSON Feed 1.0 and 1.1 (jsonfeed.org), forgiving towards single items."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from curation.sources.types import FeedRefused


def _as_text(value: object) -> str:
    """Ids and names are sometimes numbers; the specification says to take them as strings."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


Text = Annotated[str, BeforeValidator(_as_text)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Author(_Lenient):
    name: Text = ""


class Attachment(_Lenient):
    url: Text = ""
    mime_type: Text = ""
    size_in_bytes: Annotated[int | None, BeforeValidator(lambda value: value if type(value) is int else None)] = None


class Item(_Lenient):
    id: Text = ""
    url: Text = ""
    external_url: Text = ""
    title: Text = ""
    content_html: Text = ""
    content_text: Text = ""
    summary: Text = ""
    image: Text = ""
    banner_image: Text = ""
    date_published: Text = ""
    date_modified: Text = ""
    author: Author | None = None
    authors: Annotated[list[Author], BeforeValidator(_as_list)] = Field(default_factory=list)
    tags: Annotated[list[Text], BeforeValidator(_as_list)] = Field(default_factory=list)
    attachments: Annotated[list[Attachment], BeforeValidator(_as_list)] = Field(default_factory=list)


class Feed(_Lenient):
    version: str
    title: Text = ""
    home_page_url: Text = ""
    language: Text = ""
    author: Author | None = None
    authors: Annotated[list[Author], BeforeValidator(_as_list)] = Field(default_factory=list)
    items: list[Any]


def read(body: bytes) -> tuple[Feed, list[Item], bool]:
    """The feed, its readable items, and whether some were not; raises FeedRefused for JSON that is no JSON Feed."""
    try:
        feed = Feed.model_validate(orjson.loads(body.removeprefix(b"\xef\xbb\xbf")))
    except orjson.JSONDecodeError as error:
        raise FeedRefused(f"not JSON: {error}"[:200]) from None
    except ValidationError:
        raise FeedRefused("JSON, but not a JSON Feed") from None
    if "jsonfeed.org/version/" not in feed.version:
        raise FeedRefused("JSON, but not a JSON Feed")
    items = []
    for raw in feed.items:
        try:
            items.append(Item.model_validate(raw))
        except ValidationError:
            continue
    return feed, items, len(items) < len(feed.items)
