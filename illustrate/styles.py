"""The looks laid side by side: invented briefs drawn in each, the correspondents in their moods, and sheets of both."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import resvg_py
from PIL import Image

from illustrate.brief._choose import DIGNIFIED
from illustrate.brief._rules import load
from illustrate.brief.compose import ALWAYS_CORRESPONDENT, NEVER_CORRESPONDENT, fits
from illustrate.render import _press, composer
from illustrate.render._canvas import Canvas
from illustrate.render._encode import encode_webp
from illustrate.render.frames import Frame
from illustrate.render.motifs import Motif, all_motifs, get_motif
from illustrate.render.palettes import AREAS, Palette, area_palette, contrast, palette_for
from illustrate.render.presets import PRESETS, Preset, latest
from illustrate.render.stage import Stage
from illustrate.types import MOODS, SCENES, Brief, Rendered

__all__ = [
    "AREAS", "MOODS", "Motif", "Palette", "Preset", "area_palette", "contrast", "draw_example", "encode",
    "example_brief", "get_motif", "looks", "night_brief", "palette_of", "persona_strip", "tiled",
]  # fmt: skip

EXAMPLES = 12  # pictures on a look's page, one of each area
NIGHTS = 4
REVISION = composer.REVISION  # raised whenever a sheet would show other pixels
RESTRAINED_EVERY = 8  # so many pictures there is one of a sensitive subject
LIGHTS = {"day": 6, "dusk": 2, "night": 2}  # how often each is

# A half figure of a correspondent: pixels of its cell, and its height in it.
CELL = (240, 210)
TALL = 188
COLUMNS = 5  # of moods in a strip


def looks() -> tuple[Preset, ...]:
    """Every look in its newest version, the house's own first."""
    return tuple(latest(slug) for slug in dict.fromkeys(slug for slug, _ in PRESETS))


def palette_of(preset: Preset, area: str, time_of_day: str) -> Palette:
    """What the look's hand paints an area with."""
    return palette_for(area, preset.colours, time_of_day)


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
        and motif.place == "stand" and motif.size == "table" and not (restrained and motif.key not in DIGNIFIED)
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
    """The same news by night."""
    return replace(example_brief(number, preset), time_of_day="night")


def draw_example(brief: Brief) -> Rendered:
    """The picture of an invented brief, in the wide frame."""
    return composer.compose(brief, seed=1)


@cache
def _heroes(area: str, scene: str, restrained: bool) -> tuple[Motif, ...]:
    """What may stand for an area's news in a scene; where the area has nothing that fits, what fits at all."""
    able = [
        motif
        for motif in all_motifs()
        if motif.role == "hero" and motif.kind != "weapon" and fits(scene, motif)
        and (motif.key in DIGNIFIED if restrained else True)
    ]  # fmt: skip
    return tuple(motif for motif in able if area in motif.areas) or tuple(able)


@cache
def _verbs(scene: str) -> tuple[str, ...]:
    """What can happen in a scene."""
    table = load("scenes.toml")
    return tuple(verb for kind in ("strong", "weak") for verb, suited in table[kind].items() if scene in suited) or (
        "",
    )


# -- The correspondents --------------------------------------------------------------------------------------


def persona_strip(preset: Preset, area: str) -> Image.Image:
    """An area's correspondent as a half figure in each of MOODS, COLUMNS abreast, each in a cell of CELL pixels."""
    # No margin round a cell, and no press without the look's own paper.
    bare = replace(preset, margin=0)
    time = "night" if preset.dark else "day"
    palette = palette_of(preset, area, time)
    brief = replace(example_brief(AREAS.index(area), preset), area=area, palette=area, register="plain", persona=True)
    wide, high = CELL
    cells = []
    for index, mood in enumerate(MOODS):
        canvas = Canvas(palette, bare, random.Random(mood), time == "night", Frame("wide", 0, 0, wide, high, CELL))
        canvas.ground(palette.sky, palette.haze, focus=(wide / 2, high / 2))
        made = Stage(replace(brief, mood=mood), canvas, "portrait", -1, "", random.Random(f"{area}:{mood}"))
        made.put_correspondent(x=wide * 0.42, height=TALL)
        across, down = index % COLUMNS * wide, index // COLUMNS * high
        cells.append(canvas.svg().replace("<svg ", f'<svg x="{across}" y="{down}" ', 1))
    rows = -(-len(MOODS) // COLUMNS)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{COLUMNS * wide}" height="{rows * high}">'
        + "".join(cells) + "</svg>"
    )  # fmt: skip
    with Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))) as drawn:
        return Image.fromarray(_press.printed(np.asarray(drawn.convert("RGB")), bare, palette))


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
        left, top = index % COLUMNS * wide, index // COLUMNS * high
        row.paste(strip.crop((left, top, left + wide, top + high)), (index * wide, 0))
    return row


def encode(image: Image.Image, width: int) -> bytes:
    """The image as WebP, so many pixels wide."""
    return encode_webp(image, (width,))[width]
