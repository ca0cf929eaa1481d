"""The starter catalogue: real publishers, asleep until somebody follows one of their topics."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from curation.sources.models import Source

CATALOGUE = Path(__file__).with_name("catalogue.tsv")
_KEPT_UP = ("name", "site_url", "language", "topic_slugs")


def read_catalogue(path: Path = CATALOGUE) -> Iterator[Source]:
    """Unsaved sources, one a line."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield Source(
                address=row["address"].strip(),
                name=row["name"].strip()[:200],
                site_url=row["site"].strip(),
                language=row["language"].strip(),
                topic_slugs=[slug for slug in row["topics"].strip().split(",") if slug],
                status=Source.Status.DORMANT,
            )


def store_catalogue(path: Path = CATALOGUE) -> int:
    """How many sources were added or brought up to date; what operators and visits changed is left alone."""
    listed = {source.address: source for source in read_catalogue(path)}
    held = {source.address: source for source in Source.objects.filter(owner=None, address__in=listed)}
    missing = [source for address, source in listed.items() if address not in held]
    stale = [source for address, source in held.items() if _bring_up_to_date(source, listed[address])]
    Source.objects.bulk_create(missing, ignore_conflicts=True)
    Source.objects.bulk_update(stale, _KEPT_UP)
    return len(missing) + len(stale)


def _bring_up_to_date(held: Source, listed: Source) -> bool:
    differing = [name for name in _KEPT_UP if getattr(held, name) != getattr(listed, name)]
    for name in differing:
        setattr(held, name, getattr(listed, name))
    return bool(differing)
