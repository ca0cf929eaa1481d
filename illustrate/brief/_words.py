"""A headline as plain English words: names of people out, Korean through the bridge, endings cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from curation.serving.queries import bridge, bridged
from illustrate.brief._rules import load

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]|[A-Za-z]")
_TABLE = load("words.toml")
_EMPTY = frozenset(_TABLE["empty"].split())
_GIVEN = frozenset(_TABLE["given_names"].split())
_SURNAME = r"(?:(?:van|von|de|der|den|bin|al|da|di|del)\s+)*[A-Z][\w'’-]+"
_TITLED = re.compile(rf"\b({'|'.join(_TABLE['titles'].split())})\.?\s+{_SURNAME}(?:\s+{_SURNAME})*")
_PAIR = re.compile(rf"\b([A-Z][a-z]+)(?:\s+[A-Z]\.?)?(?:\s+{_SURNAME}){{1,2}}")
_BRAND = re.compile(rf"\b(?:{'|'.join(_TABLE['brands'].split())})(?:['’]s)?\b")
_KOREAN_SURNAMES = frozenset(_TABLE["korean_surnames"])
_KOREAN_PERSON = re.compile(
    rf"[가-힣]{{2,4}}(?= ?(?:씨|군|양|전 )?(?:{'|'.join(_TABLE['korean_titles'].split())})(?:[^가-힣]|$))"
)


# 군 is a county where county things follow, else an army, a syndrome, a group: the bridge would make soldiers of all.
_COUNTY = re.compile(
    r"(?<![가-힣])([가-힣]{2,3})군"
    r"(?= ?(?:군수|군청|군의회|군민|주민|읍|마을|농가|공문서|보건소|축제|특산|어르신|관내|이장))"
)


# A weekday in brackets is no gold, 10배 no ship, and LG배 a cup.
_NOISE = re.compile(
    r"\([월화수목금토일]\)|(?<=[\dA-Za-z])배(?=(?:로|나|를|의|에|가|는|가량|이상|까지|씩)?(?:[^가-힣]|$))"
)
# What the bridge makes of a name that was not taken out; and a heat or a cold that has no water in it.
_BRIDGED_NAME = re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+-[a-z]+\b")
_DRY_WAVE = re.compile(r"\b(heat|cold) ?wave", re.IGNORECASE)


def without_names(text: str, language: str) -> str:
    """The text without what is plainly a person's name, and without words that would mislead whoever draws them.

    A title stays: "President Rossi" is a president.
    """
    if language == "ko":
        text = _NOISE.sub(" ", _COUNTY.sub(r"\1 고을", text))
        return _KOREAN_PERSON.sub(
            lambda found: " " if len(found[0]) == 3 and found[0][0] in _KOREAN_SURNAMES else found[0], text
        )
    text = _DRY_WAVE.sub(r"\1", text)
    text = _PAIR.sub(lambda found: " " if found[1].lower() in _GIVEN else found[0], text)
    return _TITLED.sub(lambda found: found[1], text)


def without_brands(text: str) -> str:
    """An English text without what its desk means as a maker's name: no apple for a telephone.

    The first word is capital anyway: it is a name only where it owns something.
    """
    bare = _BRAND.sub(lambda found: found[0] if found.start() == 0 and not found[0].endswith("s") else " ", text)
    return bare if bare.strip() else text


@lru_cache(maxsize=4096)
def as_english(text: str, language: str) -> str:
    """English words that carry the text's meaning; of Korean, what the bridge makes of it, without its slips."""
    return _mended(bridge(text)) if language == "ko" else text


def _mended(bridged_text: str) -> str:
    return _DRY_WAVE.sub(r"\1", _BRIDGED_NAME.sub(" ", bridged_text))


def content_words(text: str, language: str) -> list[str]:
    """Stems of the words that mean something, in order. Mid-sentence capitals are names and stay out."""
    return _content_words(as_english(text, language), language)


def content_words_of(texts: Sequence[str], languages: Sequence[str]) -> list[list[str]]:
    """`content_words` of many texts, bridged in one go."""
    return [
        _content_words(_mended(english) if language == "ko" else english, language)
        for english, language in zip(bridged(texts, languages), languages, strict=True)
    ]


def _content_words(english: str, language: str) -> list[str]:
    found = _WORD.findall(english)
    if language != "ko" and _is_sentence_case(found):
        found = [word for place, word in enumerate(found) if place == 0 or not word[0].isupper() or word.isupper()]
    return [stem(word) for part in found for word in part.lower().split("-") if word not in _EMPTY and len(word) > 1]


def _is_sentence_case(words: list[str]) -> bool:
    longer = [word for word in words[1:] if len(word) > 3]
    return not longer or sum(word[0].isupper() for word in longer) < 0.5 * len(longer)


_ENDINGS = (
    ("sses", "ss"), ("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"),
    ("'s", ""), ("’s", ""), ("s'", ""), ("s’", ""),
)  # fmt: skip
# One vowel between consonants: the final e tells care from car, plane from plan.
_SHORT = re.compile(r"[^aeiouy]*[aeiouy][^aeiouwxy]$")
_IN_S = {"bus", "gas", "lens", "virus", "campus", "bonus", "census", "chorus", "iris", "plus"}
# f becomes v in these.
_LEAVES = dict.fromkeys(("lea", "loa", "hal", "wol", "shel", "thie", "cal", "hoo", "scar", "el"), "f")
_LEAVES |= dict.fromkeys(("kni", "li", "wi"), "fe")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Plural and verb endings off: enough to match a headline's word with a phrase's, no more."""
    word = word.lower()
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            word = word[: -len(ending)] + replacement
            break
    else:
        if word.endswith("ves") and word[:-3] in _LEAVES:
            word = word[:-3] + _LEAVES[word[:-3]]
        elif word.endswith("ses") and word[:-2] in _IN_S:
            word = word[:-2]
        elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and word not in _IN_S and len(word) > 3:
            word = word[:-1]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= 3 and re.search("[aeiouy]", root):
            if root[-1] == root[-2] and root[-1] not in "lsz":
                return root[:-1]
            return f"{root}e" if _SHORT.match(root) else root.rstrip("e")
    return word.rstrip("e") if len(word) > 3 and not _SHORT.match(word[:-1]) else word


def stems(texts: Iterable[str]) -> list[str]:
    """Of texts that are English and hold no names: a motif's own phrases."""
    return [
        stem(word) for text in texts for word in _WORD.findall(text.lower()) if word not in _EMPTY and len(word) > 1
    ]
