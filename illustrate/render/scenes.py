"""The scenes: each lays its scenery, puts the news's main thing into it, and lets people act on it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from illustrate.render import _scenery as scenery
from illustrate.render import motifs, personas
from illustrate.render._bodies import Person, put_person
from illustrate.render._canvas import Box, Canvas, d, oval, polygon
from illustrate.render._faces import EXPRESSIONS
from illustrate.render._props import prop
from illustrate.render.frames import Frame
from illustrate.render.palettes import AREAS, mix
from illustrate.types import Brief

# How much of a floating thing lies above the water; a hull unless it is named here.
_ABOVE_WATER = {"iceberg": 0.52, "whale": 0.72, "submarine": 0.66}
# Things that give light of their own.
_GLOWING = frozenset(
    {"candle", "bulb", "lantern", "flame", "torch", "lighthouse", "campfire", "sun", "light-stick", "star", "comet"}
)
_URBAN = ("politics", "economy", "society", "technology")
HALF = 1130.0  # how far down a half figure is drawn

# What people do about the main thing, by what happens: (pose, distance from its edge, what the hand holds).
_ACTS: dict[str, tuple[tuple[str, str], ...]] = {
    "rise": (("lift", ""), ("cheer", ""), ("push", "")),
    "grow": (("kneel", ""), ("carry", "watering-can"), ("reach", "")),
    "win": (("cheer", ""), ("lift", "")),
    "lose": (("sit", ""), ("walk", "")),
    "fall": (("fall", ""), ("reach", ""), ("run", "")),
    "break": (("run", ""), ("shrug", "")),
    "attack": (("run", ""),),
    "warn": (("shout", "megaphone"), ("point", "")),
    "build": (("carry", "hammer"), ("lift", ""), ("push", "")),
    "change": (("push", ""), ("pull", "")),
    "find": (("look", "magnifier"), ("point", ""), ("dig", "spade")),
    "investigate": (("look", "magnifier"), ("sneak", "")),
    "learn": (("read", "open-book"), ("think", "")),
    "buy": (("carry", "shopping-bag"), ("reach", "")),
    "open": (("wave", ""), ("reach", ""), ("cheer", "")),
    "launch": (("wave", ""), ("look", "")),
    "close": (("walk", "suitcase"), ("wave", "")),
    "move": (("walk", "suitcase"), ("push", "")),
    "meet": (("shake", ""), ("offer", "")),
    "say": (("point", ""), ("stand", "")),
    "ask": (("think", ""), ("shrug", "")),
    "rescue": (("reach", ""), ("pull", ""), ("run", "")),
    "protest": (("placard", ""), ("fist", "")),
    "ban": (("hips", ""), ("crossed", "")),
    "judge": (("stand", ""), ("crossed", "")),
    "rest": (("sit", ""), ("walk", "")),
    "apologise": (("bow", ""),),
    "play": (("cheer", ""), ("run", "")),
    "compare": (("think", ""), ("point", "")),
    "vote": (("walk", ""), ("fist", "")),
    "weather": (("walk", "umbrella"), ("run", "")),
}
_SHARED_ACTS = frozenset({"meet", "dispute", "play", "protest", "change", "build", "", "learn", "buy", "rest"})
_WIDE_POSES = frozenset({"push", "pull", "point", "run", "fall", "kick", "shrug", "bow", "shake", "offer"})
_ANY_ACT = (("look", ""), ("point", ""), ("walk", ""), ("stand", ""))


@dataclass
class Stage:
    """One picture in the making: what is asked, and where things may stand."""

    brief: Brief
    canvas: Canvas
    scene: str
    side: int  # where the correspondent stands: -1 left, 1 right
    cast: str  # who may appear: "" nobody, "correspondent", "players" (nobody in particular)
    acting: random.Random  # people's own chooser, so that a change of cast does not move the scenery
    hero_x: float = 600.0
    parts: dict[str, Any] = field(default_factory=dict)
    taken: list[Box] = field(default_factory=list)  # where supports, heads and people stand

    def __post_init__(self) -> None:
        if self.cast == "correspondent":
            # Its place is kept free from the start: it is drawn last, in front.
            wide = 270.0
            edge = self.frame.left if self.side < 0 else self.frame.right - wide
            self.taken.append((edge, self.frame.bottom - 430, edge + wide, self.frame.bottom))
        aside = 150 if self.frame.shape == "wide" else 176
        self.hero_x = self.x(-self.side * aside if self.cast == "correspondent" else self.rng.uniform(-46, 46))

    @property
    def rng(self) -> random.Random:
        return self.canvas.rng

    @property
    def frame(self) -> Frame:
        return self.canvas.frame

    @property
    def hero(self) -> motifs.Motif:
        return motifs.get_motif(self.brief.hero)

    @property
    def is_sober(self) -> bool:
        return self.brief.register == "restrained"

    def x(self, offset: float) -> float:
        """So far from the middle, in a narrower frame nearer to it."""
        return 600 + offset * self.frame.spread

    def away(self, distance: float) -> float:
        """The x that lies so far from the hero, on the side without the correspondent."""
        return self.hero_x - self.side * distance * self.frame.spread

    def low(self, y: float) -> float:
        """A y of the wide frame's foreground, moved down with the lower edge of a taller one.

        In a narrow frame a second thing has no room beside the first: it stands before it, so the first stays back.
        """
        return y + (self.frame.bottom - 675) * (0.1 if self.brief.supports else 0.55)

    def room(self, width: float = 0, height: float = 0) -> tuple[float, float]:
        """The widest and tallest that the hero gets; a little more where the frame is tall."""
        w, h = width or self.canvas.preset.hero[0], height or self.canvas.preset.hero[1]
        grows = 1.0 + 0.12 * (self.frame.height - 675) / 325 if self.frame.shape != "wide" else 1.0
        share = 0.54 if self.cast != "correspondent" else 0.5
        return min(w, self.frame.width * share), h * grows

    # -- Things ----------------------------------------------------------------------------------------------

    def put_hero(
        self, foot: float, *, within: tuple[float, float] | None = None, turn: float = 0.0, x: float | None = None,
        ground: bool = True,
    ) -> Box:  # fmt: skip
        """The main thing at its place, with a shadow under it; what flies hangs above its shadow."""
        c, motif = self.canvas, self.hero
        room = within or self.room()
        figure = motifs.figure(motif.key, c.preset.cut)
        at = self.hero_x if x is None else x
        flies = motif.place == "fly" and ground
        lift = self.rng.uniform(34, 52) if flies else 0.0
        lean = turn or self.rng.uniform(-4, 4) * (0.0 if figure.level else 1.0)
        aspect = (figure.box[2] - figure.box[0]) / (figure.box[3] - figure.box[1])
        if motif.key in _GLOWING and not c.preset.hatch:
            for k in (1.0, 0.72, 0.46):
                c.ellipse(at, foot - room[1] * 0.56, room[1] * 0.86 * k, room[1] * 0.78 * k, c.palette.sun, 0.16)
        if ground:
            half = min(room[0], room[1] * aspect) * (0.36 if flies else 0.48)
            c.shadow(at, foot + (8 if flies else -2), half, o=0.15 if flies else 0.24)
        box = c.figure(
            figure, x=at, foot=foot - lift, within=(room[0], room[1] - lift), turn=round(lean, 1),
            swap=bool(motif.drawing) and self.rng.random() < 0.25,
        )  # fmt: skip
        self.parts["hero"] = {"key": motif.key, "box": self.pixels(box)}
        return box

    def put_support(
        self, x: float, foot: float, size: float, where: str, *, index: int = 0, layer: str = "figures"
    ) -> Box | None:
        """The second thing, smaller; nothing when the brief has none."""
        if index >= len(self.brief.supports) or self.brief.supports[index] == self.brief.hero:
            return None
        motif = motifs.get_motif(self.brief.supports[index])
        if self.frame.shape != "wide" and where in ("on the ground", "beside the path", "on the map", "beside the lens"):
            foot, size = self.frame.bottom - 14, size * 0.92
        half = size * 0.58
        x = min(max(x, self.frame.left + 24 + half), self.frame.right - 24 - half)
        if motif.place == "fly" and where == "on the ground":
            foot, where = self.frame.top + 250 if self.frame.shape == "wide" else self.frame.top + 150, "in the sky"
            size = min(size, foot - self.frame.top - 16)
        elif where in ("on the ground", "on the table"):
            self.canvas.shadow(x, foot - 2, size * 0.44)
        figure = motifs.figure(motif.key, self.canvas.preset.cut)
        lean = 0.0 if figure.level else round(self.rng.uniform(-4, 4), 1)
        box = self.canvas.figure(figure, x=x, foot=foot, within=(size * 1.1, size), turn=lean, layer=layer)
        self.parts.setdefault("supports", []).append({"key": motif.key, "box": self.pixels(box), "where": where})
        self.taken.append(box)
        return box

    def put_supports(self, foot: float, size: float, where: str = "on the ground") -> None:
        """One beside the hero; a second beyond it where there is room for it."""
        self.put_support(self.away(350), foot, size, where)
        if self.frame.shape == "wide" and self.cast != "correspondent":
            self.put_support(self.away(-350), foot - 6, size * 0.84, where, index=1)

    # -- People ----------------------------------------------------------------------------------------------

    def put_correspondent(
        self, *, area: str = "", side: int = 0, height: float = 0, mood: str = "", pose: str = "", shown: float = HALF,
        foot: float | None = None, x: float | None = None, holds: bool = True, layer: str = "figures",
    ) -> dict[str, Any]:  # fmt: skip
        """A desk's correspondent at one side, facing the middle and what the news is about."""
        side = side or self.side
        mood = personas.expression_for(mood or self.brief.mood)
        expression = EXPRESSIONS[mood]
        gesture = pose or (expression.gesture if self.acting.random() < 0.62 else expression.another)
        tall = height or self.canvas.preset.persona * (1.0 if self.frame.shape == "wide" else 0.94)
        margin = self.canvas.preset.margin + 12
        keep = (self.frame.left + margin, self.frame.right - margin)
        hero = self.parts.get("hero", {}).get("box")
        at = x if x is not None else (keep[0] + 120 if side < 0 else keep[1] - 120)
        bottom = self.frame.bottom + 6 if foot is None else foot
        eyes = bottom - tall * 0.8
        middle = (hero[1] + hero[3]) / 2 / self.frame.scale + self.frame.top if hero else eyes
        glance = "up" if middle < eyes - 70 else "down" if middle > eyes + 90 else "ahead"
        person = put_person(
            self.canvas, x=at, foot=bottom, height=tall, pose=gesture, faces="right" if side < 0 else "left",
            area=area or self.brief.area, mood=mood, glance=glance, shown=shown, keep=keep, layer=layer,
        )  # fmt: skip
        if gesture == "hold" and holds:
            self._put_in_hand(person, personas.persona_for(area or self.brief.area).props, tall * 0.27, layer)
        return self._described(person, area or self.brief.area, mood, gesture)

    def _described(self, person: Person, area: str, mood: str, gesture: str) -> dict[str, Any]:
        return {
            "area": personas.persona_for(area).area, "expression": mood, "gesture": gesture,
            "head": self.pixels(person.head), "face": self.pixels(person.face), "faces": person.faces,
        }  # fmt: skip

    def _put_in_hand(self, person: Person, keys: tuple[str, ...], size: float, layer: str = "figures") -> None:
        x, y = person.hand
        key = self.acting.choice([key for key in keys if key != self.brief.hero] or list(keys))
        figure = motifs.figure(key, self.canvas.preset.cut)
        self.canvas.figure(
            figure, x=x, foot=y + size * 0.62, within=(size, size), layer=layer, mirror=person.faces == "left"
        )

    def put_player(
        self, x: float, foot: float, height: float, pose: str, faces: str, *, holds: str = "", layer: str = "figures"
    ) -> Person | None:
        """Somebody of no name, small beside the main thing; nobody in a sober picture."""
        if self.is_sober or self.cast == "":
            return None
        margin = self.canvas.preset.margin + 10
        keep = (self.frame.left + margin, self.frame.right - margin)
        half = height * (0.3 if pose in _WIDE_POSES else 0.17)
        x = min(max(x, keep[0] + half), keep[1] - half)
        if not self._is_free((x - half, foot - height, x + half, foot)):
            return None
        self.canvas.shadow(x, foot, height * 0.2, layer=layer)
        kept = self.canvas.rng
        self.canvas.rng = self.acting
        person = put_person(
            self.canvas, x=x, foot=foot, height=height, pose=pose, faces=faces, keep=keep, layer=layer
        )
        self.canvas.rng = kept
        if holds:
            self._put_in_hand(person, (holds,), height * (0.5 if holds == "umbrella" else 0.3), layer)
        self.parts.setdefault("players", []).append(self.pixels(person.box))
        self.taken.append(person.box)
        return person

    def _is_free(self, box: Box) -> bool:
        """Whether hardly anything that matters would be hidden there."""
        for other in self.taken:
            across = min(box[2], other[2]) - max(box[0], other[0])
            down = min(box[3], other[3]) - max(box[1], other[1])
            least = min((box[2] - box[0]) * (box[3] - box[1]), (other[2] - other[0]) * (other[3] - other[1]))
            if across > 0 and down > 0 and across * down > 0.12 * least:
                return False
        return True

    def act(self, box: Box, foot: float, *, height: float = 176) -> None:
        """One or two people do about the main thing what the headline says that happens to it."""
        if self.is_sober or self.cast == "":
            return
        acts = _ACTS.get(self.brief.verb, _ANY_ACT)
        pose, holds = self.acting.choice(acts)
        sides = (-self.side,) if self.cast == "correspondent" else self.acting.choice(((-1, 1), (1, -1)))
        reach = {"push": 46.0, "pull": 58.0, "lift": 40.0, "run": 120.0, "walk": 110.0, "fall": 90.0}.get(pose, 84.0)
        leaves = pose in ("run", "walk") and self.brief.verb in ("break", "attack", "close", "move", "lose", "fall")
        holds = "" if holds == self.brief.hero else holds
        first = None
        for away in sides:
            edge = box[2] if away > 0 else box[0]
            towards = away if leaves else -away
            faces = "right" if towards > 0 else "left"
            if first := self.put_player(edge + away * reach, foot + 14, height, pose, faces, holds=holds):
                break
        if first and self.cast == "players" and self.brief.verb in _SHARED_ACTS:
            pose, holds = self.acting.choice(acts)
            edge = box[0] if away > 0 else box[2]
            self.put_player(edge - away * reach, foot + 10, height * 0.97, pose, "right" if away > 0 else "left")

    def pixels(self, box: Box) -> list[int]:
        """A box of the scene in the frame's pixels."""
        k, frame = self.frame.scale, self.frame
        return [
            round((box[0] - frame.left) * k), round((box[1] - frame.top) * k), round((box[2] - frame.left) * k),
            round((box[3] - frame.top) * k),
        ]  # fmt: skip


# -- Outdoors ------------------------------------------------------------------------------------------------


def _backdrop(s: Stage, horizon: float) -> None:
    """What lies behind an open ground: sea, streets or hills, as the article's place and area suggest."""
    c, setting = s.canvas, s.brief.setting
    if setting in ("sea", "coast", "beach", "water"):
        scenery.sea(c, horizon - 30)
    elif setting in ("city", "street", "town") or (not setting and s.brief.area in _URBAN and s.rng.random() < 0.55):
        scenery.skyline(c, horizon + 40)
    else:
        scenery.hills(c, s.brief.season, horizon=horizon, mountains=True if setting == "mountain" else None)


def _sky(s: Stage, *, sun: bool = True) -> None:
    c = s.canvas
    scenery.sky(c, focus=(s.hero_x, 360))
    if sun:
        # Half behind the hero, as light that picks it out.
        x = s.hero_x + s.rng.choice((-1, 1)) * s.rng.uniform(120, 230) * s.frame.spread
        scenery.disc(c, x, s.rng.uniform(130, 220) + s.frame.top * 0.5, s.rng.uniform(92, 128))
    if not c.dark:
        scenery.clouds(c, s.rng.randint(1, 3), top=s.frame.top + 50, low=200)


def _edges(s: Stage) -> list[float]:
    left, right = s.frame.left + 46, s.frame.right - 46
    if s.cast != "correspondent":
        return [left, right]
    return [right] if s.side < 0 else [left]


def _ground(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    _backdrop(s, s.rng.uniform(405, 445))
    scenery.floor(c, s.rng.uniform(488, 506))
    foot = s.low(s.rng.uniform(574, 590))
    box = s.put_hero(foot)
    s.put_supports(foot + 20, 156)
    s.act(box, foot)
    scenery.near_plants(c, _edges(s), s.brief.season)
    if s.rng.random() < 0.6 and not c.dark:
        scenery.birds(c, s.away(300), 120)


def _city(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    scenery.skyline(c, 490)
    scenery.street(c, 486)
    lamp = "lamp_post_lit" if c.dark else "lamp_post"
    prop(c, lamp, s.away(420), 512, side=s.side)
    box = s.put_hero(s.low(588))
    s.put_support(s.away(330), s.low(614), 156, "on the ground")
    s.act(box, s.low(592))


def _street(s: Stage) -> None:
    c = s.canvas
    _sky(s, sun=False)
    scenery.shopfronts(c, 500)
    scenery.street(c, 498)
    for x, what in ((s.away(470), "lamp_post_lit" if c.dark else "lamp_post"), (s.away(-330), "hydrant")):
        prop(c, what, x, 524, side=s.side)
    box = s.put_hero(s.low(596), within=s.room(430, 370))
    s.put_support(s.away(320), s.low(626), 156, "on the ground")
    s.act(box, s.low(600))


def _weather(s: Stage) -> None:
    """A wide land under the weather that the news is about, and somebody small in it."""
    c, p = s.canvas, s.canvas.palette
    key, season = s.brief.hero, s.brief.season
    hot = key in ("sun", "thermometer") or season == "summer"
    cold = season == "winter" or key in ("snowflake", "snowman")
    scenery.sky(c, focus=(s.hero_x, 240))
    if hot and not c.dark:
        scenery.rays(c, s.hero_x, 200)
        scenery.disc(c, s.x(s.side * 300), 120 + s.frame.top * 0.5, 110)
    else:
        scenery.clouds(c, 4, top=s.frame.top + 40, low=150, kind="rain_cloud")
    scenery.hills(c, season, horizon=440, mountains=not hot)
    scenery.floor(c, 520, colour="" if c.dark or not cold else mix(p.light, p.far, 0.2))
    if hot:
        scenery.shimmer(c, 510)
    s.put_hero(s.low(560), within=s.room(420, 380))
    s.put_support(s.away(330), s.low(606), 150, "on the ground")
    if cold:
        scenery.snowfall(c)
    elif not hot:
        scenery.rain(c)
        scenery.wind(c, 300)
    if s.cast == "players":
        side = s.rng.choice((-1, 1))
        s.put_player(s.x(side * 400), s.low(630), 190, "walk" if not hot else "cheek",
                     "right" if side < 0 else "left", holds="" if hot or key == "umbrella" else "umbrella")  # fmt: skip


def _night(s: Stage) -> None:
    c = s.canvas
    scenery.sky(c, focus=(s.hero_x, 360))
    scenery.disc(c, s.away(260), 140 + s.frame.top * 0.5, 92)
    if s.rng.random() < 0.6:
        scenery.skyline(c, 486, lit=0.34)
    else:
        scenery.hills(c, s.brief.season)
    scenery.floor(c, 496)
    box = s.put_hero(s.low(584))
    s.put_support(s.away(320), s.low(612), 150, "on the ground")
    s.act(box, s.low(586))
    scenery.near_plants(c, _edges(s)[-1:])


def _shore(s: Stage) -> None:
    c, p = s.canvas, s.canvas.palette
    scenery.sky(c, focus=(s.hero_x, 330))
    x = s.away(s.rng.uniform(-60, 170))
    level = 372.0
    scenery.disc(c, x, level - s.rng.uniform(20, 120), 104)
    if not c.dark:
        scenery.clouds(c, 2, top=s.frame.top + 60, low=170)
        scenery.birds(c, s.away(260), 140)
    scenery.sea(c, level)
    if c.preset.sky == "bands":
        scenery.glitter(c, x, level)
    for _ in range(s.rng.randint(1, 2)):
        prop(c, "far_sail", s.x(s.rng.uniform(-480, 480)), level + 6, s.rng.uniform(0.6, 1.0))
    if s.hero.place == "float":
        above = _ABOVE_WATER.get(s.hero.key, 0.0)
        box = s.put_hero(s.low(600 if above else 564), ground=False, within=s.room(500, 410))
        scenery.in_water(c, box[1] + (box[3] - box[1]) * above if above else box[3] - 26)
        if s.brief.supports:
            at, low = s.away(340), s.low(592)
            c.sheet(
                d("M", at - 200, c.bottom, "Q", at - 120, low - 4, at, low - 2, "Q", at + 120, low - 4, at + 200,
                  c.bottom, "Z"), mix(p.disc, p.wood, 0.3), layer="figures",
            )  # fmt: skip
        s.put_support(s.away(340), s.low(612), 146, "on the ground")
        return
    scenery.floor(c, 520, colour=mix(p.disc, p.wood, 0.3) if not c.dark and not c.preset.hatch else "", blades=False)
    box = s.put_hero(s.low(596))
    s.put_support(s.away(330), s.low(616), 150, "on the ground")
    s.act(box, s.low(600))


def _road(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    scenery.hills(c, s.brief.season, horizon=420)
    p = c.palette
    scenery.floor(c, 470, colour=mix(p.near, p.leaf, 0.35) if not c.dark else "")
    scenery.path_to(c, s.hero_x, 462)
    for dx, base, size in ((-230, 520, 0.8), (250, 530, 0.9), (-350, 570, 1.15), (400, 585, 1.2)):
        at = s.hero_x + dx
        scenery.trees(c, base, s.brief.season, count=1, size=size, fade=0.12, span=(at - 12, at + 12))
    box = s.put_hero(s.low(606))
    s.put_support(s.away(320), s.low(632), 156, "on the ground")
    s.act(box, s.low(608))


def _journey(s: Stage) -> None:
    """A winding path, somebody on the way, and the main thing where it leads."""
    c, p = s.canvas, s.canvas.palette
    _sky(s)
    scenery.hills(c, s.brief.season, horizon=410, mountains=True)
    scenery.floor(c, 462, colour=mix(p.near, p.leaf, 0.3) if not c.dark else "", blades=False)
    goal = s.hero_x
    scenery.path_to(c, goal, 470, winding=True)
    s.put_hero(512, within=s.room(430, 360))
    for i, (dx, y) in enumerate(((-250, 600), (270, 630))):
        if not s.put_support(goal + dx * s.frame.spread * -s.side, s.low(y), 128, "beside the path", index=i):
            prop(c, "signboard" if i else "sapling", goal + dx * s.frame.spread * -s.side, s.low(y), 0.7)
    if s.cast == "players":
        s.put_player(goal - 70, s.low(652), 206, "walk", "right", holds="suitcase" if s.brief.verb == "move" else "")
    scenery.near_plants(c, _edges(s)[:1], s.brief.season)


def _flight(s: Stage, tops: list[float], turn: float = 0.0) -> None:
    c = s.canvas
    _sky(s, sun=turn == 0)
    _backdrop(s, 430)
    scenery.floor(c, 560, swing=6)
    width = 146.0 * (0.3 + 0.7 * s.frame.spread)
    # The last step carries the hero and lies furthest from the person.
    peopled = s.cast == "correspondent"
    start = s.frame.left + (300.0 if peopled else 190.0) * s.frame.spread
    ordered = tops if s.side < 0 else tops[::-1]
    begin = start if s.side < 0 else s.frame.right - (start - s.frame.left) - 5 * width
    begin = min(begin, s.frame.right - 5 * width - 40)
    scenery.steps(c, ordered, begin, width)
    s.hero_x = begin + (4.2 if s.side < 0 else 0.8) * width
    half = s.room(370, 0)[0] / 2 + 14
    s.hero_x = min(max(s.hero_x, s.frame.left + half), s.frame.right - half)
    if turn:
        s.put_hero(s.low(602), within=s.room(370, 370), turn=-s.side * turn)
        at = (1.5 if s.side < 0 else 3.5) * width
        if not _on_steps(s, begin + at, ordered[1 if s.side < 0 else 3] + 4, 124):
            s.put_player(begin + at, ordered[1 if s.side < 0 else 3] + 2, 150, "fall", "right" if s.side < 0 else "left")
        return
    s.put_hero(402, within=s.room(370, 350))
    if not _on_steps(s, begin + 2.5 * width, ordered[2] + 4, 128):
        s.put_player(begin + 2.5 * width, ordered[2] + 2, 158, "climb", "right" if s.side < 0 else "left")
    if s.brief.mood in ("joy", "surprise") and not s.is_sober:
        scenery.confetti(c, 36)


def _on_steps(s: Stage, x: float, top: float, size: float) -> Box | None:
    if s.frame.shape == "wide":
        return s.put_support(x, top, size, "on the steps")
    return s.put_support(s.away(420), s.low(640), size * 1.15, "on the ground")


def _rise(s: Stage) -> None:
    _flight(s, [560, 520, 478, 436, 396])


def _fall(s: Stage) -> None:
    _flight(s, [330, 392, 456, 520, 584], turn=9.0)


def _crowd(s: Stage) -> None:
    c = s.canvas
    _sky(s)
    _backdrop(s, 440)
    scenery.floor(c, 500)
    s.put_hero(548, within=s.room(440, 400))
    s.put_support(s.away(330), 530, 148, "on the ground")
    start, end = s.frame.left - 40, s.frame.right + 40
    if s.cast == "correspondent":
        start, end = (start + 480 * s.frame.spread, end) if s.side < 0 else (start, end - 480 * s.frame.spread)
    scenery.backs(c, start, end)


def _march(s: Stage) -> None:
    """People walk with placards, and the main thing is what they walk for."""
    c, p = s.canvas, s.canvas.palette
    _sky(s, sun=False)
    scenery.skyline(c, 470)
    scenery.street(c, 466)
    s.put_hero(s.low(520), within=s.room(400, 370))
    facing = "right" if s.side > 0 else "left"
    count = 6 if s.frame.shape == "wide" else 4
    start = s.frame.left + 90
    for i in range(count):
        x = start + (s.frame.width - 180) * i / (count - 1)
        row = i % 2
        if abs(x - s.hero_x) < 170 * s.frame.spread + 40 and not row:
            continue
        foot = s.low(620 + 34 * row)
        pose = ("placard", "fist", "placard", "shout")[i % 4]
        person = s.put_player(x, foot, 210 + 12 * row, pose, facing, holds="megaphone" if pose == "shout" else "")
        if person and pose == "placard":
            hx, hy = person.hand
            c.stroke(f"M{hx:.0f} {hy + 26:.0f}V{hy - 34:.0f}", mix(p.wood, p.ink, 0.2), 7, layer="figures")
            c.thing(f"M{hx - 54:.0f} {hy - 106:.0f}h108v76h-108z", s.acting.choice((p.light, p.accent, p.main)),
                    layer="figures")  # fmt: skip
            c.stroke(f"M{hx - 34:.0f} {hy - 80:.0f}h66M{hx - 34:.0f} {hy - 58:.0f}h44", p.ink, 5, layer="figures")
    s.parts.setdefault("props", []).append("placards")


def _gate(s: Stage) -> None:
    """A wall with a door: wide open with light in it, or barred."""
    c, p = s.canvas, s.canvas.palette
    shut = s.brief.verb in ("ban", "close", "judge")
    scenery.wall(c, 500, stripes=False)
    brick = mix(p.far, p.mid, 0.4)
    c.sheet(d("M", c.left, c.top, "H", c.right, "V", 520, "H", c.left, "Z"), brick)
    joints = "".join(
        f"M{c.left + (37 if row % 2 else 0) + k * 128:.0f} {c.top + row * 46:.0f}h112v36h-112z"
        for row in range(int((520 - c.top) / 46) + 1) for k in range(int((c.right - c.left) / 128) + 2)
    )  # fmt: skip
    c.path(joints, mix(brick, p.far, 0.35), 0.8)
    w, h = 250.0, 420.0
    x = s.hero_x
    inside = mix(p.sun, p.light, 0.55) if not shut else mix(p.near, p.mid, 0.3)
    c.sheet(f"M{x - w:.0f} 524V{524 - h + 60:.0f}Q{x - w:.0f} {524 - h - 20:.0f} {x:.0f} {524 - h - 20:.0f}"
            f"T{x + w:.0f} {524 - h + 60:.0f}V524z", mix(p.light, p.far, 0.25))  # fmt: skip
    w -= 26
    c.path(f"M{x - w:.0f} 524V{524 - h + 74:.0f}Q{x - w:.0f} {524 - h + 6:.0f} {x:.0f} {524 - h + 6:.0f}"
           f"T{x + w:.0f} {524 - h + 74:.0f}V524z", inside)  # fmt: skip
    if not shut and not c.preset.hatch:
        scenery.rays(c, x, 330) if c.preset.sky == 'nothing' else None
    scenery.floor(c, 520, swing=3, blades=False)
    if not shut:
        c.path(polygon([(x - w, 522), (x + w, 522), (x + w * 1.7, c.bottom), (x - w * 1.7, c.bottom)]), p.sun, 0.3)
        for side in (-1, 1):
            edge = x + side * w
            leaf = [(edge, 524 - h + 74), (edge + side * 92, 524 - h + 40), (edge + side * 92, 570), (edge, 524)]
            c.sheet(polygon(leaf), mix(p.accent, p.deep, 0.15))
            c.path(oval(edge + side * 76, 380, 8, 8), p.sun)
    box = s.put_hero(s.low(580), within=s.room(400, 360))
    if shut:
        low = s.low(604)
        for side in (-1, 1):
            c.thing(d("M", x + side * 236 - 12, low + 30, "v", -150, "h", 24, "v", 150, "Z"), p.deep, layer="figures")
        bar = f"M{x - 262:.0f} {low - 96:.0f}h524v44h-524z"
        c.thing(bar, p.light, layer="figures")
        c.path("".join(f"M{x - 250 + k * 110:.0f} {low - 54:.0f}l34-40h50l-34 40z" for k in range(5)), p.fire,
               layer="figures")  # fmt: skip
        s.canvas.props.append("a barrier")
    s.put_support(s.away(390), s.low(620), 150, "on the ground")
    if not shut:
        s.act(box, s.low(590))
    c.props.append("an open gate" if not shut else "a closed gate")


# -- Indoors -------------------------------------------------------------------------------------------------


def _framed(s: Stage, x: float, top: float) -> None:
    """A small picture on the wall: of the second motif, or of hills."""
    c, p = s.canvas, s.canvas.palette
    c.sheet(f"M{x - 92:.0f} {top:.0f}h184v150h-184z", mix(p.wood, p.deep, 0.25))
    c.rect(x - 78, top + 14, 156, 122, p.light if not c.dark else mix(p.light, p.far, 0.5))
    if s.brief.supports:
        s.put_support(x, top + 128, 104, "in a frame on the wall")
        return
    c.path(f"M{x - 78:.0f} {top + 136}L{x - 20:.0f} {top + 64}l42 42l22 -22L{x + 78:.0f} {top + 136}Z", p.mid)
    c.ellipse(x + 36, top + 46, 15, 15, p.sun)


def _desk(s: Stage) -> None:
    c = s.canvas
    scenery.wall(c, 475)
    _framed(s, s.away(330), 66 + s.frame.top * 0.4)
    prop(c, "desk_lamp", s.away(390), s.low(560), side=s.side, layer="figures")
    scenery.table(c, 470)
    s.put_hero(s.low(596), within=s.room(470, 400))
    if s.frame.shape == "wide":
        prop(c, s.rng.choice(("book_pile", "cup", "papers")), s.away(330), 640, layer="figures")
    c.props.append("desk lamp")


def _room(s: Stage) -> None:
    c, p = s.canvas, s.canvas.palette
    scenery.wall(c, 486, stripes=False)
    hung = bool(s.brief.supports) and motifs.get_motif(s.brief.supports[0]).place == "fly"
    wide = 300.0 * (0.4 + 0.6 * s.frame.spread)
    at = s.hero_x - s.side * (s.rng.uniform(40, 90) if not hung else -40)
    scenery.window(c, at - wide / 2, 70 + s.frame.top * 0.35, wide, 250, s.brief.season)
    scenery.boards(c, 486, mix(p.wood, p.near, 0.35) if not c.dark else mix(p.wood, p.near, 0.7))
    low = s.low(604)
    c.sheet(oval(s.hero_x, low - 2, 330, 48), mix(p.accent, p.far, 0.35))
    c.sheet(oval(s.hero_x, low - 2, 286, 38), mix(p.main, p.far, 0.5))
    box = s.put_hero(low, within=s.room(430, 380))
    if hung:
        _framed(s, s.away(340), 96)
    elif s.brief.supports:
        s.put_support(s.away(340), low + 24, 156, "on the ground")
    else:
        prop(c, "pot_plant", s.away(390), low + 24, layer="figures")
    if s.cast == "players":
        s.act(box, low + 2)


def _shelf(s: Stage) -> None:
    """Things in rows: the main one large, the others on the board above and beside it."""
    c, p = s.canvas, s.canvas.palette
    scenery.wall(c, c.bottom)
    wood = mix(p.wood, p.near, 0.2) if not c.dark else mix(p.wood, p.near, 0.6)
    low = s.low(590)
    for y in (s.frame.top + 214, low):
        c.shade(f"M{c.left:.0f} {y + 26:.0f}H{c.right:.0f}v18H{c.left:.0f}z", 0.14)
        c.sheet(f"M{c.left:.0f} {y:.0f}H{c.right:.0f}v26H{c.left:.0f}z", wood)
    room = low - s.frame.top - 214 - 46
    s.put_hero(low, within=(s.room(470, 0)[0], max(250.0, min(330.0, room))), ground=False)
    above = s.frame.top + 214
    spots = [s.x(dx) for dx in (-430, -200, 90, 330)] if s.frame.shape == "wide" else [s.x(dx) for dx in (-400, 0, 390)]
    if s.cast == "correspondent":
        spots = [x for x in spots if (x - 600) * s.side < 250 * s.frame.spread]
    placed = 0
    for i, x in enumerate(spots):
        if placed < 2 and i != 1 and s.put_support(x, above, 156, "on the shelf above", index=placed):
            placed += 1
        else:
            prop(c, ("book_pile", "pot_plant", "cup", "book_pile")[i % 4], x, above, 0.72, layer="figures")
    c.props.append("shelves")


def _works(s: Stage) -> None:
    """Scaffolding round the main thing, and people at work on it."""
    c, p = s.canvas, s.canvas.palette
    _sky(s)
    _backdrop(s, 430)
    scenery.floor(c, 500)
    foot = s.low(588)
    pole, plank = mix(p.wood, p.ink, 0.25), p.wood
    w = s.room(400, 0)[0] / 2 + 44
    x = s.hero_x
    c.stroke(
        "".join(f"M{x + k * w:.0f} {foot:.0f}V{foot - 420:.0f}" for k in (-1, 1))
        + f"M{x - w:.0f} {foot - 40:.0f}L{x + w:.0f} {foot - 390:.0f}M{x + w:.0f} {foot - 40:.0f}L{x - w:.0f} {foot - 390:.0f}",
        pole, 9,
    )  # fmt: skip
    c.thing(f"M{x - w - 40:.0f} {foot - 400:.0f}h{2 * w + 80:.0f}v18h{-2 * w - 80:.0f}z", plank)
    s.put_hero(foot, within=s.room(390, 340))
    free = 1 if s.cast != "correspondent" else -s.side
    s.put_player(x + free * w * 0.45, foot - 399, 132, s.acting.choice(("carry", "point", "look")),
                 "left" if free > 0 else "right")  # fmt: skip
    rail = x + free * (w + 62)
    c.stroke(f"M{rail - 22:.0f} {foot + 8:.0f}L{rail - 36:.0f} {foot - 420:.0f}M{rail + 26:.0f} {foot + 8:.0f}"
             f"L{rail + 4:.0f} {foot - 420:.0f}", plank, 9, layer="figures")  # fmt: skip
    rungs = "".join(
        f"M{rail - 24 - k * 1.6:.0f} {foot - 30 - k * 42:.0f}L{rail + 23 - k * 2:.0f} {foot - 30 - k * 42:.0f}"
        for k in range(10)
    )
    c.stroke(rungs, plank, 7, layer="figures")
    s.put_player(rail - 8, foot - 84, 168, "climb", "left" if free > 0 else "right")
    s.put_support(s.away(-250) if s.cast != "correspondent" else s.away(430), foot + 26, 140, "on the ground")
    prop(c, "cone", x - free * (w + 60), foot + 20, layer="figures")
    c.props.append("scaffolding")


def _inspect(s: Stage) -> None:
    """The main thing under a great lens."""
    c, p = s.canvas, s.canvas.palette
    c.ground(mix(p.mid, p.far, 0.35) if not c.dark else p.sky, mix(p.far, p.haze, 0.3) if not c.dark else p.haze,
             focus=(s.hero_x, 300))  # fmt: skip
    if not c.preset.hatch:
        for k in range(5):
            c.path(f"M{c.left:.0f} {c.top + 90 + k * 190:.0f}L{c.right:.0f} {c.top - 60 + k * 190:.0f}v70"
                   f"L{c.left:.0f} {c.top + 160 + k * 190:.0f}z", p.light, 0.1)  # fmt: skip
    x, y, r = s.hero_x, 300 + s.frame.top * 0.12, 262.0
    turn = -s.side if s.cast == "correspondent" else 1
    handle = f"M{x + turn * r * 0.72:.0f} {y + r * 0.72:.0f}l{turn * 190:.0f} 190"
    if s.cast != "correspondent" or s.frame.shape != "wide":
        pass
    c.stroke(handle, c.ink if c.preset.outline else mix(p.deep, p.ink, 0.4), 62)
    c.stroke(handle, p.wood, 62 - 2 * max(c.preset.outline, 3))
    c.sheet(oval(x, y, r + 22, r + 22), p.deep if not c.preset.hatch else p.accent)
    c.path(oval(x, y, r, r), p.light if not c.dark else mix(p.light, p.far, 0.12))
    c.path(f"M{x - r * 0.8:.0f} {y - r * 0.32:.0f}a{r * 0.86:.0f} {r * 0.86:.0f} 0 0 1 {r * 0.52:.0f} {-r * 0.48:.0f}"
           f"l12 26a{r * 0.76:.0f} {r * 0.76:.0f} 0 0 0 {-r * 0.46:.0f} {r * 0.44:.0f}z", p.far, 0.6)  # fmt: skip
    s.put_hero(y + 172, within=(min(370, s.room(370)[0]), 336), ground=False)
    s.put_support(s.away(420), s.low(630), 150, "beside the lens")
    if s.cast == "players":
        s.put_player(x - turn * 330 * s.frame.spread - turn * 30, s.frame.bottom - 24, 240, "look",
                     "right" if turn > 0 else "left")  # fmt: skip
    c.props.append("a great lens")


def _stage(s: Stage) -> None:
    c, p = s.canvas, s.canvas.palette
    c.rect(c.left, c.top, c.right - c.left, c.bottom - c.top, mix(p.deep, p.ink, 0.15) if not c.preset.hatch else p.sky)
    c.dark = c.dark or not c.preset.hatch
    scenery.spotlight(c, s.hero_x, 560)
    scenery.boards(c, 548, mix(p.wood, p.ink, 0.35) if not c.preset.hatch else p.wood)
    c.ellipse(s.hero_x, s.low(598), 300, 46, p.disc, 0.35)
    scenery.curtains(c)
    if s.brief.mood in ("joy", "hope", "surprise"):
        scenery.confetti(c, 40)
    s.put_hero(s.low(606), within=s.room(430, 410))
    s.put_support(s.away(290), s.low(634), 146, "on the ground")
    if s.cast == "players":
        scenery.backs(c, s.frame.left - 40, s.frame.right + 40)


def _podium(s: Stage) -> None:
    c = s.canvas
    c.ground(c.palette.sky, c.palette.haze, focus=(s.hero_x, 380))
    if c.preset.sky != "rings":
        scenery.rays(c, s.hero_x, 420)
    if s.brief.mood in ("joy", "hope", "determination", "surprise"):
        scenery.bunting(c)
    scenery.floor(c, 540, swing=4)
    scenery.plinth(c, s.hero_x, 500, 170)
    s.put_hero(506, within=s.room(450, 370))
    if s.brief.supports:
        s.put_support(s.away(340), s.low(648), 156, "on the ground")
    elif s.cast:
        for k in range(3):
            prop(c, "microphone", s.away(360 - k * 46), s.low(646), 1.0, side=s.side, layer="front")
        c.props.append("microphones")
    if s.cast == "players":
        scenery.backs(c, *((s.frame.left - 60, s.hero_x - 210) if s.rng.random() < 0.5
                           else (s.hero_x + 210, s.frame.right + 60)))  # fmt: skip


def _bubble(s: Stage) -> None:
    c, p = s.canvas, s.canvas.palette
    _sky(s, sun=False)
    _backdrop(s, 450)
    scenery.floor(c, 530)
    x, y = s.hero_x + s.side * -14, 288.0 + s.frame.top * 0.3
    rx, ry = 352.0 * (0.35 + 0.65 * s.frame.spread), 258.0
    k = -s.side
    person = s.put_correspondent(layer="figures", pose="point" if s.brief.verb == "say" else "")
    s.parts["persona"] = person
    mouth_x = s.frame.left + (person["face"][2 if s.side < 0 else 0] / s.frame.scale) + k * 26
    mouth_y = s.frame.top + person["face"][3] / s.frame.scale - 30
    cloth = p.light if not c.dark else mix(p.light, p.far, 0.08)
    tail = d("M", x - k * rx * 0.7, y + 130, "Q", x - k * rx * 0.86, y + 190, mouth_x, mouth_y, "Q", x - k * rx * 0.54,
             y + 250, x - k * rx * 0.34, y + 220, "Z")  # fmt: skip
    body = oval(x, y, rx, ry)
    bubble = Canvas(c.palette, c.preset, c.rng, c.dark, c.frame)
    if c.dark and c.preset.halo:
        bubble.stroke(body + tail, p.halo, c.preset.outline + 2 * c.preset.halo)
    bubble.thing(tail, cloth, pen=c.preset.outline)
    bubble.thing(body, cloth, pen=c.preset.outline)
    bubble.path(tail, cloth)
    bubble.ellipse(x, y + ry * 0.72, rx * 0.56, 20, p.far, 0.75)
    # Behind the speaker, before the land.
    c.back += bubble.back
    second = bool(s.brief.supports)
    s.put_hero(
        y + ry * 0.74, within=(rx * (0.95 if second else 1.22), 350), x=x + (k * rx * 0.27 if second else 0),
        ground=False, turn=0.01,
    )  # fmt: skip
    if second:
        s.put_support(x - k * rx * 0.54, y + ry * 0.62, 150, "beside it")
    scenery.near_plants(c, [s.frame.right - 60 if s.side < 0 else s.frame.left + 60], s.brief.season)


def _portrait(s: Stage) -> None:
    """The correspondent large in the middle, with what the news is about at the shoulder."""
    c, p = s.canvas, s.canvas.palette
    c.ground(p.sky, p.haze, focus=(600, 330))
    x = s.x(s.side * 190)
    c.sheet(oval(x, 330, 306, 306), mix(p.disc, p.far, 0.2) if not c.dark else mix(p.far, p.mid, 0.4))
    if not c.preset.hatch:
        c.stroke(oval(x, 330, 336, 336), mix(p.accent, p.sky, 0.35), 6)
    scenery.floor(c, 590, swing=4, blades=False)
    s.hero_x = s.x(-s.side * 270)
    low = s.low(624)
    s.put_hero(low, within=s.room(400, 360) if s.frame.shape == "wide" else (330.0, 330.0))
    s.put_support(s.x(-s.side * 470), s.frame.top + 190, 120, "in the sky")
    s.parts["persona"] = s.put_correspondent(height=560 * (0.4 + 0.6 * s.frame.spread), shown=1180, x=x, side=s.side)


# -- Figures of thought --------------------------------------------------------------------------------------


def _dispute(s: Stage) -> None:
    """Two halves of one sheet, a rift between them, and a party on each."""
    c, p = s.canvas, s.canvas.palette
    c.ground(p.sky, p.haze, focus=(600, 330))
    s.hero_x = 600
    jag = "L560 150L650 330L540 480L640 680"
    other = mix(p.far, p.accent, 0.22) if not c.preset.hatch else p.mid
    c.sheet(f"M600 {c.top:.0f}L600 -5{jag}L600 {c.bottom:.0f}H{c.right:.0f}V{c.top:.0f}Z", other)
    bolt = ((50, -10), (-110, 290), (-22, 290), (-96, 620), (136, 226), (34, 226), (148, -10))
    c.sheet(polygon([(600 + a, b + s.frame.top * 0.3) for a, b in bolt]),
            p.sun if not c.dark else mix(p.sun, p.sky, 0.3))  # fmt: skip
    c.props.append("a bolt of lightning")
    scenery.floor(c, 530, swing=8)
    s.put_hero(s.low(590), within=s.room(330, 330) if s.frame.shape == "wide" else (250.0, 280.0))
    if s.cast == "correspondent":
        s.put_support(600, 190, 120, "in the sky")
        others = [area for area in AREAS if area != s.brief.area]
        mood = "anger" if s.brief.mood == "neutral" else s.brief.mood
        s.parts["persona"] = s.put_correspondent(side=-1, height=410, mood=mood, pose="point")
        second = s.put_correspondent(
            area=s.acting.choice(others), side=1, height=410, mood=s.acting.choice(("determination", "anger", "worry")),
            pose=s.acting.choice(("crossed", "hips", "fists")),
        )  # fmt: skip
        s.parts["others"] = [second]
    elif s.cast == "players":
        s.put_support(600, 190, 120, "in the sky")
        for side in (-1, 1):
            for k, pose in enumerate(s.acting.sample(("point", "fists", "crossed", "fist", "shout"), 2)):
                s.put_player(s.x(side * (250 + k * 150)), s.low(616 + k * 22), 250 + k * 16, pose,
                             "right" if side < 0 else "left")  # fmt: skip
    else:
        s.put_support(s.x(-380), s.low(610), 170, "on the ground")
        s.put_support(s.x(380), s.low(610), 170, "on the ground", index=1)


def _balance(s: Stage) -> None:
    """Two things on one beam: what is weighed against what."""
    c, p = s.canvas, s.canvas.palette
    c.ground(p.sky, p.haze, focus=(600, 330))
    scenery.hills(c, s.brief.season, horizon=450)
    scenery.floor(c, 540, swing=4)
    s.hero_x = s.x(-s.side * 200)
    low = s.low(604)
    tip = 46.0 * -s.side  # the hero weighs more
    half = 440 * s.frame.spread
    c.thing(polygon([(540, low + 8), (660, low + 8), (600, low - 92)]), p.deep, layer="figures")
    beam = polygon([(600 - half, low - 100 - tip), (600 + half, low - 100 + tip), (600 + half, low - 78 + tip),
                    (600 - half, low - 78 - tip)])  # fmt: skip
    ends = {side: low - 100 + (tip if side > 0 else -tip) * 0.56 for side in (-1, 1)}
    mine = -s.side
    c.thing(beam, p.wood, layer="figures")
    s.put_hero(ends[mine] + 4, within=s.room(340, 330), ground=False, turn=0.01)
    at = s.x(s.side * 280)
    if not s.put_support(at, ends[s.side] + 2, 190, "at the other end of the beam"):
        for k in range(2):
            s.put_player(at + k * 74 - 30, ends[s.side] + 2, 180, ("shrug", "cheer", "hips")[s.acting.randint(0, 2)],
                         "right" if s.side < 0 else "left")  # fmt: skip
    c.props.append("a see-saw")


def _chart(s: Stage) -> None:
    """Columns as a landscape; the main thing stands on the tallest."""
    c, p = s.canvas, s.canvas.palette
    c.ground(p.sky, p.haze, focus=(s.hero_x, 300))
    lines = "".join(f"M{c.left:.0f} {y}H{c.right:.0f}" for y in range(int(c.top) // 90 * 90 + 90, 620, 90))
    c.stroke(lines, mix(p.sky, p.mid, 0.3), 2.5)
    base = s.low(628)
    down = s.brief.verb == "fall"
    heights = sorted(s.rng.uniform(70, 270) for _ in range(6))
    heights[-1] = max(heights[-1], 235)
    if down:
        heights[-1] = 140
    width = 104.0 * (0.35 + 0.65 * s.frame.spread)
    gap = width + 18
    begin = (s.frame.left + 250 * s.frame.spread) if s.side < 0 else (s.frame.right - 250 * s.frame.spread - 6 * gap)
    begin = min(max(begin, s.frame.left + 20), s.frame.right - 6 * gap - 10)
    order = heights if s.side < 0 else heights[::-1]
    tall = 5 if s.side < 0 else 0
    colours = [p.mid, p.far, p.mid, p.far, p.mid, p.accent] if s.side < 0 else [p.accent, p.mid, p.far, p.mid, p.far, p.mid]
    for i, high in enumerate(order):
        x = begin + i * gap
        c.sheet(f"M{x:.0f} {base:.0f}v{-high:.0f}h{width:.0f}v{high:.0f}z", colours[i])
        c.rect(x, base - high, width, 12, mix(colours[i], p.light, 0.4))
        c.shade(f"M{x + width * 0.76:.0f} {base:.0f}v{-high:.0f}h{width * 0.24:.0f}v{high:.0f}z", 0.12)
    c.sheet(d("M", c.left, base, "H", c.right, "V", c.bottom, "H", c.left, "Z"), p.near)
    s.hero_x = begin + tall * gap + width / 2
    half = s.room(330)[0] / 2 + 12
    s.hero_x = min(max(s.hero_x, s.frame.left + half), s.frame.right - half)
    s.put_hero(base - order[tall] + 6, within=s.room(330, min(330, base - order[tall] - s.frame.top - 20)), ground=False)
    middle = 2 if s.side < 0 else 3
    x = begin + middle * gap + width / 2
    if not s.put_support(x, base - order[middle] + 3, 126, "on a column"):
        s.put_player(x, base - order[middle] + 2, 150, "climb" if not down else "fall", "right" if s.side < 0 else "left")
    c.props.append("columns of a chart")


def _map(s: Stage) -> None:
    """A map: sea, coasts and a route that ends at the main thing."""
    c, p = s.canvas, s.canvas.palette
    water = scenery.water_colour(c) if not c.preset.hatch else p.sky
    c.rect(c.left, c.top, c.right - c.left, c.bottom - c.top, mix(water, p.haze, 0.5) if not c.dark else water)
    grid = "".join(f"M{x} {c.top:.0f}V{c.bottom:.0f}" for x in range(int(c.left), int(c.right), 130))
    grid += "".join(f"M{c.left:.0f} {y}H{c.right:.0f}" for y in range(int(c.top), int(c.bottom), 130))
    c.stroke(grid, mix(water, p.light, 0.45), 2)
    land = mix(p.leaf, p.haze, 0.45) if not c.dark else mix(p.leaf, p.far, 0.6)
    if c.preset.hatch:
        land = p.far
    tones = (land, mix(land, p.main, 0.25), mix(land, p.far, 0.4))
    start = (s.x(s.side * 360), 190.0)
    for i, (x, y, r) in enumerate(
        ((s.hero_x, 470.0, 330.0), (start[0], start[1] - 10, 230.0), (s.x(-s.side * 470), 60.0, 170.0))
    ):
        scale = 0.45 + 0.55 * s.frame.spread
        c.sheet(_coast(s, x, y, r * scale, r * 0.62), tones[i])
    goal = (s.hero_x, 560.0)
    bend = ((start[0] + goal[0]) / 2, min(start[1], goal[1]) - 90)
    c.back.append(
        f'<path d="M{start[0]:.0f} {start[1]:.0f}Q{bend[0]:.0f} {bend[1]:.0f} {goal[0]:.0f} {goal[1] - 40:.0f}"'
        f' fill="none" stroke="{p.accent if not c.dark else p.main}" stroke-width="9" stroke-dasharray="26 20"'
        ' stroke-linecap="round"/>'
    )
    c.sheet(oval(start[0], start[1], 20, 20), p.accent)
    c.path(oval(start[0], start[1], 8, 8), p.light)
    s.put_hero(s.low(596), within=s.room(400, 370))
    if s.cast != "correspondent":
        s.put_support(start[0], start[1] + 66, 150, "at the start of a route")
    else:
        s.put_support(s.away(340), s.low(622), 150, "on the map")
    c.props.append("a map with a route")


def _coast(s: Stage, x: float, y: float, rx: float, ry: float) -> str:
    import math

    from illustrate.render._canvas import smooth

    points = []
    for k in range(15):
        t = math.tau * k / 14
        r = s.rng.uniform(0.76, 1.12) if k < 14 else 1
        points.append((x + math.cos(t) * rx * r, y + math.sin(t) * ry * r))
    points[-1] = points[0]
    return smooth(points, close="Z")


def _hands(s: Stage) -> None:
    """Two large hands hold the main thing up, or pass it on."""
    c, p = s.canvas, s.canvas.palette
    c.ground(p.sky, p.haze, focus=(600, 330))
    s.hero_x = 600
    c.sheet(oval(600, 318, 292, 292), mix(p.disc, p.sky, 0.25) if not c.dark else mix(p.far, p.mid, 0.4))
    if not c.preset.hatch and c.preset.sky != "rings":
        scenery.rays(c, 600, 318, count=20)
        c.sheet(oval(600, 318, 262, 262), mix(p.disc, p.sky, 0.25) if not c.dark else mix(p.far, p.mid, 0.4))
    box = s.put_hero(s.low(520), within=s.room(400, 360), ground=False)
    from illustrate.render._bodies import big_hand

    palms = s.acting.sample(("#f3cda6", "#b9784a", "#8a5a3c", "#f6d3b3", "#6d4a37", "#e0a878"), 2)
    for side, skin, cloth in ((-1, palms[0], p.accent), (1, palms[1], p.main)):
        big_hand(c, wrist=(600 + side * 330 * s.frame.spread, s.low(620)), tip=(600 + side * 120, box[3] + 6), side=side,
                 skin=skin if c.preset.colours != "two" else p.skin, cloth=cloth)  # fmt: skip
    s.put_support(s.x(-430), 230, 150, "in the sky")
    s.put_support(s.x(430), 230, 150, "in the sky", index=1)
    c.props.append("two open hands")


SCENES: dict[str, Callable[[Stage], None]] = {
    "ground": _ground, "city": _city, "street": _street, "weather": _weather, "night": _night, "shore": _shore,
    "road": _road, "journey": _journey, "rise": _rise, "fall": _fall, "crowd": _crowd, "march": _march, "gate": _gate,
    "desk": _desk, "room": _room, "shelf": _shelf, "works": _works, "inspect": _inspect, "stage": _stage,
    "podium": _podium, "bubble": _bubble, "portrait": _portrait, "dispute": _dispute, "balance": _balance,
    "chart": _chart, "map": _map, "hands": _hands,
}  # fmt: skip
