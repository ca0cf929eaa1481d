"""People from the neck down: a jointed body in a pose, dressed, with a correspondent's head or nobody's."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from illustrate.render import personas
from illustrate.render._canvas import Box, Canvas, oval
from illustrate.render._faces import EXPRESSIONS
from illustrate.render.palettes import luminance, mix

Point = tuple[float, float]
# Lengths on the heads' grid. A body is about four and a half heads tall.
HIP = (400.0, 1290.0)
SHOULDERS = ((246.0, 724.0), (556.0, 724.0))  # near, far
HIPS = ((330.0, 1290.0), (470.0, 1290.0))
UPPER_ARM, FOREARM, THIGH, SHIN = 285.0, 265.0, 400.0, 420.0
ARM, LEG, HAND = 122.0, 150.0, 66.0
HALF = 1130.0  # how far down a half figure is drawn
SOLE = HIP[1] + THIGH + SHIN + 52
PIVOT = (400.0, 590.0)  # where the head leans


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in degrees: 0 hangs down, 90 points ahead, 180 up, negative behind. Arms turn with the lean."""

    near: tuple[float, float]  # upper arm, forearm
    far: tuple[float, float]
    near_leg: tuple[float, float] = (-3, -3)  # thigh, shin
    far_leg: tuple[float, float] = (4, 4)
    lean: float = 0  # forward
    tilt: float = 0  # of the head, beside what its expression tilts
    hands: tuple[str, str] = ("fist", "fist")  # near, far: fist, open, point
    holds: str = ""  # near or far: the hand that can carry a thing
    before: bool = False  # the far arm passes before the body


POSES = {
    # What hands say, in half figures.
    "stand": Pose((-7, 4), (9, 10)),
    "hold": Pose((20, 120), (10, 12), holds="near"),
    "cheer": Pose((-148, -168), (146, 170), hands=("open", "open")),
    "clap": Pose((30, 128), (6, 78), hands=("open", "open"), before=True),
    "heart": Pose((26, 122), (8, 12), hands=("open", "fist")),
    "offer": Pose((-8, 6), (34, 88), hands=("fist", "open"), holds="far"),
    "cheek": Pose((45, 164), (9, 12), hands=("open", "fist")),
    "cover": Pose((50, -178), (10, 14), hands=("open", "fist")),
    "fists": Pose((-26, 104), (40, 142)),
    "crossed": Pose((14, 98), (-14, -96), before=True),
    "fist": Pose((-6, 6), (118, 174)),
    "hips": Pose((-46, 38), (48, -36)),
    "shrug": Pose((-32, -112), (34, 112), hands=("open", "open")),
    "think": Pose((44, 167), (9, 12), hands=("point", "fist")),
    "point": Pose((-8, 4), (84, 96), hands=("fist", "point")),
    "wave": Pose((-8, 4), (118, 172), hands=("fist", "open")),
    # The same, with a bent arm, where the main thing is near.
    "point near": Pose((-8, 4), (-26, 86), hands=("fist", "point")),
    "fist near": Pose((-6, 6), (158, 178)),
    "offer near": Pose((-8, 6), (-36, 62), hands=("fist", "open"), holds="far"),
    # What bodies do, in whole figures.
    "walk": Pose((-26, -6), (24, 46), (24, 4), (-20, -36), lean=3),
    "run": Pose((-52, 26), (46, 116), (52, -14), (-26, -84), lean=12),
    "push": Pose((74, 88), (82, 92), (-34, -46), (26, -12), lean=20, hands=("open", "open")),
    "pull": Pose((78, 92), (84, 88), (36, 26), (4, -22), lean=-20),
    "carry": Pose((26, 92), (34, 88), (22, 4), (-18, -30), lean=-4, holds="near", before=True),
    "lift": Pose((-164, -178), (164, 178), hands=("open", "open"), holds="far"),
    "climb": Pose((-24, 20), (150, 172), (8, -14), (78, -26), lean=6),
    "bow": Pose((2, 6), (6, 10), (-2, -2), (3, 3), lean=62, tilt=16),
    "sit": Pose((18, 60), (22, 64), (84, -2), (88, 4)),
    "kneel": Pose((30, 84), (36, 88), (-4, -88), (84, 0), lean=8),
    "fall": Pose((-128, -152), (122, 150), (64, 34), (26, -18), lean=-30, hands=("open", "open")),
    "shout": Pose((-20, 10), (66, 150), (-8, -8), (10, 8), lean=6, hands=("fist", "open")),
    "placard": Pose((-10, 4), (128, 174), (16, 2), (-14, -24), holds="far"),
    "read": Pose((16, 92), (22, 94), holds="near", before=True),
    "look": Pose((-8, 4), (78, 150), tilt=-8, hands=("fist", "open")),
    "reach": Pose((-10, 0), (132, 140), (-6, -6), (10, 4), lean=4, hands=("fist", "open")),
    "shake": Pose((-8, 4), (58, 84), lean=4, hands=("fist", "open")),
    "dig": Pose((40, 60), (64, 72), (-16, -20), (30, -6), lean=26, holds="far"),
    "kick": Pose((-60, -40), (60, 90), (62, 48), (-12, -16), lean=-10),
    "sneak": Pose((50, 110), (64, 118), (40, -30), (-10, -50), lean=16),
}

# What is worn over the plain shirt, on the grid: (fill, path) in order. A fill is cloth, dark (the cloth in shadow),
# trim, paper, or none for a line.
_SHIRT = ("paper", "M292 612L398 905L508 612Q496 690 398 698Q302 690 292 612Z")
_LAPELS = "M292 604L226 692L304 735L280 790L398 960V905Z M508 604L566 692L492 735L514 790L398 960V905Z"
OUTFITS: dict[str, tuple[tuple[str, str], ...]] = {
    "blazer": (_SHIRT, ("dark", _LAPELS)),
    "coat": (("trim", _SHIRT[1]), ("cloth", _LAPELS), ("cloth", "M466 880H556V930H466Z"), ("none", "M511 882V842")),
    "tie": (_SHIRT, ("dark", _LAPELS), ("trim", "M372 702H424L416 752L434 880L398 925L362 880L380 752Z")),
    "scarf": (
        ("trim", "M470 720L548 960L466 980L410 740Z"),
        ("trim", "M280 570Q304 650 398 655Q486 650 500 590Q560 622 540 700Q500 792 398 792Q282 790 244 700"
                 "Q230 620 280 570Z"),
        ("none", "M310 705Q380 750 486 712"),
    ),
    "hoodie": (
        ("dark", "M272 596Q198 640 228 716Q298 810 398 812Q506 810 562 717Q586 640 522 596Q502 690 398 698"
                 "Q294 690 272 596Z"),
        ("none", "M344 800V930M450 800V960"),
    ),
    "turtleneck": (
        ("dark", "M306 530Q312 586 280 604Q266 662 398 674Q518 662 508 604Q480 586 478 546Q400 594 306 530Z"),
    ),
    "apron": (
        ("trim", "M236 636L284 646L306 850H494L514 650L560 640L554 900L566 1290Q400 1316 236 1290L246 900Z"),
        ("trim", "M334 985H466V1085H334Z"),
    ),
    "jersey": (
        ("trim", "M272 600Q300 705 398 715Q500 705 514 602L548 622Q524 760 398 770Q266 760 236 618Z"),
        ("paper", "M216 880H588V970H212Z"),
    ),
    "cardigan": (
        ("paper", "M292 606L398 980L508 606Q496 690 398 698Q302 690 292 606Z"),
        ("dark", "M272 596L250 626L398 1010L538 626L514 596L398 950Z"),
    ),
    "collar": (
        ("trim", "M280 600L232 692L326 744L398 702Q298 690 280 600Z M508 604L560 692L468 744L398 702Q496 690 508 604Z"),
        ("none", "M398 708V1000"),
    ),
}  # fmt: skip
TORSO = "M306 606Q228 622 190 716L216 1302Q400 1326 584 1302L612 716Q566 622 492 606Q400 664 306 606Z"
NECK = "M316 470V600Q330 672 400 674Q472 668 478 600L470 500Z"


@dataclass(frozen=True, slots=True)
class Person:
    """Where a person was drawn, in the scene's units."""

    box: Box
    head: Box
    face: Box
    hand: Point  # of the arm that holds, or reaches out
    faces: str  # left | right


class Body:
    """One body in the making: shapes on the grid, with the pen's width in grid units."""

    def __init__(self, canvas: Canvas, colours: personas.Colours, scale: float) -> None:
        self.canvas, self.colours = canvas, colours
        inked = bool(canvas.preset.outline)
        self.ink = colours.ink
        # Small figures get a lighter pen, or they would clog.
        self.pen = (canvas.preset.outline * (0.78 if scale > 0.3 else 0.6) if inked else 0) / scale
        self.out: list[str] = []

    def _edge(self, colour: str) -> tuple[str, float]:
        """The line round a part: ink, or for a hand without lines a seam in the part's own shade."""
        if self.pen:
            return self.ink, self.pen
        return mix(colour, self.ink, 0.42), 9.0

    def shape(self, path: str, fill: str) -> None:
        edge, width = self._edge(self.colours.cloth if fill == "none" else fill)
        self.out.append(
            f'<path d="{path}" fill="{fill}" stroke="{edge}" stroke-width="{width:.1f}" stroke-linejoin="round"'
            ' stroke-linecap="round"/>'
        )

    def limb(self, points: list[Point], width: float, colour: str) -> None:
        edge, pen = self._edge(colour)
        path = "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points)
        for stroke, wide in ((edge, width + pen), (colour, width - pen)):
            self.out.append(
                f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{wide:.0f}" stroke-linejoin="round"'
                ' stroke-linecap="round"/>'
            )

    def hand(self, at: Point, angle: float, kind: str) -> None:
        """A hand at the end of a forearm that points at `angle`."""
        skin = self.colours.skin
        edge, pen = self._edge(skin)

        def reach(turn: float, length: float) -> Point:
            t = math.radians(angle + turn)
            return at[0] + math.sin(t) * length, at[1] + math.cos(t) * length

        fingers = {
            "open": ((-38, 112), (-14, 132), (10, 134), (34, 118), (84, 92)), "point": ((2, 158), (70, 78)),
            "fist": ((62, 70),),
        }[kind]  # fmt: skip
        spread = [(reach(turn * 0.5, 34), reach(turn, length)) for turn, length in fingers]
        lines = "".join(f"M{a[0]:.0f} {a[1]:.0f}L{b[0]:.0f} {b[1]:.0f}" for a, b in spread)
        palm = reach(0, 34)
        round_palm = oval(palm[0], palm[1], HAND, HAND)
        rest = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
        self.out.append(f'<path d="{lines}" {rest} stroke="{edge}" stroke-width="{40 + pen:.0f}"/>')
        self.out.append(f'<path d="{round_palm}" fill="{skin}" stroke="{edge}" stroke-width="{pen:.0f}"/>')
        self.out.append(f'<path d="{lines}" {rest} stroke="{skin}" stroke-width="{40 - pen:.0f}"/>')


def _joints(start: Point, upper: float, lower: float, long: float, short: float) -> list[Point]:
    a, b = math.radians(upper), math.radians(lower)
    middle = (start[0] + math.sin(a) * long, start[1] + math.cos(a) * long)
    return [start, middle, (middle[0] + math.sin(b) * short, middle[1] + math.cos(b) * short)]


def _turned(point: Point, degrees: float, around: Point) -> Point:
    t = math.radians(degrees)
    x, y = point[0] - around[0], point[1] - around[1]
    return around[0] + x * math.cos(t) - y * math.sin(t), around[1] + x * math.sin(t) + y * math.cos(t)


def put_person(
    c: Canvas, *, x: float, foot: float, height: float, pose: str, faces: str, area: str = "", mood: str = "neutral",
    glance: str = "ahead", shown: float = SOLE, keep: tuple[float, float] | None = None,
    short_of: float | None = None, layer: str = "figures",
) -> Person:  # fmt: skip
    """A person whose middle is x; with an area its correspondent, else nobody in particular.

    `height` reaches from the crown of the head to `foot`; `shown` is how far down the grid the body is drawn: to the
    soles, or to where the lower edge of the picture cuts a half figure or a bust. `keep` is the span that neither a
    hand nor a hair may leave: the person steps aside for it. A pose that has a nearer one takes it where a hand would
    pass `short_of`.
    """
    posture = POSES[pose]
    if area:
        own = personas.head(area, mood, glance)
        colours = personas.colours_of(area, c.palette, c.preset.colours)
        tilt = posture.tilt + EXPRESSIONS[personas.expression_for(mood)].tilt
    else:
        colours, tilt = _anonymous(c), posture.tilt
    crown = own.box[1] if area else NOBODY[1]
    stands = [
        _joints(HIPS[0], *posture.near_leg, THIGH, SHIN)[2][1], _joints(HIPS[1], *posture.far_leg, THIGH, SHIN)[2][1],
    ]  # fmt: skip
    sole = max(stands) + 52 if shown >= SOLE else shown
    scale = height / ((SOLE if shown >= SOLE else shown) - crown)
    flip = 1 if faces == "right" else -1
    body = Body(c, colours, scale)
    arms = [
        _joints(shoulder, *angles, UPPER_ARM, FOREARM)
        for shoulder, angles in zip(SHOULDERS, (posture.near, posture.far), strict=True)
    ]

    def arm(index: int) -> None:
        angles = (posture.near, posture.far)[index]
        body.hand(arms[index][2], angles[1], posture.hands[index])
        body.limb(arms[index], ARM, colours.cloth if index == 0 else mix(colours.cloth, colours.ink, 0.1))

    head_box = own.box if area else NOBODY
    top = foot - sole * scale
    left = x - flip * HIP[0] * scale

    def on_page(point: Point, *, tilted: bool = False) -> Point:
        if tilted:
            point = _turned(point, tilt, PIVOT)
        px, py = _turned(point, posture.lean, HIP)
        return left + flip * px * scale, top + py * scale

    def box(part: Box) -> Box:
        corners = [
            on_page(p, tilted=True) for p in ((part[0], part[1]), (part[2], part[1]), part[2:], (part[0], part[3]))
        ]
        xs, ys = [p[0] for p in corners], [p[1] for p in corners]
        return min(xs), min(ys), max(xs), max(ys)

    head = box(head_box)
    ends = [on_page(end) for end in (arms[0][2], arms[1][2], (190, 1300), (612, 716), (190, 716), (584, 1300))]
    low, high = min(head[0], *(e[0] for e in ends)) - 26, max(head[2], *(e[0] for e in ends)) + 26
    if keep:
        aside = max(0.0, keep[0] - low) or min(0.0, keep[1] - high)
        left, low, high = left + aside, low + aside, high + aside
        head = box(head_box)
    if short_of is not None and f"{pose} near" in POSES:
        tip = max((on_page(joints[2])[0] for joints in arms), key=lambda end: end * flip)
        if (tip - short_of) * flip > -HAND * scale:
            return put_person(
                c, x=x, foot=foot, height=height, pose=f"{pose} near", faces=faces, area=area, mood=mood,
                glance=glance, shown=shown, keep=keep, layer=layer,
            )  # fmt: skip
    lean = f'<g transform="rotate({posture.lean:g} {HIP[0]} {HIP[1]})">'
    if not posture.before:
        body.out.append(lean)
        arm(1)
        body.out.append("</g>")
    if shown > HIP[1]:
        for index in (1, 0):
            angles = (posture.near_leg, posture.far_leg)[index]
            legs = _joints(HIPS[index], *angles, THIGH, SHIN)
            trousers = colours.legs if index == 0 else mix(colours.legs, colours.ink, 0.14)
            body.limb(legs, LEG, trousers)
            ankle = legs[2]
            shoe = _turned_path(ankle, angles[1])
            body.shape(shoe, mix(colours.ink, colours.cloth, 0.2) if luminance(colours.ink) < 0.4 else colours.cloth)
    body.out.append(lean)
    body.shape(NECK, colours.skin)
    body.shape(TORSO, colours.cloth)
    if area:
        _dress(body, personas.persona_for(area).outfit)
    body.out.append(f'<g transform="rotate({tilt:g} {PIVOT[0]} {PIVOT[1]})">')
    if area:
        markup = personas.painted(own.markup, colours)
        if scale < 0.3:
            # Fine lines of a small head are drawn once more, broader.
            markup = markup.replace(
                f'fill="{colours.ink}"/>', f'fill="{colours.ink}" stroke="{colours.ink}" stroke-width="6"/>'
            )
        body.out.append(markup)
    else:
        _nobody(c, body)
    body.out.append("</g>")
    if posture.before:
        arm(1)
    arm(0)
    body.out.append("</g>")

    transform = f"translate({left:.1f} {top:.1f}) scale({flip * scale:.4f} {scale:.4f})"
    markup = "".join(body.out)
    out = getattr(c, layer)
    right, down, faint = c.preset.drop
    # Cut sheets part by their shadows, all else on a dark ground by a rim of light.
    if c.rim and (c.preset.print or not faint):
        halo = 2 * c.rim / scale
        out.append(f'<g transform="{transform}">{_stroked(markup, c.palette.halo, halo)}</g>')
    elif faint:
        shifted = f"translate({left + right * 0.7:.1f} {top + down * 0.7:.1f}) scale({flip * scale:.4f} {scale:.4f})"
        out.append(f'<g transform="{shifted}" opacity="{faint:.2f}">{_stroked(markup, "#120a1e", 0)}</g>')
    out.append(f'<g transform="{transform}">{markup}</g>')
    reaching = 1 if posture.holds == "far" or (posture.holds == "" and posture.far[1] > posture.near[1]) else 0
    return Person(
        box=(low, min(head[1], *(e[1] for e in ends)), high, foot),
        head=head,
        face=box(personas.FACE),
        hand=on_page(arms[reaching][2]),
        faces=faces,
    )


def _turned_path(ankle: Point, shin: float) -> str:
    """A shoe under a shin, its sole level unless the foot is off the ground."""
    x, y = ankle
    turn = max(-70.0, min(30.0, shin)) if abs(shin) > 20 else 0.0
    points = [(x - 66, y - 30), (x - 66, y + 52), (x + 132, y + 52), (x + 116, y + 6), (x + 62, y - 30)]
    heel, sole, toe, cap, instep = (f"{px:.0f} {py:.0f}" for px, py in (_turned(p, -turn * 0.8, ankle) for p in points))
    return f"M{heel}L{sole}L{toe}Q{cap} {instep}Z"


def _dress(body: Body, name: str) -> None:
    colours = body.colours
    fills = {
        "cloth": colours.cloth, "dark": mix(colours.cloth, body.ink, 0.22), "trim": colours.trim,
        "paper": body.canvas.palette.light, "none": "none",
    }  # fmt: skip
    for fill, path in OUTFITS[name]:
        body.shape(path, fills[fill])


def _stroked(markup: str, colour: str, width: float) -> str:
    """The same shapes in one colour, each a little larger: the light or the shadow behind a person."""

    def painted(found: re.Match[str]) -> str:
        tag = found[0]
        own = re.search(r'stroke-width="([\d.]+)"', tag)
        wide = (float(own[1]) if own else 0) + width
        fill = "none" if 'fill="none"' in tag else colour
        path = re.search(r' d="([^"]+)"', tag)
        return (
            f'<path d="{path[1] if path else ""}" fill="{fill}" stroke="{colour}" stroke-width="{wide:.0f}"'
            ' stroke-linejoin="round" stroke-linecap="round"/>'
        )

    return re.sub(r"<path[^>]*?(?:/>|></path>)", painted, markup)


# -- Nobody in particular ------------------------------------------------------------------------------------

SKINS = ("#f3cda6", "#e0a878", "#b9784a", "#8a5a3c", "#6d4a37", "#f6d3b3")
HAIRS = ("#2c1b18", "#4a3326", "#7a4a2a", "#b8b3ad", "#1f1a1e", "#c98a4a")


def _anonymous(c: Canvas) -> personas.Colours:
    p, rng = c.palette, c.rng
    cloth, trim, legs = rng.choice(
        (("accent", "light", "deep"), ("main", "deep", "near"), ("light", "accent", "deep"), ("leaf", "light", "near"),
         ("fire", "light", "near"), ("water", "light", "deep"), ("stone", "main", "deep"))
    )  # fmt: skip
    skin, hair = rng.choice(SKINS), rng.choice(HAIRS)
    skin = personas.complexion(skin, p, c.preset.colours)
    if c.preset.colours == "two":
        dark = luminance(hair) < 0.12
        return personas.Colours(
            skin, p.ink if dark else p.main, rng.choice((p.main, p.accent)), p.light, p.light, p.ink
        )
    return personas.Colours(skin, hair, p.role(cloth), p.role(trim), mix(p.role(legs), p.deep, 0.3), p.ink)


_CUTS = (
    "M222 330Q206 150 390 132Q566 130 574 300Q520 250 480 224Q330 232 300 300L290 372Q262 330 254 392Z",
    "M214 470Q176 130 392 124Q580 128 572 296Q500 262 470 218Q352 240 300 300Q292 420 306 520Q250 530 214 470Z",
    "M238 322Q216 168 392 140Q560 142 568 286Q470 246 420 232Q320 250 292 330L284 380Z"
    "M226 190a82 82 0 1 1 122 -84Q270 110 226 190Z",
    "M252 300Q250 150 400 140Q548 146 566 276Q400 226 290 300Z",
    "M232 352Q176 300 236 228Q250 140 348 146Q420 92 492 148Q588 158 578 288Q540 262 496 244Q356 250 304 306"
    "Q300 372 276 390Q246 392 232 352Z",
)


NOBODY = (226.0, 118.0, 580.0, 566.0)  # the extent of such a head


def _nobody(c: Canvas, body: Body) -> None:
    """A head without a face: hair, ear, nose."""
    skin, hair = body.colours.skin, body.colours.hair
    body.shape(
        "M284 330Q286 190 420 190Q556 196 556 350L562 400Q560 420 548 424Q548 560 430 566Q300 560 284 330Z", skin
    )
    body.shape("M270 372Q246 340 272 326Q300 322 302 380Q300 424 276 410Z", skin)
    body.shape(c.rng.choice(_CUTS), hair)


def big_hand(c: Canvas, *, wrist: Point, tip: Point, side: int, skin: str, cloth: str) -> None:
    """A cupped hand that reaches in from below, its sleeve cut by the lower edge. `side` -1 comes from the left."""
    colours = personas.Colours(skin, skin, cloth, cloth, cloth, c.palette.ink)
    scale = 1.0
    body = Body(c, colours, scale)
    sleeve_foot = (wrist[0] + side * 150, c.bottom + 60)
    body.limb([sleeve_foot, wrist], 128, cloth)
    body.limb([wrist, ((wrist[0] + tip[0]) / 2, (wrist[1] + tip[1]) / 2 + 18)], 84, skin)
    middle = ((wrist[0] + tip[0]) / 2, (wrist[1] + tip[1]) / 2 + 16)
    for dx, dy, long in ((0, 0, 1.0), (14, 26, 0.9), (26, 50, 0.72)):
        end = (middle[0] + (tip[0] - middle[0]) * long, middle[1] + (tip[1] - middle[1]) * long + dy)
        body.limb([(middle[0] + side * dx, middle[1] + dy * 0.4), end], 36, skin)
    body.limb([middle, (middle[0] - side * 26, middle[1] - 66)], 38, skin)
    body.out.append(f'<path d="{oval(middle[0], middle[1], 44, 40)}" fill="{skin}"/>')
    c.figures.append("".join(body.out))
