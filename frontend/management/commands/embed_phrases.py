"""Renews the vectors that come with the motif library, after its phrases, the examples or the embedder changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from illustrate.brief import fixed


class Command(BaseCommand):
    help = (
        "Embed the phrases of the motif library and the labelled examples into illustrate/brief/vectors.npz. "
        "For those who work on the library: what is missing there is embedded on the first picture instead."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        new = len(fixed.not_shipped())
        self.stdout.write(f"{fixed.ship()} texts embedded, {new} of them for the first time")
