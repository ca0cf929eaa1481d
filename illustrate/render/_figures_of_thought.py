"""Scenes that are no place: two sides, a weighing, a chart, a map, a pair of hands."""

from __future__ import annotations

import math

from illustrate.render import _scenery as scenery
from illustrate.render._bodies import big_hand
from illustrate.render._canvas import d, oval, polygon, smooth
from illustrate.render.palettes import AREAS, mix
from illustrate.render.personas import complexion
from illustrate.render.stage import Stage


def dispute(s: Stage) -> None:
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


def balance(s: Stage) -> None:
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


def chart(s: Stage) -> None:
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
    colours = [p.mid, p.far, p.mid, p.far, p.mid, p.accent]
    colours = colours if s.side < 0 else colours[::-1]
    for i, high in enumerate(order):
        x = begin + i * gap
        c.sheet(f"M{x:.0f} {base:.0f}v{-high:.0f}h{width:.0f}v{high:.0f}z", colours[i])
        c.rect(x, base - high, width, 12, mix(colours[i], p.light, 0.4))
        c.shade(f"M{x + width * 0.76:.0f} {base:.0f}v{-high:.0f}h{width * 0.24:.0f}v{high:.0f}z", 0.12)
    c.sheet(d("M", c.left, base, "H", c.right, "V", c.bottom, "H", c.left, "Z"), p.near)
    s.hero_x = begin + tall * gap + width / 2
    half = s.room(330)[0] / 2 + 12
    s.hero_x = min(max(s.hero_x, s.frame.left + half), s.frame.right - half)
    room = s.room(330, min(330, base - order[tall] - s.frame.top - 20))
    s.put_hero(base - order[tall] + 6, within=room, ground=False)
    middle = 2 if s.side < 0 else 3
    x = begin + middle * gap + width / 2
    if not s.put_support(x, base - order[middle] + 3, 126, "on a column"):
        faces = "right" if s.side < 0 else "left"
        s.put_player(x, base - order[middle] + 2, 150, "fall" if down else "climb", faces)
    c.props.append("columns of a chart")


def route_map(s: Stage) -> None:
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
    points = []
    for k in range(15):
        t = math.tau * k / 14
        r = s.rng.uniform(0.76, 1.12) if k < 14 else 1
        points.append((x + math.cos(t) * rx * r, y + math.sin(t) * ry * r))
    points[-1] = points[0]
    return smooth(points, close="Z")


def hands(s: Stage) -> None:
    """Two large hands hold the main thing up, or pass it on."""
    c, p = s.canvas, s.canvas.palette
    c.ground(p.sky, p.haze, focus=(600, 330))
    s.hero_x = 600
    c.sheet(oval(600, 318, 292, 292), mix(p.disc, p.sky, 0.25) if not c.dark else mix(p.far, p.mid, 0.4))
    if not c.preset.hatch and c.preset.sky != "rings":
        s.rays(600, 318, count=20)
        c.sheet(oval(600, 318, 262, 262), mix(p.disc, p.sky, 0.25) if not c.dark else mix(p.far, p.mid, 0.4))
    box = s.put_hero(s.low(520), within=s.room(400, 360), ground=False)
    palms = s.acting.sample(("#f3cda6", "#b9784a", "#8a5a3c", "#f6d3b3", "#6d4a37", "#e0a878"), 2)
    for side, skin, cloth in ((-1, palms[0], p.accent), (1, palms[1], p.main)):
        wrist, tip = (600 + side * 330 * s.frame.spread, s.low(620)), (600 + side * 120, box[3] + 6)
        own = complexion(skin, p, c.preset.colours)
        big_hand(c, wrist=wrist, tip=tip, side=side, skin=own, cloth=cloth)
    s.put_support(s.x(-430), 230, 150, "in the sky")
    s.put_support(s.x(430), 230, 150, "in the sky", index=1)
    c.props.append("two open hands")
