"""One address for one article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.articles._canonical import canonical_url


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("HTTPS://Example.org:443/a?utm_source=rss&utm_medium=feed&id=7#top", "https://example.org/a?id=7"),
        ("http://example.org:80/a?b=2&a=1&fbclid=x", "http://example.org/a?a=1&b=2"),
        ("https://example.org/a?id=7&rss", "https://example.org/a?id=7"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/기사?번호=1", "https://example.org/%EA%B8%B0%EC%82%AC?%EB%B2%88%ED%98%B8=1"),
        ("", ""),
        ("https://example.org/" + "a" * 2000, ""),
    ],
)
def test_what_only_counts_visitors_is_dropped_and_what_names_the_article_stays(url, clean):
    assert canonical_url(url) == clean


@given(st.text(max_size=40), st.dictionaries(st.text("abc_", min_size=1), st.text(max_size=5), max_size=4))
def test_a_canonical_address_is_its_own(path, query):
    from urllib.parse import quote, urlencode

    once = canonical_url(f"https://example.org/{quote(path)}?{urlencode(query)}")
    assert canonical_url(once) == once
