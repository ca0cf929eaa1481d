"""Figures as the dashboard shows them: real readers and simulated ones always apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from curation.analytics.registry import Trouble


@dataclass(frozen=True, slots=True)
class Figures:
    """What one kind of readers did in the last 30 days. A read is a qualifying one (queries.QUALIFYING_READ)."""

    readers: int = 0
    active_today: int = 0  # readers with at least one read in the period; days are UTC
    active_7_days: int = 0
    active_30_days: int = 0
    reads: int = 0
    impressions: int = 0
    clicks: int = 0  # tied to an impression

    @property
    def click_through_rate(self) -> float | None:
        """Clicks tied to an impression ÷ impressions; None before anything was shown."""
        return self.clicks / self.impressions if self.impressions else None

    @property
    def stickiness(self) -> float | None:
        """Readers active today ÷ readers active in 30 days."""
        return self.active_today / self.active_30_days if self.active_30_days else None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the series, by the same two kinds."""

    day: date
    active: int = 0
    reads: int = 0
    impressions: int = 0
    clicks: int = 0
    synthetic_active: int = 0
    synthetic_reads: int = 0
    synthetic_impressions: int = 0
    synthetic_clicks: int = 0
    statistics: dict[str, float] = field(default_factory=dict)  # of registered statistics that have a daily series


@dataclass(frozen=True, slots=True)
class AilingSource:
    """A source that does not answer as it should."""

    source_id: int
    name: str
    status: str
    failures: int
    reason: str
    last_fetched_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How the sources in use are. Private ones are counted, never named."""

    by_status: dict[str, int]
    failing: int
    fetches_24_hours: dict[str, int]  # by outcome
    ailing: tuple[AilingSource, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The dashboard's first page."""

    at: datetime
    real: Figures
    synthetic: Figures
    days: tuple[Day, ...]  # 30, oldest first, today last
    statistics: dict[str, float]  # every registered statistic by its key
    articles: int
    articles_today: int
    articles_failed: int
    queue_oldest_seconds: float
    sources: SourceHealth
    troubles: tuple[Trouble, ...] = ()

    @property
    def includes_synthetic(self) -> bool:
        """Whether any figure of `synthetic` is not 0: a page that shows one says so."""
        return self.synthetic != Figures()
