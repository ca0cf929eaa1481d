"""Opens and closes the sample newsroom, and makes readers up to try it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from curation.sources.models import Source

from . import _newsroom
from .models import Newsroom


@transaction.atomic
def load_newsroom(*, at: datetime) -> int:
    """Open the newsroom: its publishers become sources that are due at once. Returns how many there are.

    Safe to call again: an open newsroom keeps its first day.
    """
    Newsroom.objects.get_or_create(id=1, defaults={"started_at": at})
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
def remove_newsroom() -> int:
    """Close the newsroom and take everything it printed away: sources, articles, pictures, what was read of them.

    Returns how many sources went.
    """
    Newsroom.objects.all().delete()
    sources = Source.objects.filter(is_sample=True)
    count = sources.count()
    sources.delete()
    return count
