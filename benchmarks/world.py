"""Whether the feed finds what readers like and does not narrow: sixty days in a world whose readers' tastes are known.

The product's own pipeline, an ε-greedy bandit over topics and plain popularity each serve the same readers the same
press with the same luck (docs/simulation.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

READERS, DAYS, SEED = 120, 60, 7


def run(tastes: Path | None = None) -> dict[str, float]:
    """Regret in expected clicks a reader, diversity in topics on a page. With a file of tastes its readers come instead
    of made-up ones; the format is that of `manage.py simulate --tastes`.
    """
    from curation.sample import actions as sample

    given = sample.read_tastes(tastes) if tastes else {}
    count = max(given) + 1 if given else READERS
    imagined = sample.imagine_tastes(count=count, seed=SEED, given=given)
    with threadpool_limits(1, "blas"):  # the arrays are small: threads would only wait for each other
        return sample.compare_rankings(tastes=imagined, days=DAYS, seed=SEED, progress=_say)


def _say(policy: str, done: int, of: int) -> None:
    if done % 10 == 0:
        print(f"  {policy}: day {done} of {of}", file=sys.stderr, flush=True)
