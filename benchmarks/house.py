"""A small diffusion model taught the house's hand from nothing on an accelerator, and how near it comes.

`python -m benchmarks.house --out DIR [--minutes 4.0] [--minutes-autoencoder 1.1] [--briefs FILE]` draws examples on all
processors while the autoencoder already learns, teaches both parts against the clock, and leaves in DIR: figures.json,
sheets of pictures beside the composer's own for news it never saw, and the weights in eight bits. `--tiny` goes through
all of it with a model that learns nothing, anywhere. `--write-briefs FILE` writes what is to be drawn.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from illustrate.render import composer
from illustrate.render.frames import Frame
from illustrate.types import Brief

WIDE = Frame("wide", 0, 0, 1200, 675, (256, 144))
POOL = 12_000  # invented briefs that tasks are mixed from
HELD_OUT = 512  # of them, the first, are never learnt from
SHOWN = 24  # of them, on sheets
WITHOUT_PEOPLE = 0.15  # share that is drawn as a layout for people to be laid in
ENOUGH = 4_000  # pictures that are drawn however long it takes
PART = 15 * 2**20  # bytes of a file of weights


def run() -> dict[str, float]:
    """Eight minutes where there is an accelerator; no figures where there is none."""
    import torch

    if not torch.cuda.is_available():
        print("house: no accelerator here, nothing is measured", file=sys.stderr)
        return {}
    out = Path("build/house")
    main(["--out", str(out)])
    figures = json.loads((out / "figures.json").read_text())
    return {"examples_per_second": figures["painter"]["examples_per_second"], "style_distance": figures["style"]["rms"]}


# -- Briefs --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Task:
    """One picture to draw. `people` as composer.layout has it."""

    brief: Brief
    seed: int
    people: bool
    caption: str


def tasks(count: int) -> list[Task]:
    """Invented news: a thing of one area in the scene, light and mood of another, so that every pair is met."""
    from illustrate.render import motifs, presets
    from illustrate.render.prompt import prompt_of
    from illustrate.render.scenes import fits, settled
    from illustrate.styles import example_brief

    pool = [example_brief(number, presets.GRAIN) for number in range(min(count, POOL))]
    kept = held_out(len(pool))
    made = []
    for number in range(count):
        chooser = random.Random(f"house:{number}")
        brief = pool[number] if number < kept else pool[chooser.randrange(kept, len(pool))]
        other = pool[chooser.randrange(len(pool))]
        hero = motifs.get_motif(brief.hero)
        sober = brief.register == "restrained"
        if not sober and other.register != "restrained" and fits(other.scene, hero):
            brief = replace(
                brief, scene=other.scene, verb=other.verb, mood=other.mood, time_of_day=other.time_of_day,
                season=other.season,
            )  # fmt: skip
        brief = replace(
            brief, title_hash=f"house-{number}",
            scene=settled(brief.scene, hero, is_sober=sober, is_peopled=brief.persona),
        )  # fmt: skip
        people = number < kept or chooser.random() >= WITHOUT_PEOPLE
        made.append(Task(brief, chooser.randrange(8), people, prompt_of(brief, people=people)))
    return made


def held_out(count: int) -> int:
    """How many of so many tasks are kept apart, the first ones."""
    return min(HELD_OUT, count // 12)


def write_tasks(file: Path, made: Sequence[Task]) -> None:
    lines = (json.dumps({**asdict(task), "brief": task.brief.to_dict()}, ensure_ascii=False) for task in made)
    file.write_bytes(lzma.compress("\n".join(lines).encode(), preset=6))


def read_tasks(file: Path) -> list[Task]:
    lines = (json.loads(line) for line in lzma.decompress(file.read_bytes()).decode().splitlines())
    return [Task(**{**line, "brief": Brief.from_dict(line["brief"])}) for line in lines]


# -- Drawing on all processors -------------------------------------------------------------------------------


class Drawn:
    """Pictures that other processes draw into one file while this one reads it: uint8 (n, 144, 256, 3)."""

    def __init__(self, made: Sequence[Task], folder: Path, processes: int, seconds: float) -> None:
        self.tasks = made
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._map("pixels", "w+")
        self._map("done", "w+")
        context = multiprocessing.get_context("fork")
        until = time.time() + seconds
        self.workers = [
            context.Process(target=_draw, args=(made, folder, index, processes, until), daemon=True)
            for index in range(processes)
        ]
        for worker in self.workers:
            worker.start()

    def _map(self, name: str, mode: str = "r") -> np.ndarray:
        shape = (len(self.tasks), WIDE.pixels[1], WIDE.pixels[0], 3) if name == "pixels" else (len(self.tasks),)
        return np.memmap(self.folder / name, np.uint8, mode=mode, shape=shape)  # type: ignore[call-overload]

    def ready(self) -> np.ndarray:
        """The numbers of the pictures that are there."""
        return np.flatnonzero(np.array(self._map("done")))

    def wait(self, count: int, seconds: float) -> np.ndarray:
        """The numbers, once there are so many, or after so many seconds."""
        until = time.monotonic() + seconds
        while len(found := self.ready()) < count and time.monotonic() < until and self.is_busy():
            time.sleep(0.5)
        return found

    def is_busy(self) -> bool:
        return any(worker.is_alive() for worker in self.workers)

    def take(self, numbers: np.ndarray) -> np.ndarray:
        return np.asarray(self._map("pixels")[numbers])

    def end(self) -> None:
        for worker in self.workers:
            worker.terminate()


def _draw(made: Sequence[Task], folder: Path, index: int, processes: int, until: float) -> None:
    os.nice(15)
    composer.FRAMES["wide"] = WIDE
    shape = (len(made), WIDE.pixels[1], WIDE.pixels[0], 3)
    pixels = np.memmap(folder / "pixels", np.uint8, mode="r+", shape=shape)
    done = np.memmap(folder / "done", np.uint8, mode="r+", shape=(len(made),))
    for number in range(index, len(made), processes):
        if time.time() > until and number >= ENOUGH:
            return
        try:
            pixels[number] = draw(made[number])
        except Exception as error:
            print(f"task {number} cannot be drawn: {error!r}", file=sys.stderr)
            continue
        done[number] = 1


def draw(task: Task) -> np.ndarray:
    """uint8 (144, 256, 3), before the press; composer.FRAMES holds the small frame."""
    return np.asarray(composer.layout(composer.stage(task.brief, task.seed), people=task.people))


# -- The whole way -------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house", description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--briefs", type=Path)
    parser.add_argument("--write-briefs", type=Path)
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--minutes-autoencoder", type=float, default=1.1)
    parser.add_argument("--seconds-drawing", type=float, default=85)
    parser.add_argument("--seconds", type=float, default=0, help="for everything; the painter gets what is left")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 2))
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/house-examples"))
    parser.add_argument("--plain", action="store_true", help="without compiling")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--compile-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    made = (read_tasks(options.briefs) if options.briefs else tasks(options.count))[: options.count]
    if options.write_briefs:
        write_tasks(options.write_briefs, made)
        return 0
    if not options.out:
        parser.error("--out is where to leave what comes of it")
    options.out.mkdir(parents=True, exist_ok=True)
    if options.compile_only:
        from benchmarks import _house

        _house.compile_only(made, options)
        return 0
    # Before torch is loaded: what is forked has none of its threads.
    drawn = Drawn(made, options.scratch, options.processes, options.seconds_drawing)
    try:
        from benchmarks import _house

        _house.teach(drawn, options)
    finally:
        drawn.end()
        shutil.rmtree(options.scratch, ignore_errors=True)
    return 0


def compiling(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    """Another process that fills the compiler's cache meanwhile."""
    command = [
        sys.executable, "-m", "benchmarks.house", "--compile-only", "--out", str(options.out),
        "--count", str(options.count), "--batch", str(options.batch),
        *(["--briefs", str(options.briefs)] if options.briefs else []), *(["--tiny"] if options.tiny else []),
    ]  # fmt: skip
    log = (options.out / "compile.log").open("wb")
    return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def sheet(rows: Sequence[Sequence[Image.Image]], *, columns: int = 1, gap: int = 4) -> Image.Image:
    """Rows of pictures, so many rows abreast, on grey paper."""
    width, height = rows[0][0].size
    across = max(len(row) for row in rows)
    paper = Image.new(
        "RGB",
        (columns * (across * (width + gap) + 3 * gap), math.ceil(len(rows) / columns) * (height + gap) + gap),
        "#d9d4ca",
    )
    for index, row in enumerate(rows):
        for place, picture in enumerate(row):
            left = index % columns * (across * (width + gap) + 3 * gap) + gap + place * (width + gap)
            paper.paste(picture, (left, gap + index // columns * (height + gap)))
    return paper


def keep(file: Path, data: Any) -> None:
    """JSON, replaced whole."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(file)


if __name__ == "__main__":
    raise SystemExit(main())
