"""Subscription lists of other readers."""

import pytest

from curation.sources.queries import parse_opml
from curation.sources.types import FeedRefused


def opml(body: str) -> str:
    return f'<?xml version="1.0" encoding="ISO-8859-1"?><opml version="1.0"><body>{body}</body></opml>'


def test_every_feed_is_found_once_at_any_depth():
    text = opml(
        '<outline text="News"><outline text="A" title="Ä" xmlUrl="https://a.org/f"/><outline text="C" xmlUrl="https://a.org/f"/>'
        '</outline><outline text="B" XMLURL="feed://b.org/f"/><outline text="x" xmlUrl="javascript:1"/>'
    )
    assert parse_opml(text) == [("Ä", "https://a.org/f", False), ("B", "http://b.org/f", False)]


def test_a_list_with_bare_ampersands_is_still_read():
    assert parse_opml(opml('<outline text="A & B" xmlUrl="https://a.org/f?x=1&y=2"/>'))[0][1].startswith(
        "https://a.org/f?x=1"
    )


@pytest.mark.parametrize("declared", [' xmlns:gyeol="urn:gyeol:opml"', ""])
def test_a_source_that_any_line_marks_private_is_private(declared):
    text = (
        f"<opml{declared}><body>"
        '<outline xmlUrl="https://a.org/f"/><outline text="A" xmlUrl="https://a.org/f" gyeol:private="true"/>'
        '<outline xmlUrl="https://b.org/f" gyeol:private="false"/></body></opml>'
    )
    assert parse_opml(text) == [("", "https://a.org/f", True), ("", "https://b.org/f", False)]


def test_a_flood_is_refused_whole():
    with pytest.raises(FeedRefused, match="more than 2000"):
        parse_opml(opml("".join(f'<outline xmlUrl="https://a.org/{n}"/>' for n in range(2001))))


@pytest.mark.parametrize("text", ["", "hello", "<html></html>", '<!DOCTYPE x [<!ENTITY a "b">]><opml/>'])
def test_what_is_no_list_is_refused(text):
    with pytest.raises(FeedRefused):
        parse_opml(text)
