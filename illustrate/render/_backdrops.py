"""What several scenes share: the sky, what lies behind open ground, and the edges where plants may grow."""

from __future__ import annotations

from illustrate.render import _scenery as scenery
from illustrate.render.stage import Stage

_URBAN = ("politics", "economy", "society", "technology")


def backdrop(s: Stage, horizon: float) -> None:
    """What lies behind an open ground: sea, streets or hills, as the article's place and area suggest."""
    c, setting = s.canvas, s.brief.setting
    if setting in ("sea", "coast", "beach", "water"):
        scenery.sea(c, horizon - 30)
    elif setting in ("city", "street", "town") or (not setting and s.brief.area in _URBAN and s.rng.random() < 0.55):
        scenery.skyline(c, horizon + 40)
    else:
        scenery.hills(c, s.brief.season, horizon=horizon, mountains=True if setting == "mountain" else None)


def open_sky(s: Stage, *, sun: bool = True) -> None:
    c = s.canvas
    scenery.sky(c, focus=(s.hero_x, 360))
    if sun:
        # Half behind the hero, as light that picks it out.
        x = s.hero_x + s.rng.choice((-1, 1)) * s.rng.uniform(120, 230) * s.frame.spread
        scenery.disc(c, x, s.rng.uniform(130, 220) + s.frame.top * 0.5, s.rng.uniform(92, 128))
    if not c.dark:
        scenery.clouds(c, s.rng.randint(1, 3), top=s.frame.top + 50, low=200)


def free_edges(s: Stage) -> list[float]:
    left, right = s.frame.left + 46, s.frame.right - 46
    if s.cast != "correspondent":
        return [left, right]
    return [right] if s.side < 0 else [left]
