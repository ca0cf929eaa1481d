"""Reads the Microsoft News Dataset, MIND: https://msnews.github.io, and what its files mean there.

The data are not part of this project; whoever downloads them accepts Microsoft's Research Licence.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.articles.models import Article
from curation.ranking.evaluation.meaning import Embed, embedded
from curation.ranking.evaluation.types import Articles, Dataset, Given, Lists, Log, LogUnreadable, Marks, Progress

EXPECTED = (
    "expected are behaviors.tsv and news.tsv in that folder, or two folders with both, such as MINDsmall_train and "
    "MINDsmall_dev. They come from the Microsoft News Dataset (https://msnews.github.io) under the Microsoft Research "
    "Licence; no data set is shipped with Gyeol"
)
FILES = ("behaviors.tsv", "news.tsv")
WARM_UP = 0.4  # of one folder's impressions, the earliest: they warm up and train, the rest is evaluated
COLD = 0.25  # of those before the test, the earliest, which only fill counters
MOST_TRAINING = 40_000  # impressions: the latest say most of what comes next
MOMENT = "%m/%d/%Y %I:%M:%S %p"


def read_mind(folder: Path, *, progress: Progress, embed: Embed = embedded) -> Dataset:
    """The lists of the folder, in the order of time; their times are taken as UTC. Raises LogUnreadable.

    MIND says what each reader had read before, but not when, nor when an article was published. Its categories and
    subcategories are the topics.
    """
    parts = _parts(folder)
    news = _News()
    for part in parts:
        news.read(part / "news.tsv")
    behaviors = _Behaviors(news)
    for number, part in enumerate(parts):
        behaviors.read(part / "behaviors.tsv")
        progress("reading impressions", number + 1, len(parts))
    vectors = embed(news.texts, [part / "news.tsv" for part in parts], progress)
    log = behaviors.log(news.articles(vectors))
    count = len(log.lists)
    first = behaviors.first_of_last_file() if len(parts) > 1 else round(WARM_UP * count)
    return Dataset(
        name="mind",
        log=log,
        train=range(max(round(COLD * first), first - MOST_TRAINING), first),
        test=range(first, count),
        split=" before ".join(part.name for part in parts) if len(parts) > 1 else f"the last {1 - WARM_UP:.0%} in time",
        notes={"articles_without_text": len(log.articles) - len(news.texts)},
    )


def _parts(folder: Path) -> list[Path]:
    """The folder itself, or the one to train on and the one to evaluate on."""
    if all((folder / name).is_file() for name in FILES):
        return [folder]
    inner = sorted(folder.iterdir()) if folder.is_dir() else []
    there = [path for path in inner if all((path / name).is_file() for name in FILES)]
    train = [path for path in there if "train" in path.name.lower()]
    later = [path for path in there if any(word in path.name.lower() for word in ("dev", "valid"))]
    if len(train) == 1 and len(later) == 1:
        return [*train, *later]
    if len(there) == 1:
        return there
    found = f"it has {', '.join(path.name for path in there)}; " if there else ""
    raise LogUnreadable(f"{folder} holds no MIND data: {found}{EXPECTED}")


class _News:
    """Articles by their ids, those first that news.tsv tells of."""

    def __init__(self) -> None:
        self.texts: list[Article] = []
        self.row_of: dict[str, int] = {}
        self._slugs: dict[str, int] = {}
        self._topics = array("i")  # two for each article

    def read(self, path: Path) -> None:
        for number, line in _lines(path):
            columns = line.split("\t")
            if len(columns) < 4:
                raise LogUnreadable(
                    f"{path}, line {number}: needs id, category, subcategory and title, separated by tabs"
                )
            id, category, subcategory, title, abstract = (*columns, "")[:5]
            if id in self.row_of:
                continue
            self.row_of[id] = len(self.row_of)
            self.texts.append(Article(title=title, summary=abstract, language="en"))
            for slug in (category, f"{category}/{subcategory}"):
                self._topics.append(self._slugs.setdefault(slug, len(self._slugs)))

    def row(self, id: str) -> int:
        """Of any article; one that is only named in behaviors.tsv has no text and no topics."""
        return self.row_of.setdefault(id, len(self.row_of))

    def articles(self, vectors: NDArray[np.float32]) -> Articles:
        """With the vectors of those that have a text."""
        n, told = len(self.row_of), len(self.texts)
        places = np.zeros((n, vectors.shape[1]), dtype=np.float32)
        places[:told] = vectors
        topics = np.full((n, 2), -1, dtype=np.int32)
        topics[:told] = np.frombuffer(self._topics, dtype=np.int32).reshape(told, 2)
        return Articles.of(
            np.arange(1, n + 1),
            areas=topics[:, 0].astype(np.int64) + 1,
            vectors=places,
            topic_columns=topics,
            topic_scores=(topics >= 0).astype(np.float32),
            slugs=tuple(self._slugs),
        )


class _Behaviors:
    """Impressions as columns, as the files have them."""

    def __init__(self, news: _News) -> None:
        self._news = news
        self._reader_of: dict[str, int] = {}
        self._history_of: dict[str, int] = {}
        self._readers, self._at, self._histories, self._sizes = array("i"), array("d"), array("i"), array("q")
        self._rows, self._clicked = array("i"), array("b")
        self._read, self._read_sizes = array("i"), array("q")
        self._last_file = 0

    def read(self, path: Path) -> None:
        self._last_file = len(self._at)
        row = self._news.row
        for number, line in _lines(path):
            columns = line.split("\t")
            if len(columns) != 5:
                raise LogUnreadable(
                    f"{path}, line {number}: needs impression id, user id, time, history and impressions, separated "
                    f"by tabs"
                )
            _, reader, moment, history, shown = columns
            items = shown.split()
            if not items:
                raise LogUnreadable(f"{path}, line {number}: no impressions")
            for item in items:
                id, dash, label = item.rpartition("-")
                if not dash or label not in ("0", "1"):
                    raise LogUnreadable(
                        f"{path}, line {number}: {item!r} does not end in -0 or -1. The test set of MIND has no such "
                        "labels and cannot be evaluated here"
                    )
                self._rows.append(row(id))
                self._clicked.append(label == "1")
            try:
                self._at.append(datetime.strptime(moment, MOMENT).replace(tzinfo=UTC).timestamp())
            except ValueError:
                raise LogUnreadable(
                    f"{path}, line {number}: {moment!r} is no time like 11/11/2019 9:05:58 AM"
                ) from None
            self._readers.append(self._reader_of.setdefault(reader, len(self._reader_of)))
            self._sizes.append(len(items))
            if history not in self._history_of:
                self._history_of[history] = len(self._history_of)
                read = [row(id) for id in reversed(history.split())]
                self._read.extend(read)
                self._read_sizes.append(len(read))
            self._histories.append(self._history_of[history])
        if len(self._at) == self._last_file:
            raise LogUnreadable(f"{path} has no impressions")

    def first_of_last_file(self) -> int:
        """The number that the last file's earliest list has in the order of time."""
        at = np.frombuffer(self._at)
        return int((at < at[self._last_file :].min()).sum())

    def log(self, articles: Articles) -> Log:
        at, sizes = np.frombuffer(self._at), np.frombuffer(self._sizes, dtype=np.int64)
        lists = Lists.of(
            np.frombuffer(self._readers, dtype=np.int32), at, sizes, np.frombuffer(self._rows, dtype=np.int32),
            np.frombuffer(self._clicked, dtype=np.bool_),
        )  # fmt: skip
        given = Given(
            of=np.frombuffer(self._histories, dtype=np.int32)[np.argsort(at, kind="stable")],
            offsets=np.append(0, np.cumsum(np.frombuffer(self._read_sizes, dtype=np.int64))),
            rows=np.frombuffer(self._read, dtype=np.int32),
        )
        shown_at, shown_to = np.repeat(lists.at, lists.sizes), np.repeat(lists.readers, lists.sizes)
        opened = lists.clicked
        return Log(
            articles=articles,
            lists=lists,
            readers=len(self._reader_of),
            impressions=Marks.of(shown_at, shown_to, lists.rows),
            clicks=Marks.of(shown_at[opened], shown_to[opened], lists.rows[opened]),
            given=given,
        )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that hold something, with their numbers. Raises LogUnreadable for what is no UTF-8."""
    with path.open(encoding="utf-8", newline="\n") as file:
        try:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise LogUnreadable(f"{path} is not UTF-8: {error.reason}") from None
