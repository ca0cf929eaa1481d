"""An article's text on its page."""

from __future__ import annotations

import pytest

from curation.articles.models import Article
from curation.sources.models import Source
from frontend.pages._prose import prose


def shown(html: str, title: str = "Bees swarm early", *, is_sample: bool = False) -> str:
    source = Source(name="A", is_sample=is_sample)
    return str(prose(Article(title=title, html=html, url="https://a.example.org/1", source=source)))


@pytest.mark.parametrize(
    "heading", ["<h1>Bees swarm early</h1>", "<h2> Bees swarm  early! </h2>", "<h1><b>Bees</b> swarm early</h1>"]
)
def test_the_headline_is_not_said_twice(heading: str) -> None:
    assert shown(f"{heading}<p>They left.</p>") == "<p>They left.</p>"


def test_another_heading_stays_below_the_pages_own() -> None:
    assert shown("<h1>What happened</h1><p>x</p>") == "<h2>What happened</h2><p>x</p>"


def test_a_publishers_picture_is_a_link_that_loads_nothing() -> None:
    html = shown('<figure><img src="https://b.example.org/bee.jpg" alt="A bee &amp; a flower"></figure><p>x</p>')
    assert "<img" not in html
    assert 'href="https://b.example.org/bee.jpg"' in html
    assert "A bee &amp; a flower" in html


def test_a_sample_article_links_to_no_publisher_that_is_not_there() -> None:
    html = shown('<figure><img src="https://b.sample.invalid/bee.jpg" alt="A bee"></figure><p>x</p>', is_sample=True)
    assert "sample.invalid" not in html
    assert "<p>x</p>" in html


def test_text_after_a_picture_is_kept() -> None:
    assert "tail text" in shown('<p><img src="https://b.example.org/x.jpg" alt="">tail text</p>')


def test_nothing_becomes_active_by_being_rewritten() -> None:
    image = '<img src="https://b.example.org/&quot; onerror=&quot;alert(1)" alt="&lt;script&gt;">'
    hostile = f"<p>&lt;img src=x onerror=alert(1)&gt;{image}</p>"
    html = shown(hostile)
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize("html", ["", "   ", "plain words", "<p>unclosed", "<!-- only a comment -->"])
def test_odd_text_is_shown_without_trouble(html: str) -> None:
    assert "<html" not in shown(html)
