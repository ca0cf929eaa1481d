"""What a picture costs: the whole way from an article's words, and the drawing alone beside what resvg needs for it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import resvg_py

from benchmarks._newsroom import articles
from illustrate import pipeline
from illustrate.render import composer
from illustrate.render._encode import encode_webp
from illustrate.types import Subject

PICTURES = {"en": 16, "ko": 8}
ROUNDS = 3


def run() -> dict[str, float]:
    subjects = [
        Subject(article["title"], article["body"], language, article["area"])
        for language, count in PICTURES.items()
        for article in articles(language)[:count]
    ]
    pipeline.make(subjects[0], preset="grain", seed=0)  # loads models, motifs and paper
    whole, ratio, encode = [], [], []
    for seed, subject in enumerate(subjects):
        began = time.perf_counter()
        drawing = pipeline.make(subject, preset="grain", seed=seed)
        whole.append((time.perf_counter() - began) * 1000)

        brief, used, svg, image = drawing.brief, drawing.seed, drawing.rendered.svg, drawing.rendered.image
        drawn = _milliseconds(lambda brief=brief, seed=used: composer.compose(brief, seed=seed))
        rasterised = _milliseconds(lambda svg=svg: resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
        ratio.append(drawn / rasterised)
        encode.append(_milliseconds(lambda image=image: encode_webp(image)))
    return {
        "over_rasteriser_ratio_p50": statistics.median(ratio),
        "ms_per_picture_p50": statistics.median(whole),
        "encode_ms_p50": statistics.median(encode),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    """The fastest of some rounds: what is left when nothing else got in the way."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds) * 1000
