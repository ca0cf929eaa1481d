"""The register's small head against the larger way: how often each is right about suffering, and how long each takes.

Both judge the same headlines, whose labels neither was trained on: three sets by other hands, without the few that also
stand among the examples. The first two were in sight when the larger way's words were chosen; `unseen` was in nobody's.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from illustrate.brief import register, sensitive
from illustrate.brief._ngrams import plain

ROUNDS = 5
DATA = Path(__file__).parents[1] / "tests" / "data"
UNSEEN = "register_unseen"
SETS = ("sensitive_headlines", "register_headlines", UNSEEN)

Row = tuple[str, str, bool, str]  # headline, language, whether it tells of suffering, set


def run() -> dict[str, float]:
    rows = [row for name in SETS for row in _rows(name)]
    larger_seconds = _seconds(lambda turn: _larger(_numbered(rows, turn)))
    head_seconds = _seconds(lambda turn: _head(_numbered(rows, turn)))
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
    larger_alone, head_alone = _seconds(_each(_larger, rows)), _seconds(_each(_head, rows))
    return figures | {
        "larger_us_per_headline": 1e6 * larger_seconds / len(rows),
        "head_us_per_headline": 1e6 * head_seconds / len(rows),
        "time_ratio": head_seconds / larger_seconds,
        "larger_us_alone": 1e6 * larger_alone / len(rows),
        "head_us_alone": 1e6 * head_alone / len(rows),
        "time_ratio_alone": head_alone / larger_alone,
    }


def _rows(name: str) -> list[Row]:
    with (DATA / f"{name}.tsv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    known = {plain(text) for text in sensitive.examples()[0]}
    return [
        (row["headline"], row.get("lang") or row["language"], row["sensitive"] == "1", name)
        for row in table
        if plain(row["headline"]) not in known
    ]


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


def _each(way: Callable[[Sequence[Row]], list[bool]], rows: Sequence[Row]) -> Callable[[int], object]:
    """One headline a call, as an article's picture asks."""
    return lambda turn: [way([row]) for row in _numbered(rows, ROUNDS + 1 + turn)]


def _numbered(rows: Sequence[Row], turn: int) -> list[Row]:
    """No headline is met twice: the embedder, and who reads its mood, remember the latest."""
    return [(f"{turn} {text}", language, suffering, name) for text, language, suffering, name in rows]


def _f1(found: Sequence[bool], true: Sequence[bool]) -> float:
    hits = sum(a and b for a, b in zip(found, true, strict=True))
    return 2 * hits / (sum(found) + sum(true))
