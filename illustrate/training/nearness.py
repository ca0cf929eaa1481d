"""How near pictures come to a look: their figures beside those of the composer's own pictures of the same size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from illustrate import styles
from illustrate.evaluate.style import FIGURES, SMALLEST, style_figures
from illustrate.render.presets import Preset

FARTHEST = 10.0  # spreads: a figure that hardly varies in the look would drown the others beyond that


@dataclass(frozen=True, slots=True)
class House:
    """What a look measures at one size."""

    pictures: int
    centroid: dict[str, float]
    spread: dict[str, float]
    inside: float  # how far one of its own pictures is from the others' centroid, on average


@dataclass(frozen=True, slots=True)
class Nearness:
    """How far pictures are from a look."""

    pictures: int
    distance: float  # mean over the pictures of the root mean square over the figures, in units of the look's spread
    inside: float  # the same for one of the look's own pictures: what could be reached
    figures: dict[str, dict[str, float]]  # figure → house, spread, images: the means, and how far the house's stray

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def house_of(images: Iterable[Image.Image]) -> House:
    """The look that the pictures share. Raises ValueError for fewer than three."""
    points = _points(images)
    if len(points) < 3:
        raise ValueError("a look takes three pictures at least")
    inside = [
        _distances(points[[index]], np.delete(points, index, axis=0))[0] for index in range(len(points))
    ]  # fmt: skip
    return House(len(points), _named(points.mean(axis=0)), _named(points.std(axis=0)), round(float(np.mean(inside)), 4))


def nearness(images: Iterable[Image.Image], house: House) -> Nearness:
    """How far the pictures are from the house's. Raises ValueError where there is none."""
    points = _points(images)
    if not len(points):
        raise ValueError("no picture to measure")
    centroid, spread = (np.array([figures[name] for name in FIGURES]) for figures in (house.centroid, house.spread))
    means = _named(points.mean(axis=0))
    return Nearness(
        pictures=len(points),
        distance=round(float(_apart(points, centroid, spread).mean()), 4),
        inside=house.inside,
        figures={
            name: {"house": house.centroid[name], "spread": house.spread[name], "images": means[name]}
            for name in FIGURES
        },
    )


def drawn(preset: Preset, count: int, size: tuple[int, int]) -> Iterator[Image.Image]:
    """The composer's pictures of invented news in a look, each as large as `size` (width, height)."""
    for number in range(count):
        yield fitted(styles.draw_example(styles.example_brief(number, preset)).image, size)


def fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The image as large as `size`: scaled until it covers it, then cut alike on both sides."""
    wide, high = size
    scale = max(wide / image.width, high / image.height)
    half_wide, half_high = wide / scale / 2, high / scale / 2
    across, down = image.width / 2, image.height / 2
    box = (across - half_wide, down - half_high, across + half_wide, down + half_high)
    return image.resize(size, Image.Resampling.LANCZOS, box=box)


def _points(images: Iterable[Image.Image]) -> np.ndarray:
    """(pictures, figures). Pictures below the smallest that has figures are enlarged, the house's and others alike."""
    rows: list[Sequence[float]] = []
    for image in images:
        if (least := min(image.size)) < SMALLEST:
            larger = -(-SMALLEST // least)
            image = image.resize((image.width * larger, image.height * larger), Image.Resampling.BICUBIC)
        rows.append(list(style_figures(image).values()))  # in the order of FIGURES
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(FIGURES))


def _distances(points: np.ndarray, look: np.ndarray) -> np.ndarray:
    return _apart(points, look.mean(axis=0), look.std(axis=0))


def _apart(points: np.ndarray, centroid: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(pictures,) distances; a figure that never changes in the look counts only when it is another."""
    strays = np.abs(points - centroid)
    spreads = np.divide(strays, spread, out=np.where(strays > 1e-6, FARTHEST, 0.0), where=spread > 1e-6)
    return np.sqrt((np.minimum(spreads, FARTHEST) ** 2).mean(axis=1))


def _named(values: np.ndarray) -> dict[str, float]:
    return {name: round(float(value), 5) for name, value in zip(FIGURES, values, strict=True)}
