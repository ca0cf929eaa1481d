"""Reads the site's own log: what was served, seen, opened and read here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import BinaryField, F, FloatField, Func
from django.db.models.expressions import RawSQL
from numpy.typing import NDArray

from curation.articles.models import Article, ArticleVector
from curation.engagement.models import ArticleState, Event, SlateItem
from curation.engagement.queries import weigh
from curation.ranking._pool import unit_rows
from curation.ranking._popularity import SHORTEST_SECONDS
from curation.ranking.actions import SLATE_LIFE
from curation.ranking.evaluation.types import Acts, Articles, Dataset, Lists, Log, Marks, Progress
from curation.ranking.types import Floats, Integers, ReaderProfile
from curation.topics.models import ArticleTopic

EVALUATED = 0.25  # of the lists, the latest
COLD = 0.25  # of those before, the earliest, which only fill counters and histories
ROWS_AT_ONCE = 5_000
READ = "read"  # an article that was marked as read or opened: a state, not an event

Kind = Event.Kind


def read_site(*, profiles: Mapping[int, ReaderProfile], progress: Progress, with_synthetic: bool = False) -> Dataset:
    """A list for every slate of which something was seen: what was seen, and what of it was opened.

    `profiles` are what readers state, by their id; what was read before a reader asked for it to be forgotten is left
    out. Real readers only or, `with_synthetic`, simulated ones only. Six queries.
    """
    deeds = sorted([*_events(with_synthetic), *_reads(with_synthetic)], key=_in_order)
    progress("reading the log", 1, 3)
    shown, opened = _seen(deeds)
    items = [item for item in _items(with_synthetic) if (item.slate, item.article) in shown]
    progress("reading the log", 2, 3)
    readers = sorted({deed.reader for deed in deeds})
    ids = np.array(sorted({deed.article for deed in deeds}), dtype=np.int64)
    articles, needed = _articles(ids)
    progress("reading the log", 3, 3)
    code_of = {reader: code for code, reader in enumerate(readers)}
    row_of = {id: row for row, id in enumerate(articles.ids.tolist())}
    lists = _lists([item for item in items if item.article in row_of], opened, code_of, row_of)
    here = [deed for deed in deeds if deed.article in row_of]
    first = round((1 - EVALUATED) * len(lists))
    return Dataset(
        name="site",
        log=Log(
            articles=articles,
            lists=lists,
            readers=len(readers),
            impressions=_marks([deed for deed in here if deed.kind == Kind.IMPRESSION], code_of, row_of),
            cards=_marks([deed for deed in here if _is_first(deed, shown)], code_of, row_of),
            clicks=_marks([deed for deed in here if deed.kind == Kind.CLICK], code_of, row_of),
            reads=_reading(here, code_of, row_of, needed),
            acts=_acts(here, code_of, row_of, profiles),
            profiles={code_of[reader]: profile for reader, profile in profiles.items() if reader in code_of},
        ),
        train=range(round(COLD * first), first),
        test=range(first, len(lists)),
        split=f"the last {EVALUATED:.0%} of the lists, in time",
        notes={"simulated_readers": with_synthetic},
    )


# -- What is asked of the database ---------------------------------------------------------------------------


class _Deed(NamedTuple):
    at: float
    reader: int
    article: int
    kind: str
    slate: UUID | None
    active_seconds: float


def _in_order(deed: _Deed) -> tuple[float, int, int, str]:
    return deed.at, deed.reader, deed.article, deed.kind


class _Item(NamedTuple):
    slate: UUID
    reader: int
    at: float
    article: int
    position: int
    propensity: float


def _seconds(name: str) -> Func:
    return Func(F(name), template="extract(epoch FROM %(expressions)s)::float8", output_field=FloatField())


def _events(with_synthetic: bool) -> Iterable[_Deed]:
    rows = Event.objects.filter(is_synthetic=with_synthetic).values_list(
        _seconds("at"), "reader_id", "article_id", "kind", "slate_id", "active_ms"
    )
    for at, reader, article, kind, slate, active_ms in rows.iterator(ROWS_AT_ONCE):
        yield _Deed(at, reader, article, kind, slate, (active_ms or 0) / 1000)


def _reads(with_synthetic: bool) -> Iterable[_Deed]:
    """Also what was marked as read, of which there is no event."""
    read = ArticleState.objects.filter(read_at__isnull=False, reader__is_synthetic=with_synthetic)
    for at, reader, article in read.values_list(_seconds("read_at"), "reader_id", "article_id").iterator(ROWS_AT_ONCE):
        yield _Deed(at, reader, article, READ, None, 0.0)


def _items(with_synthetic: bool) -> Iterable[_Item]:
    rows = (
        SlateItem.objects.filter(slate__is_synthetic=with_synthetic)
        .order_by("slate__created_at", "slate_id", "position")
        .values_list(
            "slate_id", "slate__reader_id", _seconds("slate__created_at"), "article_id", "position", "propensity"
        )
    )
    return map(_Item._make, rows.iterator(ROWS_AT_ONCE))


def _articles(ids: Integers) -> tuple[Articles, Floats]:
    """Those that are still there, and the seconds that each needs to be read."""
    among = RawSQL("SELECT unnest(%s::bigint[])", [ids.tolist()])
    rows = list(
        Article.objects.filter(pk__in=among)
        .order_by("pk")
        .values_list(
            "pk", "source_id", _seconds("sorted_at"), _seconds("first_seen_at"), "reading_seconds",
            "assignment__story_id", "assignment__area",
        )
    )  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * 7
    there = np.array(columns[0], dtype=np.int64)
    vectors = dict(
        ArticleVector.objects.filter(article_id__in=among, space__is_current=True)
        .values_list("article_id", Func(F("vector"), function="halfvec_send", output_field=BinaryField()))
        .iterator(ROWS_AT_ONCE)
    )
    told: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for article, topic, score in ArticleTopic.objects.filter(article_id__in=among).values_list(
        "article_id", "topic_id", "score"
    ):
        told[article].append((topic, score))
    slugs = tuple(sorted({slug for topics in told.values() for slug, _ in topics}))
    column = {slug: number for number, slug in enumerate(slugs)}
    widest = max(map(len, told.values()), default=0)
    topic_columns = np.full((len(there), widest), -1, dtype=np.int32)
    topic_scores = np.zeros((len(there), widest), dtype=np.float32)
    for row, id in enumerate(there.tolist()):
        for place, (slug, score) in enumerate(told.get(id, ())):
            topic_columns[row, place], topic_scores[row, place] = column[slug], score
    articles = Articles.of(
        there,
        sources=np.array(columns[1], dtype=np.int64),
        areas=np.unique([area or "" for area in columns[6]], return_inverse=True)[1].astype(np.int64),
        stories=np.array([story or 0 for story in columns[5]], dtype=np.int64),
        published_at=np.array(columns[2], dtype=np.float64),
        known_at=np.array(columns[3], dtype=np.float64),
        vectors=unit_rows([vectors.get(id) for id in there.tolist()]),
        topic_columns=topic_columns,
        topic_scores=topic_scores,
        slugs=slugs,
    )
    return articles, np.maximum(np.array(columns[4], dtype=np.float64), SHORTEST_SECONDS)


# -- What is made of it --------------------------------------------------------------------------------------


def _seen(deeds: Iterable[_Deed]) -> tuple[dict[tuple[UUID, int], float], _Opened]:
    """When each card of each slate was first seen, and what was opened."""
    shown: dict[tuple[UUID, int], float] = {}
    opened = _Opened()
    for deed in deeds:
        if deed.kind == Kind.IMPRESSION and deed.slate is not None:
            shown.setdefault((deed.slate, deed.article), deed.at)
        elif deed.kind == Kind.CLICK:
            opened.add(deed)
    return shown, opened


class _Opened:
    """Clicks by the slate that they say they came from, or by reader and moment where they say none."""

    def __init__(self) -> None:
        self._on: set[tuple[UUID, int]] = set()
        self._by: dict[tuple[int, int], list[float]] = defaultdict(list)

    def add(self, click: _Deed) -> None:
        if click.slate is not None:
            self._on.add((click.slate, click.article))
        else:
            self._by[click.reader, click.article].append(click.at)

    def has(self, item: _Item) -> bool:
        until = item.at + SLATE_LIFE.total_seconds()
        moments = self._by.get((item.reader, item.article), ())
        return (item.slate, item.article) in self._on or any(item.at <= at < until for at in moments)


def _is_first(deed: _Deed, shown: Mapping[tuple[UUID, int], float]) -> bool:
    """Whether a card was seen for the first time on its slate."""
    if deed.kind != Kind.IMPRESSION:
        return False
    return deed.slate is None or shown[deed.slate, deed.article] == deed.at


def _lists(items: list[_Item], opened: _Opened, code_of: Mapping[int, int], row_of: Mapping[int, int]) -> Lists:
    starts = [place for place, item in enumerate(items) if not place or items[place - 1].slate != item.slate]
    heads = [items[start] for start in starts]
    return Lists.of(
        np.array([code_of[head.reader] for head in heads], dtype=np.int32),
        np.array([head.at for head in heads], dtype=np.float64),
        np.array([end - start for start, end in pairwise([*starts, len(items)])], dtype=np.int64),
        np.array([row_of[item.article] for item in items], dtype=np.int32),
        np.array([opened.has(item) for item in items], dtype=np.bool_),
        positions=np.array([item.position for item in items], dtype=np.int32),
        propensities=np.array([item.propensity for item in items], dtype=np.float32),
    )


def _marks(
    deeds: list[_Deed], code_of: Mapping[int, int], row_of: Mapping[int, int],
    values: NDArray[np.float32] | None = None,
) -> Marks:  # fmt: skip
    return Marks.of(
        np.array([deed.at for deed in deeds], dtype=np.float64),
        np.array([code_of[deed.reader] for deed in deeds], dtype=np.int32),
        np.array([row_of[deed.article] for deed in deeds], dtype=np.int32),
        values,
    )


def _reading(deeds: list[_Deed], code_of: Mapping[int, int], row_of: Mapping[int, int], needed: Floats) -> Marks:
    """How far each reader had come by each stretch of reading, all of it that far taken together."""
    stretches = [deed for deed in deeds if deed.kind == Kind.DWELL]
    so_far: dict[tuple[int, int], float] = defaultdict(float)
    values = []
    for deed in stretches:
        so_far[deed.reader, deed.article] += deed.active_seconds
        values.append(min(so_far[deed.reader, deed.article] / needed[row_of[deed.article]], 1.0))
    return _marks(stretches, code_of, row_of, np.array(values, dtype=np.float32))


@dataclass
class _Standing:
    """Where a reader stands with an article, as `curation.engagement.queries.history` would find it."""

    saved_at: float | None = None
    hidden_at: float | None = None
    read_at: float | None = None
    told_at: float | None = None  # the last stretch of reading or word about it
    dwell: float = 0.0
    more_at: float | None = None
    less_at: float | None = None

    def after(self, deed: _Deed) -> tuple[float, float]:
        """The weight and the moment of the article once this is done; 0 and -inf where it leaves the history."""
        match deed.kind:
            case Kind.SAVE:
                self.saved_at = deed.at
            case Kind.UNSAVE:
                self.saved_at = None
            case Kind.HIDE:
                self.hidden_at = deed.at
            case Kind.UNHIDE:
                self.hidden_at = None
            case Kind.DWELL:
                self.dwell += deed.active_seconds
            case Kind.MORE:
                self.more_at = deed.at
            case Kind.LESS:
                self.less_at = deed.at
            case Kind.NEUTRAL:
                self.more_at = self.less_at = None
            case _:
                self.read_at = deed.at if self.read_at is None else self.read_at
        if deed.kind in (Kind.DWELL, Kind.MORE, Kind.LESS, Kind.NEUTRAL):
            self.told_at = deed.at
        less = self.less_at is not None and (self.more_at is None or self.less_at > self.more_at)
        weight = weigh(
            self.dwell,
            read=self.read_at is not None,
            saved=self.saved_at is not None,
            more=self.more_at is not None,
            refused=less or self.hidden_at is not None,
        )
        moments = (self.saved_at, self.hidden_at, self.read_at, self.told_at)
        return weight, max((moment for moment in moments if moment is not None), default=-np.inf)


def _acts(
    deeds: list[_Deed], code_of: Mapping[int, int], row_of: Mapping[int, int],
    profiles: Mapping[int, ReaderProfile],
) -> Acts:  # fmt: skip
    since = {reader: profile.history_since.timestamp() for reader, profile in profiles.items() if profile.history_since}
    standings: dict[tuple[int, int], _Standing] = defaultdict(_Standing)
    kept = [deed for deed in deeds if deed.kind != Kind.IMPRESSION and deed.at > since.get(deed.reader, -np.inf)]
    after = [standings[deed.reader, deed.article].after(deed) for deed in kept]
    weights, moments = np.array(after, dtype=np.float64).reshape(-1, 2).T
    return Acts(
        np.array([deed.at for deed in kept], dtype=np.float64),
        np.array([code_of[deed.reader] for deed in kept], dtype=np.int32),
        np.array([row_of[deed.article] for deed in kept], dtype=np.int32),
        weights,
        moments,
    )
