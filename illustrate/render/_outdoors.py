"""Scenes under the sky."""

from __future__ import annotations

from illustrate.render import _scenery as scenery
from illustrate.render._backdrops import backdrop, free_edges, open_sky
from illustrate.render._canvas import Box, d, oval, polygon
from illustrate.render._props import prop
from illustrate.render.palettes import mix
from illustrate.render.stage import Stage

# How much of a floating thing lies above the water; a hull unless it is named here.
_ABOVE_WATER = {"iceberg": 0.52, "whale": 0.72, "submarine": 0.66}


def ground(s: Stage) -> None:
    c = s.canvas
    open_sky(s)
    backdrop(s, s.rng.uniform(405, 445))
    scenery.floor(c, s.rng.uniform(488, 506))
    foot = s.low(s.rng.uniform(574, 590))
    box = s.put_hero(foot)
    s.put_supports(foot + 20, 156)
    s.act(box, foot)
    scenery.near_plants(c, free_edges(s), s.brief.season)
    if s.rng.random() < 0.6:
        s.birds(s.away(300), 120)


def city(s: Stage) -> None:
    c = s.canvas
    open_sky(s)
    scenery.skyline(c, 490)
    scenery.street(c, 486)
    lamp = "lamp_post_lit" if c.dark else "lamp_post"
    prop(c, lamp, s.away(420), 512, side=s.side)
    box = s.put_hero(s.low(588))
    s.put_support(s.away(330), s.low(614), 156, "on the ground")
    s.act(box, s.low(592))


def street(s: Stage) -> None:
    c = s.canvas
    open_sky(s, sun=False)
    scenery.shopfronts(c, 500)
    scenery.street(c, 498)
    for x, what in ((s.away(470), "lamp_post_lit" if c.dark else "lamp_post"), (s.away(-330), "hydrant")):
        prop(c, what, x, 524, side=s.side)
    box = s.put_hero(s.low(596), within=s.room(430, 370))
    s.put_support(s.away(320), s.low(626), 156, "on the ground")
    s.act(box, s.low(600))


def weather(s: Stage) -> None:
    """A wide land under the weather that the news is about, and somebody small in it."""
    c, p = s.canvas, s.canvas.palette
    key, season = s.brief.hero, s.brief.season
    hot = key in ("sun", "thermometer") or season == "summer"
    cold = season == "winter" or key in ("snowflake", "snowman")
    scenery.sky(c, focus=(s.hero_x, 240))
    if hot and not c.dark:
        s.rays(s.hero_x, 200)
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


def night(s: Stage) -> None:
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
    scenery.near_plants(c, free_edges(s)[-1:])


def shore(s: Stage) -> None:
    c, p = s.canvas, s.canvas.palette
    scenery.sky(c, focus=(s.hero_x, 330))
    x = s.away(s.rng.uniform(-60, 170))
    level = 372.0
    scenery.disc(c, x, level - s.rng.uniform(20, 120), 104)
    if not c.dark:
        scenery.clouds(c, 2, top=s.frame.top + 60, low=170)
        s.birds(s.away(260), 140)
    scenery.sea(c, level, deep=s.hero.place == "float")
    if c.preset.sky == "bands":
        scenery.glitter(c, x, level)
    for _ in range(0 if s.is_sober else s.rng.randint(1, 2)):
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


def road(s: Stage) -> None:
    c = s.canvas
    open_sky(s)
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


def journey(s: Stage) -> None:
    """A winding path, somebody on the way, and the main thing where it leads."""
    c, p = s.canvas, s.canvas.palette
    open_sky(s)
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
    scenery.near_plants(c, free_edges(s)[:1], s.brief.season)


def _flight(s: Stage, tops: list[float], turn: float = 0.0) -> None:
    c = s.canvas
    open_sky(s, sun=turn == 0)
    backdrop(s, 430)
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
            faces = "right" if s.side < 0 else "left"
            s.put_player(begin + at, ordered[1 if s.side < 0 else 3] + 2, 150, "fall", faces)
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


def rise(s: Stage) -> None:
    _flight(s, [560, 520, 478, 436, 396])


def fall(s: Stage) -> None:
    _flight(s, [330, 392, 456, 520, 584], turn=9.0)


def crowd(s: Stage) -> None:
    c = s.canvas
    open_sky(s)
    backdrop(s, 440)
    scenery.floor(c, 500)
    s.put_hero(548, within=s.room(440, 400))
    s.put_support(s.away(330), 530, 148, "on the ground")
    start, end = s.frame.left - 40, s.frame.right + 40
    if s.cast == "correspondent":
        start, end = (start + 480 * s.frame.spread, end) if s.side < 0 else (start, end - 480 * s.frame.spread)
    scenery.backs(c, start, end)


def march(s: Stage) -> None:
    """People walk with placards, and the main thing is what they walk for."""
    c, p = s.canvas, s.canvas.palette
    open_sky(s, sun=False)
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


def gate(s: Stage) -> None:
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
    s.parts["gate"] = "shut" if shut else "open"
    c.props.append("an open gate" if not shut else "a closed gate")
