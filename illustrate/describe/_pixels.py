"""What the pixels of a photo say by themselves: colours, light, focus, and sometimes whether the sky was above."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

PALETTE_SIZE = 5
PALETTE_SIDE = 96

FOCUS_SIDE = 640
BLUR_TAPS = 9
ROUNDING = 1  # a step of one grey level is no edge: very blurred pictures are full of them

# Counted on 98 photographs: "outdoors" was said of 14 of 27 and wrongly of 1 of 71; "indoors" of 7 of 71 and of none
# of the 27. What neither rule knows stays unsaid.
PLACE_SIDE = 160
SKY_FROM = 0.15  # share of the upper third that is smooth and blue
GREEN_FROM = 0.3  # share of the whole that is the green of plants
STRONG_EDGE = 25  # Sobel magnitude, on 0 to 255: sky and walls have less
WITHOUT = 0.003, 0.01  # sky and green that a room may still show
LAMP_FROM = 0.03  # share of the upper third that is smooth and white: lamps, ceilings
WARM_FROM = 0.1  # share of the whole in the colours of wood, skin and lamplight
BLUE_BELOW = 0.02


def palette(image: Image.Image) -> tuple[str, ...]:
    """Up to five colours, "#rrggbb", the largest share first."""
    small = image.resize((PALETTE_SIDE, PALETTE_SIDE))
    quantised = small.quantize(PALETTE_SIZE, method=Image.Quantize.MEDIANCUT)
    colours = quantised.getpalette() or []
    counts = sorted(quantised.getcolors() or [], reverse=True)
    indices = [index for _, index in counts if isinstance(index, int)]
    return tuple("#{:02x}{:02x}{:02x}".format(*colours[3 * index : 3 * index + 3]) for index in indices)


def brightness(image: Image.Image) -> float:
    """0 black to 1 white."""
    return round(float(np.asarray(image.convert("L").resize((64, 64))).mean()) / 255, 3)


def focus(image: Image.Image) -> float:
    """0 blurred to 1 sharp: how much of the picture's change from pixel to pixel a further blur takes away.

    Source: Crété-Roffet, Dolmiere, Ladret, Nicolas, "The blur effect: perception and estimation with a new no-reference
    perceptual blur metric", Proc. SPIE 6492 (2007). An even surface has no edge to judge by and counts as blurred.
    """
    grey = image.convert("L")
    grey.thumbnail((FOCUS_SIDE, FOCUS_SIDE))
    pixels = np.asarray(grey, dtype=np.float32)
    lost = [each for each in (_lost(pixels, axis) for axis in (0, 1)) if each is not None]
    return round(min(lost, default=0.0), 3)


def _lost(pixels: np.ndarray, axis: int) -> float | None:
    """The share of change along one axis that a blur along it takes away; None where nothing changes."""
    taps = (1, BLUR_TAPS) if axis == 0 else (BLUR_TAPS, 1)
    before = np.abs(np.diff(pixels, axis=axis))
    before[before <= ROUNDING] = 0
    after = np.abs(np.diff(cv2.blur(pixels, taps), axis=axis))
    total = float(before.sum())
    return float(np.maximum(0, before - after).sum()) / total if total else None


def place(image: Image.Image) -> str:
    """ "outdoors", "indoors" or "": a hint for want of anything better."""
    small = image.copy()
    small.thumbnail((PLACE_SIDE, PLACE_SIDE))
    pixels = np.asarray(small)
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    hue, saturation, value = hsv[..., 0] * 2, hsv[..., 1] / 255, hsv[..., 2] / 255
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 1).astype(np.float32)
    smooth = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) < STRONG_EDGE
    blue = (hue > 190) & (hue < 250) & (saturation > 0.12) & (value > 0.3)
    green = (hue > 60) & (hue < 160) & (saturation > 0.2) & (value > 0.12)
    warm = (hue < 50) & (saturation > 0.2) & (saturation < 0.75) & (value > 0.25)
    white = (saturation < 0.1) & (value > 0.85)
    upper = slice(0, max(1, len(pixels) // 3))
    sky, lamps = (blue & smooth)[upper].mean(), (white & smooth)[upper].mean()
    if sky > SKY_FROM or green.mean() > GREEN_FROM:
        return "outdoors"
    is_room = sky < WITHOUT[0] and green.mean() < WITHOUT[1] and blue.mean() < BLUE_BELOW
    return "indoors" if is_room and lamps > LAMP_FROM and warm.mean() > WARM_FROM else ""
