"""What another way of choosing would earn, told from a bandit whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.ranking.evaluation.off_policy import (
    Draws,
    doubly_robust,
    draws_of,
    inverse_propensity,
    self_normalised,
)
from curation.ranking.evaluation.types import Articles, Lists, Log, Marks

ARMS, READERS, ROUNDS = 5, 400, 12_000


class Bandit:
    """Readers of two kinds who like different arms; arms are drawn with known chances that depend on the kind."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.rates = random.uniform(0.05, 0.6, (2, ARMS))
        logging = 0.6 * random.dirichlet(np.ones(ARMS), 2) + 0.4 / ARMS
        self.target = random.dirichlet(np.full(ARMS, 0.5), 2)
        readers = random.integers(0, READERS, ROUNDS)
        self.kinds = readers % 2
        self.arms = (random.random(ROUNDS)[:, None] > logging.cumsum(axis=1)[self.kinds, :-1]).sum(axis=1)
        self.draws = Draws(
            (random.random(ROUNDS) < self.rates[self.kinds, self.arms]).astype(float),
            logging[self.kinds, self.arms],
            readers,
        )
        self.targets = self.target[self.kinds, self.arms]
        self.truth = float((self.target[self.kinds] * self.rates[self.kinds]).sum(axis=1).mean())


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_estimates_come_to_the_truth(seed: int) -> None:
    bandit = Bandit(seed)
    wrong = np.full((2, ARMS), 0.3)  # a model that knows nothing: the propensities make up for it
    predicted, expected = wrong[bandit.kinds, bandit.arms], (bandit.target * wrong).sum(axis=1)[bandit.kinds]
    for estimate in (
        inverse_propensity(bandit.draws, bandit.targets, seed=0),
        self_normalised(bandit.draws, bandit.targets, seed=0),
        doubly_robust(bandit.draws, bandit.targets, predicted=predicted, expected=expected, seed=0),
    ):
        assert estimate.rate.mean == pytest.approx(bandit.truth, abs=0.05)
        assert estimate.rate.low < bandit.truth + 0.02
        assert estimate.rate.high > bandit.truth - 0.02
        assert 1 <= estimate.effective_size <= ROUNDS


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=12, deadline=None)
def test_a_target_that_chooses_as_the_log_did_earns_the_plain_mean(seed: int) -> None:
    draws = Bandit(seed).draws
    same = draws.propensities
    flat = np.full(len(draws), 0.2)
    for estimate in (
        inverse_propensity(draws, same, seed=0),
        self_normalised(draws, same, seed=0),
        doubly_robust(draws, same, predicted=flat, expected=flat, seed=0),
    ):
        assert estimate.rate.mean == pytest.approx(draws.rewards.mean())
        assert estimate.effective_size == pytest.approx(len(draws))
        assert estimate.clipped == 0


def test_a_model_that_is_right_makes_up_for_propensities_that_are_wrong_and_is_surer() -> None:
    bandit = Bandit(11)
    predicted = bandit.rates[bandit.kinds, bandit.arms]
    expected = (bandit.target * bandit.rates).sum(axis=1)[bandit.kinds]
    robust = doubly_robust(bandit.draws, bandit.targets, predicted=predicted, expected=expected, seed=0)
    plain = inverse_propensity(bandit.draws, bandit.targets, seed=0)
    assert robust.rate.high - robust.rate.low < plain.rate.high - plain.rate.low
    misread = Draws(bandit.draws.rewards, np.full(ROUNDS, 1 / ARMS), bandit.draws.readers)
    saved = doubly_robust(misread, bandit.targets, predicted=predicted, expected=expected, seed=0)
    lost = inverse_propensity(misread, bandit.targets, seed=0)
    assert abs(saved.rate.mean - bandit.truth) < 0.01 < abs(lost.rate.mean - bandit.truth)


def test_weights_beyond_the_cap_are_clipped_and_counted() -> None:
    draws = Draws(np.ones(4), np.array([0.5, 0.5, 0.01, 0.01]), np.arange(4))
    estimate = inverse_propensity(draws, np.array([0.5, 0.5, 1.0, 0.01]), cap=10.0, seed=0)
    assert (estimate.clipped, estimate.rate.mean) == (1, (1 + 1 + 10 + 1) / 4)
    assert self_normalised(draws, np.array([0.5, 0.5, 1.0, 0.01]), cap=10.0, seed=0).rate.mean == 1.0


def test_impossible_chances_are_refused() -> None:
    with pytest.raises(ValueError, match="propensity"):
        Draws(np.ones(1), np.zeros(1), np.zeros(1, np.int64))
    draws = Draws(np.ones(1), np.ones(1), np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="probability"):
        inverse_propensity(draws, np.array([1.5]), seed=0)


def test_only_what_was_drawn_by_chance_is_taken_and_only_of_the_lists_that_were_asked_for() -> None:
    lists = Lists.of(
        np.array([3, 4, 5], np.int32), np.array([1.0, 2.0, 3.0]), np.array([2, 2, 2]),
        np.zeros(6, np.int32), np.array([True, True, False, True, False, True]),
        propensities=np.array([0.5, 1.0, 0.1, 1.0, np.nan, 0.2], np.float32),
    )  # fmt: skip
    nothing = Marks.of(np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
    log = Log(articles=Articles.of(np.arange(1, 2)), lists=lists, readers=6, clicks=nothing)
    draws = draws_of(log, range(1, 3))
    assert draws.rewards.tolist() == [0.0, 1.0]
    assert draws.propensities.tolist() == pytest.approx([0.1, 0.2])
    assert draws.readers.tolist() == [4, 5]
    assert len(draws_of(log, range(0))) == 0
