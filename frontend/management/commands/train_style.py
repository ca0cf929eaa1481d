"""Teaches an image model the house's hand: makes the examples, trains an adapter on them, goes on where it stopped."""

from __future__ import annotations

import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from illustrate import styles
from illustrate.render.frames import SHAPES
from illustrate.render.presets import Preset, latest
from illustrate.training.examples import ExamplesError, look_of, write_examples
from illustrate.training.lora import LoraOptions, TrainingError, train_lora

DEFAULTS = {name: field.default for name, field in LoraOptions.__dataclass_fields__.items()}
DEFAULT_PRESET = "grain"
TOLD_EVERY = 5.0  # seconds


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("a number from 1")
    return number


class Command(BaseCommand):
    help = (
        "Make examples in the house's hand (--examples DIR --make N), train an adapter on them "
        "(--base PATH --examples DIR --out DIR), or both. Stopped at any point, the same command goes on from there. "
        "Progress on standard error, one JSON object on standard output; needs no server and no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--examples", type=Path, required=True, metavar="DIR", help="the examples' folder")
        make = parser.add_argument_group("making examples")
        make.add_argument("--make", type=_number, metavar="N", help="draw so many, as far as they are not there yet")
        make.add_argument(
            "--preset", default="", help="slug of the look to learn (default: the examples' own, or grain)"
        )
        make.add_argument("--size", type=_number, default=768, help="pixels squared of a picture (default: 768)")
        make.add_argument(
            "--shapes", default="wide", metavar="A,B", help=f"frames: {', '.join(SHAPES)} (default: wide)"
        )
        train = parser.add_argument_group("training")
        train.add_argument("--base", metavar="PATH", help="a folder with a diffusers pipeline, or a name on the hub")
        train.add_argument("--out", type=Path, metavar="DIR", help="the adapter's folder")
        for name, kind, what in (
            ("steps", int, "how many steps in all"),
            ("rank", int, "of the adapter: how much it can learn"),
            ("batch", int, "examples in one step"),
            ("rate", float, "learning rate"),
            ("seed", int, "of noise and order"),
            ("resolution", int, "pixels squared of a picture in training"),
            ("every", int, "steps between checkpoints, each with a sheet of samples"),
            ("samples", int, "pictures on a sheet; 0 draws none"),
            ("sample_steps", int, "the sampler's steps; 0 takes what is usual for the family"),
            ("guidance", float, "the sampler's guidance; the pipeline's own where it is not given"),
        ):
            default = DEFAULTS[name]
            told = what if default is None else f"{what} (default: {default})"
            train.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, help=told)
        train.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (default: auto)")
        train.add_argument("--dtype", default="auto", choices=("auto", "float32", "bfloat16"))
        train.add_argument(
            "--overfit",
            action="store_true",
            help="one batch under one noise: a smoke check that the loss can fall, which trains nothing of use",
        )

    def handle(self, *, examples: Path, make: int | None, base: str | None, **options: Any) -> None:
        if not make and not base:
            raise CommandError("nothing to do: --make N draws examples, --base PATH --out DIR trains on them")
        if base and not options["out"]:
            raise CommandError("--out names the adapter's folder")
        own = None if options["preset"] else look_of(examples)
        try:
            preset = own or latest(options["preset"] or DEFAULT_PRESET)
        except KeyError:
            known = ", ".join(look.slug for look in styles.looks())
            raise CommandError(f"no look is called {options['preset']!r}; there is: {known}") from None
        try:
            answer: dict[str, Any] = {}
            if make:
                answer["made"] = self._make(examples, make, preset, options)
            if base:
                asked = {name: options[name] for name in DEFAULTS if name in options}
                answer |= train_lora(LoraOptions(base, examples, **asked), preset, say=self._say)
        except (ExamplesError, TrainingError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(orjson.dumps(answer).decode())

    def _make(self, folder: Path, count: int, preset: Preset, options: dict[str, Any]) -> dict[str, Any]:
        told = time.monotonic()

        def on_progress(done: int, of: int) -> None:
            nonlocal told
            if done == of or time.monotonic() - told > TOLD_EVERY:
                told = time.monotonic()
                self._say(f"examples: {done}/{of}")

        shapes = [shape.strip() for shape in options["shapes"].split(",") if shape.strip()]
        drawn = write_examples(
            folder, count=count, preset=preset, size=options["size"], shapes=shapes, on_progress=on_progress
        )
        return {"folder": str(folder), "count": count, "drawn": drawn, "preset": preset.slug}

    def _say(self, line: str) -> None:
        self.stderr.write(line)
        self.stderr.flush()
