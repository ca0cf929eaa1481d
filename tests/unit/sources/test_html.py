"""What is left of strangers' HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.sources._html import absolute_url, clean_html, plain_text, plain_title, storable

BASE = "https://e.org/news/today"


@pytest.mark.parametrize(
    "html",
    [
        "<script>x()</script>",
        "<img src=x onerror=x()>",
        "<a href='javascript:x()'>a</a>",
        "<iframe src=//e.org></iframe>",
        "<p style='position:fixed'>x</p>",
        "<style>p{}</style>",
        "<form action=/x><input name=p></form>",
        "<base href=//evil>",
        "<img src='data:image/svg+xml,<svg onload=x()>'>",
        "<svg onload=x()>",
        "<math><mi xlink:href='data:x'>",
        "<object data=x>",
        "<a href='&#106;avascript:x()'>a</a>",
        "<link rel=stylesheet href=x>",
        "<meta http-equiv=refresh content=0>",
        "<a href=' java\nscript:x()'>a</a>",
        "<video src=x autoplay></video>",
        "<div id=top class=x data-x=y>t</div>",
    ],
)
def test_nothing_that_runs_frames_styles_or_asks_is_left(html):
    clean = clean_html(html, BASE).lower()
    words = "javascript|script|onerror|onload|iframe|style|form|input|base|data:|svg|math|object|meta|video|id=|class="
    assert not re.search(rf"<[^>]*\b(?:{words})", clean)


def test_links_and_pictures_are_absolute_and_tell_nobody_where_the_reader_is():
    clean = clean_html('<a href="../x?a=1&b=2">l</a><img src="/p.png" alt="A &gt; B" width="9">', BASE)
    assert 'href="https://e.org/x?a=1&amp;b=2"' in clean
    assert 'rel="noopener noreferrer nofollow"' in clean
    assert 'src="https://e.org/p.png"' in clean
    for attribute in ('loading="lazy"', 'referrerpolicy="no-referrer"', 'width="9"'):
        assert attribute in clean


def test_dots_that_count_readers_are_dropped_and_pictures_are_not():
    html = '<img src="https://t.org/1.gif" width="1" height="1"><img src="https://e.org/p.png" width="10">'
    assert clean_html(html).count("<img") == 1
    assert "p.png" in clean_html(html)


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text):
    once = clean_html(text, BASE)
    assert clean_html(once, BASE) == once


@given(st.text())
def test_what_is_stored_can_be_stored(text):
    kept = storable(text)
    assert "\x00" not in kept
    kept.encode()


def test_words_keep_their_lines_and_lose_their_marks():
    html = "<p>One &amp; <b>two</b></p><ul><li>three</li><li>four</li></ul><script>no</script>"
    assert plain_text(html) == "One & two\nthree\nfour"


def test_titles_are_one_line_without_mark_up():
    assert plain_title(" AT&amp;T <i>wins</i>\n again ") == "AT&T wins again"
    assert plain_title("Kim &amp;apos;s &amp;#8216;day&amp;#8217;") == "Kim 's ‘day’"


@pytest.mark.parametrize("url", ["javascript:x()", "mailto:a@b", "http://[bad", "ftp://e.org/", "", "/no-base"])
def test_only_http_addresses_are_addresses(url):
    assert absolute_url(url) == ""


def test_an_address_is_measured_as_it_is_stored():
    spaces = " " * 700
    assert absolute_url(f"https://e.org/{spaces}x") == ""
    assert len(absolute_url(f"https://e.org/{spaces[:600]}x")) == len("https://e.org/x") + 3 * 600
