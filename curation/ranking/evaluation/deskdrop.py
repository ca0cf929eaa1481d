"""Reads DeskDrop, a year of what a company's people shared and read, and asks it day by day.

It is "Articles sharing and reading from CI&T DeskDrop" on Kaggle; the data are not part of this project, and their
licence (DbCL 1.0, as their page states) is for whoever downloads them to read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.articles.models import Article
from curation.ranking.evaluation.meaning import Embed, embedded
from curation.ranking.evaluation.types import (
    Acts,
    Articles,
    Codes,
    Dataset,
    Lists,
    Log,
    LogUnreadable,
    Marks,
    Progress,
)
from curation.ranking.types import Floats

INTERACTIONS, SHARED = "users_interactions.csv", "shared_articles.csv"
EXPECTED = (
    f"expected is {INTERACTIONS} in that folder and, for the articles' texts, {SHARED} beside it. They come from "
    '"Articles sharing and reading from CI&T DeskDrop" on Kaggle, under the licence stated there; no data set is '
    "shipped with Gyeol"
)
WEIGHTS = {"VIEW": 1.0, "LIKE": 1.5, "BOOKMARK": 2.0, "COMMENT CREATED": 1.5, "FOLLOW": 1.5}
KNOWN_SHARE = 0.8  # of the interactions, the earliest: what comes later is evaluated
TRAINING_DAYS = 30  # before that
DAY = 86_400
LONGEST_FIELD = 10_000_000  # characters; texts outgrow what the csv module expects


def read_deskdrop(folder: Path, *, progress: Progress, embed: Embed = embedded) -> Dataset:
    """A list for every reader and UTC day with something wanted: of all that was known and neither removed nor opened
    by this reader when the day began, what the reader opened on that day for the first time. Raises LogUnreadable.
    """
    if not (folder / INTERACTIONS).is_file():
        raise LogUnreadable(f"{folder} holds no DeskDrop data: {EXPECTED}")
    shared = _Shared()
    if (folder / SHARED).is_file():
        shared.read(folder / SHARED)
    progress("reading interactions", 0, 1)
    at, readers, rows, weights = _interactions(folder / INTERACTIONS, shared)
    if not len(at):
        raise LogUnreadable(f"{folder / INTERACTIONS} has no interactions")
    progress("reading interactions", 1, 1)
    articles = shared.articles(at, rows, embed(shared.texts, [folder / SHARED], progress) if shared.texts else None)
    test_day = int(np.ceil(at[min(round(KNOWN_SHARE * len(at)), len(at) - 1)] / DAY))
    lists = _lists(articles, at, readers, rows, since_day=test_day - TRAINING_DAYS)
    first = int(np.searchsorted(lists.at, test_day * DAY))
    return Dataset(
        name="deskdrop",
        log=Log(
            articles=articles,
            lists=lists,
            readers=int(readers.max()) + 1,
            clicks=Marks.of(at, readers, rows),
            acts=Acts(at, readers, rows, _strongest(readers, rows, weights), at),
            of_catalogue=True,
        ),
        train=range(first),
        test=range(first, len(lists)),
        split=f"day by day, after {KNOWN_SHARE:.0%} of the interactions",
        notes={"articles_without_text": len(articles) - len(shared.texts)},
    )


class _Shared:
    """Articles by their ids, those first that shared_articles.csv tells of."""

    def __init__(self) -> None:
        self.texts: list[Article] = []
        self._row_of: dict[str, int] = {}
        self._author_of: dict[str, int] = {}
        self._authors: list[int] = []
        self._shared_at: list[float] = []
        self._reshared_at: list[float] = []
        self._removed_at: list[float] = []

    def read(self, path: Path) -> None:
        needed = ("timestamp", "eventType", "contentId", "authorPersonId", "title", "text", "lang")
        for where, line in _lines(path, needed):
            moment, id = _moment(where, line["timestamp"]), line["contentId"]
            if id not in self._row_of:
                self.row(id)
                self.texts.append(Article(title=line["title"], text=line["text"], language=line["lang"] or "und"))
                self._authors.append(self._author_of.setdefault(line["authorPersonId"], len(self._author_of) + 1))
                self._shared_at.append(np.inf)
                self._reshared_at.append(-np.inf)
                self._removed_at.append(-np.inf)
            row = self._row_of[id]
            if line["eventType"] == "CONTENT SHARED":
                self._shared_at[row] = min(self._shared_at[row], moment)
                self._reshared_at[row] = max(self._reshared_at[row], moment)
            elif line["eventType"] == "CONTENT REMOVED":
                self._removed_at[row] = max(self._removed_at[row], moment)
            else:
                raise LogUnreadable(f"{where}: unknown eventType {line['eventType']!r}")

    def row(self, id: str) -> int:
        """Of any article; one that is only named in users_interactions.csv has neither text nor author."""
        return self._row_of.setdefault(id, len(self._row_of))

    def articles(self, at: Floats, rows: Codes, vectors: NDArray[np.float32] | None) -> Articles:
        """With the vectors of those that have a text."""
        n, told = len(self._row_of), len(self.texts)
        opened_at, shared_at, removed_at = np.full(n, np.inf), np.full(n, np.inf), np.full(n, np.inf)
        np.minimum.at(opened_at, rows, at)
        shared_at[:told] = self._shared_at
        removed = np.array(self._removed_at, dtype=np.float64)
        is_gone = removed > np.array(self._reshared_at, dtype=np.float64)
        removed_at[:told][is_gone] = removed[is_gone]
        known_at = np.minimum(opened_at, shared_at)
        sources = np.zeros(n, dtype=np.int64)
        sources[:told] = self._authors
        places = np.zeros((n, 0 if vectors is None else vectors.shape[1]), dtype=np.float32)
        if vectors is not None:
            places[:told] = vectors
        return Articles.of(
            np.arange(1, n + 1),
            sources=sources,
            published_at=np.where(np.isfinite(shared_at), known_at, np.nan),
            known_at=known_at,
            removed_at=removed_at,
            vectors=places,
        )


def _interactions(path: Path, shared: _Shared) -> tuple[Floats, Codes, Codes, Floats]:
    """Times, readers, articles and weights, in the order of time."""
    reader_of: dict[str, int] = {}
    told: list[tuple[float, int, int, float]] = []
    for where, line in _lines(path, ("timestamp", "eventType", "contentId", "personId")):
        if line["eventType"] not in WEIGHTS:
            raise LogUnreadable(f"{where}: unknown eventType {line['eventType']!r}")
        moment = _moment(where, line["timestamp"])
        reader = reader_of.setdefault(line["personId"], len(reader_of))
        told.append((moment, reader, shared.row(line["contentId"]), WEIGHTS[line["eventType"]]))
    told.sort(key=lambda each: each[0])
    at, readers, rows, weights = np.array(told, dtype=np.float64).reshape(-1, 4).T
    return at, readers.astype(np.int32), rows.astype(np.int32), weights


def _strongest(readers: Codes, rows: Codes, weights: Floats) -> Floats:
    """Of each act, the strongest so far by which the same reader met the same article."""
    best: dict[tuple[int, int], float] = {}
    told = []
    for reader, row, weight in zip(readers.tolist(), rows.tolist(), weights.tolist(), strict=True):
        best[reader, row] = max(best.get((reader, row), weight), weight)
        told.append(best[reader, row])
    return np.array(told)


def _lists(articles: Articles, at: Floats, readers: Codes, rows: Codes, *, since_day: int) -> Lists:
    pairs = readers.astype(np.int64) * len(articles) + rows
    first = np.unique(pairs, return_index=True)[1]
    days = (at[first] // DAY).astype(np.int64)
    begins = days * DAY
    was_open = (articles.known_at[rows[first]] < begins) & (articles.removed_at[rows[first]] >= begins)
    kept = was_open & (days >= since_day)
    first, days = first[kept], days[kept]
    order = np.lexsort((rows[first], readers[first], days))
    first, days = first[order], days[order]
    asked = days * (int(readers.max()) + 1) + readers[first]
    _, begin, sizes = np.unique(asked, return_index=True, return_counts=True)
    return Lists.of(
        readers[first[begin]], (days[begin] * DAY).astype(np.float64), sizes, rows[first],
        np.ones(len(first), dtype=np.bool_),
    )  # fmt: skip


def _lines(path: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each line's columns by name, with words for where it stands. Raises LogUnreadable."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file)
            if missing := [name for name in needed if name not in (lines.fieldnames or ())]:
                raise LogUnreadable(f"{path}: no column {', '.join(missing)}")
            for line in lines:
                if any(line[name] is None for name in needed):
                    raise LogUnreadable(f"{path}, line {lines.line_num}: too few columns")
                yield f"{path}, line {lines.line_num}", line
    except UnicodeDecodeError as error:
        raise LogUnreadable(f"{path} is not UTF-8: {error.reason}") from None
    except csv.Error as error:
        raise LogUnreadable(f"{path}: {error}") from None


def _moment(where: str, text: str) -> float:
    try:
        return float(int(text))
    except ValueError:
        raise LogUnreadable(f"{where}: {text!r} is no time in seconds") from None
