"""Which headlines tell of suffering: their pictures are restrained, without a persona and without a joke."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib import resources

import numpy as np

from curation.serving.queries import current_space, embed
from illustrate.brief._happening import examples as reading_examples
from illustrate.brief._happening import read_happening
from illustrate.brief._rules import Rule, load
from illustrate.brief._vectors import fixed_vectors
from illustrate.types import DARK_MOODS

# Words come first, because they can be checked; a small head over the embedding decides what words leave open.
# "Grave" words name death or violence and need the head only to be overruled; "loaded" words are as often
# figures of speech and need the head's agreement.
OVERRULE_BELOW = 0.06
AGREE_FROM = 0.4
FIGURATIVE_FROM = 0.5
# A character beside a grief is the worse mistake; a candle beside a birth is one too, so a doubtful meaning needs a
# mood that agrees.
ALONE_FROM = 0.45
ALONE_IN_DARK_MOOD_FROM = 0.28
LEAD_CHARACTERS = 400
UNTROUBLED = frozenset({"neutral", "joy", "hope", "calm", "curiosity", "surprise", "determination"})


@lru_cache(maxsize=1)
def _rules() -> tuple[Rule, Rule, Rule]:
    table = load("sensitive.toml")
    return Rule.of(table["grave"]), Rule.of(table["loaded"]), Rule.of(table["idioms"])


def is_sensitive(title: str, text: str = "", language: str = "en") -> tuple[bool, str]:
    """Whether a headline tells of death, violence, abuse or grave harm to people, and what says so."""
    return judge([(title, text, language)])[0]


def judge(subjects: list[tuple[str, str, str]]) -> list[tuple[bool, str]]:
    """`is_sensitive` for many (title, text, language), embedded in one go; the doubtful ones are read once more."""
    if not subjects:
        return []
    vectors = embed([title for title, _, _ in subjects], [language for _, _, language in subjects])
    weights, bias = _head()
    chances = 1 / (1 + np.exp(-(vectors @ weights + bias)))
    return [
        _decide(title, text, language, float(chance))
        for (title, text, language), chance in zip(subjects, chances, strict=True)
    ]


def _decide(title: str, text: str, language: str, chance: float) -> tuple[bool, str]:
    grave, loaded, idiom = (rule.fitting(title) for rule in _rules())
    bare = idiom.sub(" ", title)
    is_figurative = bare != title
    if (found := grave.search(bare)) and chance >= (FIGURATIVE_FROM if is_figurative else OVERRULE_BELOW):
        return True, f"words: {found.group(0).strip().lower()}"
    if (found := loaded.search(bare)) and chance >= (FIGURATIVE_FROM if is_figurative else AGREE_FROM):
        return True, f"words and meaning: {found.group(0).strip().lower()} ({chance:.2f})"
    if not is_figurative and chance >= ALONE_FROM:
        return True, f"meaning ({chance:.2f})"
    if not is_figurative and chance >= ALONE_IN_DARK_MOOD_FROM and read_happening(title, language).mood in DARK_MOODS:
        return True, f"meaning and mood ({chance:.2f})"
    lead = text[:LEAD_CHARACTERS]
    if not is_figurative and chance >= FIGURATIVE_FROM and (found := grave.search(idiom.sub(" ", lead))):
        return True, f"words of the lead: {found.group(0).strip().lower()}"
    return False, ""


RIDGE = 1.0


@lru_cache(maxsize=1)
def examples() -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Headlines, their languages, and 1 for those that tell of suffering."""
    table = (resources.files(__package__) / "sensitive_examples.tsv").read_text("utf-8")
    rows = list(csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    # Ordinary news too, or whatever is merely unlike the examples would look grave.
    ordinary = [
        row for row in reading_examples() if row["mood"] in UNTROUBLED and row["action"] not in {"die", "attack"}
    ]
    headlines = tuple(row["headline"] for row in (*rows, *ordinary))
    languages = (*(row["language"] for row in rows), *(row["lang"] for row in ordinary))
    labels = np.array([*(row["sensitive"] == "1" for row in rows), *(False for _ in ordinary)], dtype=np.float64)
    return headlines, languages, labels


def _head() -> tuple[np.ndarray, float]:
    return _fitted_head(current_space())


@lru_cache(maxsize=2)
def _fitted_head(space: object) -> tuple[np.ndarray, float]:
    """Logistic regression over our own labelled headlines, by Newton's method: 50 ms, so it is never stored."""
    headlines, languages, labels = examples()
    vectors = np.asarray(fixed_vectors(headlines, languages), dtype=np.float64)
    design = np.hstack([vectors, np.ones((len(vectors), 1))])
    penalty = np.full(design.shape[1], RIDGE)
    penalty[-1] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(12):
        chances = 1 / (1 + np.exp(-(design @ weights)))
        gradient = design.T @ (chances - labels) + penalty * weights
        hessian = (design * (chances * (1 - chances))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights[:-1].astype(np.float32), float(weights[-1])
