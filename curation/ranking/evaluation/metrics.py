"""How well lists were put in order, and what else can be said of their first ten; many lists at once.

Lists of unequal length lie one behind the other: those of list i from offsets[i] to offsets[i + 1]. What cannot be said
of a list is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from curation.ranking.evaluation.types import Codes
from curation.ranking.types import Floats, Integers, Mask

TOP = 10
SMOOTHING = 0.01  # of the reader's mix in the list's: Steck's alpha, which keeps the divergence finite


class Order:
    """Every list's items, the best first. `jitter` (m,) decides between equal scores, so that a scorer that cannot tell
    them apart does as well as chance, not as well as the order in which it found them.
    """

    def __init__(self, scores: Floats, wanted: Mask, offsets: Integers, jitter: Floats) -> None:
        self.sizes = np.diff(offsets)
        self.of = np.repeat(np.arange(len(self.sizes)), self.sizes)
        self.items = np.lexsort((jitter, -scores, self.of))
        self.places = np.arange(len(scores)) - np.repeat(offsets[:-1], self.sizes)  # from 0, in `items`
        self.scores = scores[self.items]
        self.wanted = wanted[self.items]
        self.wants = np.bincount(self.of, wanted, len(self.sizes))
        self.is_split = (self.wants > 0) & (self.wants < self.sizes)  # has something to be told apart

    def top(self, k: int = TOP) -> Integers:
        """(l, k) items of every list's first k; -1 where a list is shorter."""
        first = np.full((len(self.sizes), k), -1, dtype=np.int64)
        inside = self.places < k
        first[self.of[inside], self.places[inside]] = self.items[inside]
        return first

    def _sum(self, values: Floats) -> Floats:
        """(l,) sums over every list, values in the order of `items`."""
        return np.bincount(self.of, values, len(self.sizes)).astype(np.float64)

    def _where_split(self, values: Floats) -> Floats:
        return np.where(self.is_split, values, np.nan)


def auc(order: Order) -> Floats:
    """(l,) How often a wanted item lies above an unwanted one; equal scores count half."""
    # Mann and Whitney: from the places of the wanted ones, equal scores sharing the mean of theirs.
    same = (np.diff(order.of, prepend=-1) == 0) & (np.diff(order.scores, prepend=0.0) == 0)
    tie = np.cumsum(~same) - 1
    places = (np.bincount(tie, order.places) / np.bincount(tie))[tie] if len(tie) else order.places
    above = order._sum(np.where(order.wanted, order.sizes[order.of] - 1 - places, 0.0))
    unwanted = order.sizes - order.wants
    pairs = order.wants * unwanted
    return order._where_split((above - order.wants * (order.wants - 1) / 2) / np.maximum(pairs, 1))


def mrr(order: Order) -> Floats:
    """(l,) The mean of 1/rank over the wanted items, as the evaluation of MIND defines it (Wu et al., "MIND: A
    Large-scale Dataset for News Recommendation", 2020, and its script); elsewhere it is often the first one's.
    """
    told = order._sum(np.where(order.wanted, 1 / (order.places + 1), 0.0))
    return order._where_split(told / np.maximum(order.wants, 1))


def ndcg(order: Order, k: int) -> Floats:
    """(l,) Normalised discounted cumulative gain of the first k: gain 1 for a wanted item, 1 / log2(rank + 1) of it
    counted (Järvelin and Kekäläinen, 2002), over that of the best possible order.
    """
    counted = order.wanted & (order.places < k)
    told = order._sum(np.where(counted, 1 / np.log2(order.places + 2), 0.0))
    best = np.append(0.0, np.cumsum(1 / np.log2(np.arange(k) + 2)))[np.minimum(order.wants, k).astype(np.int64)]
    return order._where_split(told / np.maximum(best, 1e-9))


def recall(order: Order, k: int) -> Floats:
    """(l,) Share of the wanted items that are among the first k."""
    return order._where_split(order._sum((order.wanted & (order.places < k)).astype(np.float64)) / order.wants.clip(1))


# -- Beyond accuracy -----------------------------------------------------------------------------------------


def intra_list_distance(top: NDArray[np.float32], there: Mask) -> Floats:
    """(l,) The mean of 1 - cosine over the pairs of each list's first k (Smyth and McClave, 2001). `top` is (l, k, d);
    `there` (l, k) is where there is an article at all, and those without a vector are left out.
    """
    lengths = np.linalg.norm(top, axis=2)
    there = there & (lengths > 0)
    units = np.where(there, 1 / np.maximum(lengths, 1e-9), 0.0)[:, :, None] * top
    count = there.sum(axis=1)
    # The squared length of a sum of unit vectors is their number and twice the cosines of all pairs.
    pairs = count * (count - 1)
    cosines = (np.square(units.sum(axis=1), dtype=np.float64).sum(axis=1) - count) / np.maximum(pairs, 1)
    return np.where(count > 1, 1 - cosines, np.nan)


def divergence(wanted: Floats, shown: Floats) -> Floats:
    """(l,) Kullback-Leibler divergence, in bits, of each list's mix of topics from its reader's: Steck, "Calibrated
    Recommendations" (2018). Both are (l, t), of any sum; NaN where either has no topic.
    """
    told = (wanted.sum(axis=1) > 0) & (shown.sum(axis=1) > 0)
    wanted, shown = (mix / np.maximum(mix.sum(axis=1, keepdims=True), 1e-9) for mix in (wanted, shown))
    smooth = (1 - SMOOTHING) * shown + SMOOTHING * wanted
    ratio = np.divide(wanted, smooth, out=np.ones_like(wanted), where=wanted > 0)
    return np.where(told, (wanted * np.log2(ratio)).sum(axis=1), np.nan)


def surprise(clicks: Floats, total: float, articles: int) -> Floats:
    """-log2 of an article's share of all clicks so far (Zhou et al., 2010, self-information), each article lent one
    click, so that what nobody opened is rare and not impossible.
    """
    return -np.log2((clicks + 1) / (total + articles))


def mixes(count: int, lists: Integers, columns: Codes, scores: NDArray[np.floating], topics: int) -> Floats:
    """(count, topics) sums of the scores of the articles of each list. `lists` is (a,), the other two (a, k), with -1
    for no topic.
    """
    told = columns >= 0
    cells = np.broadcast_to(lists[:, None], columns.shape)[told] * topics + columns[told]
    return np.bincount(cells, scores[told], count * topics).astype(np.float64).reshape(count, topics)
