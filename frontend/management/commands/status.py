"""Prints the state of the site in seven numbers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError

from curation.analytics import queries


class Command(BaseCommand):
    help = "Print how many sources, articles, pictures, readers and events there are, and how old the queue is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object instead of a table")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        try:
            status = queries.site_status()
        except ProgrammingError:
            raise CommandError("the database has no tables yet: `make run` or `manage.py migrate` makes them") from None
        if as_json:
            self.stdout.write(orjson.dumps(status).decode())
            return
        for key, value in status.items():
            self.stdout.write(f"{key.replace('_', ' '):<22} {value:>9,}")
