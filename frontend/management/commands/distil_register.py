"""Trains the register's small head anew, after the examples, the rules, the grammar or the embedder changed."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.serving.types import ServingError
from illustrate.brief import distil


class Command(BaseCommand):
    help = (
        "Train illustrate/brief/register_head.npz, which tells whether a headline is one of suffering when the model "
        "server does not answer. The same texts, rules and embedder give the same file. For those who work on the "
        "brief; it takes ten minutes and 2 GB of memory."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, default=distil.SHIPPED, help="where the weights go")
        parser.add_argument(
            "--bits",
            type=int,
            default=distil.BITS,
            choices=range(10, 23),
            metavar="10..22",
            help="the head has 2^BITS weights of a byte",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            head = distil.distil(self.stderr.write, out=options["out"], bits=options["bits"])
        except ServingError as error:
            raise CommandError(f"The larger way cannot label: {error}") from error
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error}") from error
        texts, f1 = sum(head.trained_on["texts"].values()), head.trained_on["f1_on_folds"]
        size = options["out"].stat().st_size / 1000
        self.stdout.write(f"{texts} texts, F1 {f1} on the folds held out, {size:.0f} kB")
