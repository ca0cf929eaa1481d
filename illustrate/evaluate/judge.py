"""A picture before its judge: each check with its figure, then accept, retry or reject, with the reason in words."""

from __future__ import annotations

from collections.abc import Iterable

from illustrate.brief._choose import DIGNIFIED
from illustrate.evaluate import _image, on_topic
from illustrate.types import Brief, Rendered, Scores, Subject, Verdict

# Bands found on contact sheets: what lies outside them was judged bare, cluttered or hard to make out.
EDGES_FROM, EDGES_TO = 0.008, 0.16
HERO_SHARE_FROM = 0.03
CONTRAST_FROM = 0.25
CUT_OFF_TO = 0.02
TWIN_BITS = 6  # of 64; from here on two pictures are told apart at card size
NOISY_SCENES = ("crowd", "dispute", "podium", "bubble", "stage")

ON_TOPIC = "on_topic"


def judge(
    rendered: Rendered, brief: Brief, subject: Subject, *, recent: Iterable[str] = (), is_last: bool = False
) -> tuple[Scores, Verdict]:
    """`recent` are perceptual hashes of the pictures around this one. `is_last`: a failure is a reject, not a retry."""
    scores = measure(rendered, brief, subject, recent=recent)
    if not scores.failed:
        return scores, Verdict("accept")
    return scores, Verdict("reject" if is_last else "retry", tuple(_REASONS[name] for name in scores.failed))


def measure(rendered: Rendered, brief: Brief, subject: Subject, *, recent: Iterable[str] = ()) -> Scores:
    hero = rendered.parts["hero"]
    evidence = on_topic.weigh(subject, rendered.parts, brief.register)
    perceptual_hash = _image.perceptual_hash(rendered.image)
    figures = {
        "edges": _image.edge_density(rendered.image),
        "hero_share": _image.hero_share(hero["box"]),
        "contrast": _image.hero_contrast(rendered.image, hero["box"]),
        "cut_off": max(
            [
                _image.cut_off(hero["box"]),
                *(_image.cut_off(head, open_below=True) for head in _image.heads(rendered.parts)),
            ]
        ),
        "twin_bits": float(_image.nearest_twin(perceptual_hash, recent)),
        "register": float(keeps_register(rendered, brief)),
        "topics": evidence.topics,
        "words": evidence.words,
        "desk": evidence.desk,
        ON_TOPIC: evidence.score,
    }
    passed = {
        "edges": EDGES_FROM <= figures["edges"] <= EDGES_TO,
        "hero_share": figures["hero_share"] >= HERO_SHARE_FROM,
        "contrast": figures["contrast"] >= CONTRAST_FROM,
        "cut_off": figures["cut_off"] <= CUT_OFF_TO,
        "twin_bits": figures["twin_bits"] >= TWIN_BITS,
        "register": bool(figures["register"]),
        ON_TOPIC: on_topic.is_accepted(evidence),
    }
    return Scores(
        figures={name: round(value, 4) for name, value in figures.items()},
        failed=tuple(name for name, good in passed.items() if not good),
        perceptual_hash=perceptual_hash,
    )


def keeps_register(rendered: Rendered, brief: Brief) -> bool:
    """A sensitive subject: nobody acts in the picture, its scene is quiet, and its motif harms nobody."""
    if brief.register != "restrained":
        return True
    parts = rendered.parts
    return (
        parts.get("persona") is None
        and not parts.get("others")
        and parts["scene"] not in NOISY_SCENES
        and parts["hero"]["key"] in DIGNIFIED
    )


_REASONS = {
    "edges": "too bare or too cluttered to read at card size",
    "hero_share": "the main thing is too small",
    "contrast": "the main thing does not stand out from its ground",
    "cut_off": "the frame cuts off the main thing or a face",
    "twin_bits": "it looks like a recent picture",
    "register": "too playful for a sensitive subject",
    ON_TOPIC: "what is drawn is not what the article is about",
}
