"""What can be measured on the picture itself: clutter, contrast, what the frame cuts off, likeness to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cv2
import imagehash
import numpy as np
from PIL import Image

EDGE_WIDTH = 600  # edges are counted at this width: about what a card shows
RING = 24  # pixels around the hero that count as its ground
BLUR = 7  # pixels: wider than a screen's dots
DIFFERENT = 16.0  # distance in CIE Lab from which two colours are told apart at a glance

Box = Sequence[float]  # left, top, right, bottom in the image's pixels
Size = tuple[int, int]  # width, height


def edge_density(image: Image.Image, *, screened: bool = False) -> float:
    """Share of pixels on an edge: near 0 an empty picture, high a cluttered one; a `screened` print's dots are none."""
    grey = np.asarray(image.convert("L").resize((EDGE_WIDTH, EDGE_WIDTH * image.height // image.width)))
    if screened:
        grey = cv2.medianBlur(grey, BLUR)
    return float((cv2.Canny(grey, 80, 160) > 0).mean())


def hero_share(box: Box, size: Size) -> float:
    """The hero's box as a share of the picture."""
    left, top, right, bottom = _clipped(box, size)
    return max(0, right - left) * max(0, bottom - top) / (size[0] * size[1])


def covered(box: Box, others: Iterable[Box]) -> float:
    """The largest share of a box that lies behind one of the others."""
    area = max(1e-6, (box[2] - box[0]) * (box[3] - box[1]))
    return max(
        (
            max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
            * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
            / area
            for other in others
        ),
        default=0.0,
    )


def hero_contrast(image: Image.Image, box: Box, *, screened: bool = False) -> float:
    """Share of the hero's box that stands out from every large colour around it; a `screened` print's dots are mixed
    as the eye mixes them.
    """
    left, top, right, bottom = _clipped(box, image.size)
    if right - left < 4 or bottom - top < 4:
        return 0.0
    # Only the box and its ring are looked at, and what a blur there draws in.
    reach = RING + (BLUR // 2 if screened else 0)
    x, y = max(0, left - reach), max(0, top - reach)
    pixels = (np.asarray(image)[y : bottom + reach, x : right + reach] / 255).astype(np.float32)
    if screened:
        pixels = np.asarray(cv2.blur(pixels, (BLUR, BLUR)), dtype=np.float32)
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    left, top, right, bottom = left - x, top - y, right - x, bottom - y
    mask = np.zeros(lab.shape[:2], dtype=bool)
    mask[max(0, top - RING) : bottom + RING, max(0, left - RING) : right + RING] = True
    mask[top:bottom, left:right] = False
    around = lab[mask]
    if len(around) < 16:
        return 0.0
    # The ground is rarely one colour: sky above, hill below. Its middle and its quarters stand for it.
    bands = np.array_split(around[np.argsort(around[:, 0])], 3)
    grounds = [np.median(band, axis=0) for band in bands]
    inside = lab[top:bottom:2, left:right:2].reshape(-1, 3)
    nearest = np.min([np.linalg.norm(inside - ground, axis=1) for ground in grounds], axis=0)
    return float((nearest > DIFFERENT).mean())


def cut_off(box: Box, size: Size) -> float:
    """Share of a box that lies outside the frame."""
    left, top, right, bottom = box
    area = max(1e-6, (right - left) * (bottom - top))
    kept = max(0.0, min(right, size[0]) - max(left, 0)) * max(0.0, min(bottom, size[1]) - max(top, 0))
    return 1 - kept / area


def perceptual_hash(image: Image.Image) -> str:
    """64-bit pHash, hex."""
    return str(imagehash.phash(image))


def nearest_twin(own: str, others: Iterable[str]) -> int:
    """Bits by which the likest of the others differs; 64 when there is none."""
    return min((bin(int(own, 16) ^ int(other, 16)).count("1") for other in others if other), default=64)


def heads(parts: Mapping[str, Any]) -> list[Box]:
    people = [parts.get("persona"), *(parts.get("others") or [])]
    return [person["head"] for person in people if person]


def _clipped(box: Box, size: Size) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(side) for side in box)
    return max(0, left), max(0, top), min(size[0], right), min(size[1], bottom)
