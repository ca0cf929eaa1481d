"""What stands behind and before a picture's subject: skies, hills, streets, rooms, water, and people seen from behind.

Every level is a y of the scene; every width follows the frame, so that a scene fills each window on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from illustrate.render._canvas import Canvas, d, oval, polygon, smooth
from illustrate.render._props import prop
from illustrate.render.palettes import mix

_LEAVES = {"spring": "#f2a9bd", "autumn": "#e08a3c", "winter": "#e9eef2"}


# -- Sky and weather -----------------------------------------------------------------------------------------


def sky(c: Canvas, *, focus: tuple[float, float] = (600, 330), low: float = 520) -> None:
    c.ground(c.palette.sky, c.palette.haze, focus=focus, low=low)
    if c.dark:
        stars(c)


def stars(c: Canvas, count: int = 46) -> None:
    for _ in range(count):
        x, y = c.rng.uniform(c.left, c.right), c.rng.uniform(c.top + 8, 380)
        r = c.rng.choice((1.4, 1.8, 2.6))
        c.ellipse(x, y, r, r, c.palette.halo, c.rng.choice((0.5, 0.8, 1.0)))
    c.props.append("stars")


def disc(c: Canvas, x: float, y: float, r: float) -> None:
    """Sun by day, crescent by night."""
    p = c.palette
    if c.dark:
        c.ellipse(x, y, r * 1.3, r * 1.3, p.halo, 0.06)
        c.sheet(crescent(x, y, r * 0.66), p.disc, line=False)
        c.props.append("moon")
        return
    if c.preset.sky == "bands":
        c.ellipse(x, y, r * 1.28, r * 1.28, p.disc, 0.28)
    c.sheet(oval(x, y, r, r), p.disc)
    c.props.append("sun")


def crescent(x: float, y: float, r: float) -> str:
    tip = (x + r * 0.5, y - r * 0.87)
    return d(
        "M", tip[0], tip[1], "A", r, r, 0, 1, 0, x + r, y + r * 0.2, "A", r * 0.8, r * 0.8, 0, 1, 1, tip[0], tip[1], "Z"
    )


def clouds(c: Canvas, count: int, *, top: float = 50, low: float = 210, kind: str = "cloud") -> None:
    """In as many equal columns, so that no two lie on each other."""
    for i in range(count):
        x = c.across((i + c.rng.uniform(0.2, 0.8)) / count)
        prop(c, kind, x, c.rng.uniform(top, low), c.rng.uniform(0.7, 1.3), side=c.rng.choice((-1, 1)))
    c.props.append("clouds")


def rain(c: Canvas, *, count: int = 90, slant: float = 0.22) -> None:
    out = []
    for _ in range(count):
        x, y, long = c.rng.uniform(c.left, c.right), c.rng.uniform(c.top, c.bottom), c.rng.uniform(18, 40)
        out.append(f"M{x:.0f} {y:.0f}l{-long * slant:.0f} {long:.0f}")
    c.stroke("".join(out), mix(c.palette.water, c.palette.light, 0.35), 3.2, opacity=0.8)
    c.props.append("rain")


def snowfall(c: Canvas) -> None:
    for _ in range(70):
        r = c.rng.choice((2.5, 3.5, 5))
        x, y = c.rng.uniform(c.left, c.right), c.rng.uniform(c.top, c.bottom)
        c.ellipse(x, y, r, r, c.palette.light, 0.9, layer="front" if r > 4.5 else "back")
    c.props.append("snow")


def wind(c: Canvas, low: float) -> None:
    for _ in range(6):
        x, y, w = c.rng.uniform(c.left, c.right - 200), c.rng.uniform(c.top + 40, low), c.rng.uniform(120, 260)
        curl = f"M{x:.0f} {y:.0f}h{w:.0f}q34-4 34-30q-2-22-24-20q-20 4-16 22"
        c.stroke(curl, mix(c.palette.light, c.palette.far, 0.3), 5)
    c.props.append("wind")


def shimmer(c: Canvas, level: float) -> None:
    """Heat over the ground."""
    for k in range(3):
        y = level - 16 - k * 26
        points = [(c.left + i * 80, y + (9 if i % 2 else -9)) for i in range(int((c.right - c.left) / 80) + 2)]
        c.stroke(smooth(points), mix(c.palette.fire, c.palette.haze, 0.45), 4, opacity=0.6)
    c.props.append("heat haze")


def birds(c: Canvas, x: float, y: float) -> None:
    for i in range(c.rng.randint(2, 4)):
        bx, by, s = x + i * 46 + c.rng.uniform(-10, 10), y + c.rng.uniform(-26, 26), c.rng.uniform(8, 13)
        wings = f"M{bx - s:.0f} {by - s * 0.5:.0f}q{s * 0.6:.0f} {-s * 0.5:.0f} {s:.0f} {s * 0.5:.0f}"
        c.stroke(wings + f"q{s * 0.4:.0f} {-s:.0f} {s:.0f} {-s * 0.5:.0f}", c.palette.deep, 3.2)


def rays(c: Canvas, x: float, y: float, *, count: int = 15) -> None:
    tint = mix(c.palette.sky, c.palette.disc, 0.42) if not c.dark else mix(c.palette.sky, c.palette.far, 0.75)
    start = c.rng.uniform(0, math.tau)
    for i in range(count):
        a, b = start + math.tau * i / count, start + math.tau * (i + 0.5) / count
        tips = [(x + 1500 * math.cos(t), y + 1500 * math.sin(t)) for t in (a, b)]
        c.path(polygon([(x, y), *tips]), tint, 0.75)
    c.props.append("rays")


def confetti(c: Canvas, count: int = 44) -> None:
    p = c.palette
    for _ in range(count):
        x, y, a = c.rng.uniform(c.left, c.right), c.rng.uniform(c.top + 10, 420), c.rng.uniform(0, 180)
        colour = c.rng.choice((p.main, p.accent, p.light, p.deep, p.leaf))
        c.back.append(
            f'<rect x="-6" y="-3.5" width="12" height="7" rx="1.5" fill="{colour}"'
            f' transform="translate({x:.0f} {y:.0f}) rotate({a:.0f})"/>'
        )
    c.props.append("confetti")


# -- Land ----------------------------------------------------------------------------------------------------


def _rolling(c: Canvas, level: float, swing: float, steps: int) -> list[tuple[float, float]]:
    width = c.right - c.left + 80
    return [(c.left - 40 + width * i / steps, level + c.rng.uniform(-swing, swing)) for i in range(steps + 1)]


def _filled(c: Canvas, points: list[tuple[float, float]]) -> str:
    return smooth(points, close=f"L{c.right + 40} {c.bottom}L{c.left - 40} {c.bottom}Z")


def hills(c: Canvas, season: str = "", *, horizon: float = 430, mountains: bool | None = None) -> None:
    p = c.palette
    snow = season == "winter"
    if c.rng.random() < 0.35 if mountains is None else mountains:
        peaks(c, horizon)
    c.sheet(_filled(c, _rolling(c, horizon - 20, 44, 5)), mix(p.far, p.light, 0.5) if snow else p.far)
    trees(c, horizon + 26, season, count=c.rng.randint(3, 7), size=0.55, fade=0.5)
    c.sheet(_filled(c, _rolling(c, horizon + 42, 22, 4)), mix(p.mid, p.light, 0.6) if snow else p.mid)
    c.props.append("hills")


def peaks(c: Canvas, horizon: float) -> None:
    p = c.palette
    tint = mix(p.far, p.haze, 0.42)
    x = c.left + c.rng.uniform(-60, 60)
    while x < c.right:
        w, h = c.rng.uniform(190, 330), c.rng.uniform(110, 210)
        c.sheet(polygon([(x, horizon), (x + w * 0.5, horizon - h), (x + w, horizon)]), tint)
        c.shade(polygon([(x + w * 0.5, horizon - h), (x + w, horizon), (x + w * 0.58, horizon)]), 0.06)
        jag = ((0.5, 1), (0.61, 0.78), (0.54, 0.82), (0.49, 0.72), (0.44, 0.83), (0.39, 0.78))
        c.path(polygon([(x + w * a, horizon - h * b) for a, b in jag]), mix(tint, p.light, 0.65))
        x += w * c.rng.uniform(0.5, 0.8)
    c.props.append("mountains")


def trees(
    c: Canvas, base: float, season: str, *, count: int, size: float, fade: float,
    span: tuple[float, float] | None = None,
) -> None:  # fmt: skip
    start, end = span or (c.left, c.right)
    for _ in range(count):
        x, s = c.rng.uniform(start, end), size * c.rng.uniform(0.75, 1.25)
        kind = "pine" if c.rng.random() < 0.45 else "round_tree"
        with _leaves(c, season):
            prop(c, kind, x, base + c.rng.uniform(-8, 14), s, fade=fade)


@contextmanager
def _leaves(c: Canvas, season: str) -> Iterator[None]:
    """While it lasts, leaves have the season's colour; by night they are shapes against the sky."""
    kept, leaf = c.palette, _LEAVES.get(season)
    if c.dark:
        c.palette = replace(kept, leaf=mix(kept.mid, kept.far, 0.4), wood=kept.near)
    elif leaf and c.preset.colours in ("full", "card"):
        c.palette = replace(kept, leaf=mix(leaf, kept.near, 0.12))
    yield
    c.palette = kept


def floor(c: Canvas, level: float, *, swing: float = 12, colour: str = "", blades: bool = True) -> None:
    """The ground that the subject stands on."""
    p = c.palette
    ground = colour or p.near
    points = _rolling(c, level, swing, 4)
    c.sheet(_filled(c, points), ground)
    if blades:
        blade = mix(ground, p.haze, 0.22) if not c.dark else mix(ground, p.far, 0.6)
        for _ in range(round(12 * c.frame.spread) + 2):
            x, y = c.rng.uniform(c.left + 10, c.right - 10), level + c.rng.uniform(26, c.bottom - level - 20)
            s = 5 + (y - level) * 0.06
            c.stroke(f"M{x - s:.0f} {y - s:.0f}L{x:.0f} {y:.0f}l{s * 0.2:.0f} {-s * 1.5:.0f}M{x:.0f} {y:.0f}"
                     f"l{s * 1.2:.0f} {-s:.0f}", blade, 3)  # fmt: skip
    c.shade(_filled(c, [(x, y + 62 + c.rng.uniform(-10, 16)) for x, y in points]), 0.1)


def near_plants(c: Canvas, spots: list[float], season: str = "", *, size: float = 1.0) -> None:
    """Leaves close to the reader's eye, at the lower edge."""
    for x in spots:
        kind = c.rng.choice(("tuft", "bush", "flowers", "reeds"))
        with _leaves(c, season):
            prop(c, kind, x, c.frame.bottom + 6, size * c.rng.uniform(0.9, 1.25), layer="front")
    c.props.append("plants")


def path_to(c: Canvas, x: float, horizon: float, *, winding: bool = False) -> None:
    """A road from the reader's feet to the horizon."""
    p = c.palette
    tar = mix(p.stone, p.deep, 0.55) if not c.dark else mix(p.near, p.far, 0.55)
    low = c.frame.bottom + 10
    if winding:
        bend = 150 * c.frame.spread
        c.sheet(
            d("M", x - 10, horizon, "C", x + bend * 1.6, horizon + 50, x - bend * 2, horizon + 90, x - 190, low, "H",
              x + 190, "C", x - bend * 0.4, horizon + 120, x + bend * 2.1, horizon + 60, x + 12, horizon, "Z"),
            mix(p.disc, p.wood, 0.25) if not c.dark else tar, line=False,
        )  # fmt: skip
        c.props.append("path")
        return
    c.sheet(
        d("M", x - 14, horizon, "H", x + 14, "Q", x + 60, horizon + 80, x + 420, low, "H", x - 420, "Q", x - 60,
          horizon + 80, x - 14, horizon, "Z"), tar, line=False,
    )  # fmt: skip
    for y, w, h in ((0.1, 5, 12), (0.24, 8, 20), (0.44, 13, 30), (0.7, 20, 46)):
        at = horizon + (low - horizon) * y
        c.path(polygon([(x - w / 2, at), (x + w / 2, at), (x + w * 0.8, at + h), (x - w * 0.8, at + h)]), p.light, 0.85)
    c.props.append("road")


def steps(c: Canvas, tops: list[float], start: float, width: float) -> None:
    """A flight of blocks, each lit on top and shaded at its right."""
    p = c.palette
    for i, top in enumerate(tops):
        x = start + i * width
        body = mix(p.mid, p.near, 0.25 + 0.6 * i / len(tops)) if not c.dark else mix(p.far, p.mid, 0.3 * i / len(tops))
        c.sheet(d("M", x, c.bottom, "V", top, "h", width - 6, "V", c.bottom, "Z"), body)
        c.rect(x, top, width - 6, 14, mix(body, p.light, 0.42))
        c.shade(d("M", x + width - 32, top + 14, "h", 26, "V", c.bottom, "h", -26, "Z"), 0.12)
    c.props.append("steps")


# -- Water ---------------------------------------------------------------------------------------------------


def water_colour(c: Canvas, *, deep: bool = False) -> str:
    """`deep` water is darker: what floats on it is often of water's own colour."""
    p = c.palette
    water = mix(p.water, p.mid, 0.25) if not c.dark else mix(p.far, p.water, 0.12)
    return mix(water, p.deep, 0.42) if deep and not c.preset.hatch else water


def sea(c: Canvas, level: float, *, deep: bool = False) -> None:
    p = c.palette
    water = water_colour(c, deep=deep)
    c.sheet(d("M", c.left, level, "H", c.right, "V", c.bottom, "H", c.left, "Z"), water)
    pale, dark = mix(water, p.light, 0.4), mix(water, p.deep, 0.28)
    for i in range(4):
        y = level + 34 + i * (c.frame.bottom - level) / 4.4
        crest = [(c.left - 60 + k * 75, y + (7 if k % 2 else -7)) for k in range(int((c.right - c.left) / 75) + 3)]
        c.path(smooth(crest, close=f"L{c.right + 60} {c.bottom}L{c.left - 60} {c.bottom}Z"), dark, 0.16)
    for _ in range(round(14 * c.frame.spread)):
        x, y, w = c.rng.uniform(c.left, c.right), c.rng.uniform(level + 14, c.bottom - 14), c.rng.uniform(36, 110)
        c.stroke(d("M", x, y, "q", w / 4, -6, w / 2, 0, "t", w / 2, 0), pale, 4, opacity=0.75)
    c.props.append("sea")


def glitter(c: Canvas, x: float, level: float) -> None:
    for i in range(7):
        w = 130 - i * 11 + c.rng.uniform(-14, 14)
        c.rect(x - w / 2 + c.rng.uniform(-12, 12), level + 10 + i * 17, w, 6, c.palette.disc, r=3, o=0.75)


def in_water(c: Canvas, edge: float) -> None:
    """Water before what floats, from its waterline to the lower edge."""
    p = c.palette
    water = water_colour(c, deep=True)
    wave = "q30 -17 60 0t60 0" * (int((c.right - c.left) / 120) + 2)
    start = c.left - 120
    c.path(d("M", start, edge, wave, "V", c.bottom, "H", start, "Z"), mix(water, p.deep, 0.12), 0.72, layer="figures")
    c.stroke(d("M", start, edge, wave), mix(water, p.light, 0.5), 5, layer="figures", opacity=0.7)


# -- Town and rooms ------------------------------------------------------------------------------------------


def skyline(c: Canvas, base: float, *, lit: float = 0.3) -> None:
    """Two rows of buildings with windows, the farther the paler."""
    p = c.palette
    for near in (False, True):
        body = p.mid if near else p.far
        window = mix(body, p.light, 0.34) if not c.dark else p.sun
        panes: list[str] = []
        x = c.left + c.rng.uniform(-60, -10)
        while x < c.right:
            w = c.rng.choice((78, 92, 110, 132))
            h = c.rng.uniform(90, 190) if near else c.rng.uniform(170, 320)
            gable, mast = f"l{w / 2:.0f} -34l{w / 2:.0f} 34", f"h{w * 0.44:.0f}v-40h6v40h{w * 0.56 - 6:.0f}"
            box, flat = f"h{w * 0.2:.0f}v-16h{w * 0.36:.0f}v16h{w * 0.44:.0f}", f"h{w}"
            roof = c.rng.choice((gable, mast, box, flat, flat, flat))
            c.sheet(f"M{x:.0f} {base + 4:.0f}V{base - h:.0f}{roof}V{base + 4:.0f}Z", body)
            c.shade(f"M{x + w * 0.78:.0f} {base + 4:.0f}V{base - h:.0f}h{w * 0.22:.0f}V{base + 4:.0f}Z", 0.06)
            columns = 3 if w < 100 else 4
            for i in range(columns):
                for j in range(int(h // 34) - 1):
                    if c.rng.random() < (lit if c.dark else 0.5):
                        panes.append(f"M{x + 13 + i * (w - 20) / columns:.0f} {base - h + 18 + j * 34:.0f}h11v16h-11z")
            x += w + c.rng.choice((0, 0, 8, 18))
        c.path("".join(panes), window, 0.9 if c.dark else 0.75)
    c.rect(c.left, base, c.right - c.left, c.bottom - base, p.mid)
    c.props.append("buildings")


def street(c: Canvas, level: float) -> None:
    p = c.palette
    width = c.right - c.left
    c.sheet(d("M", c.left, level, "H", c.right, "V", c.bottom, "H", c.left, "Z"), p.near)
    c.rect(c.left, level, width, 16, mix(p.near, p.haze, 0.45) if not c.dark else mix(p.near, p.far, 0.7))
    c.shade(d("M", c.left, level + 120, "H", c.right, "V", c.bottom, "H", c.left, "Z"), 0.16)
    dashes = "".join(f"M{c.left + x:.0f} {level + 152:.0f}h76v9h-76z" for x in range(0, int(width), 150))
    c.path(dashes, mix(p.near, p.haze, 0.55), 0.8)
    c.props.append("street")


def shopfronts(c: Canvas, base: float) -> None:
    """A street seen close: three houses with doors, awnings and sills."""
    p = c.palette
    x = c.left - c.rng.uniform(0, 90)
    tones = [mix(p.far, p.light, 0.3), mix(p.mid, p.haze, 0.35), mix(p.far, p.main, 0.3), mix(p.mid, p.light, 0.5)]
    if c.dark:
        tones = [mix(p.far, p.mid, share) for share in (0, 0.4, 0.7, 0.2)]
    glass = mix(p.sky, p.light, 0.4) if not c.dark else p.sun
    k = c.rng.randint(0, 3)
    while x < c.right:
        w, h = c.rng.uniform(210, 290), c.rng.uniform(290, 400)
        c.sheet(f"M{x:.0f} {base:.0f}v{-h:.0f}h{w:.0f}v{h:.0f}z", tones[k % 4])
        c.path(f"M{x - 6:.0f} {base - h:.0f}v-16h{w + 12:.0f}v16z", mix(p.near, p.mid, 0.4))
        panes = "".join(
            f"M{x + w * (0.14 + i * 0.28):.0f} {base - h + 34 + j * 96:.0f}h{w * 0.17:.0f}v58h{-w * 0.17:.0f}z"
            for i in range(3) for j in range(int((h - 190) // 96) + 1)
        )  # fmt: skip
        c.path(panes, glass, 0.9)
        c.path(f"M{x + w * 0.12:.0f} {base - 22:.0f}v-92h{w * 0.42:.0f}v92z", glass, 0.9)
        c.path(f"M{x + w * 0.66:.0f} {base:.0f}v-112h{w * 0.2:.0f}v112z", mix(p.deep, p.near, 0.3))
        awning = c.rng.choice((p.accent, p.main))
        c.sheet(f"M{x + w * 0.06:.0f} {base - 150:.0f}h{w * 0.88:.0f}l14 34h{-w * 0.88 - 28:.0f}z", awning)
        stripes = "".join(
            f"M{x + w * (0.06 + i * 0.22):.0f} {base - 150:.0f}h{w * 0.11:.0f}l2 34h{-w * 0.11 - 4:.0f}z"
            for i in range(4)
        )
        c.path(stripes, p.light, 0.9)
        x, k = x + w, k + 1
    c.props.append("shops")


def wall(c: Canvas, level: float, *, stripes: bool = True) -> None:
    p = c.palette
    tint = mix(p.haze, p.sky, 0.55)
    c.rect(c.left, c.top, c.right - c.left, c.bottom - c.top, tint)
    if stripes:
        bars = "".join(f"M{x:.0f} {c.top:.0f}h58V{level:.0f}h-58z" for x in range(int(c.left) - 40, int(c.right), 120))
        c.path(bars, mix(tint, p.light if not c.dark else p.far, 0.22))
        return
    c.rect(c.left, level - 106, c.right - c.left, 110, mix(tint, p.far, 0.45))
    c.rect(c.left, level - 112, c.right - c.left, 8, mix(tint, p.light if not c.dark else p.far, 0.5))


def boards(c: Canvas, level: float, colour: str) -> None:
    c.sheet(d("M", c.left, level, "H", c.right, "V", c.bottom, "H", c.left, "Z"), colour)
    lines, y, gap = [], level, 34.0
    while y < c.bottom:
        lines.append(f"M{c.left:.0f} {y:.0f}H{c.right:.0f}")
        lines += [f"M{c.rng.uniform(c.left, c.right):.0f} {y:.0f}v{gap:.0f}" for _ in range(3)]
        y, gap = y + gap, gap * 1.36
    c.stroke("".join(lines), mix(colour, c.palette.ink, 0.16), 3)
    c.rect(c.left, level - 12, c.right - c.left, 12, mix(colour, c.palette.light, 0.35))


def table(c: Canvas, level: float) -> None:
    p = c.palette
    top = mix(p.wood, p.near, 0.25) if not c.dark else mix(p.wood, p.near, 0.6)
    c.sheet(d("M", c.left, level, "H", c.right, "V", c.bottom, "H", c.left, "Z"), top)
    c.rect(c.left, level, c.right - c.left, 14, mix(top, p.light, 0.4))
    c.shade(d("M", c.left, c.frame.bottom - 35, "H", c.right, "V", c.bottom, "H", c.left, "Z"), 0.18)
    grain = "".join(
        f"M{c.rng.uniform(c.left, c.right - 300):.0f} {level + y}h{c.rng.uniform(200, 480):.0f}" for y in (50, 96, 140)
    )
    c.stroke(grain, mix(top, p.ink, 0.14), 3)
    c.props.append("a table")


def window(c: Canvas, x: float, y: float, w: float, h: float, season: str) -> None:
    """A window with the world in it, and curtains."""
    p = c.palette
    frame = p.light if not c.dark else mix(p.light, p.far, 0.4)
    c.sheet(f"M{x - 14:.0f} {y - 14:.0f}h{w + 28:.0f}v{h + 28:.0f}h{-w - 28:.0f}z", frame)
    air = mix(p.sky, p.water, 0.45) if not c.dark else p.sky
    c.rect(x, y, w, h, air)
    if c.dark:
        c.path(crescent(x + w * 0.7, y + h * 0.28, 30), p.disc)
    else:
        c.ellipse(x + w * 0.7, y + h * 0.3, 38, 38, p.disc)
    far = mix(p.leaf, p.far, 0.4) if season != "winter" else p.light
    c.path(
        f"M{x:.0f} {y + h * 0.7:.0f}Q{x + w * 0.3:.0f} {y + h * 0.5:.0f} {x + w * 0.6:.0f} {y + h * 0.72:.0f}"
        f"T{x + w:.0f} {y + h * 0.66:.0f}V{y + h:.0f}H{x:.0f}z", far,
    )  # fmt: skip
    c.path(
        f"M{x:.0f} {y + h * 0.88:.0f}Q{x + w * 0.4:.0f} {y + h * 0.74:.0f} {x + w:.0f} {y + h * 0.88:.0f}"
        f"V{y + h:.0f}H{x:.0f}z", mix(p.leaf, p.mid, 0.5),
    )  # fmt: skip
    c.rect(x + w / 2 - 5, y, 10, h, frame)
    c.rect(x, y + h * 0.46, w, 9, frame)
    c.rect(x - 26, y + h + 10, w + 52, 14, frame, r=3)
    if c.preset.scenery:
        c.stroke(f"M{x:.0f} {y:.0f}h{w:.0f}v{h:.0f}h{-w:.0f}z", p.ink, c.preset.scenery)
    for side in (-1, 1):
        edge = x - 34 if side < 0 else x + w + 34
        c.sheet(
            d("M", edge, y - 34, "h", -62 * side, "q", 8 * side, h * 0.5, 42 * side, h + 90, "H", edge, "Z"), p.accent
        )
        c.shade(d("M", edge, y - 34, "h", -22 * side, "q", 6 * side, h * 0.5, 14 * side, h + 90, "H", edge, "Z"), 0.12)
    c.stroke(d("M", x - 52, y - 36, "H", x + w + 52), mix(p.wood, p.ink, 0.3), 9)
    c.props.append("window")


def bunting(c: Canvas) -> None:
    p = c.palette
    sag, high, width = c.rng.uniform(50, 80), c.frame.top + 18, c.frame.width
    c.stroke(d("M", c.left, high, "Q", c.frame.left + width / 2, high + sag * 2, c.right, high), p.deep, 3.5)
    count = max(9, round(17 * c.frame.spread))
    for i in range(count):
        t = (i + 0.5) / count
        x, y = c.across(t), high + sag * 4 * t * (1 - t)
        c.sheet(polygon([(x - 24, y - 1), (x + 24, y - 1), (x, y + 46)]), (p.main, p.accent, p.light, p.mid)[i % 4])
    c.props.append("bunting")


def curtains(c: Canvas) -> None:
    """Drawn back at both sides, swags above."""
    scale = 0.62 + 0.38 * c.frame.spread
    rise = (c.frame.top - 8) * 1.0
    prop(c, "curtain", c.left + 8, rise, scale)
    prop(c, "curtain", c.right - 8, rise, scale, side=-1)
    p = c.palette
    low = [(x, c.top + (74 if i % 2 else 120)) for i, x in enumerate(range(int(c.left) - 60, int(c.right) + 130, 65))]
    c.path(smooth(low, close=f"V{c.top:.0f}H{low[0][0]:.0f}Z"), p.sun)
    c.path(smooth([(x, y - 16) for x, y in low], close=f"V{c.top:.0f}H{low[0][0]:.0f}Z"), p.fire)
    c.props.append("curtains")


def spotlight(c: Canvas, x: float, level: float) -> None:
    p = c.palette
    c.path(polygon([(x - 40, c.top), (x + 40, c.top), (x + 290, level), (x - 290, level)]), p.disc, 0.3)
    c.ellipse(x, level, 290, 44, p.disc, 0.5)
    c.props.append("a spotlight")


def plinth(c: Canvas, x: float, top: float, half: float) -> None:
    """A round stand of three tiers, the lowest drawn first."""
    p = c.palette
    for rise, colour in ((92, p.far), (46, mix(p.far, p.light, 0.3)), (0, p.light)):
        y, w = top + rise, half + rise
        body = colour if not c.dark else mix(colour, p.near, 0.55)
        side = d("M", x - w, y, "V", y + 46, "A", w, 26, 0, 0, 0, x + w, y + 46, "V", y, "Z")
        c.sheet(side, mix(body, p.ink, 0.16) if not c.preset.hatch else body)
        c.shade(d("M", x + w * 0.4, y + 14, "V", y + 70, "A", w, 26, 0, 0, 0, x + w, y + 46, "V", y, "Z"), 0.1)
        c.sheet(oval(x, y, w, 26), body)
    c.props.append("a round stand")


def backs(c: Canvas, start: float, end: float) -> None:
    """Two rows of people seen from behind, nobody in particular."""
    p = c.palette
    count = max(2, int((end - start) / 118))
    low = c.frame.bottom
    for row in (0, 1):
        for i in range(count + 1 - row):
            x = start + (i + 0.5 * row) * (end - start) / count + c.rng.uniform(-12, 12)
            y = low - 69 + row * 46 + c.rng.uniform(-12, 12)
            coat = mix(c.rng.choice((p.near, p.deep, p.mid, p.accent, p.far)), p.ink, 0.18 if row else 0.3)
            hair = mix(c.rng.choice((p.ink, p.wood, p.stone, p.deep)), p.ink, 0.35 if row else 0.5)
            if c.preset.hatch:
                coat, hair = c.rng.choice((p.main, p.mid, p.light)), c.rng.choice((p.ink, p.light, p.main))
            c.thing(
                f"M{x - 76:.0f} {low + 25:.0f}Q{x - 74:.0f} {y + 40:.0f} {x - 20:.0f} {y + 30:.0f}h40"
                f"Q{x + 74:.0f} {y + 40:.0f} {x + 76:.0f} {low + 25:.0f}z", coat, layer="front",
            )  # fmt: skip
            kind = c.rng.random()
            if kind < 0.2:
                c.thing(oval(x, y - 52, 17, 17), hair, layer="front")
            if 0.2 < kind < 0.45:
                c.thing(
                    f"M{x - 42:.0f} {y + 40:.0f}v-48q0-38 42-38t42 38v48q-42 14-84 0z", hair, layer="front",
                )  # fmt: skip
            else:
                c.thing(oval(x, y, 36, 42), hair, layer="front")
    c.props.append("a crowd seen from behind")
