"""The correspondents: one fictional person per area, whom readers come to know, with a face set part by part."""

from __future__ import annotations

import copy
import io
import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import resvg_py
from dicebear import Avatar, Style
from PIL import Image

from illustrate.render.palettes import INK, PAPER, area_palette, mix

# The bust's own grid. dicebear's viewBox cuts tall hair off; this is the style's true extent down to the chest.
LEFT, TOP, RIGHT, BOTTOM = -60.0, -62.0, 745.0, 1100.0
NECK = 560.0  # below it is body
FACE = (300.0, 215.0, 575.0, 555.0)  # brows to chin, in the same grid


@dataclass(frozen=True, slots=True)
class Persona:
    area: str
    name_en: str
    name_ko: str
    head: str
    skin: str
    hair: str
    outfit: str
    cloth: str  # a palette role
    label_en: str  # for alt text, after "a correspondent": "with grey hair in a bun"
    label_ko: str
    glasses: str = ""
    beard: str = ""
    trim: str = "light"  # a palette role: lapels, scarf, collar


@dataclass(frozen=True, slots=True)
class Bust:
    """SVG of one persona in one mood, and where its parts lie on the bust's grid (left, top, right, bottom)."""

    markup: str
    head: tuple[float, float, float, float]
    face: tuple[float, float, float, float]
    body: tuple[float, float, float, float]


PERSONAS = {
    each.area: each
    for each in (
        Persona("politics", "Haneul", "하늘", "grayBun", "#f1c49c", "#b8b3ad", "blazer", "deep",
                "with grey hair in a bun and round glasses", "회색 머리를 틀어 올리고 둥근 안경을 쓴", "glasses2"),
        Persona("world", "Samira", "사미라", "hijab", "#d79a68", "#c93305", "scarf", "accent",
                "in a headscarf", "히잡을 두른", trim="main"),
        Persona("economy", "Minjun", "민준", "grayShort", "#f3cda6", "#4a4340", "tie", "near",
                "with a moustache, in a jacket and tie", "콧수염에 넥타이를 맨", "glasses", "moustache9", "accent"),
        Persona("society", "Amara", "아마라", "bun", "#8a5a3c", "#f0b73f", "collar", "accent",
                "with a headband and curls", "머리띠를 한 곱슬머리의", trim="light"),
        Persona("technology", "Joon", "준", "twists", "#b9784a", "#2c1b18", "hoodie", "accent",
                "with short twists and glasses, in a hooded jumper", "짧게 꼰 머리에 안경을 쓴",
                "glasses5", trim="deep"),
        Persona("science", "Yuna", "유나", "bangs2", "#f6d3b3", "#2c1b18", "coat", "light",
                "with a black bob, in a white coat", "검은 단발에 흰 가운을 입은", "glasses2", trim="accent"),
        Persona("climate", "Bram", "브람", "hatBeanie", "#eeb992", "#d9793f", "scarf", "leaf",
                "in a woollen hat with a full beard", "털모자에 수염을 기른", beard="full", trim="main"),
        Persona("health", "Leena", "리나", "medium2", "#d9a06c", "#2c1b18", "coat", "light",
                "with shoulder-length hair, in a white coat", "어깨 길이 머리에 흰 가운을 입은", trim="deep"),
        Persona("culture", "Arjan", "아르잔", "turban", "#b67a4c", "#2a989d", "turtleneck", "deep",
                "in a turban with a beard", "터번을 두르고 수염을 기른", beard="full2", trim="deep"),
        Persona("life", "Marta", "마르타", "mediumBangs2", "#f9d6bb", "#b5552b", "apron", "light",
                "with curly red hair, in an apron", "붉은 곱슬머리에 앞치마를 두른", trim="leaf"),
        Persona("sport", "Zuri", "주리", "cornrows", "#6d4a37", "#2c1b18", "jersey", "main",
                "with a long braid, in a team jersey", "길게 땋은 머리에 유니폼을 입은", trim="accent"),
        Persona("ideas", "Teodor", "테오도르", "noHair3", "#f0c7a2", "#d8d2ca", "cardigan", "main",
                "balding, with glasses", "머리가 벗어지고 안경을 쓴 나이 든", "glasses5", "moustache6", "light"),
    )
}  # fmt: skip

# A face is strokes on the style's expression grid (227 x 254): brows, eyes, mouth; drawn by us, because the set's own
# faces grin at a court case. Its nose is kept. `o` marks ellipses x y rx ry, `f` a filled mouth and its tongue.
_EYES = "o57 88 10 18|o173 85 10.5 17"
_NOSE = "M137 117C159 124 160 151 137 152C125 152 116 147 109 142"
_MOODS: dict[str, tuple[str, str, str]] = {
    "neutral": ("M24 58Q48 40 80 42|M151 36Q178 36 199 50", _EYES, "M100 205Q127 210 152 203"),
    "joy": (
        "M22 46Q46 24 80 32|M150 26Q178 20 202 38",
        "M38 94Q57 66 78 92|M154 90Q173 62 193 88",
        "fM86 184Q128 198 166 178Q164 232 126 233Q90 230 86 184Z"
        "|M104 219Q126 204 149 215Q142 231 126 231Q112 230 104 219Z",
    ),
    "hope": ("M24 50Q48 28 80 34|M150 28Q178 24 201 42", _EYES, "M94 192Q126 226 160 190"),
    "worry": ("M20 66Q52 54 80 34|M150 30Q172 48 201 60", _EYES, "M98 212Q112 198 126 206T156 201"),
    "sorrow": (
        "M20 66Q54 54 82 36|M148 32Q172 50 202 62",
        "M38 90Q58 106 78 90|M154 88Q174 104 192 87",
        "M102 214Q127 194 152 210",
    ),
    "anger": ("M22 40L84 66|M147 64L200 38", "o58 94 10.5 13|o173 91 11 12", "M98 217Q127 196 158 211"),
    "surprise": (
        "M22 40Q46 14 80 26|M150 20Q178 12 202 32",
        "o57 88 11.5 21|o173 85 12 20",
        "fM128 186C146 186 148 226 128 227C108 226 110 186 128 186Z|",
    ),
    "determination": (
        "M20 52Q52 46 84 62|M147 60Q174 46 202 48",
        "o58 90 10.5 15|o173 87 11 14",
        "M98 206Q132 212 158 192",
    ),
    "calm": (
        "M24 54Q48 38 80 42|M151 36Q178 34 199 50",
        "M38 88Q58 106 78 90|M154 87Q174 104 193 86",
        "M100 196Q127 216 154 194",
    ),
    "curiosity": (
        "M22 62Q50 48 82 54|M150 26Q180 12 203 36",
        "o60 90 10 16|o175 84 11 18",
        "M104 204Q132 214 154 195",
    ),
}
EXPRESSIONS = tuple(_MOODS)

# What is worn over the plain shirt, on the bust's grid: (fill, path) in order. A fill is cloth, dark (the cloth in
# shadow), trim, paper, or none for a line.
_SHIRT = ("paper", "M250 604L398 905L520 604Q500 690 398 698Q298 690 250 604Z")
_LAPELS = "M250 600L206 690L290 735L266 790L398 960V905Z M520 600L566 690L490 735L512 790L398 960V905Z"
_OUTFITS: dict[str, tuple[tuple[str, str], ...]] = {
    "blazer": (_SHIRT, ("dark", _LAPELS)),
    "coat": (("trim", _SHIRT[1]), ("cloth", _LAPELS), ("cloth", "M520 850H600V900H520Z"), ("none", "M545 852V810")),
    "tie": (_SHIRT, ("dark", _LAPELS), ("trim", "M372 702H424L416 752L434 880L398 925L362 880L380 752Z")),
    "scarf": (
        ("trim", "M470 720L560 980L470 1000L410 740Z"),
        (
            "trim",
            "M262 560Q300 650 398 655Q486 650 505 580Q572 620 548 700Q500 792 398 792Q270 790 232 700Q214 620 262 560Z",
        ),
        ("none", "M300 700Q380 750 490 712"),
    ),
    "hoodie": (
        (
            "dark",
            "M246 585Q178 640 214 720Q290 810 398 812Q510 810 570 715Q592 640 522 590Q505 690 398 698Q290 690 246 585Z",
        ),
        ("none", "M340 800V930M452 800V960"),
    ),
    "turtleneck": (
        ("dark", "M306 520Q312 580 268 596Q260 660 398 672Q520 660 512 596Q480 580 480 540Q400 590 306 520Z"),
    ),
    "apron": (
        ("trim", "M206 622L262 640L300 850H500L520 650L572 640L560 900V1120H210V900Z"),
        ("trim", "M330 960H470V1060H330Z"),
    ),
    "jersey": (
        ("trim", "M238 592Q290 705 398 715Q505 705 524 595L560 616Q530 760 398 770Q258 760 206 612Z"),
        ("paper", "M142 870H618V960H142Z"),
    ),
    "cardigan": (
        ("paper", "M250 600L398 980L520 600Q500 690 398 698Q298 690 250 600Z"),
        ("dark", "M236 588L222 622L398 1010L548 622L530 590L398 950Z"),
    ),
    "collar": (
        ("trim", "M244 592L214 690L322 742L398 702Q292 690 244 592Z M522 598L566 690L470 742L398 702Q500 690 522 598Z"),
        ("none", "M398 708V1000"),
    ),
}


def _outfit(name: str, cloth: str, trim: str) -> str:
    fills = {"cloth": cloth, "dark": mix(cloth, INK, 0.22), "trim": trim, "paper": PAPER, "none": "none"}
    pen = f'stroke="{INK}" stroke-linejoin="round" stroke-linecap="round"'
    return "".join(
        f'<path d="{d}" fill="{fills[fill]}" {pen} stroke-width="{12 if fill == "none" else 17}"/>'
        for fill, d in _OUTFITS[name]
    )


@cache
def _style() -> Style:
    """Open Peeps with our ten expressions added to its own."""
    text = (resources.files("dicebear_styles") / "open-peeps.json").read_text("utf-8")
    definition: dict[str, Any] = copy.deepcopy(json.loads(text))
    variants = definition["components"]["expression"]["variants"]
    for mood in _MOODS:
        variants[mood] = {"elements": _face(mood)}
    return Style(definition)


def _face(mood: str) -> list[dict[str, Any]]:
    brows, eyes, mouth = _MOODS[mood]
    ink: Any = {"type": "color", "name": "ink"}
    elements: list[dict[str, Any]] = []

    def stroke(d: str, width: float) -> None:
        attributes = {"d": d, "fill": "none", "stroke": ink, "stroke-width": f"{width}", "stroke-linecap": "round"}
        elements.append({"name": "path", "type": "element", "attributes": attributes})

    def fill(d: str, colour: Any) -> None:
        elements.append({"name": "path", "type": "element", "attributes": {"d": d, "fill": colour}})

    for brow in brows.split("|"):
        stroke(brow, 15)
    for eye in eyes.split("|"):
        if eye[0] == "o":
            x, y, rx, ry = (float(each) for each in eye[1:].split())
            fill(f"M{x - rx} {y}A{rx} {ry} 0 1 1 {x + rx} {y}A{rx} {ry} 0 1 1 {x - rx} {y}Z", ink)
        else:
            stroke(eye, 13)
    stroke(_NOSE, 12)
    if mouth[0] == "f":
        lips, _, tongue = mouth[1:].partition("|")
        fill(lips, ink)
        if tongue:
            fill(tongue, "#e5806f")
    else:
        stroke(mouth, 13)
    return elements


def _validated(options: dict[str, Any]) -> dict[str, Any]:
    """The options, unchanged; raises ValueError for a key or a variant that the style would silently ignore."""
    text = (resources.files("dicebear_styles") / "open-peeps.json").read_text("utf-8")
    style = json.loads(text)
    variants = {
        f"{name}Variant": {*part["variants"], *(_MOODS if name == "expression" else ())}
        for name, part in style["components"].items()
    }
    known = {"seed", *variants}
    known |= {f"{name}Probability" for name in style["components"]} | {f"{name}Color" for name in style["colors"]}
    for key, value in options.items():
        if key not in known:
            raise ValueError(f"Open Peeps has no option {key!r}")
        for each in value if key in variants else ():
            if each not in variants[key]:
                raise ValueError(f"Open Peeps has no {key} {each!r}")
    return options


def persona_for(area: str) -> Persona:
    """The area's correspondent; an unknown area is covered by ideas."""
    return PERSONAS.get(area, PERSONAS["ideas"])


def expression_for(mood: str) -> str:
    """The expression that is drawn for a mood; an unknown mood is neutral."""
    return mood if mood in _MOODS else "neutral"


@lru_cache(maxsize=256)
def bust(area: str, mood: str, time_of_day: str = "day") -> Bust:
    """The area's correspondent in a mood; an unknown mood is neutral. Facing right."""
    persona = persona_for(area)
    expression = expression_for(mood)
    palette = area_palette(persona.area).at(time_of_day)
    cloth = palette.role(persona.cloth)
    options = _validated({
        "seed": persona.area,
        "headVariant": [persona.head],
        "expressionVariant": [expression],
        "accessoriesVariant": [persona.glasses] if persona.glasses else [],
        "accessoriesProbability": 100 if persona.glasses else 0,
        "facialHairVariant": [persona.beard] if persona.beard else [],
        "facialHairProbability": 100 if persona.beard else 0,
        "maskProbability": 0,
        "skinColor": [persona.skin],
        "headContrastColor": [persona.hair],
        "clothingColor": [cloth],
        "inkColor": [INK],
    })  # fmt: skip
    # Empty lists would mean "any": only what is worn is named.
    svg = Avatar(_style(), {key: value for key, value in options.items() if value != []}).to_string()
    inner = re.sub(r"^<svg[^>]*>|<!--.*?-->|<metadata.*?</metadata>|</svg>$", "", svg, flags=re.S)
    inner = re.sub(r'\sclip-path="[^"]*"', "", inner)
    tag = f"{persona.area}-{expression}-"
    inner = re.sub(r'\bid="', f'id="{tag}', inner)
    inner = re.sub(r'(url\(#|href="#)', rf"\g<1>{tag}", inner)
    inner = inner.replace('"black"', f'"{INK}"').replace('"#000000"', f'"{INK}"').replace('"#000"', f'"{INK}"')
    # The head hangs over the clothes: they are put on before it.
    split = _after_body(inner)
    inner = inner[:split] + _outfit(persona.outfit, cloth, palette.role(persona.trim)) + inner[split:]
    return _measured(inner)


def _after_body(inner: str) -> int:
    """Where the bust's third path, its ink, ends: the clothes go there, under head and hair."""
    start = inner.rindex("</defs>") + len("</defs>") if "</defs>" in inner else 0
    ends = [match.end() for match in re.finditer(r"<path[^>]*?/>|<path[^>]*?></path>", inner[start:])]
    return start + ends[2]


def _measured(inner: str) -> Bust:
    scale = 0.25
    width, height = round((RIGHT - LEFT) * scale), round((BOTTOM - TOP) * scale)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="{LEFT} {TOP} {RIGHT - LEFT} {BOTTOM - TOP}">{inner}</svg>'
    )
    alpha = Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg))).getchannel("A")

    def on_grid(box: tuple[int, int, int, int] | None) -> tuple[float, float, float, float]:
        if box is None:
            raise ValueError("an empty bust")
        return box[0] / scale + LEFT, box[1] / scale + TOP, box[2] / scale + LEFT, box[3] / scale + TOP

    head = on_grid(alpha.crop((0, 0, width, round((NECK - TOP) * scale))).getbbox())
    return Bust(markup=inner, head=head, face=FACE, body=on_grid(alpha.getbbox()))
