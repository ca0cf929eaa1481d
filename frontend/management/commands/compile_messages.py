"""Compiles the interface's translations; with --collect it first brings the catalogues up to date with the code."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from frontend import _messages


class Command(BaseCommand):
    help = "Compile translations (no gettext needed). --collect also adds new strings to the catalogues."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--collect", action="store_true", help="add new strings, drop those that are gone")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["collect"]:
            for catalogue in _messages.catalogues():
                new, gone = _messages.update(catalogue)
                self.stdout.write(f"{catalogue}: {new} new, {gone} gone")
        for target in _messages.compile_stale():
            self.stdout.write(str(target))
