"""Figures of many lists at once are what each list alone would give."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from curation.ranking.evaluation import metrics


@st.composite
def batches(draw: st.DrawFn, *, ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, what was wanted, offsets; some lists are empty, some have nothing to be told apart."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = random.integers(0, 30, draw(st.integers(1, 12)))
    total = int(sizes.sum())
    scores = random.integers(0, 4, total).astype(float) if ties else random.permutation(total) - total / 2
    return scores, random.random(total) < random.choice([0.05, 0.3, 0.9]), np.append(0, np.cumsum(sizes))


def each(scores: np.ndarray, wanted: np.ndarray, offsets: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(scores[first:end], wanted[first:end]) for first, end in pairwise(offsets)]


def order_of(batch: tuple[np.ndarray, np.ndarray, np.ndarray], seed: int = 0) -> metrics.Order:
    return metrics.Order(*batch, np.random.default_rng(seed).random(len(batch[0])))


@given(batches(ties=True))
@settings(max_examples=100, deadline=None)
def test_auc_is_sklearns_with_equal_scores_counting_half(batch: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    for told, (scores, wanted) in zip(metrics.auc(order_of(batch)), each(*batch), strict=True):
        if wanted.any() and not wanted.all():
            assert told == pytest.approx(roc_auc_score(wanted, scores))
        else:
            assert math.isnan(told)


@given(batches(ties=False))
@settings(max_examples=100, deadline=None)
def test_ndcg_is_sklearns(batch: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    order = order_of(batch)
    for k in (5, 10):
        for told, (scores, wanted) in zip(metrics.ndcg(order, k), each(*batch), strict=True):
            if wanted.any() and not wanted.all():
                assert told == pytest.approx(ndcg_score([wanted.astype(float)], [scores], k=k))
            else:
                assert math.isnan(told)


@given(batches(ties=False))
@settings(max_examples=100, deadline=None)
def test_mrr_recall_and_the_top_are_what_sorting_by_hand_gives(
    batch: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    order = order_of(batch)
    offsets = batch[2]
    for number, (scores, wanted) in enumerate(each(*batch)):
        best = sorted(range(len(scores)), key=lambda item: -scores[item])
        top = order.top(10)[number]
        assert top[top >= 0].tolist() == [int(offsets[number]) + item for item in best[:10]]
        if not wanted.any() or wanted.all():
            continue
        ranks = [place + 1 for place, item in enumerate(best) if wanted[item]]
        assert metrics.mrr(order)[number] == pytest.approx(sum(1 / rank for rank in ranks) / len(ranks))
        assert metrics.recall(order, 10)[number] == pytest.approx(sum(rank <= 10 for rank in ranks) / len(ranks))


def test_a_scorer_that_cannot_tell_does_as_well_as_chance_wherever_the_wanted_one_lies() -> None:
    lists, size = 4000, 20
    wanted = np.tile(np.arange(size) == 0, lists)  # always the first: the order in which it was found must not help
    offsets = np.arange(lists + 1) * size
    order = metrics.Order(np.zeros(lists * size), wanted, offsets, np.random.default_rng(3).random(lists * size))
    expected = sum(1 / math.log2(rank + 1) for rank in range(1, 11)) / size
    assert metrics.ndcg(order, 10).mean() == pytest.approx(expected, abs=0.015)
    assert metrics.recall(order, 10).mean() == pytest.approx(0.5, abs=0.03)
    assert (metrics.auc(order) == 0.5).all()


def test_the_same_jitter_gives_the_same_order() -> None:
    batch = (np.zeros(50), np.arange(50) % 3 == 0, np.array([0, 20, 50]))
    assert order_of(batch, 1).items.tolist() == order_of(batch, 1).items.tolist()
    assert order_of(batch, 1).items.tolist() != order_of(batch, 2).items.tolist()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_distance_is_the_mean_over_pairs_that_have_vectors(seed: int) -> None:
    random = np.random.default_rng(seed)
    top = random.normal(size=(6, 5, 4)).astype(np.float32)
    top[random.random((6, 5)) < 0.2] = 0.0
    there = random.random((6, 5)) < 0.8
    for number, told in enumerate(metrics.intra_list_distance(top, there)):
        vectors = [row / np.linalg.norm(row) for row, is_there in zip(top[number], there[number], strict=True)
                   if is_there and row.any()]  # fmt: skip
        pairs = [1 - float(one @ other) for one, other in combinations(vectors, 2)]
        assert told == pytest.approx(np.mean(pairs), abs=1e-5) if pairs else math.isnan(told)


def test_a_list_of_the_readers_own_mix_is_calibrated() -> None:
    wanted = np.array([[3.0, 1.0, 0.0], [3.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    shown = np.array([[6.0, 2.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    told = metrics.divergence(wanted, shown)
    assert told[0] == pytest.approx(0.0, abs=1e-12)
    assert told[1] == told[2] == pytest.approx(math.log2(100))  # nothing in common: as far as smoothing lets it
    assert np.isnan(told[3:]).all()
    half = metrics.divergence(np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]]))[0]
    assert half == pytest.approx(0.5 * math.log2(0.5 / (0.99 + 0.005)) + 0.5 * math.log2(0.5 / 0.005))


def test_what_few_opened_is_a_surprise() -> None:
    told = metrics.surprise(np.array([0.0, 7.0, 99.0]), total=900.0, articles=100)
    assert told.tolist() == [-math.log2(1 / 1000), -math.log2(8 / 1000), -math.log2(100 / 1000)]


def test_mixes_add_up_the_topics_of_a_lists_articles() -> None:
    columns = np.array([[0, 2], [2, -1], [1, -1]], dtype=np.int32)
    scores = np.array([[0.5, 0.25], [1.0, 9.0], [0.75, 9.0]], dtype=np.float32)
    told = metrics.mixes(3, np.array([0, 0, 2]), columns, scores, topics=3)
    assert told.tolist() == [[0.5, 0.0, 1.25], [0.0, 0.0, 0.0], [0.0, 0.75, 0.0]]
