"""What gives each candidate a number. Each scorer looks at one thing; the ranker makes them comparable."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from curation.ranking.types import Floats, Mask, Past, Pool, Reader, Scored

HALF_LIFE_HOURS = 6.0  # of clicks and impressions: news fades fast
SLOW_HALF_LIFE_HOURS = 72.0  # of demand and of satisfaction: what little a quiet site knows has to last
DEFAULT_FADING_HOURS = 24.0


@dataclass(frozen=True)
class HistoryScorer:
    """Cosine to the mean of what the reader liked, each article with its weight."""

    name: str = "history"
    shrink: float = 5.0  # liked articles at which the history speaks with half its voice

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        past = reader.past
        liked = past.liked & past.vectors.any(axis=1)
        mean = past.weights[liked] @ past.vectors[liked].astype(np.float64)
        # In single precision: the product would otherwise turn every vector of the pool into double.
        values = pool.vectors @ (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
        return Scored(values.astype(np.float64), confidence=_grown(int(liked.sum()), self.shrink))


@dataclass(frozen=True)
class TopicScorer:
    """How much of the reader's history the article's topics make up."""

    name: str = "topics"
    shrink: float = 5.0

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        values = pool.topics.astype(np.float64) @ topic_shares(reader.past)
        return Scored(values, confidence=_grown(int(reader.past.liked.sum()), self.shrink))


@dataclass(frozen=True)
class PublisherScorer:
    """How much of the reader's history comes from the article's source, less what was refused of it."""

    name: str = "publisher"
    shrink: float = 20.0  # a source is known by more articles than a topic

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        past = reader.past
        known, places = np.unique(past.sources, return_inverse=True)
        told = np.bincount(places, weights=past.weights, minlength=len(known))
        at = np.minimum(np.searchsorted(known, pool.sources), max(len(known) - 1, 0))
        values = np.zeros(len(pool))
        if len(known):
            values = np.where(known[at] == pool.sources, told[at], 0.0) / (np.abs(told).sum() + 1.0)
        return Scored(values, confidence=_grown(int(past.liked.sum()), self.shrink), neutral=0.0)


@dataclass(frozen=True)
class FollowedTopicScorer:
    """How surely the article is about one of the topics that the reader follows."""

    name: str = "follow_topic"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        followed = pool.topics[:, followed_topics(pool, reader)]
        return Scored(followed.max(axis=1, initial=0.0).astype(np.float64), neutral=0.0)


@dataclass(frozen=True)
class FollowedSourceScorer:
    """1 for the sources that the reader follows."""

    name: str = "follow_source"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        followed = np.isin(pool.sources, np.array(reader.profile.sources, dtype=np.int64))
        return Scored(followed.astype(np.float64), neutral=0.0)


@dataclass(frozen=True)
class PhraseScorer:
    """How surely the article is about one of the phrases that the reader follows."""

    name: str = "follow_phrase"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        return Scored(pool.phrases.max(axis=1, initial=0.0).astype(np.float64), neutral=0.0)


@dataclass(frozen=True)
class WishScorer:
    """What the reader asked for more or less of, topic by topic, on the page of their interests."""

    name: str = "wish"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        return Scored(pool.topics.astype(np.float64) @ wished_topics(pool, reader), neutral=0.0)


@dataclass(frozen=True)
class ClickThroughScorer:
    """Decayed click-through rate over the rate of the whole list, as a logarithm; 0 for what nobody has judged.

    Where few people read at all, as in a household, the crowd is no judge: its voice grows with what the list was shown
    or, where a log tells clicks alone, with how often it was opened.
    """

    name: str = "popularity"
    strength: float = 20.0  # impressions that the prior is worth
    crowd: float = 500.0  # impressions in the list, decayed, at which it speaks with half its voice
    opened: float = 25.0  # the same in clicks, where nobody logs impressions

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        if np.isnan(pool.impressions).any():
            return Scored(np.log1p(pool.clicks), _grown(float(pool.clicks.sum()), self.opened))
        clicks = np.minimum(pool.clicks, pool.impressions)
        prior = (clicks.sum() + 1.0) / (pool.impressions.sum() + 20.0)
        rates = (clicks + prior * self.strength) / (pool.impressions + self.strength)
        heard = _grown(float(pool.impressions.sum()), self.crowd)
        return Scored(rates / prior - 1.0, heard, neutral=0.0)


@dataclass(frozen=True)
class DemandScorer:
    """How many readers opened it these days, whoever was shown it: what a quiet site knows of what is read.

    Where a log tells clicks alone, popularity has said it already.
    """

    name: str = "demand"
    opened: float = 25.0  # clicks in the list, decayed, at which it speaks with half its voice

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        heard = 0.0 if np.isnan(pool.impressions).any() else _grown(float(pool.demand.sum()), self.opened)
        return Scored(np.log1p(pool.demand), heard)


@dataclass(frozen=True)
class SatisfactionScorer:
    """How far those who opened it read, against the average of the list; 0 for what nobody has read."""

    name: str = "satisfaction"
    strength: float = 3.0  # reads that the prior is worth
    crowd: float = 30.0

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        prior = (pool.satisfaction.sum() + 0.5) / (pool.reads.sum() + 1.0)
        values = (pool.satisfaction + prior * self.strength) / (pool.reads + self.strength) - prior
        return Scored(values, _grown(float(pool.reads.sum()), self.crowd), neutral=0.0)


@dataclass(frozen=True)
class FreshnessScorer:
    """1 for what appears now. Half of it fades within a day or so, whatever it is about; half as fast as its topics do,
    politics in hours, recipes in months.
    """

    name: str = "freshness"
    new_hours: float = 24.0

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        known = ~np.isnan(pool.ages)
        ages = np.maximum(np.where(known, pool.ages, 0.0), 0.0)
        values = 0.5 * np.exp2(-ages / self.new_hours) + 0.5 * np.exp2(-ages / fading_hours(pool))
        return Scored(np.where(known, values, 0.0), confidence=float(known.mean()) if len(pool) else 0.0)


@dataclass(frozen=True)
class BreadthScorer:
    """How many publishers tell the story: what all of them report, many will talk about."""

    name: str = "breadth"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        return Scored(np.log2(np.maximum(pool.story_sources, 1).astype(np.float64)), neutral=0.0)


@dataclass(frozen=True)
class AversionScorer:
    """Lowers the topics and the near neighbours of what the reader hid or wanted less of.

    The ranker clips what it gives, so that nothing sinks without end: what is good otherwise can come back up.
    """

    name: str = "aversion"
    near: float = 0.35  # cosine from which an article is a neighbour

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        past = reader.past
        count = int(past.refused.sum())
        if not count or not len(pool):
            return Scored(np.zeros(len(pool)), neutral=0.0)
        closeness = (pool.vectors @ past.vectors[past.refused].T).max(axis=1).astype(np.float64)
        neighbours = np.maximum(closeness - self.near, 0.0) / (1.0 - self.near)
        refused = -past.weights[past.refused] @ past.topics[past.refused]
        liked = past.weights[past.liked] @ past.topics[past.liked]
        share = refused / (refused + liked + 1.0)
        return Scored(-(neighbours + pool.topics @ share), _grown(count, 1.0), neutral=0.0)


@dataclass(frozen=True)
class FatigueScorer:
    """Lowers what was already shown and not opened, so that a new slate opens with something new."""

    name: str = "fatigue"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        seen = reader.seen
        order = np.argsort(seen.ids)
        values = np.zeros(len(pool))
        if len(seen.ids):
            at = np.minimum(np.searchsorted(seen.ids[order], pool.ids), len(order) - 1)
            found = seen.ids[order][at] == pool.ids
            values[found] = -(seen.slates * ~seen.opened)[order][at][found]
        return Scored(values, neutral=0.0)


# -- What several of them need -------------------------------------------------------------------------------


def topic_shares(past: Past) -> Floats:
    """(t,) shares of the liked articles' topics, summing to 1, or all 0."""
    told = past.weights[past.liked] @ past.topics[past.liked].astype(np.float64)
    return told / max(float(told.sum()), 1e-9)


def followed_topics(pool: Pool, reader: Reader) -> Mask:
    """(t,) which of the pool's topics the reader follows."""
    topics = set(reader.profile.topics)
    return np.array([slug in topics for slug in pool.slugs], dtype=np.bool_)


def wished_topics(pool: Pool, reader: Reader) -> Floats:
    """(t,) how much more of each of the pool's topics the reader asked for, -1 to 1."""
    wishes = dict(reader.profile.wishes)
    return np.array([wishes.get(slug, 0.0) for slug in pool.slugs], dtype=np.float64)


def fading_hours(pool: Pool) -> Floats:
    """(n,) half-lives: the topics' own, averaged by score over their logarithms."""
    known = fading()
    hours = np.log([known.get(slug, DEFAULT_FADING_HOURS) for slug in pool.slugs])
    scores = pool.topics.astype(np.float64)
    # A faint topic says little: what is unsure fades as news does.
    told, doubt = scores @ hours, np.maximum(0.2, 1.0 - scores.max(axis=1, initial=0.0))
    return np.exp((told + doubt * np.log(DEFAULT_FADING_HOURS)) / (scores.sum(axis=1) + doubt))


@cache
def fading() -> Mapping[str, float]:
    """Topic -> hours in which interest in an article about it halves, as fading.toml has it."""
    with (Path(__file__).parent / "fading.toml").open("rb") as file:
        return {slug: float(hours) for slug, hours in tomllib.load(file)["hours"].items()}


def _grown(count: float, half: float) -> float:
    """0 with nothing to go by, 1/2 at `half`, towards 1."""
    return count / (count + half)
