"""The scenery's things, drawn from their table."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from illustrate.render._canvas import Canvas


@cache
def _table() -> dict[str, tuple[tuple[str, ...], ...]]:
    text = (resources.files(__package__) / "props.toml").read_text("utf-8")
    return {
        name: tuple(_stroke(line) for line in lines.strip().splitlines()) for name, lines in tomllib.loads(text).items()
    }


def _stroke(line: str) -> tuple[str, ...]:
    kind, rest = line.split(" ", 1)
    return (kind, *rest.split(" ", 2 if kind == "line" else 1))


def prop(
    c: Canvas, name: str, x: float, foot: float, size: float = 1.0, *, side: int = 1, fade: float = 0,
    layer: str = "back",
) -> None:  # fmt: skip
    """A thing standing at (x, foot), as many times its size; `side` -1 mirrors it, `fade` pales it with distance."""
    part = Canvas(c.palette, c.preset, c.rng, c.dark, c.frame)
    for kind, *values in _table()[name]:
        if kind == "shade":
            part.shade(values[1], float(values[0]))
            continue
        recipe, _, faint = values[0].partition("*")
        colour = c.palette.tint(recipe)
        if fade:
            colour = c.palette.tint(f"{recipe}+far.{round(fade * 100):02d}")
        if kind == "sheet":
            part.sheet(values[1], colour)
        elif kind == "thing":
            part.thing(values[1], colour, pen=c.preset.detail / size)
        elif kind == "line":
            part.stroke(values[2], colour, float(values[1]))
        else:
            part.path(values[1], colour, float(f"0{faint}") if faint else 1.0)
    getattr(c, layer).append(
        f'<g transform="translate({x:.1f} {foot:.1f}) scale({side * size:.3f} {size:.3f})">{"".join(part.back)}</g>'
    )
