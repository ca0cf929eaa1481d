"""Says how good the ranking is, on public news logs or on the site's own, beside baselines and peers."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from accounts import queries as accounts
from curation.ranking.evaluation import deskdrop, mind, site
from curation.ranking.evaluation.report import evaluate
from curation.ranking.evaluation.types import Dataset, LogUnreadable
from curation.ranking.learning.fit import fit_ranker
from curation.serving.types import ServingError

SECONDS_BETWEEN_LINES = 3.0
FILES = {"mind": mind, "deskdrop": deskdrop}
FIGURES = ("auc", "mrr", "ndcg@5", "ndcg@10", "recall@10", "ild", "novelty", "calibration", "coverage")


class Command(BaseCommand):
    help = (
        "Ask each list of a log anew, in the order of time, and measure how the feed's ranking would have ordered it, "
        "beside baselines and peers (docs/evaluation.md). --dataset mind or deskdrop reads files in --path, without "
        "database or server; site reads this installation's own slates and events."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dataset", required=True, choices=[*FILES, "site"], help="whose log")
        parser.add_argument("--path", type=Path, metavar="DIR", help="the folder with the data set's files")
        parser.add_argument(
            "--pipeline", action="append", default=[], metavar="NAME",
            help="only this one beside the baselines: default, floor, learned, als, bm25 or item_knn; repeatable",
        )  # fmt: skip
        parser.add_argument("--limit", type=int, metavar="N", help="evaluate only the last N lists")
        parser.add_argument("--seed", type=int, default=0, metavar="S", help="of chance and of the intervals (0)")
        parser.add_argument("--synthetic", action="store_true", help="of the site: simulated readers, and only those")
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON object instead of a table")

    def handle(
        self, *, dataset: str, path: Path | None, pipeline: list[str], limit: int | None, seed: int, synthetic: bool,
        as_json: bool, **options: Any,
    ) -> None:  # fmt: skip
        for name, value, least in (("--limit", limit, 1), ("--seed", seed, 0)):
            if value is not None and value < least:
                raise CommandError(f"{name} is at least {least}")
        self._said_at, self._doing = 0.0, ""
        try:
            log = self._read(dataset, path, synthetic)
            asked = log if limit is None else replace(log, test=log.test[-limit:])
            report = evaluate(
                asked, names=pipeline, fit_ranker=partial(fit_ranker, seed=seed), seed=seed, progress=self._say
            )
        except (LogUnreadable, ValueError, OSError, ServingError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(orjson.dumps(report).decode() if as_json else _table(report))

    def _read(self, dataset: str, path: Path | None, synthetic: bool) -> Dataset:
        if dataset == "site":
            try:
                profiles = accounts.profiles_of_served(is_synthetic=synthetic)
                return site.read_site(profiles=profiles, with_synthetic=synthetic, progress=self._say)
            except DatabaseError as error:
                raise CommandError(f"the database does not answer: {error}") from None
        if path is None:
            raise CommandError(f"--path is missing: {FILES[dataset].EXPECTED}")
        if dataset == "mind":
            return mind.read_mind(path, progress=self._say)
        return deskdrop.read_deskdrop(path, progress=self._say)

    def _say(self, doing: str, done: int, of: int) -> None:
        now = time.monotonic()
        if doing != self._doing or done == of or now - self._said_at >= SECONDS_BETWEEN_LINES:
            self.stderr.write(f"{doing}: {done:,} of {of:,}")
            self._said_at, self._doing = now, doing


# -- What is printed -----------------------------------------------------------------------------------------


def _table(report: dict[str, Any]) -> str:
    pipelines, against = report["pipelines"], report["against"]
    lines = [
        f"{report['dataset']}, {report['split']}: {report['impressions']:,} lists of {report['readers']:,} readers",
        "",
        f"{'':<15}" + "".join(f"{figure:>12}" for figure in FIGURES),
    ]
    for name, told in pipelines.items():
        lines.append(f"{name:<15}" + "".join(f"{_figure(told[figure]):>12}" for figure in FIGURES))
        margins = "".join(f"{_margin(told['ci95'].get(figure)):>12}" for figure in FIGURES)
        lines.append(f"{'':<15}{margins}")
    lines += ["", f"nDCG@10 of {report['compared']}, against"]
    for name, told in against.items():
        low, high = map(_figure, told["ci95"])
        lines.append(f"  {name:<15}{_figure(told['ndcg@10_difference']):>9}   {low} to {high}")
    slices = next(iter(pipelines.values()))["by_history"]
    lines += ["", "nDCG@10 by articles read before" + "".join(f"{words:>9}" for words in slices)]
    lines += [f"  {'lists':<29}" + "".join(f"{each['count']:>9,}" for each in slices.values())]
    lines += [
        f"  {name:<29}" + "".join(f"{_figure(each['ndcg@10']):>9}" for each in told["by_history"].values())
        for name, told in pipelines.items()
    ]
    lines += ["", *(f"{name}: {_setting(told['settings'])}" for name, told in pipelines.items() if "settings" in told)]
    gate = report["gate"]
    lines.append(f"default is {gate['chosen']}" + (f": {gate['why']}" if "why" in gate else ""))
    if report["exploration"]:
        drawn = report["exploration"]
        low, high = map(_figure, drawn["ci95"])
        lines.append(
            f"places drawn by chance: {drawn['slots']:,}, opened {_figure(drawn['click_rate'])} ({low} to {high})"
        )
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}"


def _margin(interval: list[float | None] | None) -> str:
    low, high = interval or (None, None)
    return "" if low is None or high is None else f"±{(high - low) / 2:.4f}"


def _setting(reached: dict[str, float | None]) -> str:
    best = max(reached, key=lambda words: reached[words] or 0.0)
    return f"{best}, the best of {len(reached)} tried on the training part"
