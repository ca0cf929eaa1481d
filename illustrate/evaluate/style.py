"""What a look is, measured on pixels alone, and whether the looks and the correspondents can be told apart by it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
import resvg_py
from PIL import Image

from illustrate.render import personas
from illustrate.render._press import PITCH
from illustrate.render.palettes import area_palette
from illustrate.types import MOODS

Figures = Mapping[str, float]
Points = np.ndarray  # (things, figures), float64

# What each figure tells. Colours are CIE Lab, lengths pixels of the picture as it is drawn.
FIGURES = {
    "ink": "share that is nearly black",
    "paper": "share that is bare paper",
    "lightness": "mean lightness, 0 to 100",
    "hues": "entropy of the hues, bits: 0 one hue, 4.6 all alike",
    "colours": "entropy of the colours, bits: few, or many",
    "largest": "share of the five largest flat colours",
    "edges": "share that lies on an edge",
    "edge_strength": "how hard edges are, steps of 255 in a pixel",
    "outlined": "share of edges along a thin dark stroke",
    "lit": "share of edges along a thin light stroke",
    "shadow": "share of edges that throw a shadow to the lower right, less the upper left",
    "line_width": "mean width of the dark strokes; 0 where there is none",
    "texture": "grain where nothing is drawn: doublings of one step of 255",
    "screen": "doublings by which a dot screen stands above the texture",
    "margin": "share of the rim that is one flat colour",
}

SMALLEST = 128  # pixels a side, below which there is no texture to measure
REDUCED = 480  # colours are taken at this width, where neither grain nor dots are left
INK, PAPER = 26.0, 93.0  # lightness of near-black, and of bare paper
PAPER_CHROMA = 12.0
COLOURED = 6.0  # chroma from which a pixel has a hue
HUES = 24
BLUR = 1.6  # pixels; takes grain and dots away and leaves strokes
STROKE = 15  # pixels; wider than the heaviest pen (6.5) with its light, narrower than a filled area
BESIDE = 9  # pixels; an edge and a stroke so near belong together
DARKER, LIGHTER = 25, 38  # steps of 255 between a stroke and its ground
DARK = 70  # of 255: no stroke of ink is lighter
SHADE = ((4, 5), (16, 20))  # pixels right and down of an edge: in a cut sheet's shadow, and beyond it
SHADES = (0.1, 0.34)  # shares of the light that such a shadow takes
RIM = 18  # pixels; within the printed margin of 26, so that a bare one is seen whole
TILE = 512  # of the transform
FAINTEST = 1 / 16  # steps of 255: grain below it is none
FLAT = 10  # steps of 255 that grain may stray


def style_figures(image: Image.Image) -> dict[str, float]:
    """The figures of one picture, in the order of FIGURES; the same pixels give the same figures.

    About 40 ms for 1200 x 675 on one core. Raises ValueError for an image too small to have a texture.
    """
    if min(image.size) < SMALLEST:
        raise ValueError(f"an image of {image.width} x {image.height} pixels is too small: {SMALLEST} a side at least")
    pixels = np.asarray(image.convert("RGB"))
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    figures = _colours(pixels) | _lines(grey)
    figures |= {"texture": _texture(grey), "screen": _screen(grey), "margin": _margin(pixels)}
    return {name: round(float(figures[name]), 5) for name in FIGURES}


def _colours(pixels: np.ndarray) -> dict[str, float]:
    height = max(1, round(REDUCED * pixels.shape[0] / pixels.shape[1]))
    reduced = cv2.resize(pixels, (REDUCED, height), interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.medianBlur(reduced, 3), dtype=np.uint8)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    lightness, chroma = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2])
    coloured = chroma > COLOURED
    angles = (np.arctan2(lab[coloured, 2], lab[coloured, 1]) + np.pi) / (2 * np.pi)
    hues = np.bincount((angles * HUES).astype(int) % HUES, weights=chroma[coloured], minlength=HUES)
    coarse = (small >> 4).astype(np.int32).reshape(-1, 3)
    colours = np.bincount(coarse[:, 0] << 8 | coarse[:, 1] << 4 | coarse[:, 2], minlength=4096)
    return {
        "ink": (lightness < INK).mean(),
        "paper": ((lightness > PAPER) & (chroma < PAPER_CHROMA)).mean(),
        "lightness": lightness.mean(),
        "hues": _entropy(hues),
        "colours": _entropy(colours),
        "largest": np.sort(colours)[-5:].sum() / colours.sum(),
    }


def _entropy(counts: np.ndarray) -> float:
    """In bits; 0 where nothing was counted."""
    total = counts.sum()
    if not total:
        return 0.0
    shares = counts[counts > 0] / total
    return float(-(shares * np.log2(shares)).sum())


def _lines(grey: np.ndarray) -> dict[str, float]:
    calm = cv2.GaussianBlur(grey, (0, 0), BLUR)
    edges = cv2.Canny(calm, 40, 90) > 0
    right, down = cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1)
    plain = cv2.medianBlur(grey, 3)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (STROKE, STROKE))
    dark = ((cv2.morphologyEx(plain, cv2.MORPH_BLACKHAT, brush) > DARKER) & (plain < DARK)).astype(np.uint8)
    light = (cv2.morphologyEx(plain, cv2.MORPH_TOPHAT, brush) > LIGHTER).astype(np.uint8)
    # Across a strip of w pixels the distances to what is outside are 1, 2 … 2, 1: their mean is (w + 2) / 4.
    width = 4 * float(cv2.distanceTransform(dark, cv2.DIST_L2, 5)[dark > 0].mean()) - 2 if dark.any() else 0.0
    return {
        "edges": edges.mean(),
        "edge_strength": _mean(np.hypot(right[edges], down[edges]) / 8),
        "outlined": _mean(_widened(dark)[edges]),
        "lit": _mean(_widened(light)[edges]),
        "shadow": _shadowed(calm, edges, 1) - _shadowed(calm, edges, -1),
        "line_width": width,
    }


def _mean(values: np.ndarray) -> float:
    """0 where there are none."""
    return float(values.mean()) if values.size else 0.0


def _widened(strokes: np.ndarray) -> np.ndarray:
    return cv2.dilate(strokes, np.ones((BESIDE, BESIDE), np.uint8)) > 0


def _shadowed(grey: np.ndarray, edges: np.ndarray, way: int) -> float:
    """Share of edges beside which, `way` 1 below and right, -1 above and left, it is a little darker than beyond."""
    reach = max(SHADE[1])
    y, x = np.nonzero(edges[reach:-reach, reach:-reach])
    near, beyond = (
        grey[y + reach + way * down, x + reach + way * right].astype(np.int16) for right, down in SHADE
    )  # fmt: skip
    taken = beyond - near
    return _mean((taken > SHADES[0] * beyond) & (taken < SHADES[1] * beyond) & (beyond > INK))


def _texture(grey: np.ndarray) -> float:
    strays = np.bincount(cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), 1.2)).ravel(), minlength=256)
    # Half of a picture is flat ground: the calmer half tells of the paper, not of what is drawn on it.
    half = strays.sum() / 2
    calm = np.diff(np.minimum(strays.cumsum(), half), prepend=0) @ np.arange(256) / half
    return float(np.log2(max(calm, FAINTEST)))


def _screen(grey: np.ndarray) -> float:
    """Energy on the ring of the screen's frequency over that of the rings on both sides of it, log 2."""
    side = min(TILE, *grey.shape)
    top = (grey.shape[0] - side) // 2
    window, ring, beside = _rings(side)
    energy = np.zeros(window.shape[0] * (side // 2 + 1))
    for left in {0, grey.shape[1] - side}:
        tile = grey[top : top + side, left : left + side].astype(np.float32)
        energy += np.abs(np.fft.rfft2((tile - tile.mean()) * window)).ravel() ** 2
    return float(np.log2((energy[ring].mean() + 1) / (energy[beside].mean() + 1)))


@lru_cache(maxsize=4)
def _rings(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A window (side, side) that fades to the rims, and which places of the spectrum lie on the ring, or beside it."""
    fade = np.hanning(side).astype(np.float32)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]).ravel() * PITCH
    beside = ((frequency > 0.72) & (frequency < 0.88)) | ((frequency > 1.12) & (frequency < 1.28))
    return np.outer(fade, fade), np.flatnonzero(np.abs(frequency - 1) < 0.07), np.flatnonzero(beside)


def _margin(pixels: np.ndarray) -> float:
    strips = pixels[:RIM], pixels[-RIM:], pixels[RIM:-RIM, :RIM], pixels[RIM:-RIM, -RIM:]
    colours = np.concatenate([strip.reshape(-1, 3) for strip in strips]).astype(np.int16)
    middle = np.median(colours[::7], axis=0).astype(np.int16)
    return float((np.abs(colours - middle).max(axis=1) < FLAT).mean())


# -- Whether looks can be told apart -------------------------------------------------------------------------

OF_PAPER = ("texture", "screen")  # what the paper and the press do, whatever is drawn


@dataclass(frozen=True, slots=True)
class LookFigures:
    """One look: the mean of each figure and how far its pictures stray from it, in the figure's own unit."""

    pictures: int
    centroid: dict[str, float]
    spread: dict[str, float]
    inside: float  # mean distance between two of its pictures
    across: float  # mean distance between one of its pictures and one of another look


@dataclass(frozen=True, slots=True)
class Consistency:
    """Mean distances between two pictures: the root mean square over all figures, each in units of its spread over
    all pictures. Two drawn by lot are about 1.4 apart.
    """

    inside: float  # of one look
    across: float  # of two looks


@dataclass(frozen=True, slots=True)
class Classification:
    """Each picture is held out in turn and given to the look with the nearest centroid of the others."""

    accuracy: float  # share told right
    confusion: dict[str, dict[str, int]]  # drawn in this look → taken for that one → pictures


@dataclass(frozen=True, slots=True)
class StyleReport:
    """How consistent looks are, and whether they can be told apart."""

    looks: dict[str, LookFigures]
    consistency: Consistency
    by_all: Classification
    by_drawing: Classification  # without the figures of the paper

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def report(figures_by_preset: Mapping[str, Sequence[Figures]]) -> StyleReport:
    """What the figures of several looks' pictures say of the looks; every picture has the same figures.

    Pure. Raises ValueError for fewer than two looks, or fewer than two pictures of one.
    """
    if len(figures_by_preset) < 2:
        raise ValueError("looks are compared: two at least")
    if few := [slug for slug, pictures in figures_by_preset.items() if len(pictures) < 2]:
        raise ValueError(f"two pictures of each look at least: {', '.join(few)}")
    slugs = tuple(figures_by_preset)
    names = tuple(next(iter(figures_by_preset.values()))[0])
    points = np.array([[each[name] for name in names] for slug in slugs for each in figures_by_preset[slug]])
    labels = np.repeat(np.arange(len(slugs)), [len(figures_by_preset[slug]) for slug in slugs])
    drawn = [index for index, name in enumerate(names) if name not in OF_PAPER]
    apart = _distances(points / _or_one(points.std(axis=0)))
    same = labels[:, None] == labels[None]
    pairs = same & ~np.eye(len(points), dtype=bool)
    return StyleReport(
        looks={
            slug: LookFigures(
                pictures=int((labels == index).sum()),
                centroid=_named(names, points[labels == index].mean(axis=0)),
                spread=_named(names, points[labels == index].std(axis=0)),
                inside=_rounded(apart[pairs & (labels == index)[:, None]].mean()),
                across=_rounded(apart[~same & (labels == index)[:, None]].mean()),
            )
            for index, slug in enumerate(slugs)
        },
        consistency=Consistency(inside=_rounded(apart[pairs].mean()), across=_rounded(apart[~same].mean())),
        by_all=_classified(slugs, points, labels),
        by_drawing=_classified(slugs, points[:, drawn], labels),
    )


def _classified(slugs: Sequence[str], points: Points, labels: np.ndarray) -> Classification:
    told = np.empty(len(points), dtype=int)
    for index in range(len(points)):
        rest = np.arange(len(points)) != index
        groups = [points[rest & (labels == label)] for label in range(len(slugs))]
        # One look's wild figure must not blunt it for the others: the middle look's spread is the yardstick.
        inside = np.median([group.std(axis=0) for group in groups], axis=0)
        yardstick = _or_one(np.where(inside > 0, inside, points[rest].std(axis=0)))
        centroids = np.stack([group.mean(axis=0) for group in groups])
        told[index] = (((centroids - points[index]) / yardstick) ** 2).sum(axis=1).argmin()
    return Classification(
        accuracy=_rounded((told == labels).mean()),
        confusion={
            slug: {other: int(((labels == i) & (told == j)).sum()) for j, other in enumerate(slugs)}
            for i, slug in enumerate(slugs)
        },
    )


def _or_one(spread: np.ndarray) -> np.ndarray:
    """Spreads to divide by: a figure that never changes stays as it is."""
    return np.where(spread > 1e-9, spread, 1.0)


def _distances(points: Points) -> np.ndarray:
    """Root mean square over the figures between every two points."""
    return np.sqrt(((points[:, None] - points[None]) ** 2).mean(axis=2))


def _named(names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    return {name: _rounded(value) for name, value in zip(names, values, strict=True)}


def _rounded(value: float) -> float:
    return round(float(value), 4)


# -- Whether correspondents can be told apart ----------------------------------------------------------------

HEAD = 64  # pixels a side: about what a head has on a card
CELLS = 8  # of the coarse shape, a side


@dataclass(frozen=True, slots=True)
class Recognition:
    """Whether correspondents are told apart by one kind of evidence."""

    share: float  # of heads whose correspondent is told right
    taken_for: tuple[tuple[str, str, str], ...]  # the others: area, mood, the area it was taken for
    nearest: tuple[str, str]  # the two most alike
    apart: float  # their distance, beside the mean distance between two correspondents


@dataclass(frozen=True, slots=True)
class PersonaReport:
    """The correspondents in all their moods."""

    correspondents: int
    moods: int
    by_parameters: Recognition
    by_pixels: Recognition

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def persona_report() -> PersonaReport:
    """Each mood of each correspondent is held out in turn and given to the nearest correspondent of those left.

    By parameters a correspondent is the same in every mood, so only two who share them all are taken for each other;
    by pixels every expression pulls a little. Draws 120 small heads: a second, five in a process that is new to them.
    """
    areas = tuple(personas.PERSONAS)
    cells = [(area, mood) for area in areas for mood in MOODS]
    parameters = np.array([_parameters(area) for area, _ in cells])
    pixels = np.array([_head_pixels(area, mood) for area, mood in cells])
    return PersonaReport(
        correspondents=len(areas),
        moods=len(MOODS),
        by_parameters=_recognised(cells, parameters),
        by_pixels=_recognised(cells, pixels),
    )


def _recognised(cells: Sequence[tuple[str, str]], points: Points) -> Recognition:
    areas = tuple(dict.fromkeys(area for area, _ in cells))
    labels = np.array([areas.index(area) for area, _ in cells])
    centroids = np.stack([points[labels == index].mean(axis=0) for index in range(len(areas))])
    told = np.empty(len(cells), dtype=int)
    for index, (point, label) in enumerate(zip(points, labels, strict=True)):
        own = labels == label
        own[index] = False
        others = centroids.copy()
        others[label] = points[own].mean(axis=0)
        told[index] = ((others - point) ** 2).sum(axis=1).argmin()
    apart = _distances(centroids)
    pairs = apart[np.triu_indices(len(areas), 1)]
    np.fill_diagonal(apart, np.inf)
    one, another = np.unravel_index(apart.argmin(), apart.shape)
    return Recognition(
        share=_rounded((told == labels).mean()),
        taken_for=tuple(
            (area, mood, areas[other]) for (area, mood), other in zip(cells, told, strict=True) if areas[other] != area
        ),
        nearest=(areas[one], areas[another]),
        apart=_rounded(pairs.min() / pairs.mean()),
    )


@cache
def _alphabet() -> tuple[tuple[str, ...], ...]:
    """Every value that each parameter of a kind takes."""
    return tuple(tuple(sorted(set(column))) for column in zip(*map(_kinds, personas.PERSONAS.values()), strict=True))


def _kinds(persona: personas.Persona) -> tuple[str, ...]:
    return (
        persona.head, persona.glasses, persona.beard, persona.outfit, persona.cloth, persona.trim, persona.legs,
    )  # fmt: skip


def _parameters(area: str) -> np.ndarray:
    """1 for each value that the correspondent has, then skin and hair in Lab, a step of 100 as heavy as one value."""
    persona = personas.PERSONAS[area]
    chosen = [
        float(own == value)
        for own, values in zip(_kinds(persona), _alphabet(), strict=True)
        for value in values
    ]  # fmt: skip
    return np.array([*chosen, *_lab(persona.skin), *_lab(persona.hair)])


def _lab(colour: str) -> np.ndarray:
    rgb = np.array([[[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]]], dtype=np.float32)
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0, 0] / 100


def _head_pixels(area: str, mood: str) -> np.ndarray:
    """A head at card size: how its colours are shared out, and a coarse map of its colours and its outline."""
    colours = personas.colours_of(area, area_palette(area).day)
    markup = personas.painted(personas.head(area, mood).markup, colours)
    wide = personas.RIGHT - personas.LEFT
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{HEAD}" height="{HEAD}"'
        f' viewBox="{personas.LEFT:g} {personas.TOP:g} {wide:g} {wide:g}">{markup}</svg>'
    )
    with Image.open(io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))) as drawn:
        pixels = np.asarray(drawn.convert("RGBA"))
    seen = pixels[..., 3] > 127
    coarse = pixels[seen][:, :3].astype(int) >> 6
    histogram = np.bincount(coarse[:, 0] << 4 | coarse[:, 1] << 2 | coarse[:, 2], minlength=64) / max(1, seen.sum())
    filled = pixels.astype(np.float32) * (pixels[..., 3:] / 255)
    shape = cv2.resize(filled, (CELLS, CELLS), interpolation=cv2.INTER_AREA) / 255 / CELLS
    return np.concatenate([histogram, shape.ravel()])
