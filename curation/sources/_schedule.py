"""Says when to come back: sooner to a source that had news, later to a silent one, much later to a failing one."""

from __future__ import annotations

from datetime import datetime, timedelta

SHORTEST_SECONDS = 15 * 60
LONGEST_SECONDS = 6 * 3600
LONGEST_WISH_SECONDS = 24 * 3600  # of a publisher's Cache-Control
LONGEST_BACK_OFF_SECONDS = 24 * 3600
FAILURES_BEFORE_PAUSE = 30  # in a row: about four weeks of daily attempts
JITTER = 0.1


def adapted_interval(seconds: int, *, had_news: bool) -> int:
    """Seconds between visits, learnt from whether this one brought anything."""
    return round(max(SHORTEST_SECONDS, min(seconds * (0.7 if had_news else 1.25), LONGEST_SECONDS)))


def wait_after_success(interval: int, *, max_age: int | None) -> int:
    """Seconds until the next visit: a publisher's max-age is respected up to a day."""
    return max(interval, min(max_age or 0, LONGEST_WISH_SECONDS))


def back_off(seconds: int, *, failures: int, retry_after: int | None) -> int:
    """Seconds until the next attempt after `failures` in a row; never before the server asked us to."""
    grown = min(seconds * 2 ** min(failures, 20), LONGEST_BACK_OFF_SECONDS)
    return max(grown, retry_after or 0)


def next_visit(at: datetime, seconds: int, *, luck: float) -> datetime:
    """`luck` in [0, 1) spreads sources that were added together; it only ever delays."""
    return at + timedelta(seconds=seconds * (1 + JITTER * luck))
