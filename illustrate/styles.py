"""The looks laid side by side: invented briefs drawn in each, the correspondents in their moods, and sheets of both."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count, islice

from PIL import Image

from illustrate.brief._rules import load
from illustrate.brief.compose import ALWAYS_CORRESPONDENT, NEVER_CORRESPONDENT
from illustrate.render import composer
from illustrate.render._canvas import Canvas
from illustrate.render._encode import encode_webp
from illustrate.render.frames import Frame
from illustrate.render.motifs import Motif, all_motifs, get_motif
from illustrate.render.palettes import AREAS, contrast, palette_for
from illustrate.render.personas import PERSONAS, Persona
from illustrate.render.presets import PRESETS, Preset, latest
from illustrate.render.scenes import fits
from illustrate.render.stage import Stage
from illustrate.types import MOODS, SCENES, Brief, Rendered

EXAMPLES = len(AREAS)  # pictures on a look's page, one of each area
NIGHTS = 4
WIDTH = 800  # pixels of an example there
RESTRAINED_EVERY = 8  # so many pictures there is one of a sensitive subject
LIGHTS = {"day": 6, "dusk": 2, "night": 2}  # how often each is
SHOWN = ("sky", "haze", "far", "mid", "near", "main", "accent", "light", "deep", "ink")  # roles of a swatch
GROUNDS = ("main", "accent", "light")  # what ink is drawn on

# A half figure of a correspondent, as tall as in a picture, and the cell that it is shown in: pixels.
DRAWN = (480, 420)
TALL = 354
CELL = (240, 210)
COLUMNS = 5  # of moods in a strip


@dataclass(frozen=True, slots=True)
class Swatch:
    """An area's colours in one light, as one look paints it."""

    area: str
    light: str  # day | night
    colours: tuple[tuple[str, str], ...]  # (role, "#rrggbb") in the order of SHOWN
    contrasts: tuple[tuple[str, float], ...]  # (role, WCAG contrast of the ink on it) for GROUNDS


def looks() -> tuple[Preset, ...]:
    """Every look in its newest version, the house's own first."""
    return tuple(latest(slug) for slug in dict.fromkeys(slug for slug, _ in PRESETS))


def swatches(preset: Preset) -> Iterator[Swatch]:
    """Each area by day and by night; a look that is always night has no day."""
    for area in AREAS:
        for light in ("night",) if preset.dark else ("day", "night"):
            palette = palette_for(area, preset.colours, light)
            yield Swatch(
                area=area,
                light=light,
                colours=tuple((role, palette.role(role)) for role in SHOWN),
                contrasts=tuple((role, contrast(palette.ink, palette.role(role))) for role in GROUNDS),
            )


def correspondents() -> tuple[Persona, ...]:
    """Everybody, in the order of the areas."""
    return tuple(PERSONAS[area] for area in AREAS)


# -- Invented news -------------------------------------------------------------------------------------------


def example_brief(number: int, preset: Preset) -> Brief:
    """An invented brief: another area, scene and mood each time, a motif that belongs there, any light.

    The same number is the same news in every look, so that nothing but the look differs.
    """
    chooser = random.Random(f"example:{number}")
    area, scene, mood = AREAS[number % len(AREAS)], SCENES[number * 5 % len(SCENES)], MOODS[number * 3 % len(MOODS)]
    restrained = number % RESTRAINED_EVERY == RESTRAINED_EVERY - 1
    hero = chooser.choice(_heroes(area, scene, restrained))
    second = [
        motif
        for motif in all_motifs()
        if area in motif.areas and motif.key != hero.key and (not motif.kin or motif.kin != hero.kin)
        and motif.place == "stand" and motif.size == "table" and _may_stand(motif, restrained)
    ]  # fmt: skip
    is_met = scene in ALWAYS_CORRESPONDENT or (scene not in NEVER_CORRESPONDENT and chooser.random() < 0.6)
    return Brief(
        title_hash=f"example-{number}",
        area=area,
        topics=(),
        language="en",
        hero=hero.key,
        supports=tuple(motif.key for motif in chooser.sample(second, min(len(second), chooser.choice((0, 1, 1, 2))))),
        scene=scene,
        verb="" if restrained else chooser.choice(_verbs(scene)),
        mood="sorrow" if restrained else mood,
        setting="",
        time_of_day="night" if scene == "night" else chooser.choices(tuple(LIGHTS), tuple(LIGHTS.values()))[0],
        season=chooser.choice(("", "", "spring", "summer", "autumn", "winter")),
        register="restrained" if restrained else "plain",
        persona=is_met and not restrained,
        palette=area,
        preset=preset.slug,
        preset_version=preset.version,
    )


def night_brief(number: int, preset: Preset) -> Brief:
    """News that is told by day or at dusk elsewhere, by night."""
    by_day = (each for each in count() if example_brief(each, preset).time_of_day != "night")
    return replace(example_brief(next(islice(by_day, number, None)), preset), time_of_day="night")


def hero_of(brief: Brief, language: str) -> str:
    """What stands in the middle of a picture, in Korean ("ko") or English: "a gavel"."""
    motif = get_motif(brief.hero)
    return motif.label_ko if language == "ko" else motif.label_en


def draw_example(brief: Brief) -> Rendered:
    """The picture of an invented brief, in the wide frame."""
    return composer.compose(brief, seed=1)


@cache
def _heroes(area: str, scene: str, restrained: bool) -> tuple[Motif, ...]:
    """What may stand for an area's news in a scene; where the area has nothing that fits, what fits at all."""
    able = [
        motif
        for motif in all_motifs()
        if motif.role == "hero" and fits(scene, motif) and _may_stand(motif, restrained)
    ]  # fmt: skip
    return tuple(motif for motif in able if area in motif.areas) or tuple(able)


def _may_stand(motif: Motif, restrained: bool) -> bool:
    """Nothing hard without an article that says it, and only what is quiet beside what hurts."""
    return motif.tone == "quiet" if restrained else motif.tone != "hard"


@cache
def _verbs(scene: str) -> tuple[str, ...]:
    """What can happen in a scene."""
    table = load("scenes.toml")
    verbs = (verb for kind in ("strong", "weak") for verb, suited in table[kind].items() if scene in suited)
    return tuple(verbs) or ("",)


# -- The correspondents --------------------------------------------------------------------------------------


def persona_strip(preset: Preset, area: str) -> Image.Image:
    """An area's correspondent as a half figure in each of MOODS, COLUMNS abreast, each in a cell of CELL pixels.

    Each is drawn and printed as large as in a picture and then made smaller, or a printed face would be all dots.
    """
    bare = replace(preset, margin=0)  # a cell is no sheet
    time = "night" if preset.dark else "day"
    palette = palette_for(area, preset.colours, time)
    brief = replace(example_brief(AREAS.index(area), preset), register="plain", persona=True)
    frame = Frame("wide", 0, 0, *DRAWN, DRAWN)
    strip = Image.new("RGB", (COLUMNS * CELL[0], -(-len(MOODS) // COLUMNS) * CELL[1]))
    for index, mood in enumerate(MOODS):
        canvas = Canvas(palette, bare, random.Random(mood), time == "night", frame)
        canvas.ground(palette.sky, palette.haze, focus=(DRAWN[0] * 0.42, DRAWN[1] * 0.4))
        made = Stage(replace(brief, mood=mood), canvas, "portrait", -1, "", 0, random.Random(f"{area}:{mood}"))
        # A little to the left: most hands reach to the right, where the correspondent looks.
        made.put_correspondent(x=DRAWN[0] * 0.42, height=TALL)
        strip.paste(composer.draw(made).image.resize(CELL, Image.Resampling.LANCZOS), _place(index))
    return strip


def _place(index: int) -> tuple[int, int]:
    """The left top corner of a mood's cell in a strip."""
    return index % COLUMNS * CELL[0], index // COLUMNS * CELL[1]


# -- Sheets --------------------------------------------------------------------------------------------------


def tiled(pictures: Sequence[Image.Image], *, columns: int, width: int, gap: int = 8) -> Image.Image:
    """Pictures of one ratio side by side, each so many pixels wide, on grey paper."""
    height = round(width * pictures[0].height / pictures[0].width)
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), "#d9d4ca")
    for index, picture in enumerate(pictures):
        sized = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        sheet.paste(sized, (gap + index % columns * (width + gap), gap + index // columns * (height + gap)))
    return sheet


def moods_in_a_row(strip: Image.Image) -> Image.Image:
    """A strip of correspondents with all moods abreast."""
    wide, high = CELL
    row = Image.new("RGB", (wide * len(MOODS), high))
    for index in range(len(MOODS)):
        left, top = _place(index)
        row.paste(strip.crop((left, top, left + wide, top + high)), (index * wide, 0))
    return row


def sheet(preset: Preset, name: str) -> bytes:
    """A sheet of a look's page as WebP: "examples-1" to EXAMPLES, "nights-1" to NIGHTS, "personas-" and an area.

    At most 1.5 s; the first correspondents of a process take three seconds longer. Raises KeyError for another name.
    """
    kind, _, which = name.partition("-")
    if kind == "personas" and which in AREAS:
        strip = persona_strip(preset, which)
        return encode(strip, strip.width)
    for kind, brief_of, most in (("examples", example_brief, EXAMPLES), ("nights", night_brief, NIGHTS)):
        names = [f"{kind}-{number}" for number in range(1, most + 1)]
        if name in names:
            return encode(draw_example(brief_of(names.index(name), preset)).image, WIDTH)
    raise KeyError(name)


SHEET = (3, 2)  # examples across and down on a reference sheet
SHEET_WIDTH = 320  # pixels of each: together about as large as a picture


@cache
def reference_sheet(slug: str) -> Image.Image:
    """A look's examples on one sheet, for a model that can look at it. Nobody is in them: it would be painted again.

    Raises KeyError when there is no such look.
    """
    preset = latest(slug)
    briefs = (replace(example_brief(number, preset), persona=False, register="plain") for number in count())
    chosen = islice((brief for brief in briefs if get_motif(brief.hero).kind != "person"), SHEET[0] * SHEET[1])
    stages = [composer.stage(brief, 1) for brief in chosen]
    drawn = [composer.printed(composer.layout(stage, people=False), stage) for stage in stages]
    return tiled(drawn, columns=SHEET[0], width=SHEET_WIDTH, gap=0)


def edition(preset: Preset) -> str:
    """Changes whenever a sheet of the look would show other pixels."""
    return f"{preset.version}.{composer.REVISION}"


def encode(image: Image.Image, width: int) -> bytes:
    """The image as WebP, so many pixels wide."""
    return encode_webp(image, (width,))[width]
