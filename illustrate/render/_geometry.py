"""Turns a drawing of ours into a solid figure: filled regions, a shadow side, hatching, and ink."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.affinity import rotate, scale, translate
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

# All lengths in this room are units of the drawings' grid, 24 x 24.
LIMB = 0.42  # half the thickness that an open line gets, so that a stem is a stick and not a wire
CENTRE = (12, 12)
SPECK = 0.12  # regions below this area (square units) are slivers of the pen, not parts
SHADE = (-0.13, -0.05)  # the light falls from the left: shade is what the figure moved by this share leaves bare
STEP = 0.09  # sampling of curves
HATCH = 0.95  # between two strokes of a hatching
ROLES = {
    "m": "main", "a": "accent", "l": "light", "d": "deep", "k": "ink",
    # What things are made of, for what is known by its colour.
    "n": "leaf", "b": "water", "y": "sun", "r": "fire", "t": "wood", "s": "stone", "p": "skin",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """A motif as SVG path data on its own grid; `box` is left, top, right, bottom of what is inked."""

    fills: tuple[tuple[str, str], ...]  # (role, path data), painted in order
    shade: str
    outline: str  # the silhouette's edge: the heavy pen
    detail: str  # what lies inside: the light pen
    hatch: str  # the shadow side as strokes
    dots: tuple[tuple[float, float], ...]
    silhouette: str
    box: tuple[float, float, float, float]
    area: float
    level: bool  # it stands on a wide foot: a house or a ship that leans looks wrong


def _sampled(d: str) -> list[list[tuple[float, float]]]:
    # Here, and not at the top: it brings scipy along, half a second that a process that draws nothing need not spend.
    from svgpathtools import Line, parse_path

    lines = []
    for part in parse_path(d).continuous_subpaths():
        points: list[tuple[float, float]] = []
        for segment in part:
            count = 1 if isinstance(segment, Line) else max(3, math.ceil(segment.length(error=1e-2) / STEP))
            points += [(p.real, p.imag) for p in (segment.point(i / count) for i in range(count))]
        if len(part):
            points.append((part[-1].end.real, part[-1].end.imag))
        if points:
            lines.append(points)
    return lines


def _data(geometry: BaseGeometry) -> str:
    """SVG path data of polygons or lines, to the hundredth of a unit."""
    out: list[str] = []
    for part in getattr(geometry, "geoms", (geometry,)):
        if part.is_empty:
            continue
        if isinstance(part, Polygon):
            rings = [part.exterior, *part.interiors]
            out += ["M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in ring.coords[:-1]) + "Z" for ring in rings]
        elif isinstance(part, LineString):
            closed = part.is_ring
            points = part.coords[:-1] if closed else part.coords
            out.append("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + ("Z" if closed else ""))
        elif hasattr(part, "geoms"):
            out.append(_data(part))
    return "".join(out)


def _polygons(geometry: BaseGeometry) -> list[Polygon]:
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    return [each for part in getattr(geometry, "geoms", ()) for each in _polygons(part)]


def _filled(geometry: BaseGeometry) -> BaseGeometry:
    return unary_union([Polygon(each.exterior) for each in _polygons(geometry)])


def _merged(lines: BaseGeometry) -> BaseGeometry:
    parts = [part for part in getattr(lines, "geoms", (lines,)) if isinstance(part, LineString) and part.length > 0.05]
    return shapely.line_merge(shapely.MultiLineString(parts)) if parts else shapely.MultiLineString()


def _shade(silhouette: BaseGeometry) -> BaseGeometry:
    left, top, right, bottom = silhouette.bounds
    bare = silhouette.difference(translate(silhouette, (right - left) * SHADE[0], (bottom - top) * SHADE[1]))
    return unary_union([each for each in _polygons(bare.buffer(-0.02)) if each.area > 4 * SPECK])


def _stands_level(silhouette: BaseGeometry) -> bool:
    left, _, right, bottom = silhouette.bounds
    foot = silhouette.intersection(box(left, bottom - 0.9, right, bottom)).bounds
    return bool(foot) and foot[2] - foot[0] > 0.5 * (right - left)


def _hatched(shade: BaseGeometry) -> BaseGeometry:
    """Slanting strokes across the shadow side."""
    if shade.is_empty:
        return shade
    left, top, right, bottom = shade.bounds
    tall = bottom - top
    starts = np.arange(left - tall, right, HATCH)
    return shapely.MultiLineString([[(x, bottom), (x + tall, top)] for x in starts]).intersection(shade)


def _figure(
    regions: Sequence[tuple[str, BaseGeometry]],
    silhouette: BaseGeometry,
    seams: BaseGeometry,
    marks: BaseGeometry,
    dots: Iterable[tuple[float, float]],
    cut: float,
) -> Figure:
    def shaped(geometry: BaseGeometry, loss: float = 0.012) -> BaseGeometry:
        return geometry.simplify(max(loss, cut))

    edge = unary_union([Polygon(each.exterior).boundary for each in _polygons(silhouette)]).buffer(0.12)
    shade = _shade(silhouette)
    solid = [(role, shape) for role, shape in regions if shape.area > 0]
    if cut and solid:
        # Straightened neighbours leave gaps between them: the largest part's colour lies under all.
        solid.insert(0, (max(solid, key=lambda each: each[1].area)[0], silhouette))
    detail = unary_union([each for each in (seams, marks) if not each.is_empty])
    return Figure(
        fills=tuple((role, _data(shaped(shape))) for role, shape in solid),
        shade=_data(shaped(shade, 0.02)),
        outline=_data(shaped(unary_union([each.boundary for each in _polygons(silhouette)]))),
        detail=_data(_merged(detail.difference(edge)).simplify(0.012)),
        hatch=_data(_merged(_hatched(shade))),
        dots=tuple(dots),
        silhouette=_data(shaped(silhouette)),
        box=unary_union([silhouette, detail]).bounds,
        area=silhouette.area,
        level=_stands_level(silhouette),
    )


def _part(spec: str) -> BaseGeometry:
    """A shape of a drawing: `circle x y r`, `ellipse x y rx ry`, `rect x y w h [r]`, `poly x y x y …`, `path d`.

    A closing `@45` turns it clockwise round the grid's centre, by degrees.
    """
    spec, _, turn = spec.partition("@")
    if turn:
        return rotate(_part(spec.strip()), float(turn), origin=CENTRE)
    kind, _, rest = spec.strip().partition(" ")
    if kind == "path":
        return unary_union([Polygon(points).buffer(0) for points in _sampled(rest) if len(points) > 2])
    n = [float(each) for each in re.split(r"[\s,]+", rest.strip())]
    if kind == "circle":
        return Point(n[0], n[1]).buffer(n[2], quad_segs=24)
    if kind == "ellipse":
        return scale(Point(n[0], n[1]).buffer(1, quad_segs=24), n[2], n[3])
    if kind == "rect":
        radius = n[4] if len(n) > 4 else 0.0
        inner = box(n[0] + radius, n[1] + radius, n[0] + n[2] - radius, n[1] + n[3] - radius)
        return inner.buffer(radius, quad_segs=8) if radius else inner
    if kind == "poly":
        return Polygon(list(zip(n[::2], n[1::2], strict=True)))
    raise ValueError(f"unknown shape {kind!r}")


def _line(spec: str) -> BaseGeometry:
    spec, _, turn = spec.partition("@")
    if turn:
        return rotate(_line(spec.strip()), float(turn), origin=CENTRE)
    kind, _, rest = spec.strip().partition(" ")
    if kind == "path":
        return unary_union([LineString(points) for points in _sampled(rest)])
    return _part(spec).boundary


def from_parts(parts: Sequence[str], *, cut: float = 0) -> Figure:
    """A figure from a drawing: `role shape`, painted in order.

    A part hides what lies under it, as paper cut-outs do; role "-" cuts a hole. `cut` straightens its edges, as
    scissors do: the largest step aside, in units.
    """
    solids: list[tuple[str, BaseGeometry]] = []
    marks: list[BaseGeometry] = []
    seams: list[BaseGeometry] = []
    dots: list[tuple[float, float]] = []
    holes: list[BaseGeometry] = []
    for each in parts:
        role, _, spec = each.partition(" ")
        if role == "dot":
            x, y = spec.split()
            dots.append((float(x), float(y)))
            continue
        if role == "line":
            marks.append(_line(spec))
            continue
        shape = _line(spec).buffer(LIMB) if role == "stick" else _part(spec)
        role = "a" if role == "stick" else role
        holes = [hole.difference(shape) for hole in holes]
        solids = [(name, under.difference(shape)) for name, under in solids]
        marks, seams = ([line.difference(shape) for line in lines] for lines in (marks, seams))
        dots = [dot for dot in dots if not shape.covers(Point(dot))]
        if role == "-":
            holes.append(shape)
            continue
        solids.append((role, shape))
        seams.append(shape.boundary)
    silhouette = unary_union([shape for _, shape in solids]).buffer(0.03).buffer(-0.03).difference(unary_union(holes))
    return _figure(
        [(ROLES[role], shape) for role, shape in solids],
        silhouette,
        unary_union([line for line in seams if not line.is_empty]),
        unary_union([line for line in marks if not line.is_empty]),
        dots,
        cut,
    )
