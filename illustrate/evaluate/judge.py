"""A picture before its judge: each check with its figure, then accept, retry or reject, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from illustrate.evaluate import _image, on_topic
from illustrate.render.motifs import get_motif
from illustrate.render.presets import get_preset
from illustrate.render.scenes import is_quiet
from illustrate.render.stage import Stage
from illustrate.types import Brief, Rendered, Scores, Subject, Verdict

# Bands found on contact sheets: what lies outside them was judged bare, cluttered or hard to make out.
EDGES_FROM, EDGES_TO = 0.008, 0.16
HERO_SHARE_FROM = 0.03
CONTRAST_FROM = 0.25
CUT_OFF_TO = 0.02
COVERED_TO = 0.3  # of a thing's box; boxes have empty corners, so a third may meet and nothing is hidden
FACE_COVERED_TO = 0.12
TWIN_BITS = 6  # of 64; from here on two pictures are told apart at card size

ON_TOPIC = "on_topic"


def judge(
    rendered: Rendered,
    brief: Brief,
    subject: Subject,
    *,
    crops: Iterable[Stage] = (),
    recent: Iterable[str] = (),
    is_last: bool = False,
) -> tuple[Scores, Verdict]:
    """`crops` are the same scene laid out for the other frames; `recent` perceptual hashes of the pictures around this
    one. `is_last`: a failure is a reject, not a retry.
    """
    scores = measure(rendered, brief, subject, crops=crops, recent=recent)
    if not scores.failed:
        return scores, Verdict("accept")
    return scores, Verdict("reject" if is_last else "retry", tuple(reason(name, scores) for name in scores.failed))


def measure(
    rendered: Rendered, brief: Brief, subject: Subject, *, crops: Iterable[Stage] = (), recent: Iterable[str] = ()
) -> Scores:
    seen = measure_image(rendered, brief, crops=crops, recent=recent)
    evidence = on_topic.weigh(subject, rendered.parts, brief.register)
    weighed = {
        "topics": evidence.topics,
        "words": evidence.words,
        "desk": evidence.desk,
        ON_TOPIC: evidence.score,
    }
    return Scores(
        figures={**seen.figures, **{name: round(value, 4) for name, value in weighed.items()}},
        failed=(*seen.failed, *(() if on_topic.is_accepted(evidence) else (ON_TOPIC,))),
        perceptual_hash=seen.perceptual_hash,
    )


def measure_image(
    rendered: Rendered, brief: Brief, *, crops: Iterable[Stage] = (), recent: Iterable[str] = ()
) -> Scores:
    """What can be told of a picture without the article and without a model."""
    hero = rendered.parts["hero"]
    preset = get_preset(brief.preset, brief.preset_version)
    perceptual_hash = _image.perceptual_hash(rendered.image)
    figures = {
        "edges": _image.edge_density(rendered.image, screened=preset.print),
        "hero_share": _image.hero_share(hero["box"], rendered.image.size),
        "contrast": _image.hero_contrast(rendered.image, hero["box"], screened=preset.print),
        "twin_bits": float(_image.nearest_twin(perceptual_hash, recent)),
        "register": float(keeps_register(rendered, brief)),
    } | _worst([
        framing(rendered.parts, rendered.image.size), *(framing(crop.parts, crop.frame.pixels) for crop in crops)
    ])  # fmt: skip
    passed = {
        "edges": EDGES_FROM <= figures["edges"] <= EDGES_TO,
        "hero_share": figures["hero_share"] >= HERO_SHARE_FROM,
        "contrast": figures["contrast"] >= CONTRAST_FROM,
        "twin_bits": figures["twin_bits"] >= TWIN_BITS,
        "register": bool(figures["register"]),
    } | {name: figures[name] <= most for name, most in _FRAMING.items()}
    return Scores(
        figures={name: round(value, 4) for name, value in figures.items()},
        failed=tuple(name for name, good in passed.items() if not good),
        perceptual_hash=perceptual_hash,
    )


_FRAMING = {"cut_off": CUT_OFF_TO, "face_cut": CUT_OFF_TO, "overlap": COVERED_TO, "face_covered": FACE_COVERED_TO}


def framing(parts: Mapping[str, Any], size: tuple[int, int]) -> dict[str, float]:
    """What the frame cuts off, and what hides what: shares of boxes, the worst of each."""
    hero, heads = parts["hero"]["box"], _image.heads(parts)
    supports = [support["box"] for support in parts.get("supports", [])]
    players = list(parts.get("players", []))
    faces = [person["face"] for person in (parts.get("persona"), *parts.get("others", [])) if person]
    return {
        "cut_off": max(_image.cut_off(box, size) for box in (hero, *supports)),
        "face_cut": max((_image.cut_off(head, size) for head in heads), default=0.0),
        "overlap": max(
            _image.covered(hero, [*supports, *heads, *players]),
            *(_image.covered(box, [hero, *heads, *players]) for box in supports),
            0.0,
        ),
        "face_covered": max((_image.covered(face, [hero, *supports]) for face in faces), default=0.0),
    }


def _worst(frames: list[dict[str, float]]) -> dict[str, float]:
    """The worst of each figure over all frames: a picture is accepted when every crop of it is whole."""
    return {name: max(each[name] for each in frames) for name in frames[0]}


def keeps_register(rendered: Rendered, brief: Brief) -> bool:
    """A sensitive subject: nobody acts in the picture, its scene is quiet, and its motif harms nobody."""
    if brief.register != "restrained":
        return True
    parts = rendered.parts
    return (
        parts.get("persona") is None
        and not parts.get("others")
        and is_quiet(parts["scene"])
        and get_motif(parts["hero"]["key"]).tone == "quiet"
    )


_REASONS = {
    "edges": f"too bare or too cluttered for a card: {{:.3f}} of it are edges, not {EDGES_FROM} to {EDGES_TO}",
    "hero_share": f"the main thing is too small: {{:.0%}} of the picture, at least {HERO_SHARE_FROM:.0%}",
    "contrast": f"the main thing does not stand out from its ground: {{:.0%}} of it does, at least {CONTRAST_FROM:.0%}",
    "cut_off": "the frame cuts off {:.0%} of a thing",
    "face_cut": "the frame cuts off {:.0%} of a head",
    "overlap": f"{{:.0%}} of one thing is hidden behind another, at most {COVERED_TO:.0%}",
    "face_covered": "{:.0%} of a face is hidden",
    "twin_bits": f"it looks like a recent picture: {{:.0f}} of 64 bits apart, at least {TWIN_BITS}",
    "register": "too playful for a sensitive subject",
    ON_TOPIC: f"what is drawn is not what the article is about: {{:.2f}} of evidence, at least {on_topic.ACCEPT_FROM}",
}


def reason(name: str, scores: Scores) -> str:
    """Why a check failed, in words and with its figure."""
    return _REASONS[name].format(scores.figures[name])
