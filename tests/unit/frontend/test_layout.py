"""The make-up of an edition."""

from hypothesis import given
from hypothesis import strategies as st

from frontend.pages._layout import OPENING, arrange


@given(count=st.integers(0, 120), opening=st.booleans())
def test_every_card_is_set_once_and_in_the_order_of_rank(count: int, opening: bool) -> None:
    bands = list(arrange(range(count), opening=opening))
    assert [item for band in bands for item in band.items] == list(range(count))


@given(count=st.integers(1, 120), opening=st.booleans())
def test_a_band_is_never_left_with_holes(count: int, opening: bool) -> None:
    room = {"lead": 3, "trio": 3, "briefs": 4, "quartet": 4, "pair": 2, "wide": 1}
    for band in arrange(range(count), opening=opening):
        assert len(band.items) == room[band.kind] or band.kind == "lead"


def test_an_opening_begins_with_the_lead_and_a_continuation_never_has_one() -> None:
    assert next(arrange(range(20), opening=True)).kind == "lead"
    assert "lead" not in {band.kind for band in arrange(range(60), opening=False)}


def test_a_page_of_twenty_fills_whole_bands() -> None:
    assert [band.kind for band in arrange(range(20), opening=True)] == [kind for kind, _ in OPENING]
