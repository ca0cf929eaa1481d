"""Whether a search for what is nearest finds it, however few articles may be shown: 200,000 vectors, of which 2 %, 10 %
and all are eligible, against an exact search.
"""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median

import numpy as np

from benchmarks._press import AT, DAYS, Press, make_press

NEEDS_DATABASE = True

ARTICLES, QUERIES, WANTED = 200_000, 40, 100
SHARES = {"2pct": 0.02, "10pct": 0.10, "100pct": 1.0}


def run() -> dict[str, float]:
    """Of the hundred nearest eligible articles, how many are found (`recall_…`); rows that come back ÷ rows asked for,
    the worst of all queries; milliseconds of one query.
    """
    press = make_press(ARTICLES, reads=50)
    figures: dict[str, float] = {}
    worst = 1.0
    for name, share in SHARES.items():
        recall, rows, milliseconds, is_wide = _ask(press, share)
        figures |= {f"recall_{name}": recall, f"ms_{name}_p50": milliseconds, f"by_graph_{name}": is_wide}
        worst = min(worst, rows)
    return {**figures, "rows_returned_min_ratio": worst}


def _ask(press: Press, share: float) -> tuple[float, float, float, float]:
    """Mean recall, smallest share of rows, median milliseconds, and 1 where the graph was asked."""
    from curation.articles import queries as articles
    from curation.articles.models import Article

    since = AT - timedelta(days=DAYS * share)
    eligible = np.isin(press.ids, list(Article.objects.fresher_than(since).values_list("pk", flat=True)))
    ids, vectors = press.ids[eligible], press.vectors[eligible].astype(np.float16).astype(np.float32)
    random = np.random.default_rng(11)
    recalls, rows, times = [], [], []
    for row in random.choice(len(press.ids), QUERIES, replace=False):
        query = press.vectors[row] + 0.02 * random.normal(size=press.vectors.shape[1])
        query /= np.linalg.norm(query)
        began = time.perf_counter()
        found = articles.nearest(query, reader_id=None, limit=WANTED, since=since)
        times.append((time.perf_counter() - began) * 1000)
        truth = ids[np.argsort(-(vectors @ query), kind="stable")[:WANTED]]
        recalls.append(np.isin(truth, [article_id for article_id, _ in found]).mean())
        rows.append(len(found) / WANTED)
    wide = articles.is_wide(articles.Eligible(None, since))
    return float(np.mean(recalls)), min(rows), median(times), float(wide)
