"""Which setting of a pipeline, and which pipeline, told on the training part alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from curation.ranking.evaluation.baselines import MeanCosineBaseline, PopularBaseline, RandomBaseline
from curation.ranking.evaluation.bootstrap import intervals
from curation.ranking.evaluation.measuring import measure
from curation.ranking.evaluation.peers import AlsModel, NeighbourModel, Peer
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Log, Pipeline, Progress, Question, mean_of
from curation.ranking.rankers import Ranker
from curation.ranking.types import Floats

CHOOSING_LISTS = 10_000  # of the training part, the latest, on which settings are chosen
HALF_LIVES_HOURS = (6, 24, 72, 168, 336)
SMALL_LOG = 500_000  # clicks up to which the peers' settings are tried out, too
GATE_SHARE = 0.25  # of the training lists, the latest, on which the gate decides
GATE_LISTS = 20  # fewer decide nothing

FitRanker = Callable[[Iterable[Question]], Ranker]
Make = Callable[[], Pipeline]


# -- Settings ------------------------------------------------------------------------------------------------


def settings_of(log: Log, seed: int) -> dict[str, dict[str, Make]]:
    """Of each pipeline that is measured against, its settings in words; the first is what is taken unasked."""

    def popular(hours: float) -> Make:
        return lambda: PopularBaseline(log, hours, name="recent_popular")

    def als(factors: int, alpha: float) -> Make:
        return lambda: Peer(log, AlsModel(factors, alpha, seed=seed), "als")

    def near(neighbours: int, bm25: tuple[float, float] | None = None) -> Make:
        return lambda: Peer(log, NeighbourModel(neighbours, bm25), "bm25" if bm25 else "item_knn")

    is_small = len(log.clicks) + (0 if log.given is None else len(log.given.rows)) <= SMALL_LOG
    tried = slice(None) if is_small else slice(1)
    als_tried = [(64, 10.0), (32, 1.0), (32, 10.0), (64, 40.0)][tried]
    bm25_tried = [(100, (1.2, 0.75)), (100, (1.2, 0.25)), (100, (100.0, 0.75)), (20, (1.2, 0.75))][tried]
    return {
        "random": {"": lambda: RandomBaseline(seed)},
        "popular": {"": lambda: PopularBaseline(log)},
        "recent_popular": {f"halved every {hours} h": popular(hours) for hours in HALF_LIVES_HOURS},
        "mean_cosine": {"": MeanCosineBaseline},
        "als": {f"{factors} factors, alpha {alpha:g}": als(factors, alpha) for factors, alpha in als_tried},
        "bm25": {f"{k} neighbours, K1 {k1:g}, B {b:g}": near(k, (k1, b)) for k, (k1, b) in bm25_tried},
        "item_knn": {f"{k} neighbours": near(k) for k in [100, 20, 400][tried]},
    }


def choose(
    log: Log, settings: Mapping[str, Mapping[str, Make]], train: range, *, seed: int, progress: Progress
) -> tuple[dict[str, Pipeline], dict[str, dict[str, float]]]:
    """Each pipeline in the setting that had the best nDCG@10 on the last training lists, made anew; and of those with
    several settings, what every one reached.
    """
    several = {name: members for name, members in settings.items() if len(members) > 1}
    tried = [_Tried(name, words, make()) for name, members in several.items() for words, make in members.items()]
    latest = train[-CHOOSING_LISTS:]
    reached: dict[str, dict[str, float]] = {}
    if tried and len(latest):
        told = measure(log, Replay(log, latest), tried, seed=seed, progress=progress, doing="choosing settings")
        for each in tried:
            reached.setdefault(each.of, {})[each.words] = mean_of(told.figures[each.name]["ndcg@10"])
    best = {
        name: max(members, key=lambda words: reached.get(name, {}).get(words, -math.inf))
        for name, members in settings.items()
    }
    return {name: members[best[name]]() for name, members in settings.items()}, reached


@dataclass
class _Tried:
    """A pipeline in one of its settings, which all go by one name."""

    of: str
    words: str
    pipeline: Pipeline

    @property
    def name(self) -> str:
        return f"{self.of}, {self.words}"

    def __call__(self, question: Question) -> Floats:
        return self.pipeline(question)


# -- The product's rankers -----------------------------------------------------------------------------------


@dataclass
class Ranked:
    """A ranker of the product."""

    name: str
    ranker: Ranker

    def __call__(self, question: Question) -> Floats:
        return self.ranker(question.pool, question.reader).scores


def gate(
    log: Log, train: range, fit_ranker: FitRanker, floor: Pipeline, *, seed: int, progress: Progress
) -> tuple[Ranked | None, dict[str, Any]]:
    """The learned ranker, fitted to all training questions, and whether it may take the floor's place: fitted to the
    earlier ones alone, it has to have the higher nDCG@10 on the later ones, with the whole interval above 0.
    """
    cut = len(train) - round(len(train) * GATE_SHARE)
    earlier, later = train[:cut], train[cut:]
    if len(later) < GATE_LISTS:
        return None, {"chosen": "floor", "why": f"{len(train)} training lists are too few to learn from"}
    candidate = Ranked("learned", fit_ranker(_told(Replay(log, earlier), progress, "learning, for the gate")))
    told = measure(log, Replay(log, later), [candidate, floor], seed=seed, progress=progress, doing="at the gate")
    gained = told.figures["learned"]["ndcg@10"] - told.figures["floor"]["ndcg@10"]
    [interval] = intervals(gained[:, None], told.readers, seed=seed)
    learned = Ranked("learned", fit_ranker(_told(Replay(log, train), progress, "learning")))
    return learned, {
        "chosen": "learned" if interval.low > 0 else "floor",
        "fitted_to": len(earlier),
        "decided_on": len(later),
        "ndcg@10_difference": interval.mean,
        "ci95": interval.range,
    }


def _told(questions: Replay, progress: Progress, doing: str) -> Iterable[Question]:
    for number, question in enumerate(questions, start=1):
        yield question
        progress(doing, number, len(questions))
