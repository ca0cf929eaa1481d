"""What happens in a headline and what that means to people, learned from labelled headlines of our own.

A single word misleads ("unemployment falls", "prices fall for farmers"), so meaning decides together with the words:
one linear head over the headline's vector and its words for the action, one for the mood. Fitting takes some
seconds once a process, the vectors of the examples are kept on disk; the heads themselves are never stored.
"""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise

import numpy as np

from curation.serving.queries import current_space, embed
from curation.serving.types import Space
from illustrate.brief._vectors import fixed_vectors
from illustrate.brief._words import content_words, content_words_of, without_names
from illustrate.types import BRIGHT_MOODS, DARK_MOODS

BUCKETS = 4096  # that words and pairs of words are hashed into
WORDS = 0.7  # length of the words' part beside the vector's 1
RIDGE = 2.0
# A glad mood must lead the likeliest sorry one by so much, or nobody smiles.
SURE = 0.085
# By so much must an action lead the next to be plain. On 240 headlines by somebody else 0.87 are right from here on,
# 0.47 below.
PLAIN = 0.05


@dataclass(frozen=True, slots=True)
class Happening:
    """`action` is "" where nothing in particular happens; `mood` is one of MOODS."""

    action: str
    is_plain: bool  # the action is hardly another one
    mood: str


@dataclass(frozen=True, slots=True)
class _Heads:
    actions: tuple[str, ...]
    moods: tuple[str, ...]
    action_weights: np.ndarray  # float32 (features, actions)
    mood_weights: np.ndarray


def read_happening(title: str, language: str) -> Happening:
    """Raises what the model server raises."""
    return _read(title, language, current_space())


@lru_cache(maxsize=256)  # the register asks, then the brief
def _read(title: str, language: str, space: Space) -> Happening:
    text = without_names(title, language)
    words = _words(title, language, content_words(title, language))
    features = np.hstack([embed([text], [language], space)[0], WORDS * words])
    heads = _heads(space)
    by_action = features @ heads.action_weights
    action = _best(by_action, heads.actions)
    second, first = np.sort(by_action)[-2:]
    scores = features @ heads.mood_weights
    mood = _best(scores, heads.moods)
    # Smiling at trouble is the worst mistake that a picture makes: where trouble is as likely, nobody smiles.
    if mood in BRIGHT_MOODS:
        dark = max(score for score, name in zip(scores, heads.moods, strict=True) if name in DARK_MOODS)
        if scores[heads.moods.index(mood)] - dark < SURE:
            mood = "neutral"
    return Happening("" if action == "none" else action, bool(first - second >= PLAIN), mood)


def _best(scores: np.ndarray, names: tuple[str, ...]) -> str:
    return names[int(scores.argmax())]


def _words(text: str, language: str, words: list[str]) -> np.ndarray:
    """Words and pairs of them, hashed, of unit length; in Korean also pairs of syllables, for what has no noun."""
    found = words + [f"{one} {other}" for one, other in pairwise(words)]
    if language == "ko":
        run = "".join(text.split())
        found += [f"ko{run[i : i + 2]}" for i in range(len(run) - 1)]
    out = np.zeros(BUCKETS, dtype=np.float32)
    for word in found:
        out[zlib.crc32(word.encode()) % BUCKETS] += 1
    return out / (np.linalg.norm(out) or 1.0)


@cache
def examples() -> list[dict[str, str]]:
    """Rows of headline, lang, action, mood."""
    folder = resources.files(__package__)
    return [
        row
        for language in ("en", "ko")
        for row in csv.DictReader(
            (folder / f"reading_examples_{language}.tsv").read_text("utf-8").splitlines(),
            delimiter="\t",
            quoting=csv.QUOTE_NONE,
        )
    ]


def example_texts() -> tuple[list[str], list[str]]:
    """The examples as they are embedded, and their languages."""
    rows = examples()
    return [without_names(row["headline"], row["lang"]) for row in rows], [row["lang"] for row in rows]


@lru_cache(maxsize=2)
def _heads(space: Space) -> _Heads:
    rows = examples()
    texts, languages = example_texts()
    headlines = [row["headline"] for row in rows]
    found = content_words_of(headlines, languages)
    words = np.array([_words(*each) for each in zip(headlines, languages, found, strict=True)])
    design = np.hstack([fixed_vectors(texts, languages), WORDS * words])
    # Fewer examples than features: ridge regression in its dual form.
    gram = design @ design.T + RIDGE * np.eye(len(design), dtype=np.float32)
    actions, moods = (tuple(sorted({row[what] for row in rows})) for what in ("action", "mood"))

    def fitted(what: str, names: tuple[str, ...]) -> np.ndarray:
        wanted = np.array([[float(row[what] == name) - 1 / len(names) for name in names] for row in rows])
        return np.asarray(design.T @ np.linalg.solve(gram, wanted.astype(np.float32)), dtype=np.float32)

    return _Heads(actions, moods, fitted("action", actions), fitted("mood", moods))
