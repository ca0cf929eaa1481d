"""Topics of texts on the command line, for programs and for trying things out."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from curation.serving.types import ServingError
from curation.topics import queries

BATCH = 256


class Command(BaseCommand):
    help = (
        "Classify one text a line from standard input; one JSON object a line on standard output: "
        '{"topics": [{"slug", "score"}], "area"}, best topic first. Needs no server and no database.'
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lang", required=True, choices=["en", "ko"], help="language of the texts")

    def handle(self, *args: Any, lang: str, **options: Any) -> None:
        lines = (line.decode("utf-8", "replace").strip() for line in sys.stdin.buffer)
        try:
            while texts := list(islice(lines, BATCH)):
                for answer in _answers(texts, lang):
                    self.stdout.write(answer)
        except ServingError as error:
            raise CommandError(str(error)) from None


def _answers(texts: list[str], language: str) -> Iterator[str]:
    for found in queries.classify(texts, [language] * len(texts)):
        topics = [{"slug": slug, "score": score} for slug, score in found.topics]
        yield orjson.dumps({"topics": topics, "area": found.area}).decode()
