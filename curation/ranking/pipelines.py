"""How the parts are put together: one pipeline a surface, each readable from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np

from curation.engagement.types import ItemIn
from curation.ranking import _pool
from curation.ranking._reasons import explain
from curation.ranking.candidates import (
    AreaCandidates,
    FollowedSourceCandidates,
    FollowedTopicCandidates,
    NeighbourCandidates,
    NewCandidates,
    PhraseCandidates,
    PopularCandidates,
)
from curation.ranking.filters import (
    HiddenFilter,
    HiddenSourceFilter,
    MutedWordFilter,
    NotOnSlateFilter,
    ReadFilter,
    SeenFilter,
    StoryFilter,
)
from curation.ranking.rankers import Ranker, ZSumRanker
from curation.ranking.rerankers import VariedReranker
from curation.ranking.scorers import (
    AversionScorer,
    ClickThroughScorer,
    FatigueScorer,
    FreshnessScorer,
    HistoryScorer,
    PhraseScorer,
    SourceScorer,
    TopicScorer,
)
from curation.ranking.types import Mask, Pool, Reader, ReaderProfile

CandidateGenerator = Callable[[Reader], Iterable[int]]
Filter = Callable[[Pool, Reader], Mask]


@dataclass(frozen=True)
class Pipeline:
    """Candidates → filters → ranker → one per story → re-ranker. `name` is stored on every slate; its number rises
    when the order that it gives changes.
    """

    name: str
    candidates: tuple[CandidateGenerator, ...]
    filters: tuple[Filter, ...]
    ranker: Ranker
    reranker: VariedReranker


@dataclass(frozen=True)
class Stretch:
    """What a pipeline puts on a page, and how many articles it would still have for another one."""

    items: tuple[ItemIn, ...]
    left: int


FEED = Pipeline(
    name="feed/1",
    candidates=(
        FollowedTopicCandidates(),
        FollowedSourceCandidates(),
        PhraseCandidates(),
        NeighbourCandidates(),
        PopularCandidates(),
        NewCandidates(),
        AreaCandidates(),
    ),
    filters=(SeenFilter(), HiddenFilter(), HiddenSourceFilter(), MutedWordFilter()),
    ranker=ZSumRanker(
        (
            (HistoryScorer(), 1.0),
            (TopicScorer(), 1.0),
            (ClickThroughScorer(), 1.0),
            (FreshnessScorer(), 0.7),
            (SourceScorer(), 0.6),
            (PhraseScorer(), 0.8),
            (AversionScorer(), 1.0),
            (FatigueScorer(), 0.5),
        )
    ),
    reranker=VariedReranker(),
)

# Where everything was seen, opening the feed still shows what was not read; scrolling on ends.
FEED_AGAIN = replace(FEED, filters=(ReadFilter(), *FEED.filters[1:]))


def pipeline_for(surface: str) -> Pipeline:
    """Raises ValueError for a surface that is not ranked."""
    if surface == "feed":
        return FEED
    raise ValueError(f"unknown surface {surface!r}")


def run(
    pipeline: Pipeline,
    *,
    profile: ReaderProfile,
    at: datetime,
    size: int,
    random: np.random.Generator,
    on_slate: Sequence[int] = (),
    told: Sequence[int] = (),
    on_page: Sequence[int] = (),
) -> Stretch:
    """Choose `size` articles. `on_slate` are the articles already served, `told` their stories, `on_page` the sources
    of those on the page that is being filled.
    """
    reader = _pool.load_reader(profile, at)
    proposed = {article for generate in pipeline.candidates for article in generate(reader)}
    pool, reader = _pool.load_pool(reader, proposed - set(on_slate))

    keep = np.ones(len(pool), dtype=np.bool_)
    filters: tuple[Filter, ...] = (*pipeline.filters, NotOnSlateFilter(tuple(on_slate), tuple(told)))
    for drop in filters:
        keep &= drop(pool, reader)
    pool = pool.take(keep)

    ranking = pipeline.ranker(pool, reader)
    order = StoryFilter()(pool, np.lexsort((-pool.ids, -ranking.scores)))
    picks = pipeline.reranker(pool, ranking.scores, order, size=size, earlier=on_page, random=random)
    items = tuple(
        ItemIn(
            article_id=int(pool.ids[pick.row]),
            score=round(float(ranking.scores[pick.row]), 6),
            reason={"kind": "explore"} if pick.is_exploration else explain(pool, reader, ranking, pick.row),
            contributions=dict(zip(ranking.scorers, ranking.contributions[:, pick.row].round(6).tolist(), strict=True)),
            propensity=pick.propensity,
        )
        for pick in picks
    )
    return Stretch(items, left=len(order) - len(picks))


def seeded(slate_id: UUID, position: int) -> np.random.Generator:
    """Chance that can be replayed: the same slate draws the same surprise at the same place."""
    return np.random.default_rng([slate_id.int, position])
