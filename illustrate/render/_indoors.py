"""Scenes under a roof."""

from __future__ import annotations

from illustrate.render import _scenery as scenery
from illustrate.render import motifs
from illustrate.render._backdrops import backdrop, open_sky
from illustrate.render._canvas import Canvas, d, oval
from illustrate.render._props import prop
from illustrate.render.palettes import mix
from illustrate.render.stage import Stage


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


def desk(s: Stage) -> None:
    c = s.canvas
    scenery.wall(c, 475)
    _framed(s, s.away(330), 66 + s.frame.top * 0.4)
    prop(c, "desk_lamp", s.away(390), s.low(560), side=s.side, layer="figures")
    scenery.table(c, 470)
    s.put_hero(s.low(596), within=s.room(470, 400))
    if s.frame.shape == "wide":
        prop(c, s.rng.choice(("book_pile", "cup", "papers")), s.away(330), 640, layer="figures")
    c.props.append("desk lamp")


def room(s: Stage) -> None:
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


def shelf(s: Stage) -> None:
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


def works(s: Stage) -> None:
    """Scaffolding round the main thing, and people at work on it."""
    c, p = s.canvas, s.canvas.palette
    open_sky(s)
    backdrop(s, 430)
    scenery.floor(c, 500)
    foot = s.low(588)
    pole, plank = mix(p.wood, p.ink, 0.25), p.wood
    w = s.room(400, 0)[0] / 2 + 44
    x = s.hero_x
    c.stroke(
        "".join(f"M{x + k * w:.0f} {foot:.0f}V{foot - 420:.0f}" for k in (-1, 1))
        + f"M{x - w:.0f} {foot - 40:.0f}L{x + w:.0f} {foot - 390:.0f}"
        + f"M{x + w:.0f} {foot - 40:.0f}L{x - w:.0f} {foot - 390:.0f}",
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


def inspect(s: Stage) -> None:
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


def stage(s: Stage) -> None:
    c, p = s.canvas, s.canvas.palette
    c.rect(c.left, c.top, c.right - c.left, c.bottom - c.top, mix(p.deep, p.ink, 0.15) if not c.preset.hatch else p.sky)
    c.dark = c.dark or not c.preset.hatch
    scenery.spotlight(c, s.hero_x, 560)
    scenery.boards(c, 548, mix(p.wood, p.ink, 0.35) if not c.preset.hatch else p.wood)
    c.ellipse(s.hero_x, s.low(598), 300, 46, p.disc, 0.35)
    scenery.curtains(c)
    if s.brief.mood in ("joy", "hope", "surprise"):
        scenery.confetti(c, 40)
    # Seen over an audience, what is on the stage stands further back.
    foot = s.low(606) if s.cast != "players" else s.frame.bottom - 106
    s.put_hero(foot, within=s.room(430, 410))
    s.put_support(s.away(290), foot + 28 if s.cast != "players" else foot + 4, 146, "on the ground")
    if s.cast == "players":
        scenery.backs(c, s.frame.left - 40, s.frame.right + 40)


def podium(s: Stage) -> None:
    c = s.canvas
    c.ground(c.palette.sky, c.palette.haze, focus=(s.hero_x, 380))
    if c.preset.sky != "rings":
        s.rays(s.hero_x, 420)
    if s.brief.mood == "joy" or (s.brief.verb in ("win", "open") and s.brief.mood in ("hope", "surprise")):
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
        # Beside the second thing or the microphones, never before them.
        scenery.backs(c, *((s.frame.left - 60, s.hero_x - 210) if s.side < 0
                           else (s.hero_x + 210, s.frame.right + 60)))  # fmt: skip


def bubble(s: Stage) -> None:
    c, p = s.canvas, s.canvas.palette
    open_sky(s, sun=False)
    backdrop(s, 450)
    scenery.floor(c, 530)
    x, y = s.hero_x + s.side * -14, 288.0 + s.frame.top * 0.3
    rx, ry = 352.0 * (0.35 + 0.65 * s.frame.spread), 258.0
    k = -s.side
    person = s.put_correspondent(layer="figures", pose="offer" if s.brief.verb == "say" else "")
    s.parts["persona"] = person
    left, top, right, bottom = person["face"]
    mouth_x = s.frame.left + (right if s.side < 0 else left) / s.frame.scale + k * 16
    mouth_y = s.frame.top + (top + (bottom - top) * 0.76) / s.frame.scale
    cloth = p.light if not c.dark else mix(p.light, p.far, 0.08)
    upper, lower = (x - k * rx * 0.93, y + 66), (x - k * rx * 0.5, y + 206)
    tail = d("M", *upper, "Q", (upper[0] + mouth_x) / 2, (upper[1] + mouth_y) / 2 + 16, mouth_x, mouth_y,
             "Q", (lower[0] + mouth_x) / 2, (lower[1] + mouth_y) / 2 + 34, *lower, "Z")  # fmt: skip
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
        y + ry * 0.74, within=(rx * (0.8 if second else 1.16), 340), x=x + (k * rx * 0.24 if second else 0),
        ground=False, turn=0.01,
    )  # fmt: skip
    if second:
        s.put_support(x - k * rx * 0.48, y + ry * 0.6, 146, "beside it")
    scenery.near_plants(c, [s.frame.right - 60 if s.side < 0 else s.frame.left + 60], s.brief.season)


def portrait(s: Stage) -> None:
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
