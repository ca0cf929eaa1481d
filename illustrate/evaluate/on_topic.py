"""Whether a picture is about its article, judged by other means than those that chose what is in it.

The brief compares an article's vector with its motifs' phrases. Here the article goes through the supervised topic
head, and so do the names and phrases of what was really drawn: two distributions over topics, compared as such. Beside
them stand plain words, weighed by how rare they are among all motifs, and the desk whose colours the picture wears.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from curation.topics.queries import areas, classified_text, classify
from illustrate.brief._words import content_words, stems, without_names
from illustrate.brief.sensitive import is_sensitive
from illustrate.render.motifs import all_motifs, get_motif
from illustrate.types import Subject

SUPPORT_SHARE = 0.4  # of a support beside the hero's 1
LEAD_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Evidence:
    """Three kinds, each 0 to 1."""

    topics: float  # overlap of the article's topics with the motifs'
    words: float  # rare words of the motifs that the article says
    desk: float  # the article's chance to be of the area whose colours the picture wears

    @property
    def score(self) -> float:
        return WEIGHT_TOPICS * self.topics + WEIGHT_WORDS * self.words + WEIGHT_DESK * self.desk


# Fitted by logistic regression on 320 true and 960 shuffled pairs, half of them without a text: at this threshold 95 %
# of the true and 7 % of the shuffled ones are accepted; without the desk, by what is drawn alone, 93 % and 11 %.
WEIGHT_TOPICS = 0.39
WEIGHT_WORDS = 0.32
WEIGHT_DESK = 0.29
ACCEPT_FROM = 0.35
# A candle is about any grief, whatever its topic; so much of a topic it is then worth.
MOURNING = 0.5


def is_accepted(evidence: Evidence) -> bool:
    return evidence.score >= ACCEPT_FROM


def weigh(subject: Subject, parts: Mapping[str, Any], register: str = "plain") -> Evidence:
    """`parts` as in Rendered: what was really drawn, not what was asked for; `register` as in Brief."""
    article = _article(subject.title, subject.text, subject.language)
    drawn = _drawn(parts)
    profile = sum(weight * _profile(key) for key, weight in drawn.items()) / sum(drawn.values())
    overlap = float(np.sqrt(article * profile).sum())
    if register == "restrained" and is_sensitive(subject.title, subject.text, subject.language)[0]:
        overlap = max(overlap, MOURNING)
    return Evidence(
        topics=overlap,
        words=_words(subject, drawn),
        desk=_desk(article, parts.get("palette", "")),
    )


def _drawn(parts: Mapping[str, Any]) -> dict[str, float]:
    return {support["key"]: SUPPORT_SHARE for support in parts.get("supports", [])} | {parts["hero"]["key"]: 1.0}


# -- Topics --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _slugs() -> tuple[str, ...]:
    return tuple(topic.slug for area in areas() for topic in area.topics)


def _distribution(scores: Mapping[str, float]) -> np.ndarray:
    """Scores are chances that need not sum to one; compared are their shares."""
    values = np.array([max(0.0, scores.get(slug, 0.0)) for slug in _slugs()])
    return values / (values.sum() or 1.0)


@lru_cache(maxsize=256)  # the attempts at one picture ask for the same article
def _article(title: str, text: str, language: str) -> np.ndarray:
    found = classify([classified_text(without_names(title, language), text)], [language])[0]
    return _distribution(dict(found.topics))


@lru_cache(maxsize=1024)
def _profile(key: str) -> np.ndarray:
    """The topics of what a motif is called and stands for, as the head sees them."""
    motif = get_motif(key)
    texts = [f"{motif.label_en}: {phrase}" for phrase in motif.phrases]
    rows = [_distribution(dict(each.topics)) for each in classify(texts, ["en"] * len(texts))]
    return np.asarray(np.mean(rows, axis=0))


def _desk(article: np.ndarray, area: str) -> float:
    return float(sum(share for slug, share in zip(_slugs(), article, strict=True) if _area_of(slug) == area))


@lru_cache(maxsize=256)
def _area_of(slug: str) -> str:
    return next(area.slug for area in areas() if any(topic.slug == slug for topic in area.topics))


# -- Words ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _rarity() -> dict[str, float]:
    counts = Counter(word for motif in all_motifs() for word in _own_words(motif.key))
    return {word: math.log(len(all_motifs()) / count) for word, count in counts.items()}


@lru_cache(maxsize=1024)
def _own_words(key: str) -> frozenset[str]:
    motif = get_motif(key)
    return frozenset(stems([motif.label_en, motif.key.replace("-", " "), *motif.phrases]))


def _words(subject: Subject, drawn: Mapping[str, float]) -> float:
    title = set(content_words(without_names(subject.title, subject.language), subject.language))
    lead = (
        set(content_words(" ".join(subject.text.split())[:LEAD_CHARACTERS], subject.language))
        if subject.text
        else set()
    )
    found = 0.0
    for key, weight in drawn.items():
        own = _own_words(key)
        found += weight * sum(_rarity()[word] * (1.0 if word in title else 0.4) for word in own & (title | lead))
    return 1 - math.exp(-found / 5)
