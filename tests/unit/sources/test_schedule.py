"""When to come back."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from curation.sources import _schedule

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
seconds = st.integers(1, 10**6)


@given(seconds, st.booleans())
def test_the_interval_stays_within_its_bounds(interval, had_news):
    adapted = _schedule.adapted_interval(interval, had_news=had_news)
    assert _schedule.SHORTEST_SECONDS <= adapted <= _schedule.LONGEST_SECONDS


def test_news_brings_us_back_sooner_and_silence_later():
    assert _schedule.adapted_interval(3600, had_news=True) < 3600 < _schedule.adapted_interval(3600, had_news=False)


@given(seconds, st.one_of(st.none(), st.integers(0, 10**9)))
def test_a_publishers_wish_is_respected_up_to_a_day(interval, max_age):
    wait = _schedule.wait_after_success(interval, max_age=max_age)
    assert wait >= min(max_age or 0, 86400)
    assert wait <= max(interval, 86400)


@given(st.integers(900, 21600), st.integers(1, 1000), st.one_of(st.none(), st.integers(0, 604800)))
def test_back_off_grows_to_a_day_and_never_beats_retry_after(interval, failures, retry_after):
    wait = _schedule.back_off(interval, failures=failures, retry_after=retry_after)
    assert wait >= (retry_after or 0)
    assert wait <= max(86400, retry_after or 0)
    assert wait <= _schedule.back_off(interval, failures=failures + 1, retry_after=retry_after)


@given(st.floats(0, 1, exclude_max=True))
def test_luck_only_delays(luck):
    visit = _schedule.next_visit(AT, 1000, luck=luck)
    assert 1000 <= (visit - AT).total_seconds() <= 1100
