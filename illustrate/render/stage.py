"""A picture in the making: where the main thing, the things beside it and the people stand, and what they do."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from illustrate.render import _scenery as scenery
from illustrate.render import motifs, personas
from illustrate.render._bodies import HALF, Person, put_person
from illustrate.render._canvas import Box, Canvas
from illustrate.render._faces import EXPRESSIONS
from illustrate.render.frames import Frame
from illustrate.types import BRIGHT_MOODS, DARK_MOODS, Brief

# Things that give light of their own.
_GLOWING = frozenset(
    {"candle", "bulb", "lantern", "flame", "torch", "lighthouse", "campfire", "sun", "lightstick", "star", "comet"}
)
# Places that in a narrow frame lie before the main thing, not beside it.
_IN_FRONT = frozenset({"on the ground", "beside the path", "on the map", "beside the lens"})
# What people run from, unless the news is that somebody comes to help, or is good.
_FLED = frozenset(
    ("tornado", "typhoon", "wave", "flood", "wildfire", "flame", "volcano", "mudslide", "avalanche", "collapsed-roof",
     "ruined-wall", "tank", "missile", "bomb", "flooded-street")
)  # fmt: skip
_GLAD_POSES = frozenset({"cheer", "wave"})  # of nobody where the news is bad

# What people do about the main thing, by what happens: (pose, what the hand holds).
ACTS: dict[str, tuple[tuple[str, str], ...]] = {
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
_LEAVING = frozenset({"break", "attack", "close", "move", "lose", "fall"})  # away from it
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
    seed: int
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
        self.hero_x = self.x(
            -self.side * aside if self.cast == "correspondent" else self.decide("aside").uniform(-46, 46)
        )

    @property
    def rng(self) -> random.Random:
        return self.canvas.rng

    def decide(self, what: str) -> random.Random:
        """A chooser for one thing that must be the same in every frame, whatever else they draw by chance."""
        return random.Random(f"{self.brief.title_hash}:{self.seed}:{what}")

    @property
    def frame(self) -> Frame:
        return self.canvas.frame

    @property
    def hero(self) -> motifs.Motif:
        return motifs.get_motif(self.brief.hero)

    @property
    def is_sober(self) -> bool:
        return self.brief.register == "restrained"

    @property
    def is_dark_mood(self) -> bool:
        return self.brief.mood in DARK_MOODS

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
        lean = turn or self.decide("lean").uniform(-4, 4) * (0.0 if figure.level else 1.0)
        aspect = (figure.box[2] - figure.box[0]) / (figure.box[3] - figure.box[1])
        if motif.key in _GLOWING and not c.preset.hatch:
            for k in (1.0, 0.72, 0.46):
                c.ellipse(at, foot - room[1] * 0.56, room[1] * 0.86 * k, room[1] * 0.78 * k, c.palette.sun, 0.16)
        if ground:
            half = min(room[0], room[1] * aspect) * (0.36 if flies else 0.48)
            c.shadow(at, foot + (8 if flies else -2), half, o=0.15 if flies else 0.24)
        box = c.figure(
            figure, x=at, foot=foot - lift, within=(room[0], room[1] - lift), turn=round(lean, 1),
            swap=self.decide("swap").random() < 0.25,
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
        if self.frame.shape != "wide" and where in _IN_FRONT:
            foot, size = self.frame.bottom - 14, size * 0.92
        half = size * 0.58
        x = min(max(x, self.frame.left + 24 + half), self.frame.right - 24 - half)
        if motif.place == "fly" and where == "on the ground":
            foot, where = self.frame.top + 250 if self.frame.shape == "wide" else self.frame.top + 150, "in the sky"
            size = min(size, foot - self.frame.top - 16)
        elif where == "on the ground":
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
        usual = self.decide(f"gesture {area}").random() < 0.62
        gesture = pose or (expression.gesture if usual else expression.another)
        tall = height or self.canvas.preset.persona * {"wide": 1.0, "square": 0.94, "tall": 1.04}[self.frame.shape]
        margin = self.canvas.preset.margin + 12
        keep = (self.frame.left + margin, self.frame.right - margin)
        hero = self.parts.get("hero", {}).get("box")
        at = x if x is not None else (keep[0] + 120 if side < 0 else keep[1] - 120)
        bottom = self.frame.bottom + 6 if foot is None else foot
        short_of = hero[0 if side < 0 else 2] / self.frame.scale + self.frame.left if hero and not pose else None
        eyes = bottom - tall * 0.8
        middle = (hero[1] + hero[3]) / 2 / self.frame.scale + self.frame.top if hero else eyes
        glance = "up" if middle < eyes - 70 else "down" if middle > eyes + 90 else "ahead"
        with self.canvas.drawing_people():
            person = put_person(
                self.canvas, x=at, foot=bottom, height=tall, pose=gesture, faces="right" if side < 0 else "left",
                area=area or self.brief.area, mood=mood, glance=glance, shown=shown, keep=keep, short_of=short_of,
                layer=layer,
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
        if self.is_dark_mood and pose in _GLAD_POSES:
            pose = "shrug"
        margin = self.canvas.preset.margin + 10
        keep = (self.frame.left + margin, self.frame.right - margin)
        half = height * (0.3 if pose in _WIDE_POSES else 0.17)
        x = min(max(x, keep[0] + half), keep[1] - half)
        if not self._is_free((x - half, foot - height, x + half, foot)):
            return None
        with self.canvas.drawing_people():
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
        if self.is_sober or self.cast == "" or self.hero.kind == "person":
            return  # beside somebody drawn large, small people look like toys
        acts = ACTS.get(self.brief.verb, _ANY_ACT)
        flees = self.hero.key in _FLED and self.brief.verb != "rescue" and self.brief.mood not in BRIGHT_MOODS
        if flees:
            acts = (("run", ""),)
        elif self.is_dark_mood:
            acts = tuple(act for act in acts if act[0] not in _GLAD_POSES)
        pose, holds = self.decide("act").choice(acts)
        sides = (-self.side,) if self.cast == "correspondent" else self.acting.choice(((-1, 1), (1, -1)))
        reach = {"push": 46.0, "pull": 58.0, "lift": 40.0, "run": 120.0, "walk": 110.0, "fall": 90.0}.get(pose, 84.0)
        leaves = flees or (pose in ("run", "walk") and self.brief.verb in _LEAVING)
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
            holds = "" if holds == self.brief.hero else holds
            edge = box[0] if away > 0 else box[2]
            faces = "right" if (away > 0) != leaves else "left"
            self.put_player(edge - away * reach, foot + 10, height * 0.97, pose, faces, holds=holds)

    # -- Cheer in the air ------------------------------------------------------------------------------------

    def rays(self, x: float, y: float, *, count: int = 15) -> None:
        """Of light, unless the news is bad."""
        if not self.is_sober and not self.is_dark_mood:
            scenery.rays(self.canvas, x, y, count=count)

    def birds(self, x: float, y: float) -> None:
        """A few, far away by day; none over grief."""
        if not self.is_sober and not self.canvas.dark:
            scenery.birds(self.canvas, x, y)

    def pixels(self, box: Box) -> list[int]:
        """A box of the scene in the frame's pixels."""
        k, frame = self.frame.scale, self.frame
        return [
            round((box[0] - frame.left) * k), round((box[1] - frame.top) * k), round((box[2] - frame.left) * k),
            round((box[3] - frame.top) * k),
        ]  # fmt: skip
