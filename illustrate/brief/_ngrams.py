"""Texts as hashed n-grams: letters in a row, words, and words side by side, without a dictionary or a tokenizer.

All texts of a call are hashed in one pass: with the running sums of a polynomial hash, the hash of any span is the
difference of two of them (Karp and Rabin, 1987), so a span of five letters costs as little as one of two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

LONGEST = 400  # characters of a text that are read; a headline has 30 to 150
AT_ONCE = 1 << 15  # characters that are hashed in one pass, at most

# How many letters in a row. Korean says in one or two syllables what takes English five letters.
LENGTHS = np.array((1, 2, 3, 4, 5))
IS_ENGLISH = np.array((False, False, True, True, True))
IS_KOREAN = np.array((True, True, True, True, False))
APART = (1, 2, 3)  # a pair's words are next to each other, or have one or two between them

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# Quotation marks tell a figure of speech from a report; an apostrophe within a word is none.
_QUOTE = re.compile(r"[\"“”‘’「」『』《》〈〉`´]|(?<!\w)'|'(?!\w)")
_CURLY_APOSTROPHE = re.compile(r"(?<=\w)’(?=\w)")
_BETWEEN = re.compile(r"[^\w\"']+|_+")
_SPACE = 0x20
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3


def plain(text: str) -> str:
    """What is hashed: lower case, every number a 0, all quotation marks alike, one space between words and at the ends.

    "" where nothing is left.
    """
    text = unicodedata.normalize("NFKC", text[:LONGEST]).lower()[:LONGEST]
    text = _QUOTE.sub(' " ', _CURLY_APOSTROPHE.sub("'", _NUMBER.sub("0", text)))
    words = _BETWEEN.sub(" ", text).split()
    return f" {' '.join(words)} " if words else ""


def hashed(texts: Sequence[str], bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Every n-gram of every text: int64 (n,) places of texts, and int64 (n,) buckets below 2**bits.

    An n-gram that stands twice in a text comes twice.
    """
    rows, buckets = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start, part in _parts(texts):
        row, code = _hashed(part)
        rows.append(row + start)
        buckets.append((_mixed(code) >> np.uint64(64 - bits)).astype(np.int64))
    return np.concatenate(rows), np.concatenate(buckets)


def _parts(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    start, size = 0, 0
    part: list[str] = []
    for place, text in enumerate(texts):
        text = plain(text)
        if size + len(text) > AT_ONCE:
            yield start, part
            start, size, part = place, 0, []
        part.append(text)
        size += len(text)
    yield start, part


# -- Hashes --------------------------------------------------------------------------------------------------

_BASE = 0x9E3779B97F4A7C15  # any odd number has an inverse modulo 2**64


def _powers(base: int) -> np.ndarray:
    powers = np.full(AT_ONCE + 1, base, dtype=np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


_POWERS, _INVERSES = _powers(_BASE), _powers(pow(_BASE, -1, 1 << 64))
_PAIR = np.uint64(0xD6E8FEB86659FD93)


def _hashed(part: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The place in `part` and the hash of every n-gram."""
    letters = np.frombuffer("".join(part).encode("utf-32-le"), dtype=np.uint32)
    owner = np.repeat(np.arange(len(part)), [len(text) for text in part])
    running = np.zeros(len(letters) + 1, dtype=np.uint64)
    np.cumsum(letters * _POWERS[: len(letters)], out=running[1:])

    def spans(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        return (running[end] - running[start]) * _INVERSES[start]

    is_space = letters == _SPACE
    syllables = np.zeros(len(letters) + 1, dtype=np.int64)
    np.cumsum((letters >= _FIRST_SYLLABLE) & (letters <= _LAST_SYLLABLE), out=syllables[1:])
    start = np.tile(np.arange(len(letters)), len(LENGTHS))
    kind = np.repeat(np.arange(len(LENGTHS)), len(letters))
    end = start + LENGTHS[kind]
    whole = end <= len(letters)
    start, kind, end = start[whole], kind[whole], end[whole]
    fits = np.where(syllables[end] > syllables[start], IS_KOREAN[kind], IS_ENGLISH[kind])
    fits &= owner[start] == owner[end - 1]
    start, kind, end = start[fits], kind[fits], end[fits]
    rows, codes = [owner[start]], [spans(start, end) + LENGTHS[kind].astype(np.uint64)]

    # A text begins and ends with a space, so its words lie between two of them.
    begins = np.flatnonzero(is_space[:-1] & ~is_space[1:]) + 1
    ends = np.flatnonzero(~is_space[:-1] & is_space[1:]) + 1
    words, whose = spans(begins, ends), owner[begins]
    rows.append(whose)
    codes.append(words + np.uint64(1 << 40))
    for apart in APART:
        together = whose[apart:] == whose[:-apart]
        rows.append(whose[apart:][together])
        # Words with one or with two others between them are one kind of pair.
        distance = np.uint64(min(apart, 2) << 41)
        codes.append((words[:-apart] * _PAIR + words[apart:] + distance)[together])
    return np.concatenate(rows), np.concatenate(codes)


def _mixed(code: np.ndarray) -> np.ndarray:
    """Bits spread over the whole number (the finaliser of splitmix64; Steele, Lea and Flood, 2014)."""
    code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return code ^ (code >> np.uint64(31))
