"""The colours of each area: the same in its pictures, its tiles and its chart series."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache

INK = "#1d1a24"
PAPER = "#fff8ea"
_NIGHT = "#15142a"
_DUSK = "#f2a77c"
_GREY = "#8f8c8a"


@dataclass(frozen=True, slots=True)
class Palette:
    """What one picture is painted with, each "#rrggbb"."""

    sky: str  # top of the sky, or the wall of a room
    haze: str  # the sky at the horizon
    disc: str  # sun, moon
    far: str  # three grounds, paling with distance
    mid: str
    near: str
    main: str  # the motif's colours
    accent: str
    light: str
    deep: str
    leaf: str  # what things are made of
    water: str
    sun: str
    fire: str
    wood: str
    stone: str
    skin: str
    ink: str
    halo: str  # drawn round figures where the ground is dark; equals the sky by day
    seam: str = ""  # the light pen of hands that draw no ink line

    def role(self, name: str) -> str:
        """The colour of a figure's role."""
        colour: str = getattr(self, name)
        return colour

    def tint(self, recipe: str) -> str:
        """A colour mixed from roles: "near", "near+ink.45" (45 % of ink in near), "far+light.5+sun.2"; or "#rrggbb"."""
        if recipe[0] == "#":
            return recipe
        first, *others = recipe.split("+")
        colour = self.role(first)
        for each in others:
            name, _, share = each.partition(".")
            colour = mix(colour, self.role(name), float(f"0.{share}"))
        return colour


@dataclass(frozen=True, slots=True)
class AreaPalette:
    """An area's colours by light, and the two tokens that pages use: text-worthy on paper, and on night paper."""

    area: str
    day: Palette
    dusk: Palette
    night: Palette
    token: str
    token_night: str

    def at(self, time_of_day: str) -> Palette:
        return {"dusk": self.dusk, "night": self.night}.get(time_of_day, self.day)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=8192)  # a scene asks for some hundred, mostly the same as the scene before
def mix(one: str, other: str, share: float) -> str:
    """`share` of the other colour in the one."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_rgb(one), _rgb(other), strict=True))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _against(colour: str, ground: str, ratio: float, towards: str) -> str:
    """The colour, moved as little as needed towards another until it stands out from the ground."""
    for step in range(41):
        moved = mix(colour, towards, step / 40)
        if contrast(moved, ground) >= ratio:
            return moved
    return towards


def redder(one: str, other: str) -> str:
    """The one of two colours that is nearer to red."""
    return max((one, other), key=lambda colour: _rgb(colour)[0] - 0.6 * _rgb(colour)[1] - 0.4 * _rgb(colour)[2])


# sky, haze, far, mid, near, main, accent, deep: chosen by eye so that neighbours in a feed differ in lightness as well
# as in hue (a red-green blind reader tells them by the first), and main and accent stay apart under deuteranopia.
_AREAS = {
    "politics": ("#d3c6ea", "#f3e9f5", "#b9a9dc", "#8f7cc0", "#46347a", "#efbc46", "#d5483f", "#443576"),
    "world": ("#cbe7f0", "#f5f8ee", "#a8d3e2", "#6cabc6", "#1f6280", "#f2914a", "#c8402f", "#215a7a"),
    "economy": ("#f7e3b4", "#fdf4de", "#eccb85", "#cfa857", "#1f6c66", "#f2a531", "#c9413b", "#1c655f"),
    "society": ("#f9d5cc", "#fdf0e8", "#efb6aa", "#d58a83", "#7c3349", "#f3b53f", "#2b8c88", "#713049"),
    "technology": ("#cfdefa", "#f2f5fc", "#a9c4f0", "#749bdc", "#2a4d92", "#46c0b4", "#ff8059", "#2a4688"),
    "science": ("#d5d1f6", "#f6f1fc", "#b4ace9", "#8479d2", "#382f8a", "#ffc64c", "#ee6a78", "#3c3490"),
    "climate": ("#e3ecc9", "#f9f8e4", "#c3d196", "#8fa85f", "#3f6336", "#f0ac38", "#3d87ab", "#385c33"),
    "health": ("#c9ebe6", "#f3faf3", "#a2d8d0", "#66b5ad", "#1d706e", "#ff9c86", "#d2425f", "#1f6a69"),
    "culture": ("#f7cfe2", "#fdeff3", "#e9a9c9", "#cd769f", "#6f2459", "#f6b23c", "#2a989d", "#6b2658"),
    "life": ("#fde2c2", "#fff5e6", "#f6c592", "#e79a62", "#8d4a2c", "#ec7154", "#4b9769", "#7a432a"),
    "sport": ("#c2e6f8", "#f2faec", "#9fd4a0", "#63b56b", "#2a7a46", "#ffb52c", "#e1473c", "#24603f"),
    "ideas": ("#e6ddd0", "#f8f3ea", "#cbbcaa", "#a18d78", "#544639", "#8a78d8", "#e2874a", "#54473c"),
}
AREAS = tuple(_AREAS)


def _day(area: str) -> Palette:
    sky, haze, far, mid, near, main, accent, deep = _AREAS[area]

    def tint(colour: str) -> str:
        return mix(colour, haze, 0.08)

    return Palette(
        sky=sky, haze=haze, disc=mix("#ffd98a", sky, 0.12), far=far, mid=mid, near=near,
        main=_against(main, INK, 5.5, PAPER), accent=_against(accent, INK, 3.2, PAPER), light=PAPER,
        deep=_against(deep, PAPER, 4.6, INK),
        leaf=tint("#6ba05c"), water=tint("#74b3d3"), sun=tint("#f6c74d"), fire=tint("#e5623f"),
        wood=tint("#b98757"), stone=tint("#bdb7ae"), skin=tint("#f1bd98"), ink=INK, halo=haze,
    )  # fmt: skip


def _dusk(day: Palette) -> Palette:
    return replace(
        day, sky=mix(mix(day.sky, "#c98bb0", 0.5), day.near, 0.12), haze=mix(day.haze, _DUSK, 0.62), disc="#ffe0a0",
        far=mix(day.far, "#b0708f", 0.42), mid=mix(day.mid, "#7d4c7c", 0.48), near=mix(day.near, "#2c1d45", 0.4),
        halo=mix(day.haze, _DUSK, 0.5),
    )  # fmt: skip


def _night(day: Palette) -> Palette:
    def dim(colour: str, share: float = 0.14) -> str:
        return _against(mix(colour, _NIGHT, share), INK, 3.0, PAPER)

    return replace(
        day, sky=mix(day.deep, _NIGHT, 0.76), haze=mix(day.near, _NIGHT, 0.5), disc="#f6ecc6",
        far=mix(day.near, _NIGHT, 0.42), mid=mix(day.near, _NIGHT, 0.58), near=mix(day.near, "#0d0c18", 0.76),
        main=dim(day.main, 0.06), accent=dim(day.accent, 0.05), light=mix(PAPER, _NIGHT, 0.06), leaf=dim(day.leaf),
        deep=_against(mix(day.deep, day.mid, 0.25), mix(PAPER, _NIGHT, 0.06), 4.6, INK),
        water=dim(day.water), sun=dim(day.sun, 0.04), fire=dim(day.fire, 0.05), wood=dim(day.wood),
        stone=dim(day.stone), skin=dim(day.skin, 0.08), halo="#f8eed6",
    )  # fmt: skip


# -- The same areas in other hands ---------------------------------------------------------------------------

_CREAM = "#fbf3e1"
_WHITE = "#fffdf7"
_PITCH = "#08070f"


def _card(day: Palette, *, night: bool) -> Palette:
    """Coloured card: stronger grounds, deep figures, edges of bare paper."""
    if night:
        # Blue card is no dark room: grounds stay coloured, and lie lighter on darker.
        return replace(
            day, sky=mix(day.far, day.light, 0.05), haze=mix(day.far, day.light, 0.14),
            far=mix(day.far, day.light, 0.26),
            mid=mix(day.far, day.light, 0.16), near=mix(day.near, day.far, 0.6), halo=mix(PAPER, day.far, 0.06),
            seam=mix(day.near, INK, 0.6), ink=mix(INK, day.near, 0.12),
        )  # fmt: skip
    seam = mix(day.near, INK, 0.55)
    return replace(
        day, sky=mix(day.sky, day.mid, 0.3), haze=mix(day.haze, day.sky, 0.45), far=mix(day.mid, day.far, 0.2),
        mid=mix(day.mid, day.near, 0.22), near=mix(day.near, day.mid, 0.1), disc=mix(day.disc, day.main, 0.35),
        main=_against(mix(day.main, day.fire, 0.08), seam, 3.2, PAPER), accent=_against(day.accent, seam, 3.2, PAPER),
        light=_WHITE, halo=_WHITE, ink=mix(INK, day.near, 0.12), seam=seam,
    )  # fmt: skip


def _two(day: Palette, *, night: bool) -> Palette:
    """A pen and two flat colours: the area's warm one and its ground; by night on toned paper, lit with white."""
    warm, paper, light, ground = day.main, _WHITE, _WHITE, day.mid
    if night:
        paper, light, ground = _toned(mix(day.deep, "#3f5794", 0.66)), "#fffaee", mix(day.mid, day.far, 0.2)
    cool = _against(mix(ground, day.haze, 0.12), INK, 4.5, PAPER)
    far, near = (mix(paper, INK, 0.16), mix(paper, INK, 0.34)) if night else (mix(paper, cool, 0.28), cool)
    return Palette(
        sky=paper, haze=paper, disc=light if night else warm, far=far, mid=mix(paper, INK, 0.26) if night else cool,
        near=near, main=warm, accent=cool, light=light, deep=cool, leaf=cool, water=near if night else cool, sun=warm,
        fire=warm, wood=warm, stone=light, skin=light, ink=INK, halo=light, seam=INK,
    )  # fmt: skip


def _toned(colour: str) -> str:
    """Paper dark enough to be night, light enough that ink is seen on it, and white too."""
    return _against(_against(colour, INK, 3.3, PAPER), PAPER, 4.4, INK)


def _spot(day: Palette, *, night: bool) -> Palette:
    """What three inks on cream paper can make; the press separates it."""
    dark = mix(day.deep, INK, 0.25)
    if night:
        return replace(
            day, sky=dark, haze=mix(dark, day.accent, 0.35), far=mix(dark, day.mid, 0.3), mid=mix(dark, day.mid, 0.16),
            near=mix(dark, INK, 0.35), light=_CREAM, halo=_CREAM, ink=mix(dark, INK, 0.4), seam=_CREAM, disc=day.main,
        )  # fmt: skip
    return replace(
        day, sky=mix(_CREAM, day.accent, 0.26), haze=_CREAM, far=mix(_CREAM, day.mid, 0.45), mid=mix(_CREAM, dark, 0.5),
        near=mix(dark, day.mid, 0.12), deep=dark, light=_CREAM, halo=_CREAM, ink=dark, seam=_CREAM, disc=day.main,
        skin=mix(_CREAM, redder(day.main, day.accent), 0.3), stone=mix(_CREAM, dark, 0.22),
        wood=mix(day.main, dark, 0.35),
    )  # fmt: skip


def _poster(night: Palette) -> Palette:
    """Dark grounds in four steps, and figures that are the only light."""
    ground = mix(night.sky, "#05050f", 0.3)
    return replace(
        night, sky=ground, haze=mix(mix(ground, night.accent, 0.62), night.main, 0.12),
        disc=mix(night.disc, night.main, 0.45),
        far=mix(ground, night.mid, 0.85), mid=mix(mix(ground, night.mid, 0.5), "#05050f", 0.1),
        near=mix(ground, "#030309", 0.55), ink=mix(ground, "#05050f", 0.4), seam=_PITCH,
        main=_against(night.main, _PITCH, 3.6, PAPER),
        accent=_against(night.accent, _PITCH, 3.6, PAPER), halo=mix(night.light, night.main, 0.3),
    )  # fmt: skip


_HANDS = {"card": _card, "spot": _spot}


@cache
def palette_for(area: str, colours: str, time_of_day: str) -> Palette:
    """What a hand makes of an area's colours at a time of day; `colours` as in Preset."""
    own = area_palette(area)
    if colours == "night":
        return _poster(own.night)
    is_night = time_of_day == "night"
    if colours == "two":
        # Toned paper is the night; the colours laid on it are the day's.
        return _two(own.day if is_night else own.at(time_of_day), night=is_night)
    palette = own.at(time_of_day)
    return _HANDS[colours](palette, night=is_night) if colours in _HANDS else palette


def muted(palette: Palette) -> Palette:
    """The same colours with the sound turned down, for news that hurts."""

    def quiet(name: str, colour: str) -> str:
        if name in ("ink", "halo", "light", "seam") or not colour:
            return colour
        share = {"main": 0.34, "accent": 0.38, "deep": 0.2}.get(name, 0.4)
        grey = mix("#000000", "#ffffff", luminance(colour) ** (1 / 2.2))
        return mix(colour, mix(grey, _GREY, 0.12), share)

    return Palette(**{each.name: quiet(each.name, getattr(palette, each.name)) for each in fields(palette)})


@cache
def area_palette(area: str) -> AreaPalette:
    """The area's colours; an unknown or empty area wears the colours of ideas."""
    slug = area if area in _AREAS else "ideas"
    day = _day(slug)
    return AreaPalette(
        area=slug, day=day, dusk=_dusk(day), night=_night(day),
        token=_against(day.near, "#fbf6ec", 4.6, INK), token_night=_against(day.mid, "#1d1a17", 4.6, PAPER),
    )  # fmt: skip
