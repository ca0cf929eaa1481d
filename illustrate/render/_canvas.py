"""The sheet that a picture is drawn on: layers from back to front, and the shapes that scenery is made of."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from illustrate.render._geometry import Figure
from illustrate.render.palettes import Palette, mix
from illustrate.render.presets import Preset

WIDTH, HEIGHT = 1200, 675
Box = tuple[float, float, float, float]
Points = Sequence[tuple[float, float]]


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


def trace(*steps: str | float) -> str:
    """Path data from letters and numbers in turn: `trace("M", x, y, "H", x + 10, "Z")`."""
    # Whole numbers stay whole: an arc's flags must not become "1.0".
    return " ".join(f"{step:.1f}" if isinstance(step, float) else str(step) for step in steps)


def polygon(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


@dataclass
class Canvas:
    """What has been drawn so far, and with what. `back` is scenery, `front` hides the figures' feet."""

    palette: Palette
    preset: Preset
    rng: random.Random
    dark: bool  # night: figures get a halo
    back: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    front: list[str] = field(default_factory=list)
    props: list[str] = field(default_factory=list)  # names of what the scenery holds

    def path(self, d: str, fill: str, opacity: float = 1.0, *, layer: str = "back") -> None:
        faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
        getattr(self, layer).append(f'<path d="{d}" fill="{fill}"{faint}/>')

    def inked(self, d: str, fill: str, *, layer: str = "back", pen: float | None = None) -> None:
        """A filled shape with the light pen round it: things near the reader."""
        getattr(self, layer).append(
            f'<path d="{d}" fill="{fill}" stroke="{self.palette.ink}" stroke-width="{pen or self.preset.detail:g}"'
            ' stroke-linejoin="round" stroke-linecap="round"/>'
        )

    def stroke(self, d: str, colour: str, width: float, *, layer: str = "back", opacity: float = 1.0) -> None:
        faint = f' stroke-opacity="{opacity:g}"' if opacity < 1 else ""
        getattr(self, layer).append(
            f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round"'
            f' stroke-linejoin="round"{faint}/>'
        )

    def rect(
        self, x: float, y: float, w: float, h: float, fill: str, *, r: float = 0, layer: str = "back", o: float = 1
    ) -> None:
        getattr(self, layer).append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}"'
            + (f' rx="{r:g}"' if r else "") + (f' fill-opacity="{o:g}"' if o < 1 else "") + "/>"
        )  # fmt: skip

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: str, o: float = 1, *, layer: str = "back"
    ) -> None:
        faint = f' fill-opacity="{o:g}"' if o < 1 else ""
        getattr(self, layer).append(
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}"{faint}/>'
        )

    def gradient(self, top: str, bottom: str, *, height: float = 520) -> None:
        """A sky in bands so narrow that the grain closes them: a true gradient costs resvg 28 ms, this one."""
        bands = 26
        self.rect(-5, -5, WIDTH + 10, HEIGHT + 10, bottom)
        for i in range(bands):
            self.rect(-5, i * height / bands, WIDTH + 10, height / bands + 1, mix(top, bottom, i / bands))

    def figure(
        self, figure: Figure, *, x: float, foot: float, within: tuple[float, float], turn: float = 0.0,
        mirror: bool = False, swap: bool = False, layer: str = "figures", halo: bool | None = None,
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
        p, pen = self.palette, self.preset
        swapped = {"main": "accent", "accent": "main"} if swap else {}
        out = [f'<g transform="{transform}" stroke-linejoin="round" stroke-linecap="round">']
        if self.dark if halo is None else halo:
            out.append(
                f'<path d="{figure.silhouette}{figure.detail}" fill="none" stroke="{p.halo}"'
                f' stroke-width="{(pen.outline + 2 * pen.halo) / scale:.3f}"/>'
            )
        for role, d in figure.fills:
            out.append(f'<path d="{d}" fill="{p.role(swapped.get(role, role))}" fill-rule="evenodd"/>')
        # The light comes from the left, whichever way a figure faces.
        if not mirror:
            out.append(f'<path d="{figure.shade}" fill="{p.ink}" fill-opacity="{pen.shade:g}" fill-rule="evenodd"/>')
        out.append(f'<path d="{figure.detail}" fill="none" stroke="{p.ink}" stroke-width="{pen.detail / scale:.3f}"/>')
        out.append(
            f'<path d="{figure.outline}" fill="none" stroke="{p.ink}" stroke-width="{pen.outline / scale:.3f}"/>'
        )
        out += [
            f'<circle cx="{cx:.2f}" cy="{cy:.2f}" r="{pen.detail * 1.15 / scale:.3f}" fill="{p.ink}"/>'
            for cx, cy in figure.dots
        ]
        getattr(self, layer).append("".join([*out, "</g>"]))
        return x - across / 2, foot - up, x + across / 2, foot

    def shadow(
        self, x: float, foot: float, rx: float, *, ry: float = 0, layer: str = "figures", o: float = 0.22
    ) -> None:
        self.ellipse(x + rx * 0.1, foot, rx, ry or max(10, rx * 0.1), self.palette.ink, o, layer=layer)

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
            f' width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
            + "".join(self.back) + "".join(self.figures) + "".join(self.front) + "</svg>"
        )  # fmt: skip
