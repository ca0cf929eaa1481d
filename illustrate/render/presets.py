"""The looks that pictures can have: each a named, versioned set of measures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    slug: str
    version: int
    name_en: str
    name_ko: str
    outline: float  # pixels of the heavy pen, whatever the figure's size
    detail: float  # pixels of the light pen
    shade: float  # opacity of the shadow side
    halo: float  # pixels of light round a figure on dark ground
    grain: float  # strength of the paper, in steps of 255
    hero: tuple[int, int]  # widest and tallest that a hero gets
    persona: int  # height of the bust above the lower edge

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


GRAIN = Preset(
    slug="grain", version=1, name_en="Grain", name_ko="결", outline=6.5, detail=4.5, shade=0.17, halo=9, grain=3.8,
    hero=(440, 390), persona=436,
)  # fmt: skip
PRESETS = {(GRAIN.slug, GRAIN.version): GRAIN}


def get_preset(slug: str, version: int) -> Preset:
    """The preset of that name and version; raises KeyError when there is none."""
    return PRESETS[slug, version]
