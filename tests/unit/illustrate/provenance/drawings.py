"""Drawings of nothing in particular, made in no time: what is in their files is what matters here."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from illustrate.types import Brief, Drawing, Rendered, Scores, Verdict

ALGORITHM = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

TITLE_HASH = "0123456789abcdef"
PAINTING = {
    "model": "/srv/models/house-painter",
    "revision": "3f1c09a7",
    "scheduler": "EulerDiscreteScheduler",
    "steps": 4,
    "adapter": {"name": "/srv/lora/house", "scale": 1.0, "revision": "12ab"},
    "seed": 9,
    "prompt": "a lighthouse by the sea",
    "prompt_version": "1",
    "people": "laid in",
    "figures": {"layout_kept": 0.9, "faces": 0.0},
}


def provenance(**given: Any) -> dict[str, Any]:
    return {
        "renderer": "composer",
        "renderer_version": "3",
        "preset": "grain/2",
        "seed": 7,
        "licence": "CC0-1.0",
        "digital_source_type": ALGORITHM,
        "photo": None,
        "refused": [],
        "drawn_at": "2026-11-26T10:00:00+00:00",
        "seconds": 0.2,
    } | given


def painted(**given: Any) -> dict[str, Any]:
    return provenance(renderer="diffusion", digital_source_type=COMPOSITE, painting=PAINTING, **given)


def brief(**given: Any) -> Brief:
    values: dict[str, Any] = {
        "title_hash": TITLE_HASH, "area": "climate", "topics": (), "language": "en", "hero": "lighthouse",
        "supports": (), "scene": "shore", "verb": "warn", "mood": "worry", "setting": "sea", "time_of_day": "dusk",
        "season": "", "register": "plain", "persona": True, "palette": "climate",
    }  # fmt: skip
    return Brief(**(values | given))


def drawing(how: dict[str, Any] | None = None) -> Drawing:
    return Drawing(
        brief=brief(),
        rendered=_rendered("wide", (1200, 675)),
        crops=(_rendered("square", (640, 640)), _rendered("tall", (640, 800))),
        scores=Scores(),
        verdict=Verdict("accept"),
        alt_en="A lighthouse by the sea.",
        alt_ko="바닷가에 있는 등대.",
        provenance=how or provenance(),
        seed=7,
        attempts=1,
    )


def _rendered(shape: str, size: tuple[int, int]) -> Rendered:
    ramp = np.linspace(0, 255, size[0], dtype=np.uint8)
    pixels = np.stack([np.tile(ramp, (size[1], 1))] * 3, axis=-1)
    return Rendered(svg="", image=Image.fromarray(pixels), parts={"shape": shape}, colour="#808080")
