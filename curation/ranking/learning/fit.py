"""Fits the ranker to lists whose outcome is known, and is that ranker in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from curation.ranking.evaluation.types import Question
from curation.ranking.learning.examples import Examples, examples_of
from curation.ranking.learning.inputs import inputs_of
from curation.ranking.learning.weights import HISTORY, Weights, at_floor
from curation.ranking.pipelines import FLOOR
from curation.ranking.rankers import Scorer, ZSumRanker
from curation.ranking.types import Pool, Ranking, Reader

if TYPE_CHECKING:
    from curation.ranking.learning._torch_fit import Keeper

STATED = frozenset({"follow_topic", "follow_source", "follow_phrase", "wish", "aversion"})
FEWEST_LISTS = 20  # below, everything is left to the floor


def _silent(line: str) -> None: ...


@dataclass(frozen=True)
class LearnedRanker:
    """A sum of contributions under the floor's names, computed in this process by torch."""

    scorers: tuple[Scorer, ...]
    weights: Weights
    told: Mapping[str, Any] = field(default_factory=dict)  # how it was fitted

    def __call__(self, pool: Pool, reader: Reader) -> Ranking:
        from curation.ranking.learning._torch_network import contributions

        found = contributions(self._network, inputs_of(self.scorers, pool, reader))
        return Ranking(found.sum(axis=0), found, tuple(scorer.name for scorer in self.scorers))

    @cached_property
    def _network(self) -> Any:
        from curation.ranking.learning._torch_network import Network

        return Network(self.weights, [scorer.name for scorer in self.scorers].index(HISTORY))


def fit_ranker(
    questions: Iterable[Question], *, seed: int = 0, say: Callable[[str], None] = _silent,
    resume: Keeper | None = None, floor: ZSumRanker = FLOOR,
) -> LearnedRanker:  # fmt: skip
    """Goes through the questions once; of those with an answer the latest count. `say` gets a line at a time.

    The same questions and seed give the same ranker, whether or not the way there was broken off: with `resume`, it
    goes on where that says. Too few lists give the floor itself. Raises FloatingPointError.
    """
    scorers = tuple(scorer for scorer, _ in floor.scorers)
    return fit_examples(examples_of(questions, scorers, seed=seed), seed=seed, say=say, resume=resume, floor=floor)


def fit_examples(
    examples: Examples, *, seed: int, say: Callable[[str], None], resume: Keeper | None, floor: ZSumRanker
) -> LearnedRanker:
    from curation.ranking.learning._torch_fit import Keeper, fit

    scorers = tuple(scorer for scorer, _ in floor.scorers)
    names = [scorer.name for scorer in scorers]
    start = at_floor(floor, examples.dimension, seed=seed)
    if len(examples) < FEWEST_LISTS:
        say(f"{len(examples)} lists are too few to learn from")
        return LearnedRanker(scorers, start, {"lists": len(examples)})
    say(f"learning from {len(examples):,} lists")
    weights, told = fit(
        examples, start, history=names.index(HISTORY), stated=np.array([name in STATED for name in [*names, ""]]),
        seed=seed, say=say, keeper=resume or Keeper(),
    )  # fmt: skip
    return LearnedRanker(scorers, weights, told)
