"""Which things stand for an article: by meaning, by its very words, and by what its desk usually draws."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from curation.serving.queries import current_space, embed, search_tokens
from curation.serving.types import Space
from illustrate.brief._rules import load
from illustrate.brief._vectors import fixed_vectors
from illustrate.brief._words import content_words, stems, without_brands, without_names
from illustrate.render.motifs import Motif, all_motifs
from illustrate.types import Subject

TITLE_SHARE = 0.65  # of the article's vector; the lead has the rest
LEAD_CHARACTERS = 400
BEST_PHRASE_SHARE = 0.75  # of a motif's similarity is its best phrase; the rest is its phrases' mean
KOREAN_PHRASE_SHARE = 0.4  # of a Korean text's similarity
AREA_BONUS = 0.045
WORD_BONUS = 0.24  # at most, for a title that names what the motif stands for
NAME_BONUS = 0.16  # for a title that names the thing itself
LEAD_WORD_SHARE = 0.3
FOREIGN_WORD_SHARE = 0.65  # of what words weigh where the motif belongs to another desk
BRIDGED_WORD_SHARE = 0.7  # of Korean words that reach us through English; the library's own Korean words count whole
COMMON = 60  # a word that so many motifs claim tells nothing
EARLY_CHARACTERS = 14
BEGINNING_SYLLABLES = 3  # a word so long is hardly the beginning of another
SURE_SYLLABLES = 4  # a word so long hides in no other by chance
TOPIC_BONUS = (0.1, 0.05, 0.03)  # for what the article's first, second, third topic is known by

SUPPORT_SIMILARITY = 0.45
AGAIN = 0.03  # for each time that a motif was the hero lately
SUPPORT_WORDS = (0.15, 0.28)  # or this much by its words, with so much similarity
SUPPORT_SHARE_OF_HERO = 0.55
SUPPORT_LIKENESS = 0.55  # to the hero, from which two motifs say the same thing twice
SUPPORTS = 2

# A best score below this is chance (of audited heroes below it two in three were wrong): the topic's emblem is not.
WEAK = 0.38

# Desks where a maker's name is no common word.
BRANDED = frozenset({"technology", "economy"})

# A weapon or a cell says something hard: only an article that says it too may show it.
HARD_WITHOUT_WORDS = -0.15


_HANGUL_RUN = re.compile("[가-힣]{3,}")


@dataclass(frozen=True, slots=True)
class Choice:
    motif: Motif
    score: float
    similarity: float
    words: float
    is_foreign: bool = False  # the motif belongs to other desks than the article

    @property
    def adds(self) -> bool:
        """Whether it is near enough to the article to stand beside the hero; by words only at its own desk."""
        if self.similarity >= SUPPORT_SIMILARITY:
            return True
        by_words, at_least = SUPPORT_WORDS
        return not self.is_foreign and self.words >= by_words and self.similarity >= at_least


def rank_motifs(subject: Subject, *, dignified: bool = False) -> list[Choice]:
    """Every motif, the most telling first."""
    similarity = _similarity(subject)
    evidence = _evidence(subject)
    emblems = load("emblems.toml")["topic"]
    topics = [(emblems.get(slug, ()), bonus) for slug, bonus in zip(subject.topics, TOPIC_BONUS, strict=False)]
    choices = []
    for motif, alike, words in zip(all_motifs(), similarity, evidence, strict=True):
        if dignified and motif.tone != "quiet":
            continue
        # A candle says nothing false of any desk's sorrow, so desks do not count there.
        is_foreign = bool(subject.area) and not dignified and subject.area not in motif.areas
        desk = 0.0 if dignified or not subject.area else -AREA_BONUS if is_foreign else AREA_BONUS
        # A bloated table is no stomach, a terminal no ward: elsewhere the same word is often another.
        words *= FOREIGN_WORD_SHARE if is_foreign else 1.0
        known = max((bonus for topic, bonus in topics if motif.key in topic), default=0.0)
        if motif.tone == "hard" and not words:
            known += HARD_WITHOUT_WORDS
        choices.append(Choice(motif, float(alike) + words + desk + known, float(alike), words, is_foreign))
    return sorted(choices, key=lambda choice: (-choice.score, choice.motif.key))


def pick_hero(
    ranked: Iterable[Choice],
    *,
    besides: Collection[str] = (),
    lately: Collection[str] = (),
    known: Collection[str] = (),
) -> Choice:
    """The best that can carry a picture alone and was not tried before; if all were, simply the first.

    What stands in the pictures drawn `lately` must be better than the next best by a little more each time. Where even
    the best is WEAK, what the subject's desk is `known` by goes before it.
    """
    heroes = [choice for choice in ranked if choice.motif.role == "hero"]
    seen = Counter(lately)

    def worth(choice: Choice) -> float:
        return choice.score - AGAIN * min(3, seen[choice.motif.key])

    untried = [choice for choice in heroes if choice.motif.key not in besides]
    if not untried:
        return heroes[0]
    best = max(untried, key=worth)
    if best.score >= WEAK:
        return best
    emblems = [
        choice for choice in untried
        if choice.motif.key in known and (choice.motif.tone != "hard" or choice.words)
    ]  # fmt: skip
    return max(emblems, key=worth, default=best)


def emblems_of(subject: Subject) -> tuple[str, ...]:
    """What the article's first topic is known by, and its desk."""
    table = load("emblems.toml")
    first = table["topic"].get(subject.topics[0], []) if subject.topics else []
    desk = table["area"].get(subject.area)
    return (*first, *([desk] if desk else []))


def pick_supports(ranked: Iterable[Choice], hero: Choice, *, limit: int = SUPPORTS) -> tuple[str, ...]:
    """Motifs that add something the hero does not say already."""
    chosen = [hero.motif]
    for choice in ranked:
        if len(chosen) > limit or choice.score < SUPPORT_SHARE_OF_HERO * hero.score:
            break
        if choice.adds and not any(_says_the_same(choice.motif, other) for other in chosen):
            chosen.append(choice.motif)
    return tuple(motif.key for motif in chosen[1:])


def _says_the_same(one: Motif, other: Motif) -> bool:
    if one.key == other.key or (one.kin and one.kin == other.kin):
        return True
    places, centres = _places(), _centres(current_space())
    return float(centres[places[one.key]] @ centres[places[other.key]]) >= SUPPORT_LIKENESS


def _plain(text: str, subject: Subject) -> str:
    text = without_names(text, subject.language)
    return without_brands(text) if subject.language != "ko" and subject.area in BRANDED else text


# -- By meaning ----------------------------------------------------------------------------------------------


def _similarity(subject: Subject) -> np.ndarray:
    lead = " ".join(subject.text.split())[:LEAD_CHARACTERS]
    texts = [_plain(text, subject) for text in (subject.title, lead) if text]
    vectors = embed(texts, [subject.language] * len(texts))
    vector = vectors[0] if len(vectors) == 1 else TITLE_SHARE * vectors[0] + (1 - TITLE_SHARE) * vectors[1]
    vector /= np.linalg.norm(vector) or 1.0
    alike = _likeness("en", vector)
    if subject.language == "ko":
        # What the bridge bends in a Korean headline, it bends in Korean phrases too.
        alike = (1 - KOREAN_PHRASE_SHARE) * alike + KOREAN_PHRASE_SHARE * _likeness("ko", vector)
    return alike


def _likeness(language: str, vector: np.ndarray) -> np.ndarray:
    """Per motif, how near its phrases in that language are to a text."""
    scores = _phrase_vectors(language) @ vector
    starts, counts = _spans(language)
    best = np.maximum.reduceat(scores, starts)
    mean = np.add.reduceat(scores, starts) / counts
    return np.asarray(BEST_PHRASE_SHARE * best + (1 - BEST_PHRASE_SHARE) * mean)


def _phrases(motif: Motif, language: str) -> tuple[str, ...]:
    return motif.phrases_ko if language == "ko" else motif.phrases


def all_phrases(language: str) -> list[str]:
    """What every motif can stand for, motif by motif."""
    return [phrase for motif in all_motifs() for phrase in _phrases(motif, language)]


def _phrase_vectors(language: str) -> np.ndarray:
    return _phrase_vectors_in(language, current_space())


@lru_cache(maxsize=4)
def _phrase_vectors_in(language: str, space: Space) -> np.ndarray:
    phrases = all_phrases(language)
    return fixed_vectors(phrases, [language] * len(phrases))


@lru_cache(maxsize=2)
def _spans(language: str) -> tuple[np.ndarray, np.ndarray]:
    counts = np.array([len(_phrases(motif, language)) for motif in all_motifs()])
    return np.concatenate([[0], np.cumsum(counts)[:-1]]), counts


@lru_cache(maxsize=2)
def _centres(space: Space) -> np.ndarray:
    """Per motif, the direction of its English phrases."""
    starts, _ = _spans("en")
    sums = np.add.reduceat(_phrase_vectors("en"), starts, axis=0)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True))


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    return {motif.key: place for place, motif in enumerate(all_motifs())}


# -- By words ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """Words, per motif: `names` of the thing itself, `phrases` of what it stands for."""

    names: tuple[tuple[str, ...], ...]
    phrases: tuple[tuple[tuple[str, ...], ...], ...]
    telling: dict[str, float]  # 1 for a word of one motif, 0 for a word of many
    claimants: dict[str, list[int]]  # the places of the motifs that a word speaks for


def _vocabulary_of(names: list[tuple[str, ...]], phrases: list[tuple[tuple[str, ...], ...]]) -> _Vocabulary:
    claimants: dict[str, list[int]] = {}
    for place, (own_names, own_phrases) in enumerate(zip(names, phrases, strict=True)):
        for word in {*own_names, *(word for phrase in own_phrases for word in phrase)}:
            claimants.setdefault(word, []).append(place)
    telling = {word: max(0.0, 1 - math.log(len(places)) / math.log(COMMON)) for word, places in claimants.items()}
    return _Vocabulary(tuple(names), tuple(phrases), telling, claimants)


@lru_cache(maxsize=1)
def _english() -> _Vocabulary:
    """Stems."""
    return _vocabulary_of(
        [tuple(stems([motif.key.replace("-", " ")])) for motif in all_motifs()],
        [tuple(tuple(stems([phrase])) for phrase in motif.phrases) for motif in all_motifs()],
    )


@lru_cache(maxsize=1)
def _korean() -> _Vocabulary:
    """Words of at least two syllables."""
    return _vocabulary_of(
        [tuple(word for word in motif.label_ko.split()[-1:] if len(word) > 1) for motif in all_motifs()],
        [tuple(words for phrase in motif.phrases_ko if (words := _korean_words(phrase))) for motif in all_motifs()],
    )


def _korean_words(phrase: str) -> tuple[str, ...]:
    """A phrase's words; joined where one is a single syllable, which tells nothing alone: 장 건강 is no 건강."""
    words = tuple(phrase.split())
    if all(len(word) > 1 for word in words):
        return words
    joined = "".join(words)
    return (joined,) if len(joined) > 1 else ()


def _evidence(subject: Subject) -> list[float]:
    """Per motif how plainly the text says its words; a Korean text by its own words and by those of its bridge."""
    title, lead = subject.title, " ".join(subject.text.split())[:LEAD_CHARACTERS]
    found = _weighed(_english(), _stems_said(title, subject), _stems_said(lead, subject))
    if subject.language != "ko":
        return found
    own = _weighed(_korean(), _words_said(title), _words_said(lead))
    return [max(mine, BRIDGED_WORD_SHARE * bridged) for mine, bridged in zip(own, found, strict=True)]


def _weighed(vocabulary: _Vocabulary, title: dict[str, float], lead: dict[str, float]) -> list[float]:
    out = [0.0] * len(vocabulary.names)
    said = {place for word in (*title, *lead) for place in vocabulary.claimants.get(word, ())}
    for place in said:
        names, phrases = vocabulary.names[place], vocabulary.phrases[place]
        told = _told(vocabulary, phrases, title) + LEAD_WORD_SHARE * _told(vocabulary, phrases, lead)
        out[place] = NAME_BONUS * _named(vocabulary, names, title) + WORD_BONUS * min(1.0, told)
    return out


def _named(vocabulary: _Vocabulary, names: tuple[str, ...], weights: dict[str, float]) -> float:
    """Whether the text names the thing; a compound's last word alone is half a name: a ship, of a container ship.

    A word that many share, a player, a door, is no name by itself.
    """
    if not names or names[-1] not in weights:
        return 0.0
    in_full = all(name in weights for name in names)
    own = max(vocabulary.telling[name] for name in (names if in_full else names[-1:]))
    return weights[names[-1]] * own**2 * (1.0 if in_full else 0.5)


def _told(vocabulary: _Vocabulary, phrases: tuple[tuple[str, ...], ...], weights: dict[str, float]) -> float:
    """How much of its best phrases the text says: of "street food" a street is only half."""
    telling = vocabulary.telling
    covered = sorted(
        (
            sum(telling[word] * weights[word] for word in phrase if word in weights)
            / (sum(telling[word] for word in phrase) + 0.25)
            for phrase in phrases
            if any(word in weights for word in phrase)
        ),
        reverse=True,
    )
    return sum(covered[:1]) + 0.4 * sum(covered[1:3])


def _stems_said(text: str, subject: Subject) -> dict[str, float]:
    """Each word's weight: what a sentence is about tends to stand early in it."""
    weights: dict[str, float] = {}
    for place, word in enumerate(content_words(_plain(text, subject), subject.language) if text else []):
        weights.setdefault(word, 1.0 if place < 4 else 0.75)
    return weights


def _words_said(text: str) -> dict[str, float]:
    """The library's Korean words that the text says in whole morphemes: 금리 in 기준금리는, but not 화재 in 문화재.

    A word that the morphemes cut apart is found where a word of the text begins with it: 지지율, 재건축.
    """
    if not text:
        return {}
    text = without_names(text, "ko")
    tokens = search_tokens([text], ["ko"])[0]
    runs = {"".join(tokens[i : i + long]) for long in (1, 2, 3) for i in range(len(tokens) - long + 1)}
    starts = {run[:BEGINNING_SYLLABLES] for run in _HANGUL_RUN.findall(text)}
    early = text[:EARLY_CHARACTERS]
    said = {
        word
        for word in _korean().telling
        if word in runs or word in starts or (len(word) >= SURE_SYLLABLES and word in text)
    }
    return {word: 1.0 if word in early else 0.85 for word in said}
