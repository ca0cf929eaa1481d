"""`python -m benchmarks [NAME …] [--json F]`: measure, print a table for people, write the figures for programs."""

from __future__ import annotations

import argparse
import json
import pkgutil
import sys
import traceback
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import benchmarks
from benchmarks._measure import measure


def discover() -> list[str]:
    """The names of all benchmarks: the modules here that are no workshop (`_name`)."""
    names = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name for name in names if not name.startswith("_"))


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    rows = [(name, figure, value) for name, figures in results.items() for figure, value in figures.items()]
    if not rows:
        return ""
    names, figures = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{name:<{names}}  {figure:<{figures}}  {value:>12,.2f}" for name, figure, value in rows)


def main() -> int:
    known = discover()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(known)}; without: all")
    parser.add_argument(
        "--tastes", type=Path, metavar="FILE", help="true tastes for `world`, as for `simulate --tastes`"
    )
    parser.add_argument("--json", type=Path, metavar="F", help='write {"NAME": {"figure": number}} to F')
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(known)):
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(known)}")

    results: dict[str, dict[str, float]] = {}
    failed = []
    for name in dict.fromkeys(options.names or known):
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            # A fresh process each: nothing is warm, loaded or left over from the one before.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                told = {"tastes": options.tastes} if name == "world" and options.tastes else {}
                results[name] = process.submit(measure, name, told).result()
        except Exception as error:  # whatever a benchmark dies of, the others are still measured
            failed.append(name)
            traceback.print_exception(error)
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
