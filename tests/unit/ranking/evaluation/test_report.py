"""Everybody is asked the same, the best setting stands for its kind, and the gate lets only a better ranker pass."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from curation.ranking.evaluation import measuring
from curation.ranking.evaluation.choosing import choose
from curation.ranking.evaluation.measuring import measure
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.report import evaluate
from curation.ranking.evaluation.types import Dataset, Question
from curation.ranking.types import Floats, Pool, Ranking, Reader
from tests.unit.ranking.evaluation.logs import DAY, log_of

SEED = 12


def quiet(doing: str, done: int, of: int) -> None:
    pass


def dataset_of(seed: int = SEED, lists: int = 200) -> Dataset:
    """In which articles with a low id are wanted: what a ranker can learn and the floor cannot know."""
    from tests.unit.ranking.evaluation import logs

    random = np.random.default_rng(seed)
    log = log_of(seed)
    told = logs._lists(random, lists, 0.0, 20 * DAY)
    chance = np.where(told.rows < logs.ARTICLES // 2, 0.9, 0.05)
    told = replace(told, clicked=random.random(len(told.rows)) < chance)
    return Dataset("made", replace(log, lists=told), range(20, 120), range(120, lists), "made up")


class Spy:
    """Scores by row, and keeps what it was asked."""

    def __init__(self, name: str, sign: float = 1.0) -> None:
        self.name, self.sign = name, sign
        self.asked: list[int] = []

    def __call__(self, question: Question) -> Floats:
        self.asked.append(question.number)
        return self.sign * question.rows.astype(np.float64)


def test_all_are_asked_the_same_and_figures_do_not_depend_on_who_else_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = dataset_of()
    one, other = Spy("one"), Spy("other", -1.0)
    together = measure(dataset.log, Replay(dataset.log, dataset.test), [one, other], seed=0, progress=quiet, doing="")
    assert one.asked == other.asked == list(dataset.test)
    monkeypatch.setattr(measuring, "ITEMS_AT_ONCE", 7)  # in many small parts
    alone = measure(
        dataset.log, Replay(dataset.log, dataset.test), [Spy("other", -1.0)], seed=0, progress=quiet, doing=""
    )
    for metric, figures in alone.figures["other"].items():
        assert figures == pytest.approx(together.figures["other"][metric], nan_ok=True), metric
    assert alone.coverage["other"] == together.coverage["other"]
    auc = together.figures["one"]["auc"] + together.figures["other"]["auc"]
    assert auc[~np.isnan(auc)] == pytest.approx(1.0)


def test_a_pipeline_that_gives_no_numbers_is_named() -> None:
    dataset = dataset_of()

    @dataclass
    class Broken:
        name: str = "broken"

        def __call__(self, question: Question) -> Floats:
            return np.full(len(question.rows), math.nan)

    with pytest.raises(ValueError, match="broken does not give every candidate a finite number"):
        measure(dataset.log, Replay(dataset.log, dataset.test), [Broken()], seed=0, progress=quiet, doing="")


def test_figures_beyond_accuracy_are_those_of_the_first_ten() -> None:
    dataset = dataset_of()
    log = dataset.log
    told = measure(log, Replay(log, dataset.test), [Spy("one")], seed=0, progress=quiet, doing="")
    topped, candidates = set(), set()
    for place, question in enumerate(Replay(log, dataset.test)):
        best = sorted(question.rows.tolist(), reverse=True)[:10]
        topped.update(best)
        candidates.update(question.rows.tolist())
        before = log.clicks.at < question.at
        pairs = set(zip(log.clicks.readers[before].tolist(), log.clicks.rows[before].tolist(), strict=True))
        opened = np.bincount([row for _, row in pairs], minlength=len(log.articles))
        shares = (opened + 1) / (opened.sum() + len(log.articles))
        assert told.figures["one"]["novelty"][place] == pytest.approx(float(-np.log2(shares[best]).mean()))
        past = question.reader.past
        mine = past.weights[past.liked] @ past.topics[past.liked]
        shown = sum(question.pool.topics[question.rows.tolist().index(row)].astype(float) for row in best)
        if mine.sum() and shown.sum():
            wanted, mix = mine / mine.sum(), shown / shown.sum()
            mix = 0.99 * mix + 0.01 * wanted
            expected = sum(p * math.log2(p / q) for p, q in zip(wanted, mix, strict=True) if p)
            assert told.figures["one"]["calibration"][place] == pytest.approx(expected, abs=1e-5)
        else:
            assert math.isnan(told.figures["one"]["calibration"][place])
    assert told.coverage["one"] == len(topped) / len(candidates)


def test_the_best_setting_on_the_training_part_is_taken_and_made_anew() -> None:
    dataset = dataset_of()
    made: list[Spy] = []

    def spy(sign: float) -> Any:
        def make() -> Spy:
            made.append(Spy("spied", sign))
            return made[-1]

        return make

    settings = {"spied": {"upwards": spy(1.0), "downwards": spy(-1.0)}, "single": {"": lambda: Spy("single")}}
    chosen, reached = choose(dataset.log, settings, dataset.train, seed=0, progress=quiet)
    assert chosen["spied"] is made[-1]
    assert made[-1].sign == -1.0
    assert not made[-1].asked
    assert made[0].asked == list(dataset.train)
    assert set(reached) == {"spied"}
    assert reached["spied"]["downwards"] > reached["spied"]["upwards"]


def by_id(pool: Pool, reader: Reader) -> Ranking:
    scores = -pool.ids.astype(np.float64)
    return Ranking(scores, scores[None, :], ("id",))


def by_id_backwards(pool: Pool, reader: Reader) -> Ranking:
    scores = pool.ids.astype(np.float64)
    return Ranking(scores, scores[None, :], ("id",))


def test_a_learned_ranker_that_is_better_passes_the_gate_and_is_the_default() -> None:
    dataset = dataset_of()
    fitted: list[list[int]] = []

    def fit(questions: Iterable[Question]) -> Any:
        fitted.append([question.number for question in questions])
        return by_id

    report = evaluate(dataset, names=["default", "learned", "floor"], fit_ranker=fit)
    assert report["gate"]["chosen"] == "learned"
    assert report["gate"]["ci95"][0] > 0
    # The gate decides on training lists that the candidate never saw; nobody ever learns from the test.
    assert fitted == [list(range(20, 95)), list(range(20, 120))]
    assert (report["gate"]["fitted_to"], report["gate"]["decided_on"]) == (75, 25)
    pipelines = report["pipelines"]
    assert pipelines["default"] == pipelines["learned"] != pipelines["floor"]
    assert report["compared"] == "default"
    assert report["against"]["floor"]["ci95"][0] > 0
    assert report["against"]["learned"]["ndcg@10_difference"] == 0
    gained = pipelines["default"]["ndcg@10"] - pipelines["mean_cosine"]["ndcg@10"]
    assert report["against"]["mean_cosine"]["ndcg@10_difference"] == pytest.approx(gained, abs=2e-6)


def test_a_learned_ranker_that_is_no_better_does_not_pass() -> None:
    report = evaluate(dataset_of(), names=["default", "learned"], fit_ranker=lambda questions: by_id_backwards)
    assert report["gate"]["chosen"] == "floor"
    assert set(report["pipelines"]) == {"random", "popular", "recent_popular", "mean_cosine", "learned", "default"}
    assert report["pipelines"]["default"]["ndcg@10"] > report["pipelines"]["learned"]["ndcg@10"]


def test_without_a_learned_ranker_the_floor_is_the_default() -> None:
    report = evaluate(dataset_of())
    assert report["gate"] == {"chosen": "floor", "why": "there is no learned ranker"}
    assert "learned" not in report["pipelines"]
    assert report["pipelines"]["default"] == report["pipelines"]["floor"]
    assert set(report["against"]) == {
        "random", "popular", "recent_popular", "mean_cosine", "als", "bm25", "item_knn", "floor"
    }  # fmt: skip
    assert report["exploration"] is None
    json.dumps(report, allow_nan=False)
    assert report == evaluate(dataset_of())


def test_too_few_training_lists_teach_nothing() -> None:
    dataset = replace(dataset_of(), train=range(20, 30))
    report = evaluate(dataset, names=["default"], fit_ranker=lambda questions: by_id)
    assert report["gate"] == {"chosen": "floor", "why": "10 training lists are too few to learn from"}


@pytest.mark.parametrize(
    ("names", "test", "message"),
    [
        (["loudest"], range(120, 200), "no pipeline is called loudest; there is: random, "),
        (["learned"], range(120, 200), "learned: there is no learned ranker"),
        ([], range(120, 120), "no list is left to evaluate"),
    ],
)
def test_what_cannot_be_evaluated_is_said(names: list[str], test: range, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(replace(dataset_of(), test=test), names=names)


def test_lists_are_counted_by_history_and_by_what_they_cannot_tell() -> None:
    dataset = dataset_of()
    report = evaluate(dataset, names=["floor"])
    questions = list(Replay(dataset.log, dataset.test))
    slices = report["pipelines"]["floor"]["by_history"]
    assert sum(each["count"] for each in slices.values()) == report["impressions"] == len(questions)
    assert slices["0"]["count"] == sum(question.history_length == 0 for question in questions)
    assert slices["1-5"]["count"] == sum(1 <= question.history_length <= 5 for question in questions)
    assert report["skipped"]["nothing_wanted"] == sum(not question.wanted.any() for question in questions)
    assert report["skipped"]["everything_wanted"] == sum(bool(question.wanted.all()) for question in questions)
