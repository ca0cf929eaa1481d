"""What drops candidates. Each filter answers with a mask: true stays."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from curation.ranking.types import Integers, Mask, Pool, Reader

_HANGUL = re.compile(r"[ㄱ-ㆎ가-힣]")
_LATIN = "0-9A-Za-zÀ-ÖØ-öø-ɏ"  # a Korean particle may follow an English word at once: "AI가"


class Filter:
    """Answers with a mask: true stays. `known` are ids that it would drop from any pool: they need not enter one."""

    def __call__(self, pool: Pool, reader: Reader) -> Mask:
        raise NotImplementedError

    def known(self, reader: Reader) -> Integers:
        return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class SeenFilter(Filter):
    """Drops what was read, and what was seen on `most` slates without being opened."""

    most: int = 2

    def __call__(self, pool: Pool, reader: Reader) -> Mask:
        return ~np.isin(pool.ids, np.concatenate([reader.read, self.known(reader)]))

    def known(self, reader: Reader) -> Integers:
        return reader.seen.ids[(reader.seen.slates >= self.most) | reader.seen.opened]


@dataclass(frozen=True)
class ReadFilter(Filter):
    """Drops what was read, and nothing else: what SeenFilter becomes when it would leave an empty page."""

    def __call__(self, pool: Pool, reader: Reader) -> Mask:
        return ~np.isin(pool.ids, reader.read)


@dataclass(frozen=True)
class HiddenFilter(Filter):
    """Drops what the reader hid."""

    def __call__(self, pool: Pool, reader: Reader) -> Mask:
        return ~np.isin(pool.ids, reader.hidden)


@dataclass(frozen=True)
class HiddenSourceFilter(Filter):
    """Drops what comes from a source that the reader hid; on that source's own page it has no place."""

    def __call__(self, pool: Pool, reader: Reader) -> Mask:
        return ~np.isin(pool.sources, np.array(reader.profile.hidden_sources, dtype=np.int64))


@dataclass(frozen=True)
class MutedWordFilter(Filter):
    """Drops articles whose title or summary holds a muted word.

    Korean words match anywhere, as particles and endings stick to them; other words match whole, in either case.
    """

    def __call__(self, pool: Pool, reader: Reader) -> Mask:
        kept = np.ones(len(pool), dtype=np.bool_)
        words = muted_words(reader.profile.muted_words)
        if not words or not len(pool):
            return kept
        # One pass of one expression over all texts; a NUL keeps a match from reaching over to the next text.
        texts = [_normal(text).replace("\0", " ") for text in pool.texts]
        starts = np.cumsum([0, *(len(text) + 1 for text in texts)][:-1])
        hits = [match.start() for match in muted_expression(words).finditer("\0".join(texts))]
        kept[np.searchsorted(starts, hits, side="right") - 1] = False
        return kept


@dataclass(frozen=True)
class NotOnSlateFilter(Filter):
    """Drops what the slate already holds, and what tells a story that it already holds."""

    articles: tuple[int, ...] = ()
    stories: tuple[int, ...] = ()

    def __call__(self, pool: Pool, reader: Reader) -> Mask:
        told = np.isin(pool.stories, np.array(self.stories, dtype=np.int64)) & (pool.stories > 0)
        return ~np.isin(pool.ids, np.array(self.articles, dtype=np.int64)) & ~told


@dataclass(frozen=True)
class StoryFilter:
    """Of each story only the first in the order given: the one call on this page that needs the ranking first."""

    def __call__(self, pool: Pool, order: Integers) -> Integers:
        stories = pool.stories[order]
        alone = np.where(stories > 0, stories, -1 - np.arange(len(order)))
        _, first = np.unique(alone, return_index=True)
        return order[np.sort(first)]


def muted_words(given: Iterable[str]) -> list[str]:
    """The words as they are looked for."""
    return [word for each in given if (word := _normal(each).replace("\0", " ").strip())]


def muted_expression(words: list[str]) -> re.Pattern[str]:
    """One expression for all words, the longest first. Where a word begins or ends with a letter, none may
    stand beside it."""
    return re.compile("|".join(map(_whole, sorted(words, key=len, reverse=True))), re.IGNORECASE)


def _whole(word: str) -> str:
    if _HANGUL.search(word):
        return re.escape(word)
    before = rf"(?<![{_LATIN}])" if re.match(rf"[{_LATIN}]", word) else ""
    after = rf"(?![{_LATIN}])" if re.match(rf"[{_LATIN}]", word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
