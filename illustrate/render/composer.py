"""Composes a brief's picture: a scene, its light, the motif that the news is about, and who acts on it or looks on."""

from __future__ import annotations

import io
import random
from dataclasses import replace

import numpy as np
import resvg_py
from PIL import Image

from illustrate.render import _press, motifs
from illustrate.render import _scenery as scenery
from illustrate.render._canvas import Canvas
from illustrate.render._encode import placeholder_colour
from illustrate.render.frames import FRAMES, Shape
from illustrate.render.palettes import mix, muted, palette_for
from illustrate.render.presets import get_preset
from illustrate.render.scenes import SCENES, settled
from illustrate.render.stage import Stage
from illustrate.types import Brief, Rendered

REVISION = "3"  # raised whenever the same brief and seed would give other pixels

_SNOWED = frozenset({"ground", "city", "street", "road", "rise", "fall", "crowd", "journey", "march", "works"})


def stage(brief: Brief, seed: int, shape: Shape = "wide") -> Stage:
    """The scene of a brief laid out for one frame; the same brief, seed and shape give the same strokes."""
    rng = random.Random(f"{brief.title_hash}:{seed}")
    preset = get_preset(brief.preset, brief.preset_version)
    sober = brief.register == "restrained"
    # Briefs are settled already; one written by hand may ask for what cannot be.
    scene = settled(brief.scene, motifs.get_motif(brief.hero), is_sober=sober, is_peopled=brief.persona)
    time = "night" if scene == "night" or preset.dark else brief.time_of_day
    palette = palette_for(brief.palette or brief.area, preset.colours, time)
    if sober:
        # No bright rim, as of a sticker, round what hurts.
        palette = replace(muted(palette), halo=mix(palette.halo, palette.mid, 0.5) if time == "night" else palette.halo)
    side = rng.choice((-1, 1))
    cast = "" if sober else "correspondent" if brief.persona else "players"
    canvas = Canvas(palette, preset, rng, time == "night", FRAMES[shape])
    made = Stage(brief, canvas, scene, side, cast, seed, random.Random(f"{brief.title_hash}:{seed}:people"))
    SCENES[scene].lay(made)
    if cast == "correspondent" and "persona" not in made.parts:
        made.parts["persona"] = made.put_correspondent()
    if brief.season == "winter" and scene in _SNOWED and made.decide("snow").random() < 0.8:
        scenery.snowfall(canvas)
    made.parts = {
        "persona": None, "others": [], "supports": [], "players": [], **made.parts,
        "scene": scene, "time_of_day": time, "palette": brief.palette or brief.area, "shape": shape,
        "props": sorted({*canvas.props, *made.parts.get("props", ())}),
    }  # fmt: skip
    return made


def compose(brief: Brief, *, seed: int, shape: Shape = "wide") -> Rendered:
    """The picture of a brief. The same brief, seed and shape give the same pixels.

    Raises KeyError for a motif, a scene or a preset that does not exist.
    """
    return draw(stage(brief, seed, shape))


def draw(staged: Stage) -> Rendered:
    """The pixels of a scene that is laid out."""
    svg = staged.canvas.svg()
    image = printed(_pixels(svg).convert("RGB"), staged)
    return Rendered(svg=svg, image=image, parts=staged.parts, colour=placeholder_colour(image))


def layout(staged: Stage, *, people: bool) -> Image.Image:
    """RGB, as large as the frame: the scene before the press, with or without its people, for a model to paint over."""
    return _pixels(staged.canvas.svg("all" if people else "things")).convert("RGB")


def people(staged: Stage) -> Image.Image | None:
    """RGBA, as large as the frame: the scene's people alone, to be laid over a picture; None where there is nobody."""
    return _pixels(staged.canvas.svg("people")).convert("RGBA") if staged.canvas.people else None


def printed(image: Image.Image, staged: Stage) -> Image.Image:
    """The image as the look's press prints it: its grain, or its inks."""
    return Image.fromarray(_press.printed(np.asarray(image), staged.canvas.preset, staged.canvas.palette))


def _pixels(svg: str) -> Image.Image:
    with Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))) as drawn:
        drawn.load()
        return drawn
