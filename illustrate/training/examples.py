"""Examples for a model to learn the house's hand from: the composer's pictures, each with the prompt of its brief.

A folder of examples holds `metadata.jsonl`, a line for each: {"file", "prompt", "brief", "seed"}. One made by hand
needs no brief and no seed.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from PIL import Image, UnidentifiedImageError

from illustrate._whole_files import LOCK, alone_in, write_whole
from illustrate.render import composer, prompt
from illustrate.render.frames import SHAPES, Shape
from illustrate.render.presets import Preset, get_preset
from illustrate.styles import example_brief
from illustrate.types import Brief

METADATA, MADE = "metadata.jsonl", "examples.json"
QUALITY = 92  # of WebP: what it loses of paper and line is less than an image model's own encoder loses
LARGEST = 40_000_000  # pixels of a picture that is taken for an example


class ExamplesError(ValueError):
    """One line that names the file, or the line of it, and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Example:
    """One pair. `brief` and `seed` are those that the composer drew it from, None where it did not."""

    line: int  # of metadata.jsonl, from 1
    picture: Path
    prompt: str
    brief: Brief | None
    seed: int | None

    def image(self) -> Image.Image:
        """The picture, RGB; raises ExamplesError where the file is gone or broken."""
        where = f"line {self.line} of {self.picture.parent / METADATA}"
        image = None
        try:
            with Image.open(self.picture) as opened:
                if opened.width * opened.height <= LARGEST:
                    image = opened.convert("RGB")
        except FileNotFoundError:
            raise ExamplesError(f"{where}: there is no picture {self.picture.name}") from None
        # Pillow raises SyntaxError and others for some broken headers, and its own for bombs.
        except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
            reason = "is no picture" if isinstance(error, UnidentifiedImageError) else "is broken"
            raise ExamplesError(f"{where}: {self.picture.name} {reason}") from error
        if image is None:
            raise ExamplesError(f"{where}: {self.picture.name} has more than {LARGEST} pixels")
        return image


# -- Making them ---------------------------------------------------------------------------------------------


def write_examples(
    folder: Path,
    *,
    count: int,
    preset: Preset,
    size: int = 768,
    shapes: Sequence[str] = ("wide",),
    seed: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draws the first `count` invented briefs in a look; returns how many it drew, 0 where all were there.

    A picture has about `size` x `size` pixels in its frame's ratio, never more than the composer draws. Stopped at
    any point it goes on where it was, and a larger count adds to what is there. About 0.15 s each on one core.
    Raises ExamplesError for a folder that holds anything else or was made in another way, OSError where it cannot
    write.
    """
    if unknown := [shape for shape in shapes if shape not in SHAPES]:
        raise ExamplesError(f"no frame is called {unknown[0]!r}; there is: {', '.join(SHAPES)}")
    frames: list[Shape] = [frame for shape in shapes for frame in SHAPES if frame == shape]
    if count < 1 or size < 1 or not frames:
        raise ExamplesError("at least one example, of one pixel, in one frame")
    way = {
        "preset": preset.slug, "preset_version": preset.version, "composer": composer.REVISION,
        "prompts": prompt.VERSION, "size": size, "shapes": frames, "seed": seed,
    }  # fmt: skip
    with alone_in(folder):
        _claim(folder, way)
        there = _whole_lines(folder / METADATA)
        drawn = 0
        with (folder / METADATA).open("ab") as lines:
            for number in range(count):
                picture = folder / f"{number:06d}.webp"
                is_listed = number < there
                if not (is_listed and picture.exists()):
                    brief = example_brief(number, preset)
                    shape = random.Random(f"shape:{number}").choice(frames)
                    write_whole(picture, _encoded(composer.compose(brief, seed=seed, shape=shape).image, size))
                    drawn += 1
                    if not is_listed:
                        line = {
                            "file": picture.name, "prompt": prompt.prompt_of(brief), "brief": brief.to_dict(),
                            "seed": seed,
                        }  # fmt: skip
                        lines.write(orjson.dumps(line) + b"\n")
                        lines.flush()
                if on_progress:
                    on_progress(number + 1, count)
        return drawn


def _claim(folder: Path, way: dict[str, Any]) -> None:
    made = folder / MADE
    if not made.exists():
        if any(path.name not in (LOCK, f"{MADE}.unfinished") for path in folder.iterdir()):
            raise ExamplesError(f"{folder} holds something else: name an empty folder for the examples")
        write_whole(made, orjson.dumps(way, option=orjson.OPT_INDENT_2))
        return
    try:
        earlier = orjson.loads(made.read_bytes())
    except orjson.JSONDecodeError:
        earlier = None
    if not isinstance(earlier, dict):
        raise ExamplesError(f"{made} is broken: name an empty folder for the examples")
    if other := [name for name in way if earlier.get(name) != way[name]]:
        told = ", ".join(f"{name} was {earlier.get(name)!r} and is {way[name]!r}" for name in other)
        raise ExamplesError(f"the examples in {folder} were made in another way: {told}")


def _whole_lines(metadata: Path) -> int:
    """How many lines there are; one that was being written when the process died is cut off."""
    if not metadata.exists():
        return 0
    with metadata.open("r+b") as file:
        body = file.read()
        end = body.rfind(b"\n") + 1
        if end < len(body):
            file.truncate(end)
    return body.count(b"\n", 0, end)


def _encoded(image: Image.Image, size: int) -> bytes:
    smaller = (size * size / (image.width * image.height)) ** 0.5
    if smaller < 1:
        width, height = (max(1, round(side * smaller)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def look_of(folder: Path) -> Preset | None:
    """The look that a folder's examples were drawn in; None where the composer did not draw them."""
    try:
        made = orjson.loads((folder / MADE).read_bytes())
        return get_preset(made["preset"], made["preset_version"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None


# -- Reading them --------------------------------------------------------------------------------------------


def read_examples(folder: Path) -> list[Example]:
    """All examples of a folder in their order; reads no picture's pixels yet (`Example.image` does).

    Raises ExamplesError for a folder without examples, and for the first line that is no example or whose picture is
    not there or is none.
    """
    metadata = folder / METADATA
    try:
        body = metadata.read_bytes()
    except OSError as error:
        raise ExamplesError(f"no examples in {folder}: {METADATA} cannot be read ({error.strerror})") from None
    examples = [_example(folder, number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
    if not examples:
        raise ExamplesError(f"no examples in {folder}: {METADATA} is empty")
    return examples


def _example(folder: Path, number: int, line: bytes) -> Example:
    where = f"line {number} of {folder / METADATA}"
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise ExamplesError(f"{where}: no JSON object") from None
    if not isinstance(data, dict):
        raise ExamplesError(f"{where}: no JSON object")
    file, words, seed = data.get("file"), data.get("prompt"), data.get("seed")
    if not isinstance(file, str) or not file or Path(file).name != file:
        raise ExamplesError(f"{where}: `file` is the name of a picture in the same folder")
    if not isinstance(words, str) or not words.strip():
        raise ExamplesError(f"{where}: `prompt` is empty")
    if seed is not None and not isinstance(seed, int):
        raise ExamplesError(f"{where}: `seed` is a whole number")
    try:
        brief = None if data.get("brief") is None else Brief.from_dict(data["brief"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ExamplesError(f"{where}: `brief` is no brief ({error})") from None
    example = Example(number, folder / file, words.strip(), brief, seed)
    try:
        with Image.open(example.picture):
            pass
    except Exception:
        example.image()  # says what is wrong with it
        raise
    return example
