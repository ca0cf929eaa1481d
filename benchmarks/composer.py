"""What a picture costs: the whole way from an article's words, and the drawing alone beside what resvg needs for it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import resvg_py

from benchmarks._newsroom import articles
from illustrate import pipeline
from illustrate.render import composer
from illustrate.render.frames import SHAPES
from illustrate.types import Subject

PICTURES = {"en": 16, "ko": 8}
ROUNDS = 3


def run() -> dict[str, float]:
    """Ratios and milliseconds, medians over 24 articles.

    over_rasteriser_ratio_p50: brief to pixels of the wide picture ÷ resvg alone on the same SVG
    ms_per_picture_p50: brief to pixels of the wide picture
    encode_ms_p50: every file of it, from pixels: three widths, the crops, the share card
    crops_ms_p50: brief to pixels of the square and the tall one
    whole_ms_p50: the whole way: reading, choosing, drawing, judging, all frames
    """
    subjects = [
        Subject(article["title"], article["body"], language, article["area"])
        for language, count in PICTURES.items()
        for article in articles(language)[:count]
    ]
    for subject in subjects:  # loads models, motifs and paper
        pipeline.make(subject, preset="", seed=0)
    whole, drawn, ratio, crops, encode = [], [], [], [], []
    for subject in subjects:
        began = time.perf_counter()
        drawing = pipeline.make(subject, preset="", seed=0)
        whole.append((time.perf_counter() - began) * 1000)

        brief, used, svg = drawing.brief, drawing.seed, drawing.rendered.svg
        composed = _milliseconds(lambda brief=brief, seed=used: composer.compose(brief, seed=seed))
        rasterised = _milliseconds(lambda svg=svg: resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True))
        drawn.append(composed)
        ratio.append(composed / rasterised)
        crops.append(
            _milliseconds(
                lambda brief=brief, seed=used: [composer.compose(brief, seed=seed, shape=shape) for shape in SHAPES[1:]]
            )
        )
        encode.append(_milliseconds(lambda made=drawing, title=subject.title: pipeline.encode(made, title)))
    return {
        "over_rasteriser_ratio_p50": statistics.median(ratio),
        "ms_per_picture_p50": statistics.median(drawn),
        "encode_ms_p50": statistics.median(encode),
        "crops_ms_p50": statistics.median(crops),
        "whole_ms_p50": statistics.median(whole),
    }


def _milliseconds(work: Callable[[], object]) -> float:
    """The fastest of some rounds: what is left when nothing else got in the way."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds) * 1000
