"""Small random logs, and a later future to put in the place of theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curation.ranking.evaluation.types import Acts, Articles, Given, Lists, Log, Marks

ARTICLES, READERS, DAYS, DIMENSION = 30, 6, 20, 8
DAY = 86_400.0


def articles_of(random: np.random.Generator, *, stories: bool = True) -> Articles:
    vectors = random.normal(size=(ARTICLES, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[random.random(ARTICLES) < 0.1] = 0.0
    columns = random.integers(-1, 4, (ARTICLES, 2)).astype(np.int32)
    columns[columns[:, 0] == columns[:, 1], 1] = -1
    known_at = random.random(ARTICLES) * DAYS / 2 * DAY
    return Articles.of(
        np.arange(101, 101 + ARTICLES),
        sources=random.integers(1, 4, ARTICLES),
        areas=random.integers(0, 3, ARTICLES),
        stories=random.integers(0, 4, ARTICLES) if stories else np.zeros(ARTICLES, dtype=np.int64),
        published_at=np.where(random.random(ARTICLES) < 0.9, known_at, np.nan),
        known_at=known_at,
        vectors=vectors,
        topic_columns=columns,
        topic_scores=np.where(columns >= 0, random.random((ARTICLES, 2)), 0.0).astype(np.float32),
        slugs=("space", "food", "music", "chess"),
    )


def log_of(seed: int, *, given: bool = False, of_catalogue: bool = False) -> Log:
    """Impressions, clicks, reads and acts, many of them at the same moments."""
    random = np.random.default_rng(seed)
    articles = articles_of(random)
    lists = _lists(random, 25, 0.0, DAYS * DAY)
    at, readers = np.repeat(lists.at, lists.sizes), np.repeat(lists.readers, lists.sizes)
    clicked = lists.clicked
    acts = _acts(random, 60, 0.0, DAYS * DAY)
    reads = Marks.of(acts.at, acts.readers, acts.rows, random.random(len(acts.at)).astype(np.float32))
    sizes = random.integers(0, 5, 4)
    return Log(
        articles=articles,
        lists=lists,
        readers=READERS,
        clicks=Marks.of(at[clicked], readers[clicked], lists.rows[clicked]),
        impressions=None if of_catalogue else Marks.of(at, readers, lists.rows),
        reads=reads,
        acts=acts,
        given=Given(
            random.integers(0, 4, len(lists)).astype(np.int32),
            np.append(0, np.cumsum(sizes)),
            random.integers(0, ARTICLES, int(sizes.sum())).astype(np.int32),
        )
        if given
        else None,
        of_catalogue=of_catalogue,
    )  # fmt: skip


def with_other_future(log: Log, cut: float, seed: int) -> Log:
    """The same log before `cut`; whatever happens at or after it is another world's."""
    random = np.random.default_rng(seed)
    lists = log.lists
    stays = lists.at < cut
    other = _lists(random, 20, cut, cut + 5 * DAY)
    kept = int(lists.offsets[int(stays.sum())])
    together = Lists.of(
        np.concatenate([lists.readers[stays], other.readers]),
        np.concatenate([lists.at[stays], other.at]),
        np.concatenate([lists.sizes[stays], other.sizes]),
        np.concatenate([lists.rows[:kept], other.rows]),
        np.concatenate([lists.clicked[:kept], other.clicked]),
    )
    acts = _together(log.acts, _acts(random, 40, cut, cut + 5 * DAY), cut)
    given = log.given
    if given is not None:
        of = np.concatenate([given.of[stays], random.integers(0, 4, len(other)).astype(np.int32)])
        given = replace(given, of=of)
    return replace(
        log,
        lists=together,
        clicks=_other_marks(random, log.clicks, cut),
        impressions=None if log.impressions is None else _other_marks(random, log.impressions, cut),
        reads=None if log.reads is None else _other_marks(random, log.reads, cut),
        acts=acts,
        given=given,
    )


def _moments(random: np.random.Generator, count: int, first: float, last: float) -> np.ndarray:
    """Whole hours: ties are what goes wrong most easily."""
    hours = np.ceil(first + random.random(count) * (last - first)) // 3600
    return np.sort(np.maximum(hours * 3600.0, first))


def _lists(random: np.random.Generator, count: int, first: float, last: float) -> Lists:
    sizes = random.integers(1, 8, count)
    rows = np.concatenate([random.choice(ARTICLES, size, replace=False) for size in sizes]).astype(np.int32)
    return Lists.of(
        random.integers(0, READERS, count).astype(np.int32), _moments(random, count, first, last), sizes, rows,
        random.random(len(rows)) < 0.3,
    )  # fmt: skip


def _acts(random: np.random.Generator, count: int, first: float, last: float) -> Acts:
    at = _moments(random, count, first, last)
    return Acts(
        at,
        random.integers(0, READERS, count).astype(np.int32),
        random.integers(0, ARTICLES, count).astype(np.int32),
        random.choice([-1.0, 0.0, 0.3, 1.0, 2.5], count),
        at,
    )


def _together(acts: Acts, later: Acts, cut: float) -> Acts:
    stays = acts.at < cut
    columns = (np.concatenate([getattr(acts, name)[stays], getattr(later, name)]) for name in Acts.__dataclass_fields__)
    return Acts(*columns)


def _other_marks(random: np.random.Generator, marks: Marks, cut: float) -> Marks:
    stays = marks.at < cut
    at = _moments(random, 30, cut, cut + 5 * DAY)
    return Marks.of(
        np.concatenate([marks.at[stays], at]),
        np.concatenate([marks.readers[stays], random.integers(0, READERS, 30).astype(np.int32)]),
        np.concatenate([marks.rows[stays], random.integers(0, ARTICLES, 30).astype(np.int32)]),
        np.concatenate([marks.values[stays], random.random(30).astype(np.float32)]),
    )
