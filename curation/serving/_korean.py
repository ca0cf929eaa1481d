"""Korean text as morphemes; the analyser takes seconds to load and is loaded once, by whoever first needs it."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import NamedTuple

# The analyser numbers its tags first and its dictionary after them: a guessed word carries the number of its tag.
_FIRST_ENTRY = 100
_lock = threading.Lock()  # lru_cache alone would let two threads load the analyser at once


class Morpheme(NamedTuple):
    form: str
    tag: str  # the Sejong tag set, as kiwipiepy gives it: NNG, NNP, VV …
    start: int
    end: int
    in_dictionary: bool = True


@lru_cache(maxsize=1)
def _analyser():
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


def load() -> None:
    with _lock:
        _analyser()


def morphemes(text: str) -> list[Morpheme]:
    load()
    return [
        Morpheme(
            token.form,
            token.tag.removesuffix("-I").removesuffix("-R"),
            token.start,
            token.start + token.len,
            token.id >= _FIRST_ENTRY,
        )
        for token in _analyser().tokenize(text)
    ]


def is_hangul(character: str) -> bool:
    return "가" <= character <= "힣"


def is_korean(text: str, language: str) -> bool:
    """The label decides, unless the text plainly contradicts it: feeds mislabel their languages."""
    letters = [character for character in text if character.isalpha()]
    hangul = sum(map(is_hangul, letters))
    if language == "ko":
        return any(is_hangul(letter) or "一" <= letter <= "鿿" for letter in letters)
    return hangul > 0.3 * len(letters)
