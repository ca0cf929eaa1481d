"""The sheet that a picture is drawn on: layers from back to front, and the strokes of the hand that draws it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from illustrate.render._geometry import Figure
from illustrate.render.frames import Frame
from illustrate.render.palettes import Palette, mix
from illustrate.render.presets import Preset

Box = tuple[float, float, float, float]  # left, top, right, bottom in the scene's units
Points = Sequence[tuple[float, float]]
Shown = Literal["all", "things", "people"]
LAYERS = ("back", "figures", "front")
PRINTED_RIM = 4.0  # pixels of bare paper round what is printed on a dark ground
BLEED = 8.0  # beyond the frame, so that no edge shows


def smooth(points: Points, *, close: str = "") -> str:
    """Path data of a soft curve through the points (Catmull-Rom), with `close` appended."""
    out = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i in range(len(points) - 1):
        before, here, there = points[max(i - 1, 0)], points[i], points[i + 1]
        after = points[min(i + 2, len(points) - 1)]
        c1 = (here[0] + (there[0] - before[0]) / 6, here[1] + (there[1] - before[1]) / 6)
        c2 = (there[0] - (after[0] - here[0]) / 6, there[1] - (after[1] - here[1]) / 6)
        out.append(f"C{c1[0]:.1f} {c1[1]:.1f} {c2[0]:.1f} {c2[1]:.1f} {there[0]:.1f} {there[1]:.1f}")
    return "".join(out) + close


def polygon(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def d(*steps: str | float) -> str:
    """Path data from letters and numbers in turn: `d("M", x, y, "H", x + 10, "Z")`."""
    # Whole numbers stay whole: an arc's flags must not become "1.0".
    return " ".join(f"{step:.1f}" if isinstance(step, float) else str(step) for step in steps)


def oval(x: float, y: float, rx: float, ry: float) -> str:
    return f"M{x - rx:.1f} {y:.1f}a{rx:.1f} {ry:.1f} 0 1 1 {2 * rx:.1f} 0a{rx:.1f} {ry:.1f} 0 1 1 {-2 * rx:.1f} 0Z"


@dataclass
class Canvas:
    """What has been drawn so far, and with what. `back` is scenery, `front` hides the figures' feet."""

    palette: Palette
    preset: Preset
    rng: random.Random
    dark: bool  # night: figures get a halo
    frame: Frame
    back: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    front: list[str] = field(default_factory=list)
    props: list[str] = field(default_factory=list)  # names of what the scenery holds
    people: list[tuple[str, int, int]] = field(default_factory=list)  # strokes of people: (layer, from, to)

    @contextmanager
    def drawing_people(self) -> Iterator[None]:
        """What is drawn inside it can be left out of the sheet, or drawn alone."""
        before = {layer: len(getattr(self, layer)) for layer in LAYERS}
        yield
        self.people += [
            (layer, count, len(getattr(self, layer)))
            for layer, count in before.items()
            if len(getattr(self, layer)) > count
        ]

    # The frame's edges, with bleed.

    @property
    def left(self) -> float:
        return self.frame.left - BLEED

    @property
    def right(self) -> float:
        return self.frame.right + BLEED

    @property
    def top(self) -> float:
        return self.frame.top - BLEED

    @property
    def bottom(self) -> float:
        return self.frame.bottom + BLEED

    @property
    def ink(self) -> str:
        return self.palette.role(self.preset.line)

    @property
    def rim(self) -> float:
        """Pixels of light round what stands on a dark ground; on paper that is printed, bare paper."""
        if not self.dark:
            return 0.0
        return PRINTED_RIM if self.preset.print else self.preset.halo

    def across(self, share: float) -> float:
        """The x at a share of the frame's width."""
        return self.frame.left + share * self.frame.width

    # Strokes.

    def sheet(self, path: str, fill: str, *, layer: str = "back", line: bool = True) -> None:
        """A large shape of the scenery: in cut paper it throws a shadow, with a pen it has an edge."""
        out = getattr(self, layer)
        right, down, faint = self.preset.drop
        if faint:
            out.append(
                f'<path d="{path}" transform="translate({right * 0.5:g} {-down * 0.5:g})" fill="#120a1e"'
                f' fill-opacity="{faint * 0.7:.2f}"/>'
            )
        edge = ""
        if self.preset.scenery and line:
            edge = f' stroke="{self.palette.ink}" stroke-width="{self.preset.scenery:g}" stroke-linejoin="round"'
        out.append(f'<path d="{path}" fill="{fill}"{edge}/>')

    def path(self, path: str, fill: str, opacity: float = 1.0, *, layer: str = "back") -> None:
        faint = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
        getattr(self, layer).append(f'<path d="{path}" fill="{fill}"{faint}/>')

    def shade(self, path: str, opacity: float, *, layer: str = "back") -> None:
        """The dark side of scenery; a hand that draws with a pen leaves it white."""
        if not self.preset.hatch:
            self.path(path, "#140c20" if self.preset.print else self.palette.ink, opacity, layer=layer)

    def thing(self, path: str, fill: str, *, layer: str = "back", pen: float | None = None) -> None:
        """A shape near the reader: inked, or cut, as figures are."""
        width = self.preset.detail if pen is None else pen
        out = getattr(self, layer)
        right, down, faint = self.preset.drop
        if faint:
            out.append(
                f'<path d="{path}" transform="translate({right * 0.6:g} {down * 0.6:g})" fill="#120a1e"'
                f' fill-opacity="{faint:.2f}"/>'
            )
        out.append(
            f'<path d="{path}" fill="{fill}" stroke="{self.ink if self.preset.outline else fill}"'
            f' stroke-width="{width if self.preset.outline else 1:g}" stroke-linejoin="round" stroke-linecap="round"/>'
        )

    def stroke(self, path: str, colour: str, width: float, *, layer: str = "back", opacity: float = 1.0) -> None:
        faint = f' stroke-opacity="{opacity:.2f}"' if opacity < 1 else ""
        getattr(self, layer).append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"'
            f' stroke-linejoin="round"{faint}/>'
        )

    def rect(
        self, x: float, y: float, w: float, h: float, fill: str, *, r: float = 0, layer: str = "back", o: float = 1
    ) -> None:
        getattr(self, layer).append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}"'
            + (f' rx="{r:g}"' if r else "") + (f' fill-opacity="{o:.2f}"' if o < 1 else "") + "/>"
        )  # fmt: skip

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: str, o: float = 1, *, layer: str = "back"
    ) -> None:
        faint = f' fill-opacity="{o:.2f}"' if o < 1 else ""
        getattr(self, layer).append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}"{faint}/>'
        )

    def shadow(
        self, x: float, foot: float, rx: float, *, ry: float = 0, layer: str = "figures", o: float = 0.22
    ) -> None:
        """Under what stands; a pen hatches it."""
        ry = ry or max(10.0, rx * 0.1)
        if not self.preset.hatch:
            self.ellipse(x + rx * 0.1, foot, rx, ry, "#0d0816" if self.dark else INK_SHADOW, o, layer=layer)
            return
        lines = []
        for k in range(-8, 9):
            half = ry * math.sqrt(1 - (k / 9) ** 2)
            at = x + rx * 0.14 + rx * k / 9
            lines.append(f"M{at - 7:.1f} {foot + half:.1f}L{at + 7:.1f} {foot - half:.1f}")
        self.stroke("".join(lines), self.palette.ink, 2.4, layer=layer)

    def ground(self, top: str, bottom: str, *, low: float = 520, focus: tuple[float, float] = (600, 330)) -> None:
        """The sheet itself, or a sky, in this hand's manner. `focus` is where the light comes from."""
        self.rect(self.left, self.top, self.right - self.left, self.bottom - self.top, bottom)
        if self.preset.sky == "bands":
            # Bands so narrow that the grain closes them: a true gradient costs the rasteriser twice as much.
            bands, high = 26, self.top
            for i in range(bands):
                y = high + i * (low - high) / bands
                self.rect(self.left, y, self.right - self.left, (low - high) / bands + 1, mix(top, bottom, i / bands))
        elif self.preset.sky == "flat":
            self.rect(self.left, self.top, self.right - self.left, self.bottom - self.top, top)
        elif self.preset.sky == "rings":
            self.rect(self.left, self.top, self.right - self.left, self.bottom - self.top, top)
            # The light grows towards the middle faster than the rings do.
            for k in range(7):
                r = 660 - k * 82
                self.ellipse(*focus, r, r, mix(top, bottom, ((k + 1) / 7) ** 1.5))

    # Figures.

    def figure(
        self, figure: Figure, *, x: float, foot: float, within: tuple[float, float], turn: float = 0.0,
        mirror: bool = False, swap: bool = False, layer: str = "figures",
    ) -> Box:  # fmt: skip
        """A motif standing at (x, foot), as large as fits; returns the box it takes."""
        left, top, right, bottom = figure.box
        width, height = right - left, bottom - top
        scale = min(within[0] / width, within[1] / height)
        half, tall = width * scale / 2, height * scale
        radians = math.radians(abs(turn))
        # A turned figure needs more room: shrink it so that the turned box still fits.
        across = 2 * half * math.cos(radians) + tall * math.sin(radians)
        up = tall * math.cos(radians) + 2 * half * math.sin(radians)
        fit = min(1.0, within[0] / across, within[1] / up)
        scale, half, tall, across, up = scale * fit, half * fit, tall * fit, across * fit, up * fit
        centre_y = foot - up / 2
        flip = -1 if mirror else 1
        transform = (
            f"translate({x:.1f} {centre_y:.1f}) rotate({turn:g}) scale({flip * scale:.3f} {scale:.3f})"
            f" translate({-(left + right) / 2:.2f} {-(top + bottom) / 2:.2f})"
        )
        getattr(self, layer).append(
            f'<g transform="{transform}" stroke-linejoin="round" stroke-linecap="round">'
            + "".join(self._drawn(figure, scale, turn=turn, mirror=mirror, swap=swap)) + "</g>"
        )  # fmt: skip
        return x - across / 2, foot - up, x + across / 2, foot

    def _drawn(self, figure: Figure, scale: float, *, turn: float, mirror: bool, swap: bool) -> Iterable[str]:
        p, pen = self.palette, self.preset
        right, down, faint = pen.drop
        if faint:
            aside = _turned((right / scale, down / scale), -turn, mirror)
            yield (
                f'<path d="{figure.silhouette}" transform="translate({aside[0]:.2f} {aside[1]:.2f})" fill="#120a1e"'
                f' fill-opacity="{faint:.2f}" stroke="#120a1e" stroke-opacity="{faint:.2f}"'
                f' stroke-width="{pen.halo / scale:.3f}"/>'
            )
        rim = self.rim or (pen.halo if faint else 0)
        if rim:
            # Bare paper round a cut figure is drawn for the body alone; light in the night follows every line.
            body = figure.silhouette if faint else figure.silhouette + figure.detail
            yield (
                f'<path d="{body}" fill="none" stroke="{p.halo}" stroke-width="{(pen.outline + 2 * rim) / scale:.3f}"/>'
            )
        swapped = {"main": "accent", "accent": "main"} if swap else {}
        fills = "".join(
            f'<path d="{path}" fill="{p.role(swapped.get(role, role))}" fill-rule="evenodd"/>'
            for role, path in figure.fills
        )
        if any(pen.shift):
            aside = _turned((pen.shift[0] / scale, pen.shift[1] / scale), -turn, mirror)
            yield f'<path d="{figure.silhouette}" fill="{p.light}" fill-rule="evenodd"/>'
            yield f'<g transform="translate({aside[0]:.2f} {aside[1]:.2f})">{fills}</g>'
        else:
            yield fills
        # The light comes from the left, whichever way a figure faces.
        if pen.shade and not mirror:
            dark = "#0a0614" if not pen.outline else p.ink
            yield f'<path d="{figure.shade}" fill="{dark}" fill-opacity="{pen.shade:g}" fill-rule="evenodd"/>'
        if pen.hatch and not mirror:
            yield f'<path d="{figure.hatch}" fill="none" stroke="{self.ink}" stroke-width="{2.2 / scale:.3f}"/>'
        if pen.detail:
            yield (
                f'<path d="{figure.detail}" fill="none" stroke="{self.ink}" stroke-width="{pen.detail / scale:.3f}"/>'
            )
        if pen.outline:
            yield (
                f'<path d="{figure.outline}" fill="none" stroke="{self.ink}" stroke-width="{pen.outline / scale:.3f}"/>'
            )
        for x, y in figure.dots:
            yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{max(pen.detail, 3) * 1.15 / scale:.3f}" fill="{p.ink}"/>'

    def svg(self, shown: Shown = "all") -> str:
        """The whole sheet; "things" leaves the people out, "people" is them alone on nothing."""
        frame, margin = self.frame, self.preset.margin
        edge = ""
        if margin and shown != "people":
            outer = f"M{self.left} {self.top}H{self.right}V{self.bottom}H{self.left}Z"
            inner = (
                f"M{frame.left + margin} {frame.top + margin}V{frame.bottom - margin}H{frame.right - margin}"
                f"V{frame.top + margin}Z"
            )
            edge = f'<path d="{outer}{inner}" fill="{self.palette.light}" fill-rule="evenodd"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
            f' width="{frame.pixels[0]}" height="{frame.pixels[1]}"'
            f' viewBox="{frame.left:g} {frame.top:g} {frame.width:g} {frame.height:g}">'
            + "".join(stroke for layer in LAYERS for stroke in self._strokes(layer, shown)) + edge + "</svg>"
        )  # fmt: skip

    def _strokes(self, layer: str, shown: Shown) -> list[str]:
        strokes: list[str] = getattr(self, layer)
        if shown == "all":
            return strokes
        theirs = {index for name, start, end in self.people if name == layer for index in range(start, end)}
        return [stroke for index, stroke in enumerate(strokes) if (index in theirs) == (shown == "people")]


INK_SHADOW = "#1d1a24"


def _turned(offset: tuple[float, float], degrees: float, mirror: bool) -> tuple[float, float]:
    """An offset on the page in the coordinates of a turned, perhaps mirrored figure."""
    t = math.radians(degrees)
    x = offset[0] * math.cos(t) - offset[1] * math.sin(t)
    y = offset[0] * math.sin(t) + offset[1] * math.cos(t)
    return (-x if mirror else x), y
