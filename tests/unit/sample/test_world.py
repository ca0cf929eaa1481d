"""The world that rankings are tried in: its truth, its luck, and what it counts."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from benchmarks import world as benchmark
from curation.sample import _world, actions
from curation.sample.types import Taste


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(1, "blas"):
        yield


def silent(*done: object) -> None:
    pass


def tastes(count, seed=5):
    return actions.imagine_tastes(count=count, seed=seed, given={})


class Oracle:
    """Knows what it should not."""

    name = "oracle"

    def __init__(self):
        self.pages = Counter()
        self.again = set()

    def __call__(self, world, life, there, hour, random):
        assert not self.again & {(life.number, int(article)) for article in there}
        page = there[np.argsort(-world.chance(life, there, hour), kind="stable")][: _world.PAGE]
        self.pages.update((life.number, int(article)) for article in page)
        return page

    def learn(self, world, life, shown, opened):
        self.again |= {(life.number, int(article)) for article in shown[opened]}


def test_who_knows_the_truth_has_nothing_to_regret_and_nobody_does_better():
    told = _world.live(tastes(6), Oracle(), days=6, seed=3, progress=silent)
    np.testing.assert_allclose(told.regret, 0.0, atol=1e-9)
    for policy in (_world.Default(), _world.Popular(), _world.EpsilonGreedy()):
        other = _world.live(tastes(6), policy, days=6, seed=3, progress=silent)
        assert (other.regret >= -1e-9).all()
        assert other.regret.sum() > 0


def test_the_same_seed_makes_the_same_world_and_another_seed_another():
    def clicks(seed):
        return _world.live(tastes(4), _world.Default(), days=4, seed=seed, progress=silent).clicks

    np.testing.assert_array_equal(clicks(3), clicks(3))
    assert (clicks(3) != clicks(4)).any()


def test_policies_meet_the_same_visits():
    """Else a difference between them could be luck."""

    def visited(policy):
        return np.isfinite(_world.live(tastes(8), policy, days=8, seed=3, progress=silent).topics_seen)

    np.testing.assert_array_equal(visited(_world.Popular()), visited(_world.Default()))


def test_what_is_counted_fades_by_half_in_its_half_life():
    counts = _world.Counts(3)
    counts.add(np.array([1]), 0.0, np.ones((5, 1)))
    fast, slow = counts.at(np.array([1]), 6.0)[0], counts.at(np.array([1]), 72.0)[2]
    assert fast == pytest.approx([0.5])
    assert slow == pytest.approx([0.5])
    assert not counts.at(np.array([0, 2]), 1.0).any()


def test_a_reader_opens_more_of_what_the_taste_is_about():
    press = _world.Press.printed(10, 3)
    life = _world._born(press, 0, Taste({press.slugs[0]: 1.0}, 0.5))
    about = press.topics[:, 0] > 0.5
    chance = _world.World(press, _world.Counts(len(about))).chance(life, np.arange(len(about)), 240.0)
    assert chance[about].mean() > 5 * chance[~about].mean()


def test_the_feed_beats_popularity_at_once_and_does_not_narrow():
    figures = actions.compare_rankings(tastes=tastes(16), days=21, seed=3)
    assert figures["regret_default"] < figures["regret_popular"] / 2
    assert figures["new_reader_clicks_default"] > 2 * figures["new_reader_clicks_popular"]
    assert figures["diversity_last_week"] >= figures["diversity_first_week"]


def test_the_benchmark_takes_true_tastes_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark, "DAYS", 3)
    file = tmp_path / "tastes.jsonl"
    file.write_text(
        "\n".join(json.dumps({"reader": n, "topics": {"ai": 2, "food": 1}, "activity": 1}) for n in range(3))
    )
    figures = benchmark.run(file)
    assert figures["readers"] == 3
    assert {"regret_default", "regret_epsilon_greedy", "regret_popular", "diversity_day1", "diversity_day3"} <= set(
        figures
    )
