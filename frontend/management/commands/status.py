"""Prints the state of the site in seven numbers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand

from curation.analytics import queries


class Command(BaseCommand):
    help = "Print how many sources, articles, pictures, readers and events there are, and how old the queue is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object instead of a table")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        status = queries.site_status()
        if as_json:
            self.stdout.write(orjson.dumps(status).decode())
            return
        for key, value in status.items():
            self.stdout.write(f"{key.replace('_', ' '):<22} {value:>9,}")
