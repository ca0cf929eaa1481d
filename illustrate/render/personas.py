"""The correspondents: one fictional person per area, whom readers come to know, with a face set part by part."""

from __future__ import annotations

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

from illustrate.render import _faces
from illustrate.render.palettes import Palette, luminance, mix, redder

# The grid that heads and bodies share is the style's own: the chin lies near y 555, the shoulders near 700.
LEFT, TOP, RIGHT = -60.0, -62.0, 745.0
NECK = 562.0  # below it is body
FACE = (300.0, 215.0, 575.0, 555.0)  # brows to chin, in the same grid
EXPRESSIONS = tuple(_faces.EXPRESSIONS)

# Stand-ins that a head is built with once, and painted over for each picture.
_SKIN, _HAIR, _CLOTH, _INK, _TONGUE = "#010203", "#010204", "#010205", "#010206", "#010207"


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
    props: tuple[str, ...]  # motifs that the desk carries about
    glasses: str = ""
    beard: str = ""
    trim: str = "light"  # a palette role: lapels, scarf, collar
    legs: str = "near"  # a palette role: trousers or skirt


PERSONAS = {
    each.area: each
    for each in (
        Persona("politics", "Haneul", "하늘", "grayBun", "#f1c49c", "#b8b3ad", "blazer", "deep",
                "with grey hair in a bun and round glasses", "회색 머리를 틀어 올리고 둥근 안경을 쓴",
                ("microphones", "newspaper"), "glasses2"),
        Persona("world", "Samira", "사미라", "hijab", "#d79a68", "#c93305", "scarf", "accent",
                "in a headscarf", "히잡을 두른", ("camera", "map"), trim="main", legs="deep"),
        Persona("economy", "Minjun", "민준", "grayShort", "#f3cda6", "#4a4340", "tie", "near",
                "with a moustache, in a jacket and tie", "콧수염에 넥타이를 맨", ("briefcase", "abacus"),
                "glasses", "moustache9", "accent", "deep"),
        Persona("society", "Amara", "아마라", "bun", "#8a5a3c", "#f0b73f", "collar", "accent",
                "with a headband and curls", "머리띠를 한 곱슬머리의", ("microphones", "backpack"), trim="light"),
        Persona("technology", "Joon", "준", "twists", "#b9784a", "#2c1b18", "hoodie", "accent",
                "with short twists and glasses, in a hooded jumper", "짧게 꼰 머리에 안경을 쓴",
                ("laptop", "smartphone"), "glasses5", trim="deep"),
        Persona("science", "Yuna", "유나", "bangs2", "#f6d3b3", "#2c1b18", "coat", "light",
                "with a black bob, in a white coat", "검은 단발에 흰 가운을 입은", ("flask", "magnifier"),
                "glasses2", trim="accent"),
        Persona("climate", "Bram", "브람", "hatBeanie", "#eeb992", "#d9793f", "scarf", "leaf",
                "in a woollen hat with a full beard", "털모자에 수염을 기른", ("binoculars", "umbrella"),
                beard="full", trim="main"),
        Persona("health", "Leena", "리나", "medium2", "#d9a06c", "#2c1b18", "coat", "light",
                "with shoulder-length hair, in a white coat", "어깨 길이 머리에 흰 가운을 입은",
                ("stethoscope", "first-aid"), trim="deep"),
        Persona("culture", "Arjan", "아르잔", "turban", "#b67a4c", "#2a989d", "turtleneck", "deep",
                "in a turban with a beard", "터번을 두르고 수염을 기른", ("ticket", "open-book"),
                beard="full2", trim="deep"),
        Persona("life", "Marta", "마르타", "mediumBangs2", "#f9d6bb", "#b5552b", "apron", "light",
                "with curly red hair, in an apron", "붉은 곱슬머리에 앞치마를 두른", ("coffee", "plant-pot"),
                trim="leaf"),
        Persona("sport", "Zuri", "주리", "cornrows", "#6d4a37", "#2c1b18", "jersey", "main",
                "with a long braid, in a team jersey", "길게 땋은 머리에 유니폼을 입은", ("stopwatch", "whistle"),
                trim="accent"),
        Persona("ideas", "Teodor", "테오도르", "noHair3", "#f0c7a2", "#d8d2ca", "cardigan", "main",
                "who is balding and wears glasses", "머리가 벗어지고 안경을 쓴 나이 든", ("open-book", "fountain-pen"),
                "glasses5", "moustache6", "light"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """SVG of one persona's head in one mood, in stand-in colours, and its extent (left, top, right, bottom)."""

    markup: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Colours:
    """What a person is painted with."""

    skin: str
    hair: str
    cloth: str
    trim: str
    legs: str
    ink: str


@cache
def _definition() -> dict[str, Any]:
    definition: dict[str, Any] = json.loads((resources.files("dicebear_styles") / "open-peeps.json").read_text("utf-8"))
    return definition


@cache
def _style() -> Style:
    """Open Peeps with expressions of ours: every mood in every glance. Built once: its check takes long."""
    definition = json.loads(json.dumps(_definition()))
    variants = definition["components"]["expression"]["variants"]
    for mood in _faces.EXPRESSIONS:
        for glance in _faces.GLANCES:
            variants[_variant(mood, glance)] = {"elements": _elements(mood, glance)}
    return Style(definition)


def _variant(mood: str, glance: str) -> str:
    """The style takes letters only."""
    return f"{mood}{glance.capitalize()}"


def _elements(mood: str, glance: str) -> list[dict[str, Any]]:
    colours = {"stroke": _INK, "fill": _INK, "tongue": _TONGUE}
    elements = []
    for kind, path, width in _faces.strokes(mood, glance):
        attributes: dict[str, Any] = {"d": path, "fill": "none" if kind == "stroke" else colours[kind]}
        if kind == "stroke":
            attributes |= {"stroke": _INK, "stroke-width": f"{width}", "stroke-linecap": "round"}
        elements.append({"name": "path", "type": "element", "attributes": attributes})
    return elements


def _validated(options: dict[str, Any]) -> dict[str, Any]:
    """The options, unchanged; raises ValueError for a key or a variant that the style would silently ignore."""
    style = _definition()
    ours = {_variant(mood, glance) for mood in _faces.EXPRESSIONS for glance in _faces.GLANCES}
    variants = {
        f"{name}Variant": {*part["variants"], *(ours if name == "expression" else ())}
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
    return mood if mood in _faces.EXPRESSIONS else "neutral"


@lru_cache(maxsize=512)
def head(area: str, mood: str, glance: str = "ahead") -> Head:
    """The area's correspondent in a mood, facing right, looking ahead, up or down; an unknown mood is neutral."""
    persona = persona_for(area)
    options = _validated({
        "seed": persona.area,
        "headVariant": [persona.head],
        "expressionVariant": [_variant(expression_for(mood), glance)],
        "accessoriesVariant": [persona.glasses] if persona.glasses else [],
        "accessoriesProbability": 100 if persona.glasses else 0,
        "facialHairVariant": [persona.beard] if persona.beard else [],
        "facialHairProbability": 100 if persona.beard else 0,
        "maskProbability": 0,
        "skinColor": [_SKIN],
        "headContrastColor": [_HAIR],
        "clothingColor": [_CLOTH],
        "inkColor": [_INK],
    })  # fmt: skip
    # Empty lists would mean "any": only what is worn is named.
    svg = Avatar(_style(), {key: value for key, value in options.items() if value != []}).to_string()
    inner = re.sub(r"^<svg[^>]*>|<!--.*?-->|<metadata.*?</metadata>|</svg>$", "", svg, flags=re.S)
    inner = re.sub(r'\sclip-path="[^"]*"', "", inner)
    inner = inner.replace('"black"', f'"{_INK}"').replace('"#000000"', f'"{_INK}"').replace('"#000"', f'"{_INK}"')
    return _measured(_without_body(_inlined(inner)))


def _inlined(markup: str) -> str:
    """Each `use` replaced by what it names, so that many heads may share a picture without sharing names."""
    defined = dict(re.findall(r'<g id="([^"]+)">(.*?)</g>(?=<g id=|<clipPath|</defs>)', markup, flags=re.S))
    markup = re.sub(r"<defs>.*?</defs>", "", markup, flags=re.S)
    return re.sub(
        r'<use transform="([^"]+)" href="#([^"]+)"\s*/>',
        lambda use: f'<g transform="{use[1]}">{defined[use[2]]}</g>',
        markup,
    )


def _without_body(markup: str) -> str:
    """The style's bust begins with three paths of body: skin, cloth, ink. Ours has a body of its own."""
    return re.sub(r"^<g>(?:<path[^>]*?(?:/>|></path>)){3}", "<g>", markup)


def _measured(markup: str) -> Head:
    scale, bottom = 0.25, 760.0
    width, height = round((RIGHT - LEFT) * scale), round((bottom - TOP) * scale)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="{LEFT} {TOP} {RIGHT - LEFT} {bottom - TOP}">{markup}</svg>'
    )
    alpha = Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg))).getchannel("A")
    box = alpha.crop((0, 0, width, round((NECK - TOP) * scale))).getbbox()
    if box is None:
        raise ValueError("an empty head")
    return Head(
        markup=markup,
        box=(box[0] / scale + LEFT, box[1] / scale + TOP, box[2] / scale + LEFT, box[3] / scale + TOP),
    )


_SEPIA = "#7d4a2b"


def complexion(skin: str, palette: Palette, colours: str) -> str:
    """A skin as a hand can paint it: a pen washes it with sepia, three inks screen it from the redder and the dark."""
    depth = 1 - luminance(skin) ** 0.5
    if colours == "two":
        return mix(palette.skin, _SEPIA, max(0.0, 1.25 * depth - 0.2))
    if colours == "spot":
        warm = mix(palette.light, redder(palette.main, palette.accent), 0.18 + 0.6 * depth)
        return mix(warm, palette.ink, max(0.0, depth - 0.36))
    return mix(skin, palette.sky, 0.04)


def colours_of(area: str, palette: Palette, colours: str = "full") -> Colours:
    """What the area's correspondent wears in a picture of that palette; `colours` as in Preset."""
    persona = persona_for(area)
    skin = complexion(persona.skin, palette, colours)
    if colours == "two":
        dark = luminance(persona.hair) < 0.12
        shares = [int(persona.hair[i : i + 2], 16) for i in (1, 3, 5)]
        is_red = max(shares) - min(shares) > 70
        hair = palette.ink if dark else palette.main if is_red else palette.light
        return Colours(
            skin=skin, hair=hair, cloth=_other(palette.role(persona.cloth), palette.main, palette.accent),
            trim=palette.light, legs=palette.light, ink=palette.ink,
        )  # fmt: skip
    return Colours(
        skin=skin, hair=persona.hair, cloth=palette.role(persona.cloth),
        trim=palette.role(persona.trim), legs=mix(palette.role(persona.legs), palette.deep, 0.3), ink=palette.ink,
    )  # fmt: skip


def _other(colour: str, one: str, another: str) -> str:
    return colour if colour in (one, another) else one


def painted(markup: str, colours: Colours) -> str:
    """A head in a picture's colours."""
    for stand_in, colour in (
        (_SKIN, colours.skin), (_HAIR, colours.hair), (_CLOTH, colours.cloth), (_INK, colours.ink),
        (_TONGUE, mix("#e5806f", colours.skin, 0.1)),
    ):  # fmt: skip
        markup = markup.replace(stand_in, colour)
    return markup
