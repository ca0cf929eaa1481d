"""Whether a new training may take the place of what serves: by what readers opened after all that it was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.ranking.evaluation.bootstrap import Interval, intervals
from curation.ranking.evaluation.choosing import Ranked
from curation.ranking.evaluation.measuring import Measured, measure
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Log, Progress, mean_of
from curation.ranking.rankers import Ranker
from curation.ranking.types import Integers

MOST_LISTS = 10_000  # the latest
FEWEST_LISTS = 50  # with an answer; fewer decide nothing
FEW_READERS = 20  # below, a reader's days stand for readers: of a household nobody could be drawn anew
METRICS = ("ndcg@10", "auc", "mrr")
DECIDES = "ndcg@10"
FLOOR, SERVING, CHALLENGER = "floor", "serving", "challenger"


@dataclass(frozen=True)
class Verdict:
    passes: bool
    reason: str  # in words
    metrics: dict[str, Any]  # JSON-ready


def judge(
    log: Log, lists: range, *, challenger: Ranker, floor: Ranker, serving: Ranker | None, seed: int,
    progress: Progress,
) -> Verdict:  # fmt: skip
    """The challenger passes where its nDCG@10 is higher than the floor's, and than that of what serves if that is not
    the floor, each with the whole 95 % interval of the difference above 0.
    """
    rankers = {FLOOR: floor, CHALLENGER: challenger} | ({} if serving is None else {SERVING: serving})
    asked = Replay(log, lists[-MOST_LISTS:])
    pipelines = [Ranked(name, ranker) for name, ranker in rankers.items()]
    told = measure(log, asked, pipelines, seed=seed, progress=progress, doing="at the gate")
    at = log.lists.at[asked.numbers]
    return _verdict(told, _drawn_together(told.readers, at), [name for name in rankers if name != CHALLENGER], seed)


def _verdict(told: Measured, together: Integers, against: list[str], seed: int) -> Verdict:
    mine = told.figures[CHALLENGER][DECIDES]
    answered = int((~np.isnan(mine)).sum())
    sure = {name: intervals((mine - told.figures[name][DECIDES])[:, None], together, seed=seed)[0] for name in against}
    metrics = {
        "lists": answered,
        "readers": len(np.unique(told.readers)),
        **{name: _means(told.figures[name]) for name in (*against, CHALLENGER)},
        "difference": {name: {DECIDES: _number(each.mean), "ci95": list(map(_number, each.range))}
                       for name, each in sure.items()},
    }  # fmt: skip
    if answered < FEWEST_LISTS:
        return Verdict(False, f"{answered} later lists are too few to tell: {FEWEST_LISTS} are needed", metrics)
    weakest = min(sure, key=lambda name: sure[name].low)
    return Verdict(sure[weakest].low > 0, _in_words(weakest, sure[weakest], answered), metrics)


def _drawn_together(readers: Integers, at: Any) -> Integers:
    """What the bootstrap draws as one: a reader, or where there are few of them a reader's day."""
    if len(np.unique(readers)) >= FEW_READERS:
        return readers
    days = (np.asarray(at) // 86_400).astype(np.int64)
    return np.unique(np.stack([readers, days], axis=1), axis=0, return_inverse=True)[1].ravel()


def _in_words(name: str, sure: Interval, lists: int) -> str:
    against = "the floor" if name == FLOOR else "what serves"
    interval = f"{sure.mean:+.4f} ({sure.low:+.4f} to {sure.high:+.4f})"
    gained = f"nDCG@10 {interval} against {against} on {lists:,} later lists"
    return gained if sure.low > 0 else f"{gained}: not surely better"


def _means(figures: Mapping[str, Any]) -> dict[str, float | None]:
    return {metric: _number(mean_of(figures[metric])) for metric in METRICS}


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return round(value, 6) if math.isfinite(value) else None
