"""What stands behind and before a picture's subject: skies, hills, streets, rooms, plants, people seen from behind."""

from __future__ import annotations

import math

from illustrate.render._canvas import HEIGHT, WIDTH, Canvas, polygon, smooth, trace
from illustrate.render.palettes import mix

_LEAVES = {"spring": "#f2a9bd", "autumn": "#e08a3c", "winter": "#e9eef2"}


def sky(c: Canvas) -> None:
    c.gradient(c.palette.sky, c.palette.haze)
    if c.dark:
        stars(c)


def stars(c: Canvas, count: int = 46) -> None:
    for _ in range(count):
        x, y = c.rng.uniform(10, WIDTH - 10), c.rng.uniform(8, 380)
        r = c.rng.choice((1.4, 1.8, 2.6))
        c.ellipse(x, y, r, r, c.palette.halo, c.rng.choice((0.5, 0.8, 1.0)))
    c.props.append("stars")


def disc(c: Canvas, x: float, y: float, r: float) -> None:
    """Sun by day, crescent by night."""
    p = c.palette
    if c.dark:
        c.ellipse(x, y, r * 1.3, r * 1.3, p.halo, 0.06)
        c.path(crescent(x, y, r * 0.66), p.disc)
        c.props.append("moon")
        return
    c.ellipse(x, y, r * 1.28, r * 1.28, p.disc, 0.28)
    c.ellipse(x, y, r, r, p.disc)
    c.props.append("sun")


def crescent(x: float, y: float, r: float) -> str:
    tip = (x + r * 0.5, y - r * 0.87)
    return trace(
        "M", tip[0], tip[1], "A", r, r, 0, 1, 0, x + r, y + r * 0.2, "A", r * 0.8, r * 0.8, 0, 1, 1, tip[0], tip[1], "Z"
    )


def clouds(c: Canvas, count: int, *, top: float = 50, low: float = 210) -> None:
    for _ in range(count):
        x, y, s = c.rng.uniform(60, WIDTH - 60), c.rng.uniform(top, low), c.rng.uniform(0.7, 1.4)
        colour = mix(c.palette.haze, c.palette.light, 0.55) if not c.dark else mix(c.palette.sky, c.palette.haze, 0.6)
        shape = trace(
            "M",
            x - 92 * s,
            y,
            "q",
            -4 * s,
            -32 * s,
            34 * s,
            -30 * s,
            "q",
            12 * s,
            -38 * s,
            52 * s,
            -24 * s,
            "q",
            36 * s,
            -14 * s,
            48 * s,
            22 * s,
            "q",
            40 * s,
            -4 * s,
            42 * s,
            32 * s,
            "Z",
        )
        c.path(shape, colour, 0.85)
    c.props.append("clouds")


def birds(c: Canvas, x: float, y: float) -> None:
    for i in range(c.rng.randint(2, 4)):
        bx, by, s = x + i * 46 + c.rng.uniform(-10, 10), y + c.rng.uniform(-26, 26), c.rng.uniform(8, 13)
        c.stroke(
            trace(
                "M",
                bx - s,
                by - s * 0.5,
                "Q",
                bx - s * 0.4,
                by - s * 0.9,
                bx,
                by,
                "Q",
                bx + s * 0.4,
                by - s * 0.9,
                bx + s,
                by - s * 0.5,
            ),
            c.palette.deep,
            3.2,
        )


def ridge(
    c: Canvas, level: float, swing: float, steps: int, colour: str, *, layer: str = "back"
) -> list[tuple[float, float]]:
    """A rolling line of hills from edge to edge; returns its points."""
    points = [(-40 + (WIDTH + 80) * i / steps, level + c.rng.uniform(-swing, swing)) for i in range(steps + 1)]
    c.path(smooth(points, close=f"L{WIDTH + 40} {HEIGHT}L-40 {HEIGHT}Z"), colour, layer=layer)
    return points


def hills(c: Canvas, season: str = "", *, horizon: float = 430) -> None:
    p = c.palette
    snow = season == "winter"
    if c.rng.random() < 0.35:
        peaks(c, horizon)
    ridge(c, horizon - 20, 44, 5, mix(p.far, p.light, 0.5) if snow else p.far)
    trees(c, horizon + 26, season, count=c.rng.randint(3, 7), size=0.55, fade=0.5)
    ridge(c, horizon + 42, 22, 4, mix(p.mid, p.light, 0.6) if snow else p.mid)
    c.props.append("hills")


def peaks(c: Canvas, horizon: float) -> None:
    p = c.palette
    x = c.rng.uniform(-60, 60)
    while x < WIDTH:
        w, h = c.rng.uniform(190, 330), c.rng.uniform(110, 210)
        tint = mix(p.far, p.haze, 0.42)
        c.path(polygon([(x, horizon), (x + w * 0.5, horizon - h), (x + w, horizon)]), tint)
        c.path(polygon([(x + w * 0.5, horizon - h), (x + w, horizon), (x + w * 0.58, horizon)]), p.ink, 0.05)
        cap = [
            (x + w * 0.5, horizon - h),
            (x + w * 0.61, horizon - h * 0.78),
            (x + w * 0.54, horizon - h * 0.82),
            (x + w * 0.49, horizon - h * 0.72),
            (x + w * 0.44, horizon - h * 0.83),
            (x + w * 0.39, horizon - h * 0.78),
        ]
        c.path(polygon(cap), mix(tint, p.light, 0.65))
        x += w * c.rng.uniform(0.5, 0.8)
    c.props.append("mountains")


def trees(
    c: Canvas, base: float, season: str, *, count: int, size: float, fade: float, span: tuple[float, float] = (0, WIDTH)
) -> None:
    p = c.palette
    leaf = mix(mix(_LEAVES.get(season, p.leaf), p.near, 0.2), p.far, fade)
    if c.dark:
        leaf = mix(p.mid, p.far, 0.4)
    trunk = mix(p.near, p.far, fade)
    for _ in range(count):
        x, s = c.rng.uniform(*span), size * c.rng.uniform(0.75, 1.25)
        y = base + c.rng.uniform(-8, 14)
        c.rect(x - 4 * s, y - 46 * s, 8 * s, 52 * s, trunk)
        if c.rng.random() < 0.45:
            c.path(polygon([(x, y - 150 * s), (x + 40 * s, y - 30 * s), (x - 40 * s, y - 30 * s)]), leaf)
            c.path(polygon([(x, y - 150 * s), (x + 40 * s, y - 30 * s), (x + 6 * s, y - 30 * s)]), p.ink, 0.07)
        else:
            c.ellipse(x, y - 92 * s, 40 * s, 54 * s, leaf)
            c.path(
                trace(
                    "M",
                    x,
                    y - 146 * s,
                    "a",
                    40 * s,
                    54 * s,
                    0,
                    0,
                    1,
                    0,
                    108 * s,
                    "q",
                    24 * s,
                    -54 * s,
                    0,
                    -108 * s,
                    "Z",
                ),
                p.ink,
                0.07,
            )


def skyline(c: Canvas, base: float, *, lit: float = 0.3, rows: int = 2) -> None:
    """Rows of buildings with windows, the further the paler."""
    p = c.palette
    for row in range(rows):
        near = row == rows - 1
        body = p.mid if near else p.far
        x = c.rng.uniform(-60, -10)
        while x < WIDTH + 10:
            w = c.rng.choice((78, 92, 110, 132))
            h = c.rng.uniform(90, 190) if near else c.rng.uniform(170, 320)
            c.rect(x, base - h, w, h + 4, body)
            c.rect(x + w * 0.78, base - h, w * 0.22, h + 4, p.ink, o=0.06)
            kind = c.rng.random()
            if kind < 0.22:
                c.path(polygon([(x, base - h), (x + w / 2, base - h - 34), (x + w, base - h)]), body)
            elif kind < 0.4:
                c.rect(x + w * 0.44, base - h - 40, 6, 42, body)
            elif kind < 0.55:
                c.rect(x + w * 0.2, base - h - 16, w * 0.36, 18, body)
            window = mix(body, p.light, 0.34) if not c.dark else p.sun
            columns = 3 if w < 100 else 4
            for i in range(columns):
                for j in range(int(h // 34) - 1):
                    if c.rng.random() < (lit if c.dark else 0.5):
                        c.rect(
                            x + 13 + i * (w - 20) / columns,
                            base - h + 18 + j * 34,
                            11,
                            16,
                            window,
                            o=0.9 if c.dark else 0.75,
                        )
            x += w + c.rng.choice((0, 0, 8, 18))
    c.rect(-5, base, WIDTH + 10, HEIGHT - base, p.mid)
    c.props.append("buildings")


def floor(c: Canvas, level: float, *, swing: float = 12, colour: str = "") -> None:
    """The ground that the subject stands on, with a lit edge."""
    p = c.palette
    ground = colour or p.near
    points = [(-40 + (WIDTH + 80) * i / 4, level + c.rng.uniform(-swing, swing)) for i in range(5)]
    c.path(smooth(points, close=f"L{WIDTH + 40} {HEIGHT}L-40 {HEIGHT}Z"), ground)
    blade = mix(ground, p.haze, 0.22) if not c.dark else mix(ground, p.far, 0.6)
    for _ in range(12):
        x, y = c.rng.uniform(10, WIDTH - 10), level + c.rng.uniform(26, 150)
        size = 5 + (y - level) * 0.06
        c.stroke(
            trace(
                "M",
                x - size,
                y - size,
                "L",
                x,
                y,
                "L",
                x + size * 0.2,
                y - size * 1.5,
                "M",
                x,
                y,
                "L",
                x + size * 1.2,
                y - size,
            ),
            blade,
            3,
        )
    lower = [(x, y + 62 + c.rng.uniform(-10, 16)) for x, y in points]
    c.path(smooth(lower, close=f"L{WIDTH + 40} {HEIGHT}L-40 {HEIGHT}Z"), p.ink, 0.1)


def sprigs(c: Canvas, spots: list[float], season: str = "", *, base: float = HEIGHT + 8, size: float = 1.0) -> None:
    """Leaves close to the reader's eye, at the lower edge."""
    p = c.palette
    leaf = mix(mix(_LEAVES.get(season, p.leaf), p.near, 0.38), p.ink, 0.05)
    if c.dark:
        leaf = mix(p.far, p.ink, 0.25)
    for x in spots:
        kind = c.rng.choice(("blades", "fern", "bush"))
        s = size * c.rng.uniform(0.8, 1.2)
        if kind == "blades":
            for k in range(6):
                lean, tall = (k - 2.5) * 17 * s, c.rng.uniform(54, 104) * s
                c.path(
                    trace(
                        "M",
                        x + k * 7 - 22,
                        base,
                        "Q",
                        x + lean * 0.3 + k * 5,
                        base - tall * 0.6,
                        x + lean + k * 4,
                        base - tall,
                        "Q",
                        x + lean * 0.5 + k * 7 + 6,
                        base - tall * 0.5,
                        x + k * 7 - 8,
                        base,
                        "Z",
                    ),
                    leaf,
                    layer="front",
                )
        elif kind == "fern":
            c.stroke(
                trace("M", x, base, "Q", x + 8, base - 70 * s, x + 34 * s, base - 128 * s),
                leaf,
                4.5,
                layer="front",
            )
            for k in range(5):
                t = 0.25 + k * 0.16
                lx, ly, r = x + 34 * s * t * t, base - 128 * s * t, (34 - k * 3.6) * s
                c.path(
                    trace(
                        "M",
                        lx,
                        ly,
                        "q",
                        r * 0.5,
                        -r * 0.7,
                        r * 1.2,
                        -r * 0.2,
                        "q",
                        -r * 0.5,
                        r * 0.6,
                        -r * 1.2,
                        r * 0.2,
                        "Z",
                    ),
                    leaf,
                    layer="front",
                )
                c.path(
                    trace(
                        "M",
                        lx,
                        ly,
                        "q",
                        -r * 0.7,
                        -r * 0.6,
                        -r * 1.2,
                        r * 0.1,
                        "q",
                        r * 0.6,
                        r * 0.4,
                        r * 1.2,
                        -r * 0.1,
                        "Z",
                    ),
                    leaf,
                    layer="front",
                )
        else:
            for dx, r in ((-34, 30), (0, 42), (36, 32)):
                c.ellipse(x + dx * s, base - 6, r * s, r * s * 1.1, leaf, layer="front")
            if not c.dark:
                for _ in range(3):
                    c.ellipse(
                        x + c.rng.uniform(-40, 40) * s, base - c.rng.uniform(8, 38) * s, 5, 5, p.accent, layer="front"
                    )
    c.props.append("plants")


def street(c: Canvas, level: float) -> None:
    p = c.palette
    c.rect(-5, level, WIDTH + 10, HEIGHT - level, p.near)
    c.rect(-5, level, WIDTH + 10, 16, mix(p.near, p.haze, 0.45) if not c.dark else mix(p.near, p.far, 0.7))
    c.rect(-5, level + 120, WIDTH + 10, HEIGHT, p.ink, o=0.16)
    for x in range(-20, WIDTH, 150):
        c.rect(x + c.rng.uniform(0, 6), level + 150, 76, 9, mix(p.near, p.haze, 0.55), r=4, o=0.8)
    c.props.append("street")


def lamp_post(c: Canvas, x: float, foot: float, *, tall: float = 300, lean: int = 1) -> None:
    p = c.palette
    post = mix(p.near, p.ink, 0.45)
    if c.dark:
        post = mix(p.far, p.ink, 0.2)
        c.path(polygon([(x + 64 * lean, foot - tall + 22), (x + 150 * lean, foot), (x - 10 * lean, foot)]), p.sun, 0.14)
    c.stroke(
        trace("M", x, foot, "V", foot - tall + 40, "Q", x, foot - tall, x + 40 * lean, foot - tall, "H", x + 60 * lean),
        post,
        9,
    )
    c.rect(x - 12, foot - 14, 24, 16, post, r=4)
    c.path(
        trace("M", x + 36 * lean, foot - tall + 4, "h", 56 * lean, "l", -10 * lean, 20, "h", -36 * lean, "Z"),
        p.sun if c.dark else p.disc,
    )


def rays(c: Canvas, x: float, y: float, *, count: int = 15) -> None:
    tint = mix(c.palette.sky, c.palette.disc, 0.42) if not c.dark else mix(c.palette.sky, c.palette.far, 0.75)
    start = c.rng.uniform(0, math.tau)
    for i in range(count):
        a, b = start + math.tau * i / count, start + math.tau * (i + 0.5) / count
        c.path(
            polygon(
                [
                    (x, y),
                    (x + 1500 * math.cos(a), y + 1500 * math.sin(a)),
                    (x + 1500 * math.cos(b), y + 1500 * math.sin(b)),
                ]
            ),
            tint,
            0.75,
        )
    c.props.append("rays")


def confetti(c: Canvas, count: int = 44) -> None:
    p = c.palette
    for _ in range(count):
        x, y, a = c.rng.uniform(20, WIDTH - 20), c.rng.uniform(10, 420), c.rng.uniform(0, 180)
        colour = c.rng.choice((p.main, p.accent, p.light, p.deep, p.leaf))
        c.back.append(
            f'<rect x="-6" y="-3.5" width="12" height="7" rx="1.5" fill="{colour}"'
            f' transform="translate({x:.0f} {y:.0f}) rotate({a:.0f})"/>'
        )
    c.props.append("confetti")


def snowfall(c: Canvas) -> None:
    for _ in range(70):
        r = c.rng.choice((2.5, 3.5, 5))
        c.ellipse(
            c.rng.uniform(0, WIDTH),
            c.rng.uniform(0, HEIGHT),
            r,
            r,
            c.palette.light,
            0.85,
            layer="front" if r > 4.5 else "back",
        )
    c.props.append("snow")


def bunting(c: Canvas) -> None:
    p = c.palette
    sag = c.rng.uniform(50, 80)
    c.stroke(trace("M", -10, 18, "Q", WIDTH / 2, 18 + sag * 2, WIDTH + 10, 18), p.deep, 3.5)
    for i in range(17):
        t = (i + 0.5) / 17
        x, y = t * WIDTH, 18 + sag * 2 * 2 * t * (1 - t)
        c.path(polygon([(x - 24, y - 1), (x + 24, y - 1), (x, y + 46)]), (p.main, p.accent, p.light, p.mid)[i % 4])
    c.props.append("bunting")


def sea(c: Canvas, level: float, *, down_to: float = HEIGHT) -> None:
    p = c.palette
    water = mix(p.water, p.mid, 0.25) if not c.dark else mix(p.far, p.water, 0.12)
    c.rect(-5, level, WIDTH + 10, down_to - level + 5, water)
    pale, deep = mix(water, p.light, 0.4), mix(water, p.deep, 0.28)
    for i in range(4):
        y = level + 34 + i * (down_to - level) / 4.4
        c.path(
            smooth(
                [(-60 + k * 75, y + (7 if k % 2 else -7)) for k in range(19)],
                close=f"L{WIDTH + 60} {down_to}L-60 {down_to}Z",
            ),
            deep,
            0.16,
        )
    for _ in range(14):
        x, y, w = c.rng.uniform(0, WIDTH), c.rng.uniform(level + 14, down_to - 14), c.rng.uniform(36, 110)
        c.stroke(trace("M", x, y, "q", w / 4, -6, w / 2, 0, "t", w / 2, 0), pale, 4, opacity=0.75)
    c.props.append("sea")


def glitter(c: Canvas, x: float, level: float) -> None:
    for i in range(7):
        w = 130 - i * 11 + c.rng.uniform(-14, 14)
        c.rect(x - w / 2 + c.rng.uniform(-12, 12), level + 10 + i * 17, w, 6, c.palette.disc, r=3, o=0.75)


def far_sail(c: Canvas, x: float, level: float, s: float = 1.0) -> None:
    p = c.palette
    c.path(polygon([(x, level - 62 * s), (x + 34 * s, level - 12 * s), (x, level - 12 * s)]), p.light)
    c.path(polygon([(x - 5, level - 54 * s), (x - 26 * s, level - 12 * s), (x - 5, level - 12 * s)]), p.haze)
    c.path(
        polygon(
            [
                (x - 34 * s, level - 9 * s),
                (x + 40 * s, level - 9 * s),
                (x + 26 * s, level + 6 * s),
                (x - 22 * s, level + 6 * s),
            ]
        ),
        p.deep,
    )


def window(c: Canvas, x: float, y: float, w: float, h: float, season: str) -> None:
    """A window with the world in it, and a curtain."""
    p = c.palette
    frame = p.light if not c.dark else mix(p.light, p.far, 0.4)
    c.rect(x - 16, y - 16, w + 32, h + 32, mix(p.mid, p.ink, 0.15), r=4, o=0.5)
    c.rect(x - 12, y - 12, w + 24, h + 24, frame, r=4)
    c.back.append(
        f'<clipPath id="pane"><rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}"/></clipPath>'
        '<g clip-path="url(#pane)">'
    )
    c.rect(x, y, w, h, mix(p.sky, p.water, 0.45) if not c.dark else p.sky)
    if c.dark:
        c.path(crescent(x + w * 0.7, y + h * 0.28, 30), p.disc)
    else:
        c.ellipse(x + w * 0.7, y + h * 0.3, 38, 38, p.disc)
    c.path(
        smooth(
            [
                (x - 20, y + h * 0.72),
                (x + w * 0.3, y + h * 0.58),
                (x + w * 0.7, y + h * 0.74),
                (x + w + 20, y + h * 0.6),
            ],
            close=f"V{y + h + 5:.0f}H{x - 20:.0f}Z",
        ),
        mix(p.leaf, p.far, 0.4) if season != "winter" else p.light,
    )
    c.path(
        smooth(
            [(x - 20, y + h * 0.86), (x + w * 0.4, y + h * 0.78), (x + w + 20, y + h * 0.88)],
            close=f"V{y + h + 5:.0f}H{x - 20:.0f}Z",
        ),
        mix(p.leaf, p.mid, 0.5),
    )
    c.back.append("</g>")
    c.rect(x + w / 2 - 5, y, 10, h, frame)
    c.rect(x, y + h * 0.46, w, 9, frame)
    c.rect(x - 26, y + h + 10, w + 52, 14, frame, r=3)
    for side in (-1, 1):
        edge = x - 34 if side < 0 else x + w + 34
        inner = edge + side * -62
        c.path(
            trace(
                "M",
                edge,
                y - 34,
                "H",
                inner,
                "Q",
                inner - side * -8,
                y + h * 0.5,
                edge + side * -20,
                y + h + 56,
                "H",
                edge,
                "Z",
            ),
            p.accent,
        )
        c.path(
            trace(
                "M",
                edge,
                y - 34,
                "H",
                edge + side * -22,
                "Q",
                edge + side * -16,
                y + h * 0.5,
                edge + side * -8,
                y + h + 56,
                "H",
                edge,
                "Z",
            ),
            p.ink,
            0.12,
        )
    c.stroke(trace("M", x - 52, y - 36, "H", x + w + 52), mix(p.wood, p.ink, 0.3), 9)
    c.props.append("window")


def boards(c: Canvas, level: float, colour: str) -> None:
    c.rect(-5, level, WIDTH + 10, HEIGHT - level + 5, colour)
    line = mix(colour, c.palette.ink, 0.16)
    for y in (level + 34, level + 82, level + 144):
        c.stroke(trace("M", -5, y, "H", WIDTH + 5), line, 3)
    for y, gap in ((level, 34), (level + 34, 48), (level + 82, 62)):
        for _ in range(3):
            x = c.rng.uniform(0, WIDTH)
            c.stroke(trace("M", x, y, "v", gap), line, 3)
    c.rect(-5, level - 12, WIDTH + 10, 12, mix(colour, c.palette.light, 0.35))


def pot_plant(c: Canvas, x: float, foot: float, s: float = 1.0, *, layer: str = "figures") -> None:
    p = c.palette
    for a, r in ((-58, 128), (-28, 158), (0, 172), (26, 150), (56, 124)):
        t = math.radians(a)
        tip = (x + math.sin(t) * r * s, foot - 72 * s - math.cos(t) * r * 0.86 * s)
        side = (math.cos(t) * 26 * s, math.sin(t) * 26 * s)
        mid = ((x + tip[0]) / 2, (foot - 72 * s + tip[1]) / 2)
        c.inked(
            trace(
                "M",
                x,
                foot - 70 * s,
                "Q",
                mid[0] - side[0],
                mid[1] - side[1],
                tip[0],
                tip[1],
                "Q",
                mid[0] + side[0],
                mid[1] + side[1],
                x,
                foot - 70 * s,
                "Z",
            ),
            mix(p.leaf, p.deep, 0.14),
            layer=layer,
        )
    c.inked(
        trace("M", x - 46 * s, foot - 76 * s, "H", x + 46 * s, "L", x + 34 * s, foot, "H", x - 34 * s, "Z"),
        p.accent,
        layer=layer,
    )
    c.path(
        trace("M", x + 14 * s, foot - 74 * s, "H", x + 44 * s, "L", x + 32 * s, foot - 2, "H", x + 10 * s, "Z"),
        p.ink,
        0.14,
        layer=layer,
    )
    c.props.append("potted plant")


def book_pile(c: Canvas, x: float, foot: float, *, layer: str = "figures") -> None:
    p = c.palette
    y = foot
    for colour, w, h in zip((p.deep, p.accent, p.light), (150, 132, 116), (30, 26, 24), strict=True):
        dx = c.rng.uniform(-10, 10)
        c.inked(trace("M", x - w / 2 + dx, y - h, "h", w, "v", h, "h", -w, "Z"), colour, layer=layer)
        c.path(
            trace("M", x + w / 2 + dx - 26, y - h + 6, "h", 24, "v", h - 12, "h", -24, "Z"),
            p.light if colour != p.light else p.main,
            layer=layer,
        )
        y -= h
    c.props.append("books")


def desk_lamp(c: Canvas, x: float, foot: float, *, lean: int) -> None:
    p = c.palette
    tip = (x + 96 * lean, foot - 268)
    c.path(
        polygon([(tip[0] - 4 * lean, tip[1] + 30), (tip[0] + 300 * lean, foot + 34), (tip[0] - 120 * lean, foot + 34)]),
        p.sun,
        0.26,
    )
    c.stroke(
        trace("M", x, foot - 10, "L", x - 34 * lean, foot - 150, "L", tip[0] - 10 * lean, tip[1]),
        p.ink,
        15,
        layer="figures",
    )
    c.stroke(
        trace("M", x, foot - 10, "L", x - 34 * lean, foot - 150, "L", tip[0] - 10 * lean, tip[1]),
        p.deep,
        7,
        layer="figures",
    )
    c.inked(trace("M", x - 56, foot, "q", 0, -26, 56, -26, "t", 56, 26, "Z"), p.deep, layer="figures")
    c.inked(
        trace(
            "M",
            tip[0] - 40 * lean,
            tip[1] - 28,
            "L",
            tip[0] + 34 * lean,
            tip[1] - 16,
            "L",
            tip[0] + 62 * lean,
            tip[1] + 46,
            "L",
            tip[0] - 60 * lean,
            tip[1] + 28,
            "Z",
        ),
        p.accent,
        layer="figures",
    )
    c.props.append("desk lamp")


def curtains(c: Canvas) -> None:
    p = c.palette
    cloth = mix(p.fire, p.accent, 0.5) if not c.dark else mix(p.accent, p.ink, 0.1)
    fold = mix(cloth, p.ink, 0.24)
    for side in (0, 1):

        def at(x: float, flip: int = side) -> float:
            return WIDTH - x if flip else x

        c.path(
            trace(
                "M",
                at(-5),
                -5,
                "H",
                at(250),
                "Q",
                at(236),
                300,
                at(96),
                430,
                "Q",
                at(132),
                540,
                at(150),
                600,
                "H",
                at(-5),
                "Z",
            ),
            cloth,
        )
        for x0, x1 in ((34, 20), (92, 52), (150, 78), (206, 92)):
            c.path(
                trace(
                    "M",
                    at(x0),
                    -5,
                    "H",
                    at(x0 + 22),
                    "Q",
                    at(x0 + 16),
                    280,
                    at(x1 + 4),
                    426,
                    "Q",
                    at(x0 * 0.7),
                    300,
                    at(x0),
                    -5,
                    "Z",
                ),
                fold,
                0.8,
            )
        c.rect(at(98) - (98 if not side else 0), 418, 98, 22, p.sun, r=8)
    swags = [(x, 66 if i % 2 else 112) for i, x in enumerate(range(-60, WIDTH + 130, 65))]
    c.path(smooth(swags, close=f"V-5H{swags[0][0]}Z"), p.sun)
    c.path(smooth([(x, y - 16) for x, y in swags], close=f"V-5H{swags[0][0]}Z"), cloth)
    c.props.append("curtains")


def onlookers(c: Canvas, span: tuple[float, float]) -> None:
    """A row of people seen from behind, nobody in particular."""
    p = c.palette
    start, end = span
    count = max(3, int((end - start) / 118))
    for row in (0, 1):
        for i in range(count + 1 - row):
            x = start + (i + 0.5 * row) * (end - start) / count + c.rng.uniform(-12, 12)
            y = 606 + row * 46 + c.rng.uniform(-12, 12)
            coat = mix(c.rng.choice((p.near, p.deep, p.mid, p.accent, p.far)), p.ink, 0.18 if row else 0.3)
            hair = mix(c.rng.choice((p.ink, p.wood, p.stone, p.deep)), p.ink, 0.35 if row else 0.5)
            edge = p.halo if c.dark else p.ink
            width = 4.5
            c.front.append(f'<g stroke="{edge}" stroke-width="{width}" stroke-linejoin="round">')
            c.path(
                trace(
                    "M",
                    x - 76,
                    700,
                    "Q",
                    x - 74,
                    y + 40,
                    x - 20,
                    y + 30,
                    "H",
                    x + 20,
                    "Q",
                    x + 74,
                    y + 40,
                    x + 76,
                    700,
                    "Z",
                ),
                coat,
                layer="front",
            )
            kind = c.rng.random()
            if kind < 0.2:
                c.ellipse(x, y - 52, 17, 17, hair, layer="front")
            if 0.2 < kind < 0.45:
                c.path(
                    trace(
                        "M",
                        x - 42,
                        y + 40,
                        "V",
                        y - 8,
                        "Q",
                        x - 42,
                        y - 46,
                        x,
                        y - 46,
                        "Q",
                        x + 42,
                        y - 46,
                        x + 42,
                        y - 8,
                        "V",
                        y + 40,
                        "Q",
                        x,
                        y + 54,
                        x - 42,
                        y + 40,
                        "Z",
                    ),
                    hair,
                    layer="front",
                )
            else:
                c.ellipse(x, y, 36, 42, hair, layer="front")
            c.front.append("</g>")
    c.props.append("a crowd seen from behind")


def road(c: Canvas, x: float, horizon: float) -> None:
    p = c.palette
    tar = mix(p.stone, p.deep, 0.55) if not c.dark else mix(p.near, p.far, 0.55)
    c.path(
        trace(
            "M",
            x - 14,
            horizon,
            "H",
            x + 14,
            "Q",
            x + 60,
            horizon + 80,
            x + 420,
            HEIGHT + 10,
            "H",
            x - 420,
            "Q",
            x - 60,
            horizon + 80,
            x - 14,
            horizon,
            "Z",
        ),
        tar,
    )
    for i, (y, w, h) in enumerate(((0.1, 5, 12), (0.24, 8, 20), (0.44, 13, 30), (0.7, 20, 46))):
        del i
        yy = horizon + (HEIGHT - horizon) * y
        c.path(polygon([(x - w / 2, yy), (x + w / 2, yy), (x + w * 0.8, yy + h), (x - w * 0.8, yy + h)]), p.light, 0.85)
    c.props.append("road")


def steps(c: Canvas, tops: list[float], start: float, width: float) -> None:
    """A flight of blocks, each lit on top and shaded at its right."""
    p = c.palette
    for i, top in enumerate(tops):
        x = start + i * width
        body = mix(p.mid, p.near, 0.25 + 0.6 * i / len(tops)) if not c.dark else mix(p.far, p.mid, 0.3 * i / len(tops))
        c.rect(x, top, width - 6, HEIGHT - top, body)
        c.rect(x, top, width - 6, 14, mix(body, p.light, 0.42))
        c.rect(x + width - 32, top + 14, 26, HEIGHT - top, p.ink, o=0.12)
    c.props.append("steps")


def plinth(c: Canvas, x: float, top: float, half: float) -> None:
    """A round stand of three tiers, the lowest drawn first."""
    p = c.palette
    for rise, colour in ((92, p.far), (46, mix(p.far, p.light, 0.3)), (0, p.light)):
        y, w = top + rise, half + rise
        body = colour if not c.dark else mix(colour, p.near, 0.55)
        c.path(
            trace("M", x - w, y, "V", y + 46, "A", w, 26, 0, 0, 0, x + w, y + 46, "V", y, "Z"),
            mix(body, p.ink, 0.16),
        )
        c.path(
            trace("M", x + w * 0.4, y + 14, "V", y + 70, "A", w, 26, 0, 0, 0, x + w, y + 46, "V", y, "Z"),
            p.ink,
            0.1,
        )
        c.ellipse(x, y, w, 26, body)
    c.props.append("a round stand")


def microphones(c: Canvas, x: float, foot: float, lean: int) -> None:
    p = c.palette
    for k, colour in enumerate((p.accent, p.main, p.deep)):
        bx = x + k * 44 * lean
        tip = (bx + 26 * lean, foot - 130 - (k % 2) * 34)
        c.stroke(
            trace("M", bx, foot + 60, "Q", bx, tip[1] + 60, tip[0], tip[1]),
            p.halo if c.dark else p.ink,
            6,
            layer="front",
        )
        c.front.append(f'<g transform="rotate({28 * lean} {tip[0]:.0f} {tip[1]:.0f})">')
        c.inked(
            trace(
                "M",
                tip[0] - 16,
                tip[1] - 4,
                "v",
                -34,
                "a",
                16,
                16,
                0,
                0,
                1,
                32,
                0,
                "v",
                34,
                "a",
                16,
                16,
                0,
                0,
                1,
                -32,
                0,
                "Z",
            ),
            p.ink,
            layer="front",
        )
        c.inked(trace("M", tip[0] - 19, tip[1] - 8, "h", 38, "v", 22, "h", -38, "Z"), colour, layer="front")
        c.front.append("</g>")
    c.props.append("microphones")


def bolt(c: Canvas, x: float) -> None:
    d = polygon(
        [(x + 50, -10), (x - 110, 290), (x - 22, 290), (x - 96, 620), (x + 136, 226), (x + 34, 226), (x + 148, -10)]
    )
    c.path(d, c.palette.sun if not c.dark else mix(c.palette.sun, c.palette.sky, 0.3), 0.95)
    c.props.append("a bolt of lightning")


def spotlight(c: Canvas, x: float, floor_level: float) -> None:
    p = c.palette
    c.path(polygon([(x - 40, -10), (x + 40, -10), (x + 290, floor_level), (x - 290, floor_level)]), p.disc, 0.3)
    c.ellipse(x, floor_level, 290, 44, p.disc, 0.5)
    c.props.append("a spotlight")
