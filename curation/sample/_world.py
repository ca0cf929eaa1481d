"""A world to try rankings in: readers whose true tastes are known, a press, and policies that choose what they see.

The reader is the one of `_simulation` (docs/simulation.md): when somebody comes, how far they scroll, how closely they
look and what they open follow the same model, and what is opened moves the same history. Everything happens in memory,
so that sixty days of a hundred readers take a minute, but what ranks them is the product's own pipeline: its filters,
scorers, ranker, re-ranker and exploration, on the arrays that they work on in the feed.

Every choice is drawn from the seed, the reader, the moment and the article, so that policies meet the same luck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.engagement.queries import weigh
from curation.ranking.pipelines import FEED, FLOOR, Pipeline, arrange
from curation.ranking.scorers import HALF_LIFE_HOURS, SLOW_HALF_LIFE_HOURS
from curation.ranking.types import Past, Pool, Reader, ReaderProfile, Seen
from curation.sample._simulation import HOURS, MEAN_DEPTH, OPENS, PAGE, look
from curation.sample.types import Taste
from curation.topics import queries as topics

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[str, int, int], None]

ARTICLES_A_DAY, SOURCES, DIMENSION = 60, 40, 48
WINDOW_HOURS = 5 * 24.0  # what is older has left the paper
QUALITY = 0.7  # log odds by which a well-made article is opened more, one standard deviation
HISTORY, SHOWN_AT_MOST = 200, 2
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Press:
    """Everything that is printed in these days, oldest first; hours since the first day."""

    hours: Floats
    topics: NDArray[np.float32]  # n × t
    slugs: tuple[str, ...]
    areas: Integers  # of each article
    sources: Integers
    stories: Integers
    story_sources: Integers
    vectors: NDArray[np.float32]
    quality: Floats  # log odds, whoever reads
    reading_seconds: Floats

    @classmethod
    def printed(cls, days: int, seed: int) -> Press:
        random = np.random.default_rng([seed, 1])
        slugs = tuple(topic.slug for area in topics.areas() for topic in area.topics)
        area_of = np.array([number for number, area in enumerate(topics.areas()) for _ in area.topics])
        centres = random.normal(size=(area_of.max() + 1, DIMENSION))[area_of] + random.normal(
            size=(len(slugs), DIMENSION)
        )
        count = int((days + WINDOW_HOURS / 24) * ARTICLES_A_DAY)
        hours = np.sort(random.uniform(-WINDOW_HOURS, days * 24, count))
        # A source writes about a few things, most of all about one.
        habits = random.dirichlet(np.full(len(slugs), 0.06), SOURCES)
        sources = random.integers(0, SOURCES, count)
        first = np.array([random.choice(len(slugs), p=habits[source]) for source in sources])
        second = random.integers(0, len(slugs), count)
        has_second = random.random(count) < 0.4
        scores = np.zeros((count, len(slugs)), dtype=np.float32)
        scores[np.arange(count), second] = np.where(has_second, 0.45, 0.0)
        scores[np.arange(count), first] = random.uniform(0.7, 0.95, count)
        vectors = (
            centres[first] + 0.4 * has_second[:, None] * centres[second] + 1.1 * random.normal(size=(count, DIMENSION))
        )
        stories = np.where(random.random(count) < 0.15, 1 + np.arange(count) // 12, 0)
        return cls(
            hours=hours,
            topics=scores,
            slugs=slugs,
            areas=area_of[first],
            sources=sources + 1,
            stories=stories,
            story_sources=np.bincount(stories)[stories] * (stories > 0) + (stories == 0),
            vectors=(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
            quality=QUALITY * random.normal(size=count),
            reading_seconds=random.lognormal(4.8, 0.5, count),
        )


class Counts:
    """What everybody did with each article, fading: impressions, clicks; demand, reads, satisfaction."""

    def __init__(self, articles: int) -> None:
        self._values = np.zeros((5, articles))
        self._hours = np.zeros(articles)
        self._half_lives = np.array([HALF_LIFE_HOURS] * 2 + [SLOW_HALF_LIFE_HOURS] * 3)[:, None]

    def at(self, articles: Integers, hour: float) -> Floats:
        """(5, articles)"""
        faded: Floats = self._values[:, articles] * np.exp2((self._hours[articles] - hour) / self._half_lives)
        return faded

    def add(self, articles: Integers, hour: float, what: Floats) -> None:
        """`what` is (5, articles)."""
        self._values[:, articles] = self.at(articles, hour) + what
        self._hours[articles] = hour


@dataclass
class Life:
    """What one reader has done so far."""

    number: int
    taste: Taste
    likes: Floats  # each article's match with the taste, 0 to 1
    shown: Integers  # times
    read: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    acts: list[tuple[float, int, float]] = field(default_factory=list)  # hour, article, weight
    seen: list[int] = field(default_factory=list)  # latest last

    @property
    def reads(self) -> int:
        return int(self.read.sum())


class Policy(Protocol):
    """Chooses the page: article numbers, first place first, out of those that may be shown."""

    name: str

    def __call__(
        self, world: World, life: Life, there: Integers, hour: float, random: np.random.Generator
    ) -> Integers: ...

    def learn(self, world: World, life: Life, shown: Integers, opened: NDArray[np.bool_]) -> None: ...


@dataclass
class World:
    """The press, what everybody did with it, and the truth about who would open what."""

    press: Press
    counts: Counts

    def chance(self, life: Life, articles: Integers, hour: float) -> Floats:
        """The true probability that this reader opens each article when looking at it."""
        fresh = np.exp2(-(hour - self.press.hours[articles]) / 24)
        odds = OPENS[0] + OPENS[1] * life.likes[articles] + OPENS[2] * fresh + self.press.quality[articles]
        return 1 / (1 + np.exp(-odds))


@dataclass
class Told:
    """How one policy fared: per reader and day the regret, the opened articles, and how many topics were seen."""

    regret: Floats  # readers × days, expected clicks that the best page would have had more
    clicks: Floats  # readers × days, expected
    topics_seen: Floats  # readers × days, effective number; NaN on days without a visit
    pages: list[tuple[int, float]]  # reads before the page, expected clicks of it


def live(tastes: Sequence[Taste], policy: Policy, *, days: int, seed: int, progress: Progress) -> Told:
    """Let these readers read for `days` under one policy."""
    press = Press.printed(days, seed)
    world = World(press, Counts(len(press.hours)))
    shape = (len(tastes), days)
    told = Told(regret=np.zeros(shape), clicks=np.zeros(shape), topics_seen=np.full(shape, np.nan), pages=[])
    lives = [_born(press, number, taste) for number, taste in enumerate(tastes)]
    for day in range(days):
        for hour, session, life in _visits(lives, day, seed):
            there = np.flatnonzero(
                (press.hours <= hour) & (press.hours > hour - WINDOW_HOURS) & ~life.read & (life.shown < SHOWN_AT_MOST)
            )
            if len(there):
                _sit_down(
                    world,
                    life,
                    policy,
                    told,
                    there,
                    day,
                    hour,
                    np.random.default_rng([seed, life.number, day, session]),
                )
        progress(policy.name, day + 1, days)
    return told


def _born(press: Press, number: int, taste: Taste) -> Life:
    dearest = max(taste.topics.values())
    weights = np.array([taste.topics.get(slug, 0.0) / dearest for slug in press.slugs])
    count = len(press.hours)
    nothing = np.zeros(count, dtype=np.bool_)
    likes = np.clip(press.topics @ weights, 0.0, 1.0)
    return Life(number, taste, likes, np.zeros(count, dtype=np.int64), nothing, nothing.copy())


def _visits(lives: Sequence[Life], day: int, seed: int) -> list[tuple[float, int, Life]]:
    """Who comes at what hour, in order."""
    visits = []
    centres, shares = zip(*HOURS, strict=True)
    for life in lives:
        random = np.random.default_rng([seed, life.number, 10_000 + day])
        if random.random() < life.taste.activity:
            hours = random.choice(centres, 1 + random.poisson(0.4), p=shares)
            for session, hour in enumerate(np.sort(hours + random.normal(0, 0.9, len(hours)))):
                visits.append((day * 24 + float(np.clip(hour, 0.1, 23.9)), session, life))
    return sorted(visits, key=lambda visit: (*visit[:2], visit[2].number))


def _sit_down(
    world: World,
    life: Life,
    policy: Policy,
    told: Told,
    there: Integers,
    day: int,
    hour: float,
    random: np.random.Generator,
) -> None:
    press = world.press
    luck = np.random.default_rng([life.number, int(hour * 3600)])
    depth = int(luck.geometric(1 / MEAN_DEPTH))
    draws = luck.random((3, len(press.hours)))

    chance = world.chance(life, there, hour)
    page = policy(world, life, there, hour, random)
    chosen = world.chance(life, page, hour)
    places = np.arange(PAGE)
    attention = look(places) * (1 - 1 / MEAN_DEPTH) ** places  # looked closely at, if the reader scrolls so far
    best = np.sort(chance)[::-1][:PAGE]
    expected = float(attention[: len(chosen)] @ chosen)
    told.regret[life.number, day] += float(attention[: len(best)] @ best) - expected
    told.clicks[life.number, day] += expected
    told.pages.append((life.reads, expected))

    seen = page[:depth]
    looked = draws[0, seen] < look(np.arange(len(seen)))
    opened = looked & (draws[1, seen] < chosen[: len(seen)])
    hidden = looked & ~opened & (draws[2, seen] < 0.02 * (1 - life.likes[seen]))
    reached = np.power(1 - 1 / MEAN_DEPTH, np.arange(len(page), dtype=np.float64))
    told.topics_seen[life.number, day] = _effective(press.topics[page], reached)
    how_far = np.minimum(0.2 + 0.7 * life.likes[seen], 1.0) * opened
    world.counts.add(seen, hour, np.stack([np.ones(len(seen)), opened, opened, opened, how_far]).astype(np.float64))
    life.shown[seen] += 1
    life.seen += seen.tolist()
    life.read[seen[opened]] = True
    life.read[seen[hidden]] = life.hidden[seen[hidden]] = True
    for article, far in zip(seen[opened].tolist(), how_far[opened].tolist(), strict=True):
        saved = draws[2, article] < 0.065 + 0.135 * life.likes[article]
        seconds = far * press.reading_seconds[article]
        life.acts.append((hour, article, weigh(seconds, read=True, saved=saved, more=False, refused=False)))
    for article in seen[hidden].tolist():
        life.acts.append((hour, article, weigh(0, read=False, saved=False, more=False, refused=True)))
    policy.learn(world, life, seen, opened)


def _effective(scores: NDArray[np.float32], seen: Floats) -> float:
    """How many topics there are in these articles, the even equivalent: exp of the entropy. `seen` is the chance that
    each is scrolled to.
    """
    shares = seen @ scores
    shares = shares[shares > 0] / shares.sum()
    return math.exp(-float(shares @ np.log(shares)))


# -- Policies ------------------------------------------------------------------------------------------------


class Default:
    """The product's own feed, as it is before anything was learned."""

    name = "default"

    def __init__(self, pipeline: Pipeline = FEED) -> None:
        self.pipeline = replace(pipeline, ranker=FLOOR) if pipeline is FEED else pipeline

    def __call__(self, world: World, life: Life, there: Integers, hour: float, random: np.random.Generator) -> Integers:
        press = world.press
        impressions, clicks, demand, reads, satisfaction = world.counts.at(there, hour)
        pool = Pool.of(
            there, sources=press.sources[there], stories=press.stories[there], story_sources=press.story_sources[there],
            areas=press.areas[there], ages=hour - press.hours[there], impressions=impressions, clicks=clicks,
            demand=demand, reads=reads, satisfaction=satisfaction, vectors=press.vectors[there],
            topics=press.topics[there], slugs=press.slugs,
        )  # fmt: skip
        arranged = arrange(self.pipeline, pool, self._reader(press, life, hour), size=PAGE, random=random)
        return arranged.pool.ids[[pick.row for pick in arranged.picks]]

    def _reader(self, press: Press, life: Life, hour: float) -> Reader:
        acts = life.acts[: -HISTORY - 1 : -1]
        liked = np.array([article for _, article, _ in acts], dtype=np.int64)
        seen, first = np.unique(np.array(life.seen[::-1], dtype=np.int64), return_index=True)
        seen = seen[np.argsort(first)]
        recent = np.where(np.arange(len(seen)) < HISTORY, 1.0, 0.0).astype(np.float32)
        return Reader(
            profile=ReaderProfile(life.number, topics=life.taste.follows),
            at=BEGAN + timedelta(hours=hour),
            past=Past.of(
                liked, weights=np.array([weight for _, _, weight in acts]), sources=press.sources[liked],
                ages=hour - np.array([when for when, _, _ in acts]), vectors=press.vectors[liked],
                topics=press.topics[liked],
            ),
            seen=Seen.of(
                seen, slates=life.shown[seen], opened=life.read[seen] & ~life.hidden[seen],
                topics=press.topics[seen] * recent[:, None],
            ),
        )  # fmt: skip

    def learn(self, world: World, life: Life, shown: Integers, opened: NDArray[np.bool_]) -> None:
        """Its past is what it learns from."""


class Popular:
    """What everybody opens: click-through rate, smoothed, halved every six hours."""

    name = "popular"

    def __call__(self, world: World, life: Life, there: Integers, hour: float, random: np.random.Generator) -> Integers:
        impressions, clicks, *_ = world.counts.at(there, hour)
        prior = (clicks.sum() + 1) / (impressions.sum() + 20)
        rates = (clicks + 20 * prior) / (impressions + 20)
        return there[np.lexsort((random.random(len(there)), -rates))][:PAGE]

    def learn(self, world: World, life: Life, shown: Integers, opened: NDArray[np.bool_]) -> None:
        """The world counts."""


class EpsilonGreedy:
    """Each reader's click-through rate by topic, the topics picked at sign-up given a head start; a tenth of the places
    are filled at random.
    """

    name = "epsilon_greedy"
    epsilon = 0.1

    def __init__(self) -> None:
        self._shown: dict[int, Floats] = {}
        self._opened: dict[int, Floats] = {}

    def __call__(self, world: World, life: Life, there: Integers, hour: float, random: np.random.Generator) -> Integers:
        press = world.press
        if life.number not in self._shown:
            picked = np.isin(np.array(press.slugs), np.array(life.taste.follows))
            self._shown[life.number] = np.full(len(picked), 10.0)
            self._opened[life.number] = np.where(picked, 2.5, 0.5)
        rates = press.topics[there] @ (self._opened[life.number] / self._shown[life.number])
        best = there[np.lexsort((-press.hours[there], -rates.round(6)))]
        page = best[:PAGE].copy()
        at_random = np.flatnonzero(random.random(len(page)) < self.epsilon)
        rest = best[PAGE:]
        at_random = at_random[: len(rest)]
        page[at_random] = random.choice(rest, len(at_random), replace=False)
        return page

    def learn(self, world: World, life: Life, shown: Integers, opened: NDArray[np.bool_]) -> None:
        self._shown[life.number] += world.press.topics[shown].sum(axis=0)
        self._opened[life.number] += world.press.topics[shown[opened]].sum(axis=0)


# -- Figures -------------------------------------------------------------------------------------------------

NEWCOMER_READS = (5, 9)  # a reader who has read five is still new


def compare(tastes: Sequence[Taste], *, days: int, seed: int, progress: Progress) -> dict[str, float]:
    """The three policies in the same world. Regret: expected clicks that the best pages would have had more, summed
    over the days, a reader. Diversity: the effective number of topics on a page, cards weighed by how likely they are
    seen, a reader and day. New readers: expected clicks of a page after five reads.
    """
    default, greedy, popular = (
        live(tastes, policy, days=days, seed=seed, progress=progress)
        for policy in (Default(), EpsilonGreedy(), Popular())
    )
    return {
        "readers": len(tastes),
        "days": days,
        "regret_default": _a_reader(default.regret),
        "regret_epsilon_greedy": _a_reader(greedy.regret),
        "regret_popular": _a_reader(popular.regret),
        "clicks_default": _a_reader(default.clicks),
        "clicks_epsilon_greedy": _a_reader(greedy.clicks),
        "clicks_popular": _a_reader(popular.clicks),
        "diversity_day1": _diversity(default, slice(0, 1)),
        f"diversity_day{days}": _diversity(default, slice(days - 1, days)),
        "diversity_first_week": _diversity(default, slice(0, 7)),
        "diversity_last_week": _diversity(default, slice(max(days - 7, 0), days)),
        "new_reader_clicks_default": _newcomers(default),
        "new_reader_clicks_epsilon_greedy": _newcomers(greedy),
        "new_reader_clicks_popular": _newcomers(popular),
    }


def _a_reader(by_day: Floats) -> float:
    return float(by_day.sum(axis=1).mean())


def _diversity(told: Told, days: slice) -> float:
    seen = told.topics_seen[:, days]
    return float(np.nanmean(seen)) if np.isfinite(seen).any() else math.nan


def _newcomers(told: Told) -> float:
    least, most = NEWCOMER_READS
    pages = [clicks for reads, clicks in told.pages if least <= reads <= most]
    return float(np.mean(pages)) if pages else math.nan
