"""What gives each candidate a number. Each scorer looks at one thing; the ranker makes them comparable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.ranking.types import Floats, Pool, Reader, Scored

HALF_LIFE_HOURS = 6.0  # of clicks and impressions: news fades fast


@dataclass(frozen=True)
class HistoryScorer:
    """Cosine to the mean of what the reader liked, each article with its weight."""

    name: str = "history"
    shrink: float = 5.0  # liked articles at which the history speaks with half its voice

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        past = reader.past
        liked = past.liked & past.vectors.any(axis=1)
        mean = past.weights[liked] @ past.vectors[liked].astype(np.float64)
        values = pool.vectors @ (mean / max(float(np.linalg.norm(mean)), 1e-9))
        count = int(liked.sum())
        return Scored(values, values > 0, confidence=count / (count + self.shrink))


@dataclass(frozen=True)
class TopicScorer:
    """Affinity to topics: those that the reader follows, and those of the history, as it grows."""

    name: str = "topics"
    shrink: float = 5.0

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        values = pool.topics.astype(np.float64) @ topic_affinity(pool, reader, self.shrink)
        return Scored(values, values > 0)


@dataclass(frozen=True)
class ClickThroughScorer:
    """Decayed click-through rate, drawn towards the rate of the whole list where little is known.

    An article nobody has judged stands at that rate, neither popular nor unpopular. Where few people read at all, as in
    a household, the crowd is no judge: its voice grows with the impressions of the whole list.
    """

    name: str = "popularity"
    strength: float = 20.0  # impressions that the prior is worth
    crowd: float = 500.0  # impressions in the list, decayed, at which it speaks with half its voice
    named_from: float = 0.5  # clicks, decayed, from which it can be called popular

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        clicks = np.minimum(pool.clicks, pool.impressions)
        prior = (clicks.sum() + 1.0) / (pool.impressions.sum() + 20.0)
        values = (clicks + prior * self.strength) / (pool.impressions + self.strength)
        heard = float(pool.impressions.sum())
        return Scored(values, (clicks >= self.named_from) & (values > prior), confidence=heard / (heard + self.crowd))


@dataclass(frozen=True)
class FreshnessScorer:
    """1 for what appears now, halved by every `half_life_hours`."""

    name: str = "freshness"
    half_life_hours: float = 24.0

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        values = np.exp2(-np.maximum(pool.ages, 0.0) / self.half_life_hours)
        return Scored(values, values > 0.05)


@dataclass(frozen=True)
class SourceScorer:
    """1 for the sources that the reader follows."""

    name: str = "source"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        followed = np.isin(pool.sources, np.array(reader.profile.sources, dtype=np.int64))
        return Scored(followed.astype(np.float64), followed)


@dataclass(frozen=True)
class PhraseScorer:
    """How surely the article is about one of the phrases that the reader follows."""

    name: str = "phrase"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        values = pool.phrases.max(axis=1, initial=0.0).astype(np.float64)
        return Scored(values, values > 0)


@dataclass(frozen=True)
class AversionScorer:
    """Lowers the topics and the near neighbours of what the reader hid or wanted less of; never names a reason.

    The ranker clips what it gives, so that nothing sinks without end: what is good otherwise can come back up.
    """

    name: str = "aversion"
    near: float = 0.35  # cosine from which an article is a neighbour

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        past = reader.past
        nobody = np.zeros(len(pool), dtype=np.bool_)
        count = int(past.refused.sum())
        if not count or not len(pool):
            return Scored(np.zeros(len(pool)), nobody)
        closeness = (pool.vectors @ past.vectors[past.refused].T).max(axis=1).astype(np.float64)
        neighbours = np.maximum(closeness - self.near, 0.0) / (1.0 - self.near)
        refused = -past.weights[past.refused] @ past.topics[past.refused]
        liked = past.weights[past.liked] @ past.topics[past.liked]
        share = refused / (refused + liked + 1.0)
        return Scored(-(neighbours + pool.topics @ share), nobody, confidence=count / (count + 1.0))


@dataclass(frozen=True)
class FatigueScorer:
    """Lowers what was already shown and not opened, so that a new slate opens with something new."""

    name: str = "fatigue"

    def __call__(self, pool: Pool, reader: Reader) -> Scored:
        shown = np.fromiter(reader.shown, dtype=np.int64, count=len(reader.shown))
        times = np.fromiter(reader.shown.values(), dtype=np.float64, count=len(reader.shown))
        order = np.argsort(shown)
        at = np.searchsorted(shown[order], pool.ids)
        values = np.zeros(len(pool))
        if len(shown):
            at = np.minimum(at, len(shown) - 1)
            found = shown[order][at] == pool.ids
            values[found] = -times[order][at][found]
        return Scored(values, np.zeros(len(pool), dtype=np.bool_))


def topic_affinity(pool: Pool, reader: Reader, shrink: float = 5.0) -> Floats:
    """What each of the pool's topics means to the reader: half for following it, and its share of the history, which
    counts in full once the history is long.
    """
    stated = np.isin(np.array(pool.slugs, dtype=object), np.array(reader.profile.topics, dtype=object))
    past = reader.past
    told = past.weights[past.liked] @ past.topics[past.liked].astype(np.float64)
    count = int(past.liked.sum())
    share = told / max(float(told.sum()), 1e-9) * (count / (count + shrink))
    return 0.5 * stated.astype(np.float64) + share
