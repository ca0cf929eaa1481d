"""Opens and closes the sample newsroom, and makes readers up to try it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.db import transaction

from curation.sources.models import Source

from . import _newsroom, _simulation, _world
from .models import Newsroom
from .types import Taste


@transaction.atomic
def load_newsroom(*, at: datetime) -> int:
    """Open the newsroom: its publishers become sources that are due at once. Returns how many there are.

    Safe to call again: an open newsroom keeps its first day, one that was closed opens anew.
    """
    newsroom, _ = Newsroom.objects.get_or_create(id=1, defaults={"started_at": at})
    if newsroom.closed_at is not None:
        newsroom.started_at, newsroom.closed_at = at, None
        newsroom.save()
    for publisher in _newsroom.publishers().values():
        topics = sorted({a.topics[0] for a in _newsroom.articles() if a.publisher == publisher.slug})
        Source.objects.get_or_create(
            address=publisher.address,
            owner=None,
            defaults={
                "name": publisher.name,
                "site_url": publisher.site,
                "language": publisher.lang,
                "topic_slugs": topics,
                "is_sample": True,
                "status": Source.Status.ACTIVE,
                "next_fetch_at": at,
            },
        )
    return len(_newsroom.publishers())


@transaction.atomic
def remove_newsroom(*, at: datetime) -> int:
    """Close the newsroom and take everything it printed away: sources, articles, pictures, what was read of them.

    It stays closed at the next start. Returns how many sources went.
    """
    Newsroom.objects.filter(closed_at__isnull=True).update(closed_at=at)
    sources = Source.objects.filter(is_sample=True)
    count = sources.count()
    sources.delete()
    return count


# -- Simulated readers ---------------------------------------------------------------------------------------


def read_tastes(path: Path) -> dict[int, Taste]:
    """True tastes from a file of JSON lines or CSV, by the reader's number. Raises ValueError, OSError."""
    return _simulation.read_tastes(path)


def imagine_tastes(*, count: int, seed: int, given: Mapping[int, Taste]) -> list[Taste]:
    """`count` tastes: the given ones, and drawn ones for all others. Raises ValueError for an unknown topic."""
    return _simulation.imagine_tastes(count, seed, given)


def simulate(
    *,
    reader_ids: Sequence[int],
    days: int,
    seed: int,
    tastes: Sequence[Taste],
    at: datetime,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, int]:
    """Let these synthetic readers read for the `days` up to `at`; the reader model stands in `_simulation`.

    The same call again adds nothing. Returns how many rows of each kind were added. Raises ValueError when there is
    nothing to read.
    """
    return _simulation.simulate(reader_ids=reader_ids, days=days, seed=seed, tastes=tastes, at=at, progress=progress)


def compare_rankings(
    *, tastes: Sequence[Taste], days: int, seed: int, progress: Callable[[str, int, int], None] = lambda *done: None
) -> dict[str, float]:
    """How the product's feed fares against simpler ones in a world whose readers' tastes are known; see `_world`."""
    return _world.compare(tastes, days=days, seed=seed, progress=progress)
