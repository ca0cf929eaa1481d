"""The decider alone: no clock, no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from curation.sources._decide import Decision, Known, decide
from curation.sources.types import ParsedEntry

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
few = st.sampled_from(["a", "b", "c", "d", "e"])
parsed_entries = st.lists(
    st.builds(ParsedEntry, external_id=few, link=st.sampled_from(["", "u", "v", "w"]), title=few, content_hash=few),
    unique_by=lambda entry: entry.external_id,
)
known_entries = st.lists(
    st.builds(
        Known,
        pk=st.integers(1, 10**6),
        external_id=few,
        content_hash=few,
        link=st.sampled_from(["", "u", "v"]),
        title=few,
    ),
    unique_by=(lambda entry: entry.external_id, lambda entry: entry.pk),
)


def stored(known: list[Known], decision: Decision) -> list[Known]:
    """What the table holds after a decision was carried out."""
    rows = {entry.pk: entry for entry in known}
    for pk, entry in decision.changed:
        rows[pk] = Known(pk, rows[pk].external_id, entry.content_hash, entry.link, entry.title)
    for number, entry in enumerate(decision.new, start=10**7):
        rows[number] = Known(number, entry.external_id, entry.content_hash, entry.link, entry.title)
    return list(rows.values())


@given(known_entries, parsed_entries)
def test_nothing_is_lost_and_nothing_is_invented(known, parsed):
    decision = decide(known, parsed, at=AT)
    assert len(decision.new) + len(decision.changed) + len(decision.same) <= len(parsed)
    touched = {pk for pk, _ in decision.changed} | set(decision.same)
    assert touched <= {entry.pk for entry in known}
    assert {pk for pk, _ in decision.changed}.isdisjoint(decision.same)
    assert {entry.external_id for entry in decision.new}.isdisjoint(entry.external_id for entry in known)
    for entry in parsed:
        ours = [held.pk for held in known if held.external_id == entry.external_id]
        assert any(e.external_id == entry.external_id for e in decision.new) or touched & set(ours) or not ours


@given(known_entries, parsed_entries)
def test_deciding_again_finds_nothing_new(known, parsed):
    first = decide(known, parsed, at=AT)
    again = decide(stored(known, first), parsed, at=AT)
    assert again.new == ()


@given(known_entries, parsed_entries)
def test_the_order_of_what_we_hold_does_not_matter(known, parsed):
    assert decide(known, parsed, at=AT) == decide(known[::-1], parsed, at=AT)


@given(parsed_entries)
def test_a_document_read_twice_is_all_the_same(parsed):
    known = [Known(n, e.external_id, e.content_hash, e.link, e.title) for n, e in enumerate(parsed)]
    decision = decide(known, parsed, at=AT)
    assert (decision.new, decision.changed) == ((), ())


def test_new_ids_for_old_items_make_no_new_entries():
    known = [Known(1, "guid-1", "h", "https://e.org/1", "Bridge opens")]
    churned = ParsedEntry(external_id="guid-1-v2", link="https://e.org/1", title="Bridge opens", content_hash="h")
    assert decide(known, [churned], at=AT) == Decision(same=(1,))
    changed = decide(known, [replace(churned, content_hash="h2")], at=AT)
    assert changed.changed[0][0] == 1
    assert changed.changed[0][1].external_id == "guid-1"


def test_a_live_page_whose_items_share_a_link_keeps_its_items_apart():
    known = [Known(1, "a", "h", "https://e.org/live", "10:05 Goal")]
    items = [
        ParsedEntry(external_id=i, link="https://e.org/live", title=f"{i} Goal", content_hash=i) for i in ("b", "c")
    ]
    assert len(decide(known, items, at=AT).new) == 2


def test_impossible_dates_are_dropped_and_merely_odd_ones_kept():
    tomorrow = AT + timedelta(days=1)
    lies = [
        ParsedEntry(external_id="a", published_at=datetime(1970, 1, 1, tzinfo=UTC), updated_at=AT),
        ParsedEntry(external_id="b", published_at=datetime(2999, 1, 1, tzinfo=UTC)),
        ParsedEntry(external_id="c", published_at=tomorrow),
    ]
    new = decide([], lies, at=AT).new
    assert [entry.published_at for entry in new] == [None, None, tomorrow]
    assert new[0].updated_at == AT
