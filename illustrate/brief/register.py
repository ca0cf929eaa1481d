"""Whether a headline tells of suffering, as a tiny head hears it: no model server, no embedder, no dictionary.

`sensitive` judges with an embedder, and asks the model server for it. This head is for when nobody answers there, and
for looking through many headlines. `distil` trains it to say what `sensitive` says.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from illustrate.brief import _register_head
from illustrate.brief._register_head import BrokenWeights, Head
from illustrate.brief._rules import Rule, load

__all__ = ["BrokenWeights", "chances", "is_sensitive_unaided", "tells_of_suffering", "threshold"]

logger = logging.getLogger(__name__)


def tells_of_suffering(headline: str) -> float:
    """The chance, 0..1, that it tells of death, violence, abuse or grave harm to people. Raises BrokenWeights."""
    return float(chances([headline])[0])


def chances(headlines: Sequence[str]) -> np.ndarray:
    """`tells_of_suffering` of many, float64 (n,); 25 µs each, where a lone one takes 150. Raises BrokenWeights."""
    return _head().chances(headlines)


def threshold() -> float:
    """The chance from which a headline is called one of suffering. Raises BrokenWeights."""
    return _head().threshold


def is_sensitive_unaided(headline: str) -> tuple[bool, str]:
    """`sensitive.is_sensitive` for when the model server does not answer. Raises nothing.

    Where the head cannot be read either, words that name death or violence decide alone.
    """
    try:
        chance = tells_of_suffering(headline)
        return (True, f"the small head ({chance:.2f})") if chance >= threshold() else (False, "")
    except BrokenWeights as error:
        logger.error("words alone tell the register of a headline: %s", error)
        return _by_words(headline)


@lru_cache(maxsize=1)
def _head() -> Head:
    return _register_head.read()


def _by_words(headline: str) -> tuple[bool, str]:
    table = load("sensitive.toml")
    bare = Rule.of(table["idioms"]).fitting(headline).sub(" ", headline)
    found = Rule.of(table["grave"]).fitting(headline).search(bare)
    return (True, f"words: {found.group(0).strip().lower()}") if found else (False, "")
