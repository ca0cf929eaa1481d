"""What others rank by: collaborative filtering by the library `implicit`, fitted anew as the log goes on.

All three see the same matrix: which reader opened which article so far. A reader is looked up by the history that the
question comes with, so that nobody has to have been there at the last fit; an article that nobody had opened by then
scores 0.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight, normalize
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from curation.ranking.evaluation.tallies import end
from curation.ranking.evaluation.types import Codes, Log, Question, spread
from curation.ranking.types import Floats

DAY = 86_400
QUESTIONS_BETWEEN_FITS = 20_000  # within a day
WORTH_ALL_CORES = 500_000  # opened articles: with fewer, threads wait for each other longer than they work


class _Model(Protocol):
    def fit(self, opened: csr_matrix) -> None: ...

    def score(self, history: Codes, rows: Codes) -> Floats: ...


@dataclass
class Peer:
    """A model of `implicit`, fitted at the start of every UTC day and after every `every` questions."""

    log: Log
    model: _Model
    name: str
    every: int = QUESTIONS_BETWEEN_FITS
    fit_seconds: list[float] = field(default_factory=list)
    _is_fitted: bool = False
    _day: int = -1
    _asked: int = 0

    def __call__(self, question: Question) -> Floats:
        if int(question.at // DAY) != self._day or self._asked >= self.every:
            began = time.monotonic()
            opened = opened_before(self.log, question)
            self._is_fitted = opened.nnz > 0
            if self._is_fitted:
                with threadpool_limits(1, "blas"):  # its own threads share the work already
                    self.model.fit(opened)
            self.fit_seconds.append(time.monotonic() - began)
            self._day, self._asked = int(question.at // DAY), 0
        self._asked += 1
        if not self._is_fitted or not len(question.history):
            return np.zeros(len(question.rows))
        return self.model.score(question.history, question.rows)


@dataclass
class AlsModel:
    """Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (2008)."""

    factors: int = 64
    alpha: float = 10.0  # how much more an article that was opened counts than one that was not
    regularization: float = 0.05
    iterations: int = 15
    seed: int = 0

    def fit(self, opened: csr_matrix) -> None:
        self._model = AlternatingLeastSquares(
            factors=self.factors, alpha=self.alpha, regularization=self.regularization, iterations=self.iterations,
            use_gpu=False, random_state=self.seed, num_threads=_threads(opened),
        )  # fmt: skip
        self._model.fit(opened, show_progress=False)
        self._model.num_threads = 1  # scoring is for one reader at a time
        self._known = np.bincount(opened.indices, minlength=opened.shape[1]) > 0

    def score(self, history: Codes, rows: Codes) -> Floats:
        mine = csr_matrix((np.ones(len(history), np.float32), history, [0, len(history)]), shape=(1, len(self._known)))
        reader = self._model.recalculate_user(0, mine)
        scores = self._model.item_factors[rows].astype(np.float64) @ reader
        return np.where(self._known[rows], scores, 0.0)


@dataclass
class NeighbourModel:
    """Item to item: the sum of an article's likeness to each one of the history (Sarwar et al., 2001), `neighbours` of
    each article known. Without `bm25` it is the cosine of who opened them.
    """

    neighbours: int = 100
    bm25: tuple[float, float] | None = None  # K1 and B

    def fit(self, opened: csr_matrix) -> None:
        # What BM25Recommender and CosineRecommender do, without their warning that they made the matrix no CSR.
        articles = opened.T
        weighed = bm25_weight(articles, *self.bm25) if self.bm25 else normalize(articles)
        model = ItemItemRecommender(self.neighbours, num_threads=_threads(opened))
        model.fit(weighed.T.tocsr(), show_progress=False)
        self._alike: csr_matrix = model.similarity
        self._scores = np.zeros(opened.shape[1])

    def score(self, history: Codes, rows: Codes) -> Floats:
        starts = self._alike.indptr[history].astype(np.int64)
        near = spread(starts, self._alike.indptr[history + 1] - starts)
        columns = self._alike.indices[near]
        np.add.at(self._scores, columns, self._alike.data[near])
        scores = self._scores[rows]
        self._scores[columns] = 0.0
        return scores


def _threads(opened: csr_matrix) -> int:
    """0 is as many as there are cores."""
    return 1 if opened.nnz < WORTH_ALL_CORES else 0


def opened_before(log: Log, question: Question) -> csr_matrix:
    """Readers × articles, 1 where the one had opened the other, by clicks and by the histories that were given."""
    known = end(log.clicks, question.at)
    readers, rows = log.clicks.readers[:known], log.clicks.rows[:known]
    if log.given is not None:
        earlier = int(np.searchsorted(log.lists.at, question.at, side="left"))
        told = np.unique(np.stack([log.lists.readers[:earlier], log.given.of[:earlier]]), axis=1)
        sizes = np.diff(log.given.offsets)[told[1]]
        given = log.given.rows[spread(log.given.offsets[told[1]], sizes)]
        readers, rows = np.append(readers, np.repeat(told[0], sizes)), np.append(rows, given)
    opened = csr_matrix((np.ones(len(rows), np.float32), (readers, rows)), shape=(log.readers, len(log.articles)))
    opened.data[:] = 1.0  # the matrix adds up what comes twice
    return opened
