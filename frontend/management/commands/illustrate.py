"""Draws the picture of a headline, or of a whole list of them, without a server and without a database."""

from __future__ import annotations

import html
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from curation.articles.queries import detect_language
from curation.serving.types import ServingError
from illustrate import actions, pipeline
from illustrate.types import Drawing, Subject

RECENT = 60  # pictures of a batch that the next one must not be the twin of
LARGEST_SEED = 2**63 - 8_000  # a picture's row holds it, and a redraw adds to it
COLUMNS = ("title", "lang", "text")
LANGUAGES = ("", "en", "ko")


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed <= LARGEST_SEED:
        raise ArgumentTypeError(f"a seed is a number from 0 to {LARGEST_SEED}")
    return seed


class Command(BaseCommand):
    help = (
        "Draw the picture of a headline (--title … --out F.webp), or of every line of a table (--batch TITLES.tsv "
        "--out DIR: columns title, lang, text), which also writes DIR/index.html and DIR/index.json. "
        "Needs no server and no database; prints JSON."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--title", help="the headline")
        what.add_argument("--batch", type=Path, metavar="TITLES.tsv", help="tab-separated: title, lang, text")
        parser.add_argument("--text", default="", help="the article's text, or its beginning")
        parser.add_argument("--photo", type=Path, help="the publisher's photo: described, never shown")
        parser.add_argument("--photo-alt", default="", help="the photo's alt text")
        parser.add_argument(
            "--lang", default="", choices=LANGUAGES, metavar="{en,ko}", help="en or ko; found out where it is not given"
        )
        parser.add_argument("--preset", default="", help="slug of a look; the default look where it is not given")
        parser.add_argument(
            "--renderer", default="", choices=("", *pipeline.RENDERERS), metavar=f"{{{','.join(pipeline.RENDERERS)}}}",
            help="who paints: the composer alone, or a model over its layout; PICTURE_RENDERER where it is not given",
        )  # fmt: skip
        parser.add_argument(
            "--model", default="", metavar="PATH_OR_ID",
            help="the model that paints, loaded into this process; implies --renderer diffusion",
        )  # fmt: skip
        parser.add_argument("--seed", type=_seed, default=1, help="the same seed draws the same picture (default: 1)")
        parser.add_argument("--out", type=Path, required=True, help="a .webp file, or with --batch a folder")

    def handle(self, *, out: Path, batch: Path | None, **options: Any) -> None:
        try:
            if options["model"]:
                if options["renderer"] == "composer":
                    raise CommandError("--model is for --renderer diffusion")
                options["renderer"] = "diffusion"
                actions.paint_in_this_process(options["model"])
            elif options["renderer"] == "diffusion" and not _has_painter():
                raise CommandError("no model paints: set DIFFUSION_MODEL, or give --model")
            answer = self._draw_batch(batch, out, options) if batch else _draw_one(out, options)
        except (OSError, ServingError, LookupError) as error:
            raise CommandError(f"{error}" if str(error) else type(error).__name__) from error
        self.stdout.write(orjson.dumps(answer).decode())
        # Whoever asked for a painting, and got none because no model gave one, is not told so by the picture.
        if options["renderer"] == "diffusion" and (reason := _unanswered(answer)):
            raise CommandError(f"not painted: {reason}")

    def _draw_batch(self, batch: Path, folder: Path, options: dict[str, Any]) -> list[dict[str, Any]]:
        rows = list(_read_table(batch))
        if not rows:
            raise CommandError(f"{batch} holds no title")
        folder.mkdir(parents=True, exist_ok=True)
        recent: list[str] = []
        heroes: list[str] = []
        entries: list[dict[str, Any]] = []
        for number, row in enumerate(rows, 1):
            language = row.language or options["lang"]
            subject = Subject(row.title, row.text, language or _language_of(row.title, row.text))
            drawing, seconds = _timed(subject, options, recent[-RECENT:], heroes[-pipeline.LATELY :])
            heroes.append(drawing.brief.hero)
            recent.append(drawing.scores.perceptual_hash)
            name = f"{number:03d}.webp"
            (folder / name).write_bytes(pipeline.encode(drawing, row.title)[_widest()])
            entries.append({"title": row.title, "file": name} | _answer(drawing, subject, seconds))
            self.stderr.write(f"{number}/{len(rows)} {drawing.brief.hero}, {drawing.brief.scene}: {row.title}")
        (folder / "index.json").write_bytes(orjson.dumps(entries, option=orjson.OPT_INDENT_2))
        (folder / "index.html").write_text(_contact_sheet(entries), "utf-8")
        return entries


def _has_painter() -> bool:
    """Whether anything can be behind the door that paints: a server's models are its own matter."""
    return bool(settings.MODELS_URL or settings.DIFFUSION_MODEL or settings.MODELS_EXTRA)


def _unanswered(answer: dict[str, Any] | list[dict[str, Any]]) -> str:
    """Why the first picture is not painted that should have been; empty where each is, or was not fit to be shown."""
    for each in answer if isinstance(answer, list) else [answer]:
        instead = each["provenance"].get("instead_of")
        if instead and not instead["unfit"]:
            return str(instead["reason"])
    return ""


def _widest() -> str:
    return str(max(settings.PICTURE_WIDTHS))


def _draw_one(out: Path, options: dict[str, Any]) -> dict[str, Any]:
    title = " ".join(options["title"].split())
    if not title:
        raise CommandError("--title is empty")
    if out.suffix.lower() != ".webp":
        raise CommandError(f"--out is a .webp file, not {out.name}")
    subject = Subject(
        title=title,
        text=options["text"],
        language=options["lang"] or _language_of(title, options["text"]),
        photo=options["photo"].read_bytes() if options["photo"] else None,
        photo_alt=options["photo_alt"],
    )
    drawing, seconds = _timed(subject, options, [], [])
    out.parent.mkdir(parents=True, exist_ok=True)
    for variant, body in pipeline.encode(drawing, title).items():
        path = (
            out if variant == _widest() else out.with_suffix(".card.jpg" if variant == "card" else f".{variant}.webp")
        )
        path.write_bytes(body)
    return _answer(drawing, subject, seconds)


def _timed(subject: Subject, options: dict[str, Any], recent: list[str], lately: list[str]) -> tuple[Drawing, float]:
    started = time.monotonic()
    drawing = pipeline.make(
        subject, preset=options["preset"], seed=options["seed"], recent=recent, lately=lately,
        renderer=options["renderer"],
    )  # fmt: skip
    return drawing, round(time.monotonic() - started, 3)


def _answer(drawing: Drawing, subject: Subject, seconds: float) -> dict[str, Any]:
    return {
        "brief": drawing.brief.to_dict(),
        "provenance": drawing.provenance,
        "evaluation": pipeline.evaluation_of(drawing),
        "alt_text": drawing.alt_ko if subject.language == "ko" else drawing.alt_en,
        "attempts": drawing.attempts,
        "seconds": seconds,
    }


@dataclass(frozen=True, slots=True)
class _Row:
    title: str
    language: str
    text: str


def _read_table(path: Path) -> Iterator[_Row]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    for number, line in enumerate(lines):
        cells = [" ".join(cell.split()) for cell in line.split("\t")]
        if number == 0 and cells[0].lower() == COLUMNS[0] and (len(cells) == 1 or cells[1].lower() in COLUMNS):
            continue
        title, language, text, *_ = [*cells, "", ""]
        if language.lower() not in LANGUAGES:
            raise CommandError(f"{path}, line {number + 1}: the language is en, ko or empty, not {language!r}")
        if title:
            yield _Row(title, language.lower(), text)


def _language_of(title: str, text: str) -> str:
    return detect_language(f"{title} {text}".strip(), "en")


_SHEET = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Contact sheet</title>
<style>
body {{ margin: 1.5rem; background: #faf6ee; color: #1d1a24; font: 15px/1.4 system-ui, sans-serif; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 1.2rem; }}
figure {{ margin: 0; }} img {{ width: 100%; height: auto; border-radius: 6px; display: block; }}
figcaption b {{ display: block; margin-top: .4rem; word-break: keep-all; }} small {{ color: #6b6470; }}
#cover:checked ~ main b {{ visibility: hidden; }}
</style>
<input type="checkbox" id="cover"> <label for="cover">Cover the titles: can you guess them?</label>
<main>
{figures}
</main>
</html>
"""
_FIGURE = """<figure><img src="{file}" width="1200" height="675" loading="lazy" alt="{alt}">
<figcaption><b>{title}</b><small>{facts}</small></figcaption></figure>"""


def _contact_sheet(entries: list[dict[str, Any]]) -> str:
    figures = (
        _FIGURE.format(
            file=html.escape(entry["file"]),
            alt=html.escape(entry["alt_text"]),
            title=html.escape(entry["title"]),
            facts=html.escape(
                " · ".join(
                    filter(
                        None,
                        (
                            entry["brief"]["area"],
                            "+".join([entry["brief"]["hero"], *entry["brief"]["supports"]]),
                            entry["brief"]["scene"],
                            entry["brief"]["mood"],
                            f"attempts: {entry['attempts']}",
                            *entry["evaluation"]["reasons"],
                        ),
                    )
                )
            ),
        )
        for entry in entries
    )
    return _SHEET.format(figures="\n".join(figures))
