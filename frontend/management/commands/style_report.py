"""Draws invented news in each look and says, in figures and on contact sheets, whether the looks hold together.

With --images it says of a folder of pictures, whoever drew them, how near they come to one look.
"""

from __future__ import annotations

import html
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from PIL import Image

from illustrate import styles
from illustrate.evaluate import style
from illustrate.styles import Preset
from illustrate.training import nearness as near
from illustrate.types import MOODS

SHEET = (5, 4)  # pictures across and down
NIGHTS = 5
PICTURE, FIGURE = 320, 120  # pixels wide on a sheet
GRAINY_FROM = 700  # pixels wide: below it the grain of a look is lost, and with it the likeness that is measured
PICTURES = (".png", ".webp", ".jpg", ".jpeg")  # suffixes of what --images reads


def _pictures(text: str) -> int:
    count = int(text)
    if count < 2:
        raise ArgumentTypeError("two pictures of each look at least")
    return count


class Command(BaseCommand):
    help = (
        "Draw invented news in each look, the same in all, and print what each look measures, whether a picture's look "
        "can be told from its pixels, and whether the correspondents can be told apart. --out also writes contact "
        "sheets: DIR/index.html. --images DIR --preset A measures a folder of pictures against that look instead. "
        "Needs no server, no model and no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object instead of tables")
        parser.add_argument("--out", type=Path, metavar="DIR", help="a folder for contact sheets")
        parser.add_argument("--pictures", type=_pictures, default=40, help="pictures in each look (default: 40)")
        parser.add_argument("--presets", default="", metavar="A,B", help="slugs of looks; all where they are not given")
        parser.add_argument("--images", type=Path, metavar="DIR", help="pictures to measure against a look")
        parser.add_argument("--preset", default="", metavar="A", help="slug of that look")

    def handle(self, *, as_json: bool, out: Path | None, pictures: int, presets: str, **options: Any) -> None:
        if options["images"]:
            told = self._measure(options["images"], options["preset"], pictures)
            self.stdout.write(orjson.dumps(told).decode() if as_json else _nearness_table(told))
            return
        looks = _chosen(presets)
        figures: dict[str, list[dict[str, float]]] = {}
        sheets: dict[str, list[tuple[str, Image.Image]]] = {}
        for preset in looks:
            drawn = self._draw(preset, pictures)
            figures[preset.slug] = [each for each, _ in drawn]
            if out:
                sheets[preset.slug] = self._sheets(preset, [image for _, image in drawn if image])
        self.stderr.write("the correspondents, told apart")
        report, people = style.report(figures), style.persona_report()
        if out:
            try:
                _write(out, looks, sheets)
            except OSError as error:
                raise CommandError(str(error)) from error
        answer = _answer(looks, report, people)
        self.stdout.write(orjson.dumps(answer).decode() if as_json else _tables(report, people))

    def _measure(self, folder: Path, slug: str, pictures: int) -> dict[str, Any]:
        """How near a folder's pictures are to a look, beside the composer's own pictures of their size."""
        if not slug:
            raise CommandError("--preset names the look that --images are measured against")
        preset = _look(slug)
        images = _images(folder)
        size = Counter(image.size for image in images).most_common(1)[0][0]
        if size[0] < GRAINY_FROM:
            self.stderr.write(
                f"warning: pictures {size[0]} pixels wide lose grain and seem further from the look than they are; "
                "measure at 768 (about 1024 x 576)"
            )
        self.stderr.write(f"{preset.slug}: drawing {pictures} pictures of {size[0]} x {size[1]}")
        try:
            house = near.house_of(near.drawn(preset, pictures, size))
        except ValueError as error:
            raise CommandError(str(error)) from error
        told = near.nearness((near.fitted(image, size) for image in images), house)
        return {"preset": preset.slug, "version": preset.version, "size": size} | told.to_dict()

    def _draw(self, preset: Preset, pictures: int) -> list[tuple[dict[str, float], Image.Image | None]]:
        """Each picture's figures, and the picture itself, small, as far as a sheet shows it."""
        drawn: list[tuple[dict[str, float], Image.Image | None]] = []
        for number in range(pictures):
            image = styles.draw_example(styles.example_brief(number, preset)).image
            kept = _small(image) if number < SHEET[0] * SHEET[1] else None
            drawn.append((style.style_figures(image), kept))
            if (number + 1) % 10 == 0 or number + 1 == pictures:
                self.stderr.write(f"{preset.slug}: {number + 1}/{pictures}")
        return drawn

    def _sheets(self, preset: Preset, examples: list[Image.Image]) -> list[tuple[str, Image.Image]]:
        self.stderr.write(f"{preset.slug}: sheets")
        nights = [_small(styles.draw_example(styles.night_brief(number, preset)).image) for number in range(NIGHTS)]
        people = [styles.moods_in_a_row(styles.persona_strip(preset, area)) for area in styles.AREAS]
        return [
            ("examples", styles.tiled(examples, columns=SHEET[0], width=PICTURE)),
            ("nights", styles.tiled(nights, columns=NIGHTS, width=PICTURE)),
            ("personas", styles.tiled(people, columns=1, width=FIGURE * len(MOODS))),
        ]


def _chosen(presets: str) -> list[Preset]:
    asked = list(dict.fromkeys(slug.strip() for slug in presets.split(",") if slug.strip()))
    slugs = asked or [preset.slug for preset in styles.looks()]
    chosen = [_look(slug) for slug in slugs]
    if len(chosen) < 2:
        raise CommandError("looks are compared: name two at least")
    return chosen


def _look(slug: str) -> Preset:
    known = {preset.slug: preset for preset in styles.looks()}
    if slug not in known:
        raise CommandError(f"no look is called {slug!r}; there is: {', '.join(known)}")
    return known[slug]


def _images(folder: Path) -> list[Image.Image]:
    """Every picture of a folder, by name. Raises CommandError for one that is broken, or where there is none."""
    images = []
    try:
        for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES):
            try:
                with Image.open(path) as opened:
                    images.append(opened.convert("RGB"))
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                raise CommandError(f"{path} is no picture") from None
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}") from error
    if not images:
        raise CommandError(f"no pictures in {folder} ({', '.join(PICTURES)})")
    return images


def _small(image: Image.Image) -> Image.Image:
    return image.resize((PICTURE, round(PICTURE * image.height / image.width)), Image.Resampling.LANCZOS)


# -- What is printed -----------------------------------------------------------------------------------------


def _answer(looks: list[Preset], report: style.StyleReport, people: style.PersonaReport) -> dict[str, Any]:
    told = report.to_dict()
    return {
        "presets": {preset.slug: {"version": preset.version} | told["looks"][preset.slug] for preset in looks},
        "classification": told["by_all"] | {"by_drawing": told["by_drawing"]},
        "consistency": told["consistency"],
        "personas": people.to_dict(),
    }


def _tables(report: style.StyleReport, people: style.PersonaReport) -> str:
    slugs = list(report.looks)
    wide = max(15, *(len(slug) + 2 for slug in slugs))
    lines = [f"{'':<16}" + "".join(f"{slug:>{wide}}" for slug in slugs)]
    for name, meaning in style.FIGURES.items():
        cells = (f"{_short(look.centroid[name])} ±{_short(look.spread[name])}" for look in report.looks.values())
        lines.append(f"{name:<16}" + "".join(f"{cell:>{wide}}" for cell in cells) + f"   {meaning}")
    for name, meaning in (("inside", "between two pictures of the look"), ("across", "to a picture of another look")):
        cells = (f"{getattr(look, name):.2f}" for look in report.looks.values())
        lines.append(f"{name:<16}" + "".join(f"{cell:>{wide}}" for cell in cells) + f"   mean distance {meaning}")
    for title, told in (("all figures", report.by_all), ("the drawing alone, without its paper", report.by_drawing)):
        lines += ["", f"told right by {title}: {told.accuracy:.1%} (drawn in a row's look, taken for a column's)"]
        lines += [f"{slug:<16}" + "".join(f"{told.confusion[slug][each]:>{wide}}" for each in slugs) for slug in slugs]
    lines += ["", f"{people.correspondents} correspondents in {people.moods} moods"]
    for title, known in (("parameters", people.by_parameters), ("pixels", people.by_pixels)):
        lines.append(
            f"told right by {title + ':':<12} {known.share:.1%}; the most alike are {' and '.join(known.nearest)}, "
            f"{known.apart:.2f} of the mean distance apart"
        )
        lines += [f"  {area} ({mood}) taken for {other}" for area, mood, other in known.taken_for]
    return "\n".join(lines)


def _nearness_table(told: dict[str, Any]) -> str:
    lines = [f"{'':<16}{told['preset'] + ' here':>18}{'images':>12}"]
    for name, each in told["figures"].items():
        house = f"{_short(each['house'])} ±{_short(each['spread'])}"
        lines.append(f"{name:<16}{house:>18}{_short(each['images']):>12}   {style.FIGURES[name]}")
    lines += [
        "",
        f"{told['pictures']} pictures are {told['distance']:.2f} from the look; its own are {told['inside']:.2f}",
    ]
    return "\n".join(lines)


def _short(figure: float) -> str:
    return f"{figure:.3f}" if abs(figure) < 1 else f"{figure:.2f}"


# -- Contact sheets ------------------------------------------------------------------------------------------

_TITLES = {"examples": "Examples", "nights": "By night", "personas": "Correspondents: " + ", ".join(MOODS)}
_INDEX = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Looks</title>
<style>
body {{ margin: 1.5rem; background: #faf6ee; color: #1d1a24; font: 15px/1.4 system-ui, sans-serif; }}
figure {{ margin: 0 0 1.2rem; }} img {{ max-width: 100%; height: auto; display: block; }}
figcaption {{ color: #6b6470; margin-bottom: .3rem; }}
</style>
<h1>Looks</h1>
{sections}
</html>
"""


def _write(folder: Path, looks: list[Preset], sheets: dict[str, list[tuple[str, Image.Image]]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sections = []
    for preset in looks:
        sections.append(f"<h2>{html.escape(preset.name_en)}</h2>\n<p>{html.escape(preset.about_en)}</p>")
        for kind, image in sheets[preset.slug]:
            file = f"{kind}-{preset.slug}.webp"
            (folder / file).write_bytes(styles.encode(image, image.width))
            sections.append(
                f'<figure><figcaption>{_TITLES[kind]}</figcaption><a href="{file}"><img src="{file}" loading="lazy"'
                f' width="{image.width}" height="{image.height}" alt="{_TITLES[kind]}"></a></figure>'
            )
    (folder / "index.html").write_text(_INDEX.format(sections="\n".join(sections)), "utf-8")
