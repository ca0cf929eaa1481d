"""The windows through which a scene is seen: one scene is laid anew in each, so that nothing is ever cut by a crop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = Literal["wide", "square", "tall"]
SHAPES: tuple[Shape, ...] = ("wide", "square", "tall")


@dataclass(frozen=True, slots=True)
class Frame:
    """A window on the scene, in the scene's own units, and how many pixels it is drawn with.

    The wide frame's units are its pixels: (0, 0) at its top left. The others look at the same place: narrower, with
    more sky above and more ground below.
    """

    shape: Shape
    left: float
    top: float
    right: float
    bottom: float
    pixels: tuple[int, int]

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def spread(self) -> float:
        """How far apart things stand beside the wide frame's distances."""
        return self.width / 1200

    @property
    def scale(self) -> float:
        """Pixels in one unit."""
        return self.pixels[0] / self.width


FRAMES: dict[Shape, Frame] = {
    "wide": Frame("wide", 0, 0, 1200, 675, (1200, 675)),
    "square": Frame("square", 180, -115, 1020, 725, (640, 640)),
    "tall": Frame("tall", 200, -172, 1000, 828, (640, 800)),
}
WIDE = FRAMES["wide"]
