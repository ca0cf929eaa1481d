"""Teaches the feed's ranker what readers open, and lets it serve if it orders their later lists better."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import queries as accounts
from curation.ranking.learning.child import end_with_parent
from curation.ranking.learning.train import train_ranker


class Command(BaseCommand):
    help = (
        "Train the learned ranker on this site's log, the latest quarter of its lists held back, and let it serve if "
        "it surely orders those better than what serves (docs/ranking-model.md). Killed at any point, the same command "
        "goes on from there. Beat does this every night."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the order of the lists (0)")
        parser.add_argument(
            "--synthetic",
            action="store_true",
            help="on simulated readers; it then serves only them, and only when asked",
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object on standard output")
        parser.add_argument(
            "--attended", action="store_true", help="as a worker's child: ends when its standard input does"
        )

    def handle(self, *, seed: int, synthetic: bool, as_json: bool, attended: bool, **options: Any) -> None:
        if not 0 <= seed < 2**31:
            raise CommandError("--seed is a number from 0 on")
        if attended:
            end_with_parent()
        profiles = accounts.profiles_of_served(is_synthetic=synthetic)
        try:
            told = train_ranker(profiles=profiles, seed=seed, is_synthetic=synthetic, at=timezone.now(), say=self._say)
        except Exception as error:
            raise CommandError(f"{type(error).__name__}: {error}") from error
        self.stdout.write(orjson.dumps(told).decode() if as_json else f"{told['state']}: {told['reason']}")

    def _say(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()
