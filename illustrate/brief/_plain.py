"""Ordinary words, and words that are names: the tables behind `_names` and `phrases`."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from illustrate.brief._rules import load
from illustrate.render.motifs import all_motifs

_ENGLISH = load("phrases.toml")["english"]
SMALL = frozenset(_ENGLISH["small"].split())
DETERMINERS = frozenset(_ENGLISH["determiners"].split())
SAYING = frozenset(_ENGLISH["saying"].split())
DOING = frozenset(_ENGLISH["doing"].split())
UNITS = frozenset(_ENGLISH["units"].split())
# What somebody says or does in a headline: it stands beside a name without being part of it.
DONE = SAYING | frozenset(
    verb
    for key in ("doing", "headline_verbs")
    for verb in _ENGLISH[key].split()
    if verb.endswith(("s", "ed", "ing")) or verb in _ENGLISH["irregular"].split()
)


# -- Names ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tables:
    """Every key and word in small letters without accents."""

    roles: Mapping[str, str]  # as written -> the role
    surname_roles: frozenset[str]
    alone: frozenset[str]  # of these, the roles that need no name behind them: the Pope prays
    connectors: frozenset[str]  # small words inside names
    kinds: Mapping[str, str]  # what a name says of itself -> its kind
    places: Mapping[str, str]  # a country, city or company -> its kind
    known: Mapping[str, str]  # a surname that fills headlines -> the role
    openers: frozenset[str]
    given: frozenset[str]
    also_given: frozenset[str]  # given names that are words
    also_names: frozenset[str]  # surnames that are words, and those
    surnames: frozenset[str]  # Korean, in Latin letters
    syllables: frozenset[str]  # of Korean given names, in Latin letters


@cache
def tables() -> Tables:
    table = load("people.toml")
    kinds_of_places = {"countries": "country", "cities": "city", "companies": "company"}
    return Tables(
        roles={role: role for role in _listed(table["roles"])} | table["short_roles"],
        surname_roles=_words(table["surname_roles"]["words"]),
        alone=_words(table["surname_roles"]["alone"]),
        connectors=_words(table["connectors"]["words"]),
        kinds=table["kinds"],
        places={name: kind for key, kind in kinds_of_places.items() for name in _listed(table["places"][key])},
        known={name: role for role, names in table["known"].items() for name in names.split()},
        openers=_words(table["openers"]["words"]),
        given=_words(table["given"]["words"]),
        also_given=_words(table["also_given"]["words"]),
        also_names=_words(table["also_names"]["words"]) | _words(table["also_given"]["words"]),
        surnames=_words(table["korean_latin"]["surnames"]),
        syllables=_words(table["korean_latin"]["syllables"]),
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _listed(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.split(",")]


@lru_cache(maxsize=20_000)
def is_korean_given(word: str) -> bool:
    """Jae-in, Seo-yeon, Geun-hye-backed: two syllables of Korean names with a hyphen."""
    parts = word.split("-")
    return len(parts) > 1 and tables().syllables.issuperset(parts[:2])


# -- Ordinary words ------------------------------------------------------------------------------------------

_LETTERS = re.compile("[a-z]+")
_INFLECTED = (
    ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"),
)  # fmt: skip


@cache
def plain_words() -> frozenset[str]:
    """Every word that a phrase may be made of, but for its regular forms: the library's own, and plain_words.txt."""
    listed = (resources.files(__package__) / "plain_words.txt").read_text("utf-8").splitlines()
    own = [phrase for motif in all_motifs() for phrase in (*motif.phrases, motif.label_en)]
    table = load("people.toml")
    kinds = [table["roles"], *table["kinds"].values(), *table["short_roles"].values(), "people country city company"]
    words = {word for text in (*own, *kinds) for word in _LETTERS.findall(text.replace("'s", "")) if len(word) > 1}
    words |= DONE
    words.update(word for line in listed if not line.startswith("#") for word in line.split())
    return frozenset(words - _never_plain())


@cache
def _never_plain() -> frozenset[str]:
    return _words(load("people.toml")["not_plain"]["words"])


@lru_cache(maxsize=20_000)
def is_plain(word: str) -> bool:
    """Whether each part of a word in small letters is an ordinary English word, or a regular form of one."""
    return not is_korean_given(word) and all(_is_plain_part(part) for part in word.split("-"))


def _is_plain_part(word: str) -> bool:
    if word in plain_words() or word in SMALL:
        return True
    if not _LETTERS.fullmatch(word) or word in _never_plain() or word in tables().given:
        return False
    return any(root in plain_words() and root not in SMALL for root in _roots(word))


def _roots(word: str) -> Iterator[str]:
    for ending, own in _INFLECTED:
        root = word[: -len(ending)]
        if not word.endswith(ending) or len(root) < 3:
            continue
        if ending == "es" and not root.endswith(("s", "x", "z", "ch", "sh", "o")):
            continue
        yield root + own
        if ending in {"ed", "ing"} and root[-1] == root[-2]:
            yield root[:-1]


# -- Text ----------------------------------------------------------------------------------------------------

_HIDDEN = frozenset(("Cf", "Cc", "Mn", "Me", "Co", "Cs"))
_SPACES = str.maketrans(dict.fromkeys("\t\n\r\f\v_", " "))
_QUOTES = str.maketrans(dict.fromkeys("‘’ʼʹ′`´", "'"))
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|[@#][\w.'-]+")


def clean(text: str) -> str:
    """The text with letters in one form, without invisible ones and without addresses."""
    text = unicodedata.normalize("NFKC", html.unescape(text).translate(_SPACES))
    text = "".join(letter for letter in text if unicodedata.category(letter) not in _HIDDEN)
    return _ADDRESS.sub(" . ", text.translate(_QUOTES))


@lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    """In small letters without accents, as names are looked up."""
    marks = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in marks if unicodedata.category(letter) != "Mn")
