"""Says what is to be seen in photos, without a server and without a database: one JSON line for each file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from illustrate.describe.photo import MAX_BYTES, describe
from illustrate.types import VisualFacts


class Command(BaseCommand):
    help = (
        "Describe photos: faces, colours, and what a captioner and a model for questions see where CAPTION_MODEL and "
        "QUESTION_MODEL name one. Prints one JSON line for each file, also for those that cannot be used: their "
        "`rejected` says why. Needs no server and no database. Fails when not one file could be read at all."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--title", default="", help="the article's headline: what it contradicts is dropped")
        parser.add_argument("--text", default="", help="the article's text, or its beginning")
        parser.add_argument("--lang", default="en", choices=("en", "ko"), help="of both (default: en)")

    def handle(self, *, files: list[Path], title: str, text: str, lang: str, **options: Any) -> None:
        unread = 0
        for file in files:
            try:
                facts = describe(_read(file), title=title, text=text, language=lang)
            except OSError as error:
                unread += 1
                facts = VisualFacts(rejected=f"the file cannot be read: {error.strerror or error}")
            self.stdout.write(orjson.dumps(_line(file, facts)).decode())
            if facts.unavailable:
                self.stderr.write(f"{file.name}: {facts.unavailable}")
        if unread == len(files):
            raise CommandError("no file could be read")


def _read(file: Path) -> bytes:
    """No more than describe looks at: a file beyond that is refused by its length alone. Raises OSError."""
    with file.open("rb") as body:
        return body.read(MAX_BYTES + 1)


def _line(file: Path, facts: VisualFacts) -> dict[str, Any]:
    return {
        "file": str(file),
        "faces": None if facts.rejected else facts.faces,
        "faces_class": facts.faces_class,
        "boxes": facts.boxes,
        "caption": facts.seen,
        "caption_confidence": facts.seen_confidence,
        "palette": facts.palette,
        "brightness": facts.brightness,
        "focus": facts.focus,
        "place": facts.place,
        "facts": facts.facts,
        "raw": facts.raw,
        "dropped": facts.dropped,
        "source": facts.source,
        "rejected": facts.rejected or None,
    }
