"""How long a reader waits for the feed to be ranked, from candidates to the stored order, against the bare SQL of it: a
reader with 500 reads, eight topics and five sources followed, over 20,000 and over 200,000 articles of 30 days.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks._press import AT, Press, forget_press, make_press

NEEDS_DATABASE = True

SMALL, LARGE, READS, ROUNDS, WARM_UP = 20_000, 200_000, 500, 60, 5


def run() -> dict[str, float]:
    """`over_bare_sql_ratio_p50`: a slate ÷ its own statements through psycopg, one after the other in turns; the
    milliseconds of a slate, a reload and a second page, and where a slate's go.
    """
    # As in the web process: the arrays are small, threads would only wait for each other.
    with threadpool_limits(1, "blas"):
        return _both_sizes()


def _both_sizes() -> dict[str, float]:
    figures: dict[str, float] = {}
    medians = {}
    for count in (SMALL, LARGE):
        slates, bare, others = _measure(make_press(count, reads=READS))
        medians[count] = median(slates)
        if count == LARGE:
            figures |= {
                "over_bare_sql_ratio_p50": median(slates) / median(bare),
                "p50_ms": median(slates),
                "p95_ms": float(np.percentile(slates, 95)),
                "bare_sql_p50_ms": median(bare),
                **others,
            }
        forget_press()
    return {**figures, "growth_20k_to_200k": medians[LARGE] / medians[SMALL], "p50_ms_at_20k": medians[SMALL]}


def _measure(press: Press) -> tuple[list[float], list[float], dict[str, float]]:
    from curation.ranking import actions

    profile = press.profile
    slates, bare, again, more, statements = [], [], [], [], 0
    for turn in range(WARM_UP + ROUNDS):
        at = AT + timedelta(seconds=turn)
        with _recorded() as said:
            began = time.perf_counter()
            page = actions.serve_slate(profile=profile, surface="feed", at=at, fresh=True)
            slates.append((time.perf_counter() - began) * 1000)
        _forget(page.slate_id)
        statements = len(said)
        bare.append(_clock(lambda: _repeat(said)))
        again.append(_clock(lambda: actions.serve_slate(profile=profile, surface="feed", at=at)))  # noqa: B023
        more.append(
            _clock(
                lambda: actions.serve_more(profile=profile, slate_id=page.slate_id, position=len(page.cards), at=at)  # noqa: B023
            )
        )
        _forget(page.slate_id)
    others = {
        "statements": statements,
        "reload_p50_ms": median(again[WARM_UP:]),
        "second_page_p50_ms": median(more[WARM_UP:]),
        **_stages(press, AT),
    }
    return slates[WARM_UP:], bare[WARM_UP:], others


def _stages(press: Press, at: datetime) -> dict[str, float]:
    """The median milliseconds of each step of a slate, alone."""
    from curation.ranking import _pool, pipelines

    pipeline = pipelines.FEED
    reader = _pool.load_reader(press.profile, at)
    proposals = [generate(reader) for generate in pipeline.candidates]
    candidates = pipeline.union(proposals, without=np.empty(0, dtype=np.int64))
    pool, known = _pool.load_pool(reader, candidates)
    steps: dict[str, Callable[[], object]] = {"reader": lambda: _pool.load_reader(press.profile, at)}
    for generate in pipeline.candidates:
        steps[type(generate).__name__] = lambda generate=generate: generate(reader)  # type: ignore[misc]
    steps |= {
        "pool": lambda: _pool.load_pool(reader, candidates),
        "ranker": lambda: pipeline.ranker(pool, known),
        "arrange": lambda: pipelines.arrange(pipeline, pool, known, size=20, random=np.random.default_rng(1)),
    }
    timed = {f"stage_{name}_ms": median(_clock(step) for _ in range(25)) for name, step in steps.items()}
    return {"candidates": len(candidates), **timed}


@contextmanager
def _recorded() -> Iterator[list[tuple[str, Any]]]:
    from django.db import connection

    said: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        said.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield said


def _repeat(said: Sequence[tuple[str, Any]]) -> None:
    """The same statements through psycopg alone, in one transaction as they were."""
    from django.db import connection

    driver = connection.connection
    with driver.transaction(), driver.cursor() as cursor:
        for sql, params in said:
            cursor.execute(sql, params)
            if cursor.description is not None:
                cursor.fetchall()


def _forget(slate_id: object) -> None:
    from curation.engagement.models import Slate

    Slate.objects.filter(pk=slate_id).delete()


def _clock(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
