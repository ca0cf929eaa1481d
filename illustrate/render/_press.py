"""What paper does to a drawing: its grain, and for a hand that prints, the screens and the register of three inks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from illustrate.render.palettes import Palette
from illustrate.render.presets import Preset

TALLEST, WIDEST = 900, 1200
LEVELS = 9  # of an ink's coverage, 0 to 8 eighths
COARSE = 3  # bits of a channel that the separation forgets
PAPER = np.array((0.984, 0.953, 0.882))
# How far each ink's plate misses the first, in pixels: across, down.
REGISTER = ((0, 0), (3, -2), (-2, 3))
PITCH = 5  # pixels between two dots of a screen


def printed(pixels: np.ndarray, preset: Preset, palette: Palette) -> np.ndarray:
    """uint8 (height, width, 3) as it would look on paper."""
    if preset.print:
        return _overprinted(pixels, (palette.ink, palette.main, palette.accent))
    height, width = pixels.shape[:2]
    mixed = pixels.astype(np.int16) + _grain(preset.grain)[:height, :width]
    return np.clip(mixed, 0, 255, out=mixed).astype(np.uint8)


@lru_cache(maxsize=8)
def _grain(strength: float) -> np.ndarray:
    """Fine noise over a coarser one, the same sheet for every picture; int16 (height, width, 1)."""
    rng = np.random.default_rng(20240611)
    fine = rng.normal(0, 1, (TALLEST, WIDEST)).astype(np.float32)
    coarse = np.repeat(np.repeat(rng.normal(0, 1, (TALLEST // 2, WIDEST // 2)), 2, axis=0), 2, axis=1)
    sheet = np.rint((0.8 * fine + 0.45 * coarse) * strength).astype(np.int16)[:, :, None]
    sheet.flags.writeable = False
    return sheet


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


@lru_cache(maxsize=48)
def _separation(inks: tuple[str, str, str]) -> np.ndarray:
    """For each coarse colour the coverage of each ink, uint8 (3, colours): the likest mixture that ink can make."""
    steps = np.linspace(0, 1, LEVELS)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    # Screens are mixed as the eye mixes them; at most two inks are screened together, or tints turn to mud.
    grid = grid[(grid > 0).sum(axis=1) <= 2]
    mixed = np.ones((len(grid), 3)) * PAPER
    for index, ink in enumerate(inks):
        mixed *= 1 - grid[:, index : index + 1] * (1 - _rgb(ink) / 1.0)
    count = 256 >> COARSE
    axis = (np.arange(count) + 0.5) / count
    wanted = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    weights = np.array((0.55, 0.72, 0.42))  # the eye's, roughly
    best = np.empty(len(wanted), dtype=np.int64)
    for start in range(0, len(wanted), 4096):
        some = wanted[start : start + 4096]
        apart = np.zeros((len(some), len(mixed)))
        for channel, weight in enumerate(weights):  # one after the other: three times as fast as all in one array
            apart += (np.subtract.outer(some[:, channel], mixed[:, channel]) * weight) ** 2
        best[start : start + 4096] = apart.argmin(axis=1)
    return np.ascontiguousarray((grid[best] * (LEVELS - 1)).astype(np.uint8).T)


@lru_cache(maxsize=4)
def _screen(angle: float) -> np.ndarray:
    """Thresholds of a dot screen at an angle, 0 to 1, float32 (height, width); paper's unevenness in them."""
    y, x = np.mgrid[0:TALLEST, 0:WIDEST].astype(np.float32)
    t = np.radians(angle)
    u, v = (x * np.cos(t) + y * np.sin(t)) / PITCH, (y * np.cos(t) - x * np.sin(t)) / PITCH
    dots = 0.5 + 0.25 * (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v))
    rng = np.random.default_rng(round(angle))
    uneven = rng.normal(0, 0.07, dots.shape).astype(np.float32)
    sheet = (dots * 0.9 + 0.05 + uneven).astype(np.float32)
    sheet.flags.writeable = False
    return sheet


@lru_cache(maxsize=4)
def _inked(angle: float) -> np.ndarray:
    """How dark a pixel of the screen prints at each level: uint8 (LEVELS, height, width)."""
    screen = _screen(angle)
    rng = np.random.default_rng(7 + round(angle))
    starved = np.clip(rng.normal(0.95, 0.06, screen.shape), 0.6, 1).astype(np.float32)
    planes = np.empty((LEVELS, *screen.shape), dtype=np.uint8)
    for level in range(LEVELS):
        share = level / (LEVELS - 1)
        dots = np.clip((share - screen) * 4 + 0.5, 0, 1) if 0 < share < 1 else np.full(screen.shape, share)
        planes[level] = np.rint(255 * dots * starved)
    planes.flags.writeable = False
    return planes


def _overprinted(pixels: np.ndarray, inks: tuple[str, str, str]) -> np.ndarray:
    height, width = pixels.shape[:2]
    coarse = (pixels >> COARSE).astype(np.int32)
    bits = 8 - COARSE
    colour = (coarse[..., 0] << (2 * bits)) | (coarse[..., 1] << bits) | coarse[..., 2]
    plates = _separation(inks)
    sheet = np.broadcast_to((PAPER * 255).astype(np.uint16), (height, width, 3)).copy()
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    for index, (ink, angle) in enumerate(zip(inks, (45.0, 15.0, 75.0), strict=True)):
        level = plates[index][colour]
        across, down = REGISTER[index]
        level = np.roll(level, (down, across), axis=(0, 1))
        dark = _inked(angle)[level, rows, columns].astype(np.uint16)
        taken = (255 - np.rint(_rgb(ink) * 255)).astype(np.uint16)
        sheet = sheet * (255 - (dark[..., None] * taken >> 8)) >> 8
    return sheet.astype(np.uint8)
