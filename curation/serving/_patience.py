"""How long whoever is asking can wait: a page far less than a worker."""

from __future__ import annotations

from contextvars import ContextVar

most_seconds: ContextVar[float | None] = ContextVar("most_seconds", default=None)


def within(timeout: float) -> float:
    """The timeout, or less where the caller cannot wait that long."""
    most = most_seconds.get()
    return timeout if most is None else min(timeout, most)
