"""An entry made an article: no database, no network."""

from __future__ import annotations

from datetime import timedelta

import pytest

from curation.articles._draft import is_full_text_of, make_draft, wants_full_text
from curation.articles.types import Extracted
from curation.sources.types import Image
from tests.factories.sources import NOON, EntryFactory, SourceFactory

FULL = "The harbour bridge opens to walkers at last. " + "It had been closed for nine years of repairs. " * 20


def entry(**values):
    source = SourceFactory.build(**values.pop("source", {}), pk=1)
    return EntryFactory.build(source=source, **values)


def page(text: str = FULL, **values) -> Extracted:
    return Extracted(title="From the page", text=text, html=f"<p>{text}</p>", **values)


def test_a_draft_holds_what_a_card_needs():
    draft = make_draft(
        entry(
            title="Harbour bridge opens",
            link="https://e.org/a?utm_source=x",
            authors=["Kim", "—"],
            content_html=f"<p>{FULL}</p>",
        ),
        None,
    )
    assert (draft.url, draft.title, draft.author, draft.language) == (
        "https://e.org/a",
        "Harbour bridge opens",
        "Kim",
        "en",
    )
    assert draft.has_full_text
    assert draft.summary.startswith("The harbour bridge opens to walkers at last.")
    assert draft.reading_seconds > 30


def test_a_photos_caption_is_no_summary():
    figure = (
        "<figure><img src='https://e.org/p.jpg'><figcaption>A very old bridge in the morning fog.</figcaption></figure>"
    )
    draft = make_draft(entry(content_html=f"{figure}<p>{FULL}</p>"), None)
    assert draft.summary.startswith("The harbour bridge opens")


@pytest.mark.parametrize(("days", "sorted_days"), [(-3, -3), (0, 0), (3, 0)])
def test_nothing_is_newer_than_the_moment_we_saw_it(days, sorted_days):
    draft = make_draft(entry(published_at=NOON + timedelta(days=days)), None)
    assert draft.published_at == NOON + timedelta(days=days)
    assert draft.sorted_at == NOON + timedelta(days=sorted_days)


def test_an_entry_without_a_date_is_as_old_as_our_knowledge_of_it():
    assert make_draft(entry(published_at=None, updated_at=None), None).sorted_at == NOON


def test_the_page_fills_what_the_teaser_lacks():
    teaser = entry(title="", content_html="<p>Walkers welcome</p>", image_url="")
    draft = make_draft(teaser, page(image=Image("https://e.org/p.jpg", "A bridge"), authors=("Lee",)))
    assert (draft.title, draft.image_url, draft.image_alt, draft.author) == (
        "From the page",
        "https://e.org/p.jpg",
        "A bridge",
        "Lee",
    )
    assert draft.has_full_text


def test_only_teasers_with_a_link_want_their_page():
    assert wants_full_text(entry(content_html="<p>Short</p>"))
    assert not wants_full_text(entry(content_html=f"<p>{FULL}</p>"))
    assert not wants_full_text(entry(content_html="<p>Short</p>", link=""))
    assert not wants_full_text(entry(content_html="<p>Short</p>", source={"excerpts_only": True}))


def test_a_consent_form_is_not_the_article():
    teaser = entry(
        title="Harbour bridge opens to walkers", content_html="<p>It had been closed for nine years of repairs.</p>"
    )
    consent = "We value your privacy. Accept all cookies to continue or manage settings with our partners. " * 10
    assert is_full_text_of(page(), teaser)
    assert not is_full_text_of(page(consent), teaser)
    assert not is_full_text_of(page("Harbour bridge opens to walkers."), teaser)


def test_entries_without_links_have_addresses_of_their_own_that_hold_no_token():
    source = {"address": "https://private.example/feed?token=s3cret", "site_url": ""}
    first, second = (make_draft(entry(link="", external_id=i, source=source), None).url for i in "ab")
    assert first != second
    assert "s3cret" not in first
    assert first.startswith("https://private.example/#")


def test_short_texts_are_never_the_same_words():
    first = make_draft(entry(title="Photo of the day", content_html="", link="https://a.org/1"), None)
    second = make_draft(entry(title="Photo of the day", content_html="", link="https://b.org/1"), None)
    assert first.content_hash != second.content_hash
    long = [make_draft(entry(title="T", content_html=f"<p>{FULL}</p>", link=f"https://{h}.org/1"), None) for h in "ab"]
    assert long[0].content_hash == long[1].content_hash
