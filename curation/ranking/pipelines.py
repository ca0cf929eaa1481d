"""How the parts are put together: one pipeline a surface, each readable from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np

from curation.engagement.types import ItemIn
from curation.ranking import _pool
from curation.ranking._reasons import EXPLORATION, explain
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
    Filter,
    HiddenFilter,
    HiddenSourceFilter,
    MutedWordFilter,
    NotOnSlateFilter,
    ReadFilter,
    SeenFilter,
    StoryFilter,
)
from curation.ranking.joiners import ExplorationJoiner, UnionJoiner
from curation.ranking.learning.served import ServedRanker
from curation.ranking.rankers import Ranker, ZSumRanker
from curation.ranking.rerankers import VariedReranker, open_sources
from curation.ranking.samplers import ThompsonSampler
from curation.ranking.scorers import (
    AversionScorer,
    BreadthScorer,
    ClickThroughScorer,
    DemandScorer,
    FatigueScorer,
    FollowedSourceScorer,
    FollowedTopicScorer,
    FreshnessScorer,
    HistoryScorer,
    PhraseScorer,
    PublisherScorer,
    SatisfactionScorer,
    TopicScorer,
    WishScorer,
)
from curation.ranking.types import Floats, Integers, Pick, Pool, Reader, ReaderProfile

CandidateGenerator = Callable[[Reader], Integers]


@dataclass(frozen=True)
class Pipeline:
    """Candidates → filters → ranker → one per story → re-ranker → exploration. `name` is stored on every slate; its
    number rises when the order that it gives changes.
    """

    name: str
    candidates: tuple[CandidateGenerator, ...]
    union: UnionJoiner
    filters: tuple[Filter, ...]
    ranker: Ranker
    reranker: VariedReranker
    sampler: ThompsonSampler
    exploration: ExplorationJoiner


@dataclass(frozen=True)
class Arranged:
    """The picks in their order, what each was lifted by, and how many candidates are left for another page."""

    pool: Pool  # what the filters left
    picks: tuple[Pick, ...]
    contributions: tuple[dict[str, float], ...]  # of each pick
    scores: Floats  # of the pool
    left: int


@dataclass(frozen=True)
class Stretch:
    """What a pipeline puts on a page, and how many articles it would still have for another one."""

    items: tuple[ItemIn, ...]
    sources: tuple[int, ...]  # of each item
    left: int


FLOOR = ZSumRanker(
    (
        (HistoryScorer(), 1.0),
        (TopicScorer(), 1.0),
        (ClickThroughScorer(), 1.0),
        (DemandScorer(), 0.2),
        (FollowedTopicScorer(), 1.5),
        (FollowedSourceScorer(), 0.6),
        (PhraseScorer(), 0.8),
        (WishScorer(), 1.0),
        (PublisherScorer(), 0.3),
        (SatisfactionScorer(), 0.3),
        (FreshnessScorer(), 0.7),
        (BreadthScorer(), 0.3),
        (AversionScorer(), 1.0),
        (FatigueScorer(), 0.5),
    )
)

FEED = Pipeline(
    name="feed/2",
    candidates=(
        FollowedTopicCandidates(),
        FollowedSourceCandidates(),
        PhraseCandidates(),
        NeighbourCandidates(),
        PopularCandidates(),
        NewCandidates(),
        AreaCandidates(),
    ),
    union=UnionJoiner(),
    filters=(SeenFilter(), HiddenFilter(), HiddenSourceFilter(), MutedWordFilter()),
    ranker=ServedRanker(floor=FLOOR),
    reranker=VariedReranker(),
    sampler=ThompsonSampler(),
    exploration=ExplorationJoiner(),
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
    # What a filter would drop anyway must not take a place in the pool from something that may stay.
    known = np.concatenate([np.array(on_slate, dtype=np.int64), *(drop.known(reader) for drop in pipeline.filters)])
    proposed = pipeline.union([generate(reader) for generate in pipeline.candidates], without=known)
    pool, reader = _pool.load_pool(reader, proposed)
    unused = NotOnSlateFilter(tuple(on_slate), tuple(told))
    pipeline = replace(pipeline, filters=(*pipeline.filters, unused))
    arranged = arrange(pipeline, pool, reader, size=size, random=random, on_page=on_page)
    pool = arranged.pool
    items = tuple(
        ItemIn(
            article_id=int(pool.ids[pick.row]),
            score=round(float(arranged.scores[pick.row]) + pick.lift, 6),
            reason=explain(pool, reader, pick.row, contributions),
            contributions=contributions,
            propensity=pick.propensity,
        )
        for pick, contributions in zip(arranged.picks, arranged.contributions, strict=True)
    )
    sources = tuple(int(pool.sources[pick.row]) for pick in arranged.picks)
    return Stretch(items, sources, left=arranged.left)


def arrange(
    pipeline: Pipeline,
    pool: Pool,
    reader: Reader,
    *,
    size: int,
    random: np.random.Generator,
    on_page: Sequence[int] = (),
) -> Arranged:
    """The part that works on arrays alone: from candidates to the picks of a page."""
    keep = np.ones(len(pool), dtype=np.bool_)
    for drop in pipeline.filters:
        keep &= drop(pool, reader)
    pool = pool.take(keep)

    ranking = pipeline.ranker(pool, reader)
    order = StoryFilter()(pool, np.lexsort((-pool.ids, -ranking.scores.round(9))))
    explores = size > pipeline.exploration.not_before and len(order) > size
    best = pipeline.reranker(pool, reader, ranking.scores, order, size=size - explores, earlier=on_page)
    picks = [Pick(int(row)) for row in best]
    if explores:
        rest = order[~np.isin(order, best)]
        used = dict(zip(*np.unique([*on_page, *pool.sources[best]], return_counts=True), strict=True))
        rest = rest[open_sources(pool.sources[rest], used, pipeline.reranker.per_source)]
        drawn = pipeline.sampler(pool, reader, rest, random)
        picks = pipeline.exploration(picks, drawn, ranking.scores, random)
    contributions = tuple(
        dict(zip(ranking.scorers, ranking.contributions[:, pick.row].round(6).tolist(), strict=True))
        | ({EXPLORATION: round(pick.lift, 6)} if pick.is_exploration else {})
        for pick in picks
    )
    return Arranged(pool, tuple(picks), contributions, ranking.scores, left=len(order) - len(picks))


def seeded(slate_id: UUID, position: int) -> np.random.Generator:
    """Chance that can be replayed: the same slate draws the same surprise at the same place."""
    return np.random.default_rng([slate_id.int, position])
