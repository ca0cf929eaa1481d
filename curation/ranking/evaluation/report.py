"""How each pipeline did on the part of a log that nobody learned from, how sure that is, and against whom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from curation.ranking.evaluation import off_policy
from curation.ranking.evaluation.baselines import PopularBaseline
from curation.ranking.evaluation.bootstrap import intervals
from curation.ranking.evaluation.choosing import FitRanker, Ranked, choose, gate, settings_of
from curation.ranking.evaluation.measuring import ACCURACY, BEYOND, Measured, measure
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Dataset, Progress, mean_of
from curation.ranking.pipelines import FLOOR

BASELINES = ("random", "popular", "recent_popular", "mean_cosine")
PEERS = ("als", "bm25", "item_knn")
OURS = ("floor", "learned", "default")
HISTORY_LENGTHS = ((0, 0), (1, 5), (6, 20), (21, 50), (51, math.inf))


def evaluate(
    dataset: Dataset,
    *,
    names: Sequence[str] = (),
    fit_ranker: FitRanker | None = None,
    seed: int = 0,
    progress: Progress = lambda doing, done, of: None,
) -> dict[str, Any]:
    """What `evaluate_ranking --json` prints. `names` are the pipelines beside the baselines; all where none is given.

    Raises ValueError for an unknown name, or where there is nothing to evaluate.
    """
    asked = {*BASELINES, *(names or (*PEERS, *OURS))}
    if unknown := asked - {*BASELINES, *PEERS, *OURS}:
        known = ", ".join((*BASELINES, *PEERS, *OURS))
        raise ValueError(f"no pipeline is called {', '.join(sorted(unknown))}; there is: {known}")
    if not len(dataset.test):
        raise ValueError("the log is too short: no list is left to evaluate")
    log, train = dataset.log, dataset.train
    settings = {name: each for name, each in settings_of(log, seed).items() if name in asked}
    pipelines, reached = choose(log, settings, train, seed=seed, progress=progress)
    crowd = pipelines["recent_popular"]
    if log.impressions is None and isinstance(crowd, PopularBaseline):
        # Clicks alone have no rate, and no six hours suit every site: they fade as the baseline's do, told likewise.
        log = replace(log, clicks_fade_hours=crowd.half_life_hours)
    pipelines["floor"] = floor = Ranked("floor", FLOOR)
    verdict: dict[str, Any] = {"chosen": "floor", "why": "there is no learned ranker"}
    if fit_ranker is not None and {"learned", "default"} & asked:
        learned, verdict = gate(log, train, fit_ranker, floor, seed=seed, progress=progress)
        if learned is not None:
            pipelines["learned"] = learned
    if "learned" in names and "learned" not in pipelines:
        raise ValueError(f"learned: {verdict['why']}")
    winner = verdict["chosen"]
    needed = asked | ({winner} if "default" in asked else set())
    run = [pipeline for name, pipeline in pipelines.items() if name in needed]
    told = measure(log, Replay(log, dataset.test), run, seed=seed, progress=progress, doing="evaluating")
    if "default" in asked:
        told.figures["default"], told.coverage["default"] = told.figures[winner], told.coverage[winner]
    shown = [name for name in told.figures if name in asked]
    report = _report(dataset, told, shown, reached, seed) | {"gate": verdict}
    cleaned: dict[str, Any] = _clean(report)
    return cleaned


def _report(
    dataset: Dataset, told: Measured, names: Sequence[str], reached: Mapping[str, Mapping[str, float]], seed: int
) -> dict[str, Any]:
    compared = names[-1]  # default, unless others were asked for
    others = [name for name in names if name != compared]
    columns = [(name, metric) for name in names for metric in (*ACCURACY, *BEYOND)]
    values = [told.figures[name][metric] for name, metric in columns]
    mine = told.figures[compared]["ndcg@10"]
    values += [mine - told.figures[name]["ndcg@10"] for name in others]
    sure = intervals(np.stack(values, axis=1), told.readers, seed=seed)
    means = dict(zip(columns, sure, strict=False))
    return {
        "dataset": dataset.name,
        "split": dataset.split,
        "impressions": len(told.sizes),
        "readers": len(np.unique(told.readers)),
        "pipelines": {
            name: {
                **{metric: means[name, metric].mean for metric in (*ACCURACY, *BEYOND)},
                "coverage": told.coverage[name],
                "ci95": {metric: means[name, metric].range for metric in (*ACCURACY, *BEYOND)},
                "by_history": _by_history(told, name),
                **({"settings": reached[name]} if name in reached else {}),
            }
            for name in names
        },
        "compared": compared,
        "against": {
            name: {"ndcg@10_difference": each.mean, "ci95": each.range}
            for name, each in zip(others, sure[len(columns) :], strict=True)
        },
        "exploration": _exploration(dataset, seed),
        "skipped": {
            "nothing_wanted": int((told.wants == 0).sum()),
            "everything_wanted": int(((told.wants == told.sizes) & (told.sizes > 0)).sum()),
            **dataset.notes,
        },
    }


def _exploration(dataset: Dataset, seed: int) -> dict[str, Any] | None:
    """How the places did whose article was drawn by chance; None where none was."""
    draws = off_policy.draws_of(dataset.log, dataset.test)
    if not len(draws):
        return None
    [rate] = intervals(draws.rewards[:, None], draws.readers, seed=seed)
    return {"slots": len(draws), "click_rate": rate.mean, "ci95": rate.range}


def _by_history(told: Measured, name: str) -> dict[str, dict[str, float]]:
    """Figures by how many articles the reader had liked."""
    slices = {}
    for least, most in HISTORY_LENGTHS:
        words = f"{least}" if least == most else f"{least}+" if most == math.inf else f"{least}-{most}"
        here = (told.history_lengths >= least) & (told.history_lengths <= most)
        slices[words] = {
            "count": int(here.sum()),
            **{metric: mean_of(told.figures[name][metric][here]) for metric in ("auc", "ndcg@10")},
        }
    return slices


def _clean(value: Any) -> Any:
    """JSON knows no NaN; six decimals are more than any interval is sure of."""
    if isinstance(value, Mapping):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
