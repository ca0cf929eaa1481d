"""Asks several pipelines the same questions, and keeps of each list only figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from curation.ranking.evaluation import metrics
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.tallies import Tally, end
from curation.ranking.evaluation.types import Codes, Log, Pipeline, Progress, Question
from curation.ranking.types import Floats, Integers, Mask

ACCURACY = ("auc", "mrr", "ndcg@5", "ndcg@10", "recall@10")
BEYOND = ("ild", "novelty", "calibration")
ITEMS_AT_ONCE, LISTS_AT_ONCE = 100_000, 2_000  # measured together


@dataclass
class Measured:
    """Figures of every list, a row each in the order of time."""

    readers: Integers
    history_lengths: Integers
    sizes: Integers
    wants: Integers
    figures: dict[str, dict[str, Floats]]  # pipeline -> metric -> (l,)
    coverage: dict[str, float]  # pipeline -> share of all candidates that were in anybody's first ten


def measure(
    log: Log, questions: Replay, pipelines: Sequence[Pipeline], *, seed: int, progress: Progress, doing: str
) -> Measured:
    """Raises ValueError where a pipeline gives no finite number."""
    sink = _Sink(log, [pipeline.name for pipeline in pipelines], seed)
    with threadpool_limits(1, "blas"):  # products this small take longer shared than alone
        for number, question in enumerate(questions, start=1):
            sink.add(question, [pipeline(question) for pipeline in pipelines])
            progress(doing, number, len(questions))
        return sink.close()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is still needed of a question: its vectors would fill the memory."""

    rows: Codes
    wanted: Mask
    scores: list[Floats]  # by pipeline
    surprise: Floats
    liked: Codes
    weights: Floats


class _Sink:
    """Collects scores until there are enough to be measured together, and keeps only figures."""

    def __init__(self, log: Log, names: Sequence[str], seed: int) -> None:
        self._articles, self._names = log.articles, names
        self._random = np.random.default_rng(seed)
        self._opened = Tally(log.clicks, len(log.articles), math.inf)
        self._clicks = log.clicks
        self._waiting: list[_Waiting] = []
        self._items = 0
        self._lists: list[tuple[int, int, int, int]] = []
        self._figures: dict[str, dict[str, list[Floats]]] = {
            name: {metric: [] for metric in (*ACCURACY, *BEYOND)} for name in names
        }
        self._candidates = np.zeros(len(log.articles), dtype=np.bool_)
        self._topped = {name: np.zeros(len(log.articles), dtype=np.bool_) for name in names}

    def add(self, question: Question, scores: list[Floats]) -> None:
        self._opened.advance(end(self._clicks, question.at))
        surprise = metrics.surprise(
            self._opened.of(question.rows, question.at), self._opened.total(), len(self._articles)
        )
        liked = question.reader.past.liked
        weights = question.reader.past.weights[liked]
        self._waiting.append(
            _Waiting(question.rows, question.wanted, scores, surprise, question.past_rows[liked], weights)
        )
        self._lists.append(
            (question.reader_code, question.history_length, len(question.rows), int(question.wanted.sum()))
        )
        self._items += len(question.rows)
        if self._items >= ITEMS_AT_ONCE or len(self._waiting) >= LISTS_AT_ONCE:
            self._flush()

    def close(self) -> Measured:
        self._flush()
        readers, lengths, sizes, wants = np.array(self._lists, dtype=np.int64).reshape(-1, 4).T
        return Measured(
            readers=readers,
            history_lengths=lengths,
            sizes=sizes,
            wants=wants,
            figures={
                name: {metric: np.concatenate([np.empty(0), *parts]) for metric, parts in told.items()}
                for name, told in self._figures.items()
            },
            coverage={
                name: float(topped.sum() / max(int(self._candidates.sum()), 1)) for name, topped in self._topped.items()
            },
        )

    def _flush(self) -> None:
        if not self._waiting:
            return
        waiting = self._waiting
        rows = np.concatenate([each.rows for each in waiting])
        wanted = np.concatenate([each.wanted for each in waiting])
        surprise = np.concatenate([each.surprise for each in waiting])
        offsets = np.append(0, np.cumsum([len(each.rows) for each in waiting]))
        jitter = self._random.random(len(rows))
        mixes = self._mixes()
        self._candidates[rows] = True
        for number, name in enumerate(self._names):
            scores = np.concatenate([each.scores[number] for each in waiting])
            if len(scores) != len(rows) or not np.isfinite(scores).all():
                raise ValueError(f"{name} does not give every candidate a finite number")
            order = metrics.Order(scores, wanted, offsets, jitter)
            top = order.top()
            there = top >= 0
            top_rows = rows[np.maximum(top, 0)]
            self._topped[name][top_rows[there]] = True
            self._keep(name, order, top_rows, there, np.where(there, surprise[np.maximum(top, 0)], np.nan), mixes)
        self._waiting, self._items = [], 0

    def _keep(
        self, name: str, order: metrics.Order, top: Integers, there: Mask, surprise: Floats, mixes: Floats
    ) -> None:
        articles, figures = self._articles, self._figures[name]
        figures["auc"].append(metrics.auc(order))
        figures["mrr"].append(metrics.mrr(order))
        figures["ndcg@5"].append(metrics.ndcg(order, 5))
        figures["ndcg@10"].append(metrics.ndcg(order, 10))
        figures["recall@10"].append(metrics.recall(order, 10))
        lists = np.nonzero(there)[0]
        columns, scores = articles.topic_columns[top[there]], articles.topic_scores[top[there]]
        if articles.vectors.shape[1]:
            places = articles.vectors[top]
        else:
            flat = np.flatnonzero(there.ravel())
            places = metrics.mixes(there.size, flat, columns, scores, len(articles.slugs)).astype(np.float32)
            places = places.reshape(*there.shape, -1)
        figures["ild"].append(metrics.intra_list_distance(places, there))
        count = there.sum(axis=1)
        told = np.nansum(surprise, axis=1) / np.maximum(count, 1)
        figures["novelty"].append(np.where(count > 0, told, np.nan))
        shown = metrics.mixes(len(top), lists, columns, scores, len(articles.slugs))
        figures["calibration"].append(metrics.divergence(mixes, shown))

    def _mixes(self) -> Floats:
        """(l, t) what the readers' own histories are about."""
        lists = np.repeat(np.arange(len(self._waiting)), [len(each.liked) for each in self._waiting])
        rows = np.concatenate([each.liked for each in self._waiting])
        weights = np.concatenate([each.weights for each in self._waiting])
        articles = self._articles
        scores = articles.topic_scores[rows] * weights[:, None]
        return metrics.mixes(len(self._waiting), lists, articles.topic_columns[rows], scores, len(articles.slugs))
