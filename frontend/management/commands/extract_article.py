"""Prints the article that a saved web page holds, as JSON."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from curation.articles import queries


class Command(BaseCommand):
    help = "Extract title, authors, date, text, HTML and picture from a web page and print them as JSON. No database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--url", required=True, help="the address that the page came from")

    def handle(self, *, file: Path, url: str, **options: Any) -> None:
        try:
            page = file.read_bytes()
        except OSError as error:
            raise CommandError(str(error)) from None
        found = queries.extract(page, url)
        if not found.text:
            raise CommandError(f"{file}: no article found")
        self.stdout.write(
            orjson.dumps(
                {
                    "title": found.title,
                    "authors": list(found.authors),
                    "published_at": found.published_at.isoformat() if found.published_at else None,
                    "language": found.language,
                    "text": found.text,
                    "html": found.html,
                    "image": {"url": found.image.url, "alt": found.image.alt} if found.image else None,
                }
            ).decode()
        )
