"""Headlines that nobody wrote, by a grammar of our own: as many as training asks for, and each with what it tells.

The notation stands at the head of invented_en.toml.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from illustrate.brief._rules import load


@dataclass(frozen=True, slots=True)
class _Either:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    parts: tuple[_Part, ...]


_Part = str | _Either | _Row


class BadGrammar(ValueError):
    """A phrase that cannot be read, or names a list that is not there."""


def phrases(language: str, kind: str) -> int:
    """How many phrases there are of a kind, "grave" or "plain"."""
    return len(_grammar(language)[kind])


def invent(language: str, kind: str, *, each: int, seed: int) -> list[str]:
    """`each` headlines of every phrase of the kind, "grave" or "plain"; the same for the same seed."""
    chooser = random.Random(f"{seed} {language} {kind}")
    return [
        " ".join(_said(phrase, chooser).replace(" ,", ",").split())
        for phrase in _grammar(language)[kind]
        for _ in range(each)
    ]


def _said(part: _Part, chooser: random.Random) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, _Either):
        return _said(chooser.choice(part.parts), chooser)
    return "".join(_said(each, chooser) for each in part.parts)


@cache
def _grammar(language: str) -> Mapping[str, tuple[_Part, ...]]:
    table = load(f"invented_{language}.toml")
    slots = {name: _Either(tuple(words)) for name, words in table["slots"].items()}
    return {kind: tuple(_Reader(each, slots).phrase() for each in table["phrases"][kind]) for kind in table["phrases"]}


class _Reader:
    """One phrase, read from left to right."""

    def __init__(self, text: str, slots: Mapping[str, _Part]) -> None:
        self.text, self.slots, self.place = text, slots, 0

    def phrase(self) -> _Part:
        part = self._either()
        if self.place < len(self.text):
            raise BadGrammar(f"a bracket is closed that nobody opened: {self.text!r}, at {self.place}")
        return part

    def _either(self) -> _Part:
        parts = [self._row()]
        while self._next_is("|"):
            parts.append(self._row())
        return parts[0] if len(parts) == 1 else _Either(tuple(parts))

    def _row(self) -> _Part:
        parts: list[_Part] = []
        while self.place < len(self.text) and self.text[self.place] not in "|)":
            part = self._one()
            parts.append(_Either((part, "")) if self._next_is("?") else part)
        return _Row(tuple(parts))

    def _one(self) -> _Part:
        if self._next_is("("):
            part = self._either()
            if not self._next_is(")"):
                raise BadGrammar(f"a bracket stays open: {self.text!r}")
            return part
        if self._next_is("{"):
            name, _, _ = self.text[self.place :].partition("}")
            self.place += len(name) + 1
            if name not in self.slots:
                raise BadGrammar(f"{name!r} is no list: {self.text!r}")
            return self.slots[name]
        self.place += 1
        return self.text[self.place - 1]

    def _next_is(self, letter: str) -> bool:
        is_next = self.text.startswith(letter, self.place)
        self.place += is_next
        return is_next
