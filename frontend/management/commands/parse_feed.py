"""Prints feed documents as the ingester reads them: one JSON object a file, HTML already sanitised."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from curation.sources import queries
from curation.sources.types import FeedRefused, ParsedEntry, ParsedFeed


class Command(BaseCommand):
    help = "Parse feed files (RSS, Atom, RDF, JSON Feed) and print one JSON object a line. Needs no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--url", default="", help="the address that the document came from; makes links absolute")
        parser.add_argument("--content-type", default="", help="the Content-Type that it came with")

    def handle(self, *, files: list[Path], url: str, content_type: str, **options: Any) -> None:
        refused = 0
        for path in files:
            try:
                feed = queries.parse(path.read_bytes(), url=url, content_type=content_type)
            except (FeedRefused, OSError) as error:
                refused += 1
                self.stderr.write(f"{path}: {error}")
            else:
                self.stdout.write(orjson.dumps(_feed(feed)).decode())
        if refused:
            raise CommandError(f"{refused} of {len(files)} files could not be read as a feed")


def _feed(feed: ParsedFeed) -> dict[str, Any]:
    return {
        "format": feed.format,
        "title": feed.title,
        "link": feed.link,
        "language": feed.language,
        "bozo": feed.bozo,
        "entries": [_entry(entry) for entry in feed.entries],
    }


def _entry(entry: ParsedEntry) -> dict[str, Any]:
    return {
        "id": entry.external_id,
        "link": entry.link,
        "title": entry.title,
        "summary_html": entry.summary_html,
        "content_html": entry.content_html,
        "authors": list(entry.authors),
        "categories": list(entry.categories),
        "published_at": _moment(entry.published_at),
        "updated_at": _moment(entry.updated_at),
        "image": {"url": entry.image.url, "alt": entry.image.alt} if entry.image else None,
        "enclosures": [{"url": e.url, "type": e.type, "length": e.length} for e in entry.enclosures],
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
