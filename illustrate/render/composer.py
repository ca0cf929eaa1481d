"""Composes a brief's picture: a scene, its light, the motif that the news is about, and who looks at it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import resvg_py
from PIL import Image

from illustrate.render import _scenery as scenery
from illustrate.render import motifs, personas
from illustrate.render._canvas import HEIGHT, WIDTH, Box, Canvas, trace
from illustrate.render._encode import placeholder_colour
from illustrate.render.palettes import AREAS, area_palette, mix, muted
from illustrate.render.presets import get_preset
from illustrate.types import Brief, Rendered

REVISION = "1"  # raised whenever the same brief and seed would give other pixels

# News that hurts is not staged: these scenes become quieter ones.
_QUIET = {
    "dispute": "ground",
    "stage": "room",
    "podium": "desk",
    "rise": "road",
    "fall": "ground",
    "crowd": "ground",
    "bubble": "room",
}
# What a floating thing cannot stand in is flooded: its scene becomes the shore.
_DRY = ("ground", "road", "city", "night", "rise")
# How much of a floating thing lies above the water; a hull unless it is named here.
_ABOVE_WATER = {"iceberg": 0.52, "whale": 0.72, "submarine": 0.66}
# Things that give light of their own.
_GLOWING = {
    "candle",
    "bulb",
    "lantern",
    "flame",
    "torch",
    "lighthouse",
    "campfire",
    "sun",
    "light-stick",
    "star",
    "comet",
}
_URBAN = ("politics", "economy", "society", "technology")


@dataclass
class Stage:
    """One picture in the making: what is asked, and where things may stand."""

    brief: Brief
    canvas: Canvas
    scene: str
    side: int  # where the correspondent stands: -1 left, 1 right
    peopled: bool
    hero_x: float
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def rng(self) -> random.Random:
        return self.canvas.rng

    @property
    def hero(self) -> motifs.Motif:
        return motifs.get_motif(self.brief.hero)

    def away(self, distance: float) -> float:
        """The x that lies so far from the hero, on the side without a person."""
        return self.hero_x - self.side * distance

    def put_hero(
        self,
        foot: float,
        *,
        within: tuple[float, float] | None = None,
        turn: float = 0.0,
        x: float | None = None,
        ground: bool = True,
    ) -> Box:
        """The motif at its place, with a shadow under it; what flies hangs above its shadow."""
        c, motif = self.canvas, self.hero
        room = within or c.preset.hero
        figure = motifs.figure(motif.key)
        at = self.hero_x if x is None else x
        flies = motif.place == "fly" and ground
        lift = self.rng.uniform(34, 52) if flies else 0.0
        lean = turn or self.rng.uniform(-4, 4) * (0.0 if figure.level else 1.0)
        aspect = (figure.box[2] - figure.box[0]) / (figure.box[3] - figure.box[1])
        if motif.key in _GLOWING:
            for k in (1.0, 0.72, 0.46):
                c.ellipse(at, foot - room[1] * 0.56, room[1] * 0.86 * k, room[1] * 0.78 * k, c.palette.sun, 0.16)
        if ground:
            half = min(room[0], room[1] * aspect) * (0.36 if flies else 0.48)
            c.shadow(at, foot + (8 if flies else -2), half, o=0.15 if flies else 0.24)
        box = c.figure(
            figure,
            x=at,
            foot=foot - lift,
            within=(room[0], room[1] - lift),
            turn=round(lean, 1),
            swap=motif.icon.startswith("own:") and self.rng.random() < 0.25,
        )
        self.parts["hero"] = {"key": motif.key, "box": _rounded(box)}
        return box

    def put_support(
        self, x: float, foot: float, size: float, where: str, *, index: int = 0, layer: str = "figures"
    ) -> None:
        """The second motif, smaller; nothing when the brief has none."""
        if index >= len(self.brief.supports) or self.brief.supports[index] == self.brief.hero:
            return
        motif = motifs.get_motif(self.brief.supports[index])
        x = min(max(x, 24 + size * 0.58), WIDTH - 24 - size * 0.58)
        if motif.place == "fly" and where == "on the ground":
            foot, where = min(foot - 250, 250), "in the sky"
        elif where in ("on the ground", "on the table"):
            self.canvas.shadow(x, foot - 2, size * 0.44)
        figure = motifs.figure(motif.key)
        lean = 0.0 if figure.level else round(self.rng.uniform(-4, 4), 1)
        box = self.canvas.figure(figure, x=x, foot=foot, within=(size * 1.1, size), turn=lean, layer=layer)
        self.parts.setdefault("supports", []).append({"key": motif.key, "box": _rounded(box), "where": where})

    def put_person(self, area: str, side: int, *, height: float | None = None, mood: str = "") -> dict[str, Any]:
        """A correspondent at one side, facing the middle, cut only by the lower edge."""
        c = self.canvas
        bust = personas.bust(area, mood or self.brief.mood, "night" if c.dark else "day")
        crown = bust.head[1]
        # Enough of the chest to stand on, however tall the hair is.
        shown = 800.0 - crown
        scale = min((height or c.preset.persona) / shown, 0.6)
        margin = 18.0
        reach = max(bust.head[2], min(bust.body[2], 700.0))
        width = (reach - min(bust.body[0], bust.head[0])) * scale
        left = margin if side < 0 else WIDTH - margin - width
        top = HEIGHT - shown * scale

        def x_of(x: float) -> float:
            inner = (x - min(bust.body[0], bust.head[0])) * scale
            return left + inner if side < 0 else left + width - inner

        start = x_of(0.0)
        flip = 1 if side < 0 else -1
        y0 = top - crown * scale
        transform = f"translate({start:.1f} {y0:.1f}) scale({flip * scale:.4f} {scale:.4f})"
        if c.dark:
            c.figures.append(
                f'<g transform="{transform}" stroke="{c.palette.halo}" stroke-linejoin="round"'
                f' stroke-width="{2 * c.preset.halo / scale + 16:.0f}">{_silhouette(bust.markup)}</g>'
            )
        c.figures.append(f'<g transform="{transform}">{bust.markup}</g>')

        def box(part: tuple[float, float, float, float]) -> list[int]:
            a, b = sorted((x_of(part[0]), x_of(part[2])))
            return _rounded((a, y0 + part[1] * scale, b, y0 + part[3] * scale))

        return {
            "area": personas.persona_for(area).area,
            "expression": personas.expression_for(mood or self.brief.mood),
            "head": box(bust.head),
            "face": box(bust.face),
            "faces": "right" if side < 0 else "left",
        }


def _silhouette(markup: str) -> str:
    """The bust again with ids of its own, to be stroked as a halo behind itself."""
    return markup.replace('id="', 'id="h-').replace('href="#', 'href="#h-').replace("url(#", "url(#h-")


def _rounded(box: Box) -> list[int]:
    return [round(each) for each in box]


# -- Scenes --------------------------------------------------------------------------------------------------
# Each lays the scenery, then puts the hero and the supports; persons come last, in front.


def _backdrop(s: Stage, horizon: float) -> None:
    """What lies behind an open ground: sea, streets or hills, as the article's place and area suggest."""
    c, setting = s.canvas, s.brief.setting
    if setting in ("sea", "coast", "beach", "water"):
        scenery.sea(c, horizon - 30)
    elif setting in ("city", "street", "town") or (not setting and s.brief.area in _URBAN and s.rng.random() < 0.55):
        scenery.skyline(c, horizon + 40)
    else:
        scenery.hills(c, s.brief.season, horizon=horizon)


def _sky(s: Stage, *, sun: bool = True) -> None:
    c = s.canvas
    scenery.sky(c)
    if sun:
        # Half behind the hero, as light that picks it out.
        x = s.hero_x + s.rng.choice((-1, 1)) * s.rng.uniform(120, 230)
        scenery.disc(c, x, s.rng.uniform(150, 230), s.rng.uniform(92, 128))
    if not c.dark:
        scenery.clouds(c, s.rng.randint(1, 3))


def _open_ground(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    _backdrop(s, s.rng.uniform(405, 445))
    scenery.floor(c, s.rng.uniform(488, 506))
    s.put_hero(s.rng.uniform(572, 590))
    s.put_support(s.away(330), 606, 150, "on the ground")
    s.put_support(s.away(-250), 520, 110, "on the ground", index=1)
    edge = (40.0, 1160.0) if not s.peopled else ((1080.0, 1170.0) if s.side < 0 else (30.0, 120.0))
    scenery.sprigs(c, list(edge), s.brief.season)
    if s.rng.random() < 0.6 and not c.dark:
        scenery.birds(c, s.away(300), 120)


def _city(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    scenery.skyline(c, 490)
    scenery.street(c, 486)
    scenery.lamp_post(c, s.away(390), 512, lean=s.side)
    s.put_hero(588)
    s.put_support(s.away(300), 618, 150, "on the ground")


def _podium(s: Stage) -> None:
    c = s.canvas
    c.gradient(c.palette.sky, c.palette.haze)
    scenery.rays(c, s.hero_x, 420)
    if s.brief.mood in ("joy", "hope", "determination", "surprise"):
        scenery.bunting(c)
    scenery.floor(c, 540, swing=4)
    scenery.plinth(c, s.hero_x, 500, 170)
    s.put_hero(506, within=(440, 360))
    if s.brief.supports:
        s.put_support(s.away(326), 648, 150, "on the ground")
    else:
        scenery.microphones(c, s.away(318), 640, s.side)


def _rise(s: Stage) -> None:
    _flight(s, [560, 520, 478, 436, 396])


def _fall(s: Stage) -> None:
    _flight(s, [330, 392, 456, 520, 584], turn=9.0)


def _flight(s: Stage, tops: list[float], turn: float = 0.0) -> None:
    c = s.canvas
    _sky(s, sun=turn == 0)
    _backdrop(s, 430)
    scenery.floor(c, 560, swing=6)
    width = 146.0
    # The last step carries the hero and lies furthest from the person.
    start = 372.0 if s.peopled else 235.0
    ordered = tops if s.side < 0 else tops[::-1]
    begin = start if s.side < 0 else WIDTH - start - 5 * width
    scenery.steps(c, ordered, begin, width)
    s.hero_x = begin + (4.2 if s.side < 0 else 0.8) * width
    if turn:
        s.put_hero(600, within=(370, 380), turn=-s.side * turn)
        s.put_support(
            begin + (1.5 if s.side < 0 else 3.5) * width, ordered[1 if s.side < 0 else 3] + 4, 120, "on the steps"
        )
    else:
        s.put_hero(402, within=(370, 350))
        s.put_support(begin + 2.5 * width, ordered[2] + 4, 124, "on the steps")
        if s.brief.mood in ("joy", "surprise"):
            scenery.confetti(c, 36)


def _dispute(s: Stage) -> None:
    c = s.canvas
    p = c.palette
    c.gradient(p.sky, p.haze)
    s.hero_x = WIDTH / 2
    jag = "L560 150L650 330L540 480L640 680"
    c.path(trace("M", 600, -5, jag, "H", 1210, "V", -5, "Z"), mix(p.far, p.accent, 0.22))
    scenery.bolt(c, s.hero_x)
    scenery.floor(c, 530, swing=8)
    s.put_hero(590, within=(330, 330))
    s.put_support(s.hero_x, 190, 120, "in the sky")
    if s.peopled:
        others = [area for area in AREAS if area != s.brief.area]
        first = s.put_person(s.brief.area, -1, height=400, mood="anger" if s.brief.mood == "neutral" else s.brief.mood)
        second = s.put_person(
            s.rng.choice(others), 1, height=400, mood=s.rng.choice(("determination", "anger", "worry"))
        )
        s.parts["persona"], s.parts["others"] = first, [second]


def _night(s: Stage) -> None:
    c = s.canvas
    scenery.sky(c)
    scenery.disc(c, s.away(260), 140, 92)
    if s.rng.random() < 0.6:
        scenery.skyline(c, 486, lit=0.34)
    else:
        scenery.hills(c, s.brief.season)
    scenery.floor(c, 496)
    s.put_hero(584)
    s.put_support(s.away(300), 612, 146, "on the ground")
    scenery.sprigs(c, [1150.0 if s.side < 0 else 50.0])


def _framed(s: Stage, x: float, top: float) -> None:
    """A small picture on the wall: of the second motif, or of hills."""
    c, p = s.canvas, s.canvas.palette
    c.rect(x - 92, top, 184, 150, mix(p.wood, p.deep, 0.25), r=3)
    c.rect(x - 78, top + 14, 156, 122, p.light if not c.dark else mix(p.light, p.far, 0.5))
    if s.brief.supports:
        s.put_support(x, top + 128, 104, "in a frame on the wall")
    else:
        c.path(
            f"M{x - 78:.0f} {top + 136}L{x - 20:.0f} {top + 64}l42 42l22 -22L{x + 78:.0f} {top + 136}Z",
            p.mid,
        )
        c.ellipse(x + 36, top + 46, 15, 15, p.sun)


def _desk(s: Stage) -> None:
    c = s.canvas
    p = c.palette
    wall = mix(p.sky, p.haze, 0.3)
    c.rect(-5, -5, WIDTH + 10, 500, wall)
    for x in range(-40, WIDTH, 120):
        c.rect(x, -5, 58, 480, mix(wall, p.light if not c.dark else p.far, 0.22))
    _framed(s, s.away(318), 66)
    top = mix(p.wood, p.near, 0.25) if not c.dark else mix(p.wood, p.near, 0.6)
    scenery.desk_lamp(c, s.away(356), 530, lean=s.side)
    c.rect(-5, 470, WIDTH + 10, 210, top)
    c.rect(-5, 470, WIDTH + 10, 14, mix(top, p.light, 0.4))
    c.path(trace("M", -5, 640, "H", WIDTH + 5, "V", 680, "H", -5, "Z"), p.ink, 0.18)
    for y in (520, 566, 610):
        c.stroke(trace("M", s.rng.uniform(0, 300), y, "h", s.rng.uniform(200, 500)), mix(top, p.ink, 0.14), 3)
    s.put_hero(596, within=(460, 390))
    if s.rng.random() < 0.6:
        scenery.book_pile(c, s.away(352), 640)
    c.props.append("a table")


def _shore(s: Stage) -> None:
    c = s.canvas
    p = c.palette
    scenery.sky(c)
    x = s.away(s.rng.uniform(-60, 170))
    level = 372.0
    scenery.disc(c, x, level - s.rng.uniform(20, 120), 104)
    if not c.dark:
        scenery.clouds(c, 2, top=60, low=170)
        scenery.birds(c, s.away(260), 140)
    scenery.sea(c, level)
    scenery.glitter(c, x, level)
    for _ in range(s.rng.randint(1, 2)):
        scenery.far_sail(c, s.rng.uniform(120, 1080), level + 6, s.rng.uniform(0.6, 1.0))
    if s.hero.place == "float":
        above = _ABOVE_WATER.get(s.hero.key, 0.0)
        box = s.put_hero(600 if above else 564, ground=False, within=(480, 400))
        water = mix(p.water, p.mid, 0.25) if not c.dark else mix(p.far, p.water, 0.12)
        edge = box[1] + (box[3] - box[1]) * above if above else box[3] - 26
        wave = "q30 -17 60 0t60 0" * 12
        c.path(trace("M", -120, edge, wave, "V", 690, "H", -120, "Z"), mix(water, p.deep, 0.12), 0.62, layer="figures")
        c.stroke(trace("M", -120, edge, wave), mix(water, p.light, 0.5), 5, layer="figures", opacity=0.7)
        c.rect(-5, 634, WIDTH + 10, 60, mix(water, p.deep, 0.3), layer="figures", o=0.8)
        if s.brief.supports:
            x = s.away(330)
            c.path(
                trace("M", x - 190, 690, "Q", x - 120, 588, x, 590, "Q", x + 120, 588, x + 190, 690, "Z"),
                mix(p.disc, p.wood, 0.3),
                layer="figures",
            )
    else:
        sand = mix(p.disc, p.wood, 0.3) if not c.dark else p.near
        scenery.floor(c, 520, colour=sand)
        s.put_hero(596)
    s.put_support(s.away(320), 612, 146, "on the ground")


def _room(s: Stage) -> None:
    c = s.canvas
    p = c.palette
    wall = mix(p.haze, p.sky, 0.55)
    c.rect(-5, -5, WIDTH + 10, 500, wall)
    c.rect(-5, 380, WIDTH + 10, 110, mix(wall, p.far, 0.45))
    c.rect(-5, 374, WIDTH + 10, 8, mix(wall, p.light if not c.dark else p.far, 0.5))
    wide = 300.0
    hung = bool(s.brief.supports) and motifs.get_motif(s.brief.supports[0]).place == "fly"
    at = s.hero_x - s.side * (s.rng.uniform(40, 90) if not hung else -40)
    scenery.window(c, at - wide / 2, 70, wide, 250, s.brief.season)
    scenery.boards(c, 486, mix(p.wood, p.near, 0.35) if not c.dark else mix(p.wood, p.near, 0.7))
    c.ellipse(s.hero_x, 602, 330, 48, mix(p.accent, p.far, 0.35))
    c.ellipse(s.hero_x, 602, 286, 38, mix(p.main, p.far, 0.5))
    s.put_hero(604, within=(420, 370))
    if hung:
        _framed(s, s.away(330), 96)
    elif s.brief.supports:
        s.put_support(s.away(330), 628, 150, "on the ground")
    else:
        scenery.pot_plant(c, s.away(345), 630)


def _stage(s: Stage) -> None:
    c = s.canvas
    p = c.palette
    c.rect(-5, -5, WIDTH + 10, 690, mix(p.deep, p.ink, 0.15))
    c.dark = True
    scenery.spotlight(c, s.hero_x, 560)
    scenery.boards(c, 548, mix(p.wood, p.ink, 0.35))
    c.ellipse(s.hero_x, 598, 300, 46, p.disc, 0.35)
    scenery.curtains(c)
    if s.brief.mood in ("joy", "hope", "surprise"):
        scenery.confetti(c, 40)
    s.put_hero(606, within=(420, 400))
    s.put_support(s.away(270), 634, 140, "on the ground")


def _crowd(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    _backdrop(s, 440)
    scenery.floor(c, 500)
    s.put_hero(548, within=(430, 390))
    s.put_support(s.away(320), 530, 140, "on the ground")
    span = (450.0, 1240.0) if s.side < 0 else (-40.0, 750.0)
    scenery.onlookers(c, span if s.peopled else (-40.0, 1240.0))


def _road(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    scenery.hills(c, s.brief.season, horizon=420)
    scenery.floor(c, 470, colour=mix(c.palette.near, c.palette.leaf, 0.35) if not c.dark else "")
    scenery.road(c, s.hero_x, 462)
    for x, base, size in (
        (s.hero_x - 230, 520, 0.8),
        (s.hero_x + 250, 530, 0.9),
        (s.hero_x - 350, 570, 1.15),
        (s.hero_x + 400, 585, 1.2),
    ):
        scenery.trees(c, base, s.brief.season, count=1, size=size, fade=0.12, span=(x - 12, x + 12))
    s.put_hero(606, within=(430, 390))
    s.put_support(s.away(310), 632, 150, "on the ground")


def _bubble(s: Stage) -> None:
    c = s.canvas
    p = c.palette
    _sky(s, sun=False)
    _backdrop(s, 450)
    scenery.floor(c, 530)
    x, y, rx, ry = s.hero_x + s.side * -10, 288.0, 352.0, 258.0
    mouth = (330.0, 478.0) if s.side < 0 else (WIDTH - 330.0, 478.0)
    cloth = p.light if not c.dark else mix(p.light, p.far, 0.08)
    k = -s.side
    tail = trace(
        "M",
        x - k * 250,
        y + 130,
        "Q",
        x - k * 300,
        y + 190,
        mouth[0],
        mouth[1],
        "Q",
        x - k * 190,
        y + 250,
        x - k * 120,
        y + 220,
        "Z",
    )
    oval = trace("M", x - rx, y, "a", rx, ry, 0, 1, 1, 2 * rx, 0, "a", rx, ry, 0, 1, 1, -2 * rx, 0, "Z")
    pen = c.preset.outline
    if c.dark:
        c.stroke(oval + tail, p.halo, pen + 2 * c.preset.halo)
    c.inked(tail, cloth, pen=pen)
    c.inked(oval, cloth, pen=pen)
    c.path(tail, cloth)
    c.ellipse(x, y + ry * 0.72, rx * 0.56, 20, p.far, 0.75)
    second = bool(s.brief.supports)
    s.put_hero(
        y + ry * 0.74,
        within=(330, 340) if second else (430, 360),
        x=x - (k * 96 if second else 0) * -1,
        ground=False,
        turn=0.01,
    )
    if second:
        s.put_support(x - k * 190, y + ry * 0.62, 150, "beside it")
    scenery.sprigs(c, [1140.0 if s.side < 0 else 60.0], s.brief.season)


_SCENES: dict[str, Callable[[Stage], None]] = {
    "ground": _open_ground, "city": _city, "podium": _podium, "rise": _rise, "fall": _fall, "dispute": _dispute,
    "night": _night, "desk": _desk, "shore": _shore, "room": _room, "stage": _stage, "crowd": _crowd, "road": _road,
    "bubble": _bubble,
}  # fmt: skip


# -- The whole -----------------------------------------------------------------------------------------------


def _scene_of(brief: Brief) -> str:
    scene = brief.scene if brief.scene in _SCENES else "ground"
    if brief.register == "restrained":
        scene = _QUIET.get(scene, scene)
    if motifs.get_motif(brief.hero).place == "float" and scene in _DRY:
        scene = "shore"
    if scene == "bubble" and not brief.persona:
        scene = "desk"
    return scene


def _staged(brief: Brief, seed: int) -> Stage:
    rng = random.Random(f"{brief.title_hash}:{seed}")
    scene = _scene_of(brief)
    peopled = brief.persona and brief.register != "restrained"
    time = "night" if scene == "night" else brief.time_of_day
    palette = area_palette(brief.palette or brief.area).at(time)
    if brief.register == "restrained":
        palette = muted(palette)
    side = rng.choice((-1, 1))
    x = 600 - side * rng.uniform(148, 184) if peopled else 600 + rng.uniform(-50, 50)
    canvas = Canvas(
        palette=palette, preset=get_preset(brief.preset, brief.preset_version), rng=rng, dark=time == "night"
    )
    stage = Stage(brief, canvas, scene, side, peopled, x)
    _SCENES[scene](stage)
    if peopled and "persona" not in stage.parts:
        stage.parts["persona"] = stage.put_person(brief.area, side)
    if brief.season == "winter" and scene in ("ground", "city", "road", "rise", "fall", "crowd") and rng.random() < 0.8:
        scenery.snowfall(canvas)
    stage.parts.setdefault("persona", None)
    stage.parts.setdefault("others", [])
    stage.parts.setdefault("supports", [])
    stage.parts |= {
        "scene": scene, "time_of_day": time, "palette": brief.palette or brief.area, "props": sorted(set(canvas.props)),
    }  # fmt: skip
    return stage


@lru_cache(maxsize=4)
def _grain(strength: float) -> np.ndarray:
    """Paper: fine noise over a coarser one, the same sheet for every picture; int16 (height, width, 1)."""
    rng = np.random.default_rng(20240611)
    fine = rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    coarse = np.repeat(np.repeat(rng.normal(0, 1, (HEIGHT // 2 + 1, WIDTH // 2)), 2, axis=0), 2, axis=1)[
        :HEIGHT, :WIDTH
    ]
    sheet = np.rint((0.8 * fine + 0.45 * coarse) * strength).astype(np.int16)[:, :, None]
    sheet.flags.writeable = False
    return sheet


def compose(brief: Brief, *, seed: int) -> Rendered:
    """The picture of a brief. The same brief and seed give the same pixels.

    Raises KeyError for a motif or a preset that does not exist.
    """
    stage = _staged(brief, seed)
    svg = stage.canvas.svg()
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    with Image.open(io.BytesIO(png)) as drawn:
        pixels = np.asarray(drawn.convert("RGB")).astype(np.int16)
    pixels += _grain(stage.canvas.preset.grain)
    image = Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))
    return Rendered(svg=svg, image=image, parts=stage.parts, colour=placeholder_colour(image))
