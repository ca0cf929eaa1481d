"""The register's small head against the larger way: how often each is right about suffering, and how long each takes.

Both judge the same headlines, whose labels neither was trained on: three sets by three hands. The first two were in
sight when the larger way's words were chosen; `unseen` was in nobody's.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from illustrate.brief import register, sensitive

ROUNDS = 5
DATA = Path(__file__).parents[1] / "tests" / "data"
UNSEEN = "register_unseen"
SETS = ("sensitive_headlines", "register_headlines", UNSEEN)

Row = tuple[str, str, bool, str]  # headline, language, whether it tells of suffering, set


def run() -> dict[str, float]:
    rows = [row for name in SETS for row in _rows(name)]
    # Numbers are alike to both; numbered anew each time, no headline is remembered from the round before.
    larger_seconds = _seconds(lambda turn: _larger([(f"{turn} {text}", *rest) for text, *rest in rows]))
    head_seconds = _seconds(lambda turn: _head([(f"{turn} {text}", *rest) for text, *rest in rows]))
    larger, head = _larger(rows), _head(rows)
    figures: dict[str, float] = {}
    for name, chosen in {
        "": lambda row: True,
        "_en": lambda row: row[1] == "en",
        "_ko": lambda row: row[1] == "ko",
        "_unseen": lambda row: row[3] == UNSEEN,
    }.items():
        places = [place for place, row in enumerate(rows) if chosen(row)]
        true = [rows[place][2] for place in places]
        figures[f"f1_larger{name}"] = _f1([larger[place] for place in places], true)
        figures[f"f1_head{name}"] = _f1([head[place] for place in places], true)
        figures[f"points_behind{name}"] = 100 * (figures[f"f1_larger{name}"] - figures[f"f1_head{name}"])
    return figures | {
        "larger_us_per_headline": 1e6 * larger_seconds / len(rows),
        "head_us_per_headline": 1e6 * head_seconds / len(rows),
        "head_alone_us": 1e6 * _alone(rows),
        "time_ratio": head_seconds / larger_seconds,
    }


def _rows(name: str) -> list[Row]:
    with (DATA / f"{name}.tsv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["headline"], row.get("lang") or row["language"], row["sensitive"] == "1", name) for row in table]


def _larger(rows: Sequence[Row]) -> list[bool]:
    return [found for found, _ in sensitive.judge([(row[0], "", row[1]) for row in rows])]


def _head(rows: Sequence[Row]) -> list[bool]:
    return [bool(chance >= register.threshold()) for chance in register.chances([row[0] for row in rows])]


def _seconds(work: Callable[[int], object]) -> float:
    """The median of some rounds, after one that loads what is needed."""
    seconds = []
    for turn in range(ROUNDS + 1):
        began = time.perf_counter()
        work(turn)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def _alone(rows: Sequence[Row]) -> float:
    """Seconds for one headline by itself."""
    return _seconds(lambda turn: [register.tells_of_suffering(f"{turn} {row[0]}") for row in rows]) / len(rows)


def _f1(found: Sequence[bool], true: Sequence[bool]) -> float:
    hits = sum(a and b for a, b in zip(found, true, strict=True))
    return 2 * hits / (sum(found) + sum(true))
