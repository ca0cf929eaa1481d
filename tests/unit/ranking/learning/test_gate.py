"""What may take the place of what serves: better on later lists, surely, and never by chance."""

from __future__ import annotations

import numpy as np

from curation.ranking.evaluation.measuring import Measured
from curation.ranking.learning import gate


def measured(mine: np.ndarray, floor: np.ndarray, readers: np.ndarray, **more: np.ndarray) -> Measured:
    n = len(mine)

    def figures(values: np.ndarray) -> dict[str, np.ndarray]:
        return {"ndcg@10": values, "auc": values, "mrr": values}

    told = {"challenger": figures(mine), "floor": figures(floor)} | {
        name: figures(values) for name, values in more.items()
    }
    return Measured(readers, np.zeros(n), np.full(n, 10), np.ones(n), told, {})


def verdict(told: Measured, together: np.ndarray | None = None) -> gate.Verdict:
    against = [name for name in told.figures if name != "challenger"]
    return gate._verdict(told, told.readers if together is None else together, against, 1)


READERS = np.repeat(np.arange(40), 10)
RANDOM = np.random.default_rng(3)
FLOOR = RANDOM.random(400)


def test_a_sure_gain_passes_and_is_said_with_its_interval():
    found = verdict(measured(FLOOR + 0.02 + RANDOM.normal(0, 0.05, 400), FLOOR, READERS))
    assert found.passes
    assert found.reason.startswith("nDCG@10 +0.0")
    assert "against the floor on 400 later lists" in found.reason
    low, high = found.metrics["difference"]["floor"]["ci95"]
    assert 0 < low < found.metrics["difference"]["floor"]["ndcg@10"] < high
    assert found.metrics["challenger"]["ndcg@10"] > found.metrics["floor"]["ndcg@10"]
    assert (found.metrics["lists"], found.metrics["readers"]) == (400, 40)


def test_noise_never_passes():
    passed = [verdict(measured(FLOOR + RANDOM.normal(0, 0.1, 400), FLOOR, READERS)).passes for _ in range(40)]
    assert sum(passed) <= 3  # one in forty by the interval's own word


def test_a_gain_that_one_reader_alone_brings_does_not_pass():
    gained = np.where(READERS == 7, 0.9, 0.0)
    found = verdict(measured(FLOOR + gained, FLOOR, READERS))
    assert not found.passes
    assert "not surely better" in found.reason


def test_it_has_to_beat_what_serves_and_the_floor():
    mine = FLOOR + 0.02 + RANDOM.normal(0, 0.02, 400)
    for serving, passes, against in ((FLOOR + 0.05, False, "what serves"), (FLOOR - 0.05, True, "the floor")):
        found = verdict(measured(mine, FLOOR, READERS, serving=serving))
        assert found.passes is passes
        assert f"against {against}" in found.reason
    below_floor = verdict(measured(FLOOR - 0.02, FLOOR, READERS, serving=FLOOR - 0.05))
    assert not below_floor.passes


def test_few_later_lists_decide_nothing_and_nothing_at_all_is_no_number():
    few = verdict(measured(FLOOR[:30] + 0.5, FLOOR[:30], READERS[:30]))
    assert not few.passes
    assert "too few" in few.reason
    none = verdict(measured(FLOOR[:0], FLOOR[:0], READERS[:0]))
    assert not none.passes
    assert none.metrics["difference"]["floor"]["ci95"] == [None, None]


def test_in_a_household_days_stand_for_readers():
    two = np.repeat([0, 1], 100)
    days = np.tile(np.arange(100) // 10, 2) * 86_400.0
    assert len(np.unique(gate._drawn_together(two, days))) == 20
    assert gate._drawn_together(READERS, np.zeros(400)) is READERS
    by_luck = measured(FLOOR[:200] + RANDOM.normal(0.003, 0.1, 200), FLOOR[:200], two)
    assert not verdict(by_luck, gate._drawn_together(two, days)).passes
