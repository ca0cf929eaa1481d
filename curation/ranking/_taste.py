"""What the history says of its reader, laid open: topics, publishers, the several interests, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

import numpy as np

from curation.ranking import _interests, _pool
from curation.ranking.scorers import topic_shares
from curation.ranking.types import Floats, Past, ReaderProfile

EXAMPLES = 3
NAMED_BY = 3  # topics, at most
TELLING_FROM = 0.4  # of what the foremost topic tells about an interest; below, a topic does not help to name it


@dataclass(frozen=True, slots=True)
class TopicInterest:
    slug: str
    share: float  # of the topics of all that was liked; these sum to 1
    weight: float  # the wish: -1 less of it, 0 as the history has it, 1 more
    is_followed: bool

    @property
    def is_stated(self) -> bool:
        return self.is_followed or self.weight != 0


@dataclass(frozen=True, slots=True)
class PublisherInterest:
    source_id: int
    share: float  # of what was liked, by weight; these sum to 1
    count: int  # articles


@dataclass(frozen=True, slots=True)
class Group:
    """One of the several things that a reader likes."""

    topics: tuple[str, ...]  # the foremost first; none where its articles have no topic
    articles: tuple[int, ...]  # examples, of one topic after the other
    count: int


@dataclass(frozen=True, slots=True)
class Interests:
    topics: tuple[TopicInterest, ...]  # the greatest share first; with what is stated and was never read
    publishers: tuple[PublisherInterest, ...]  # the greatest share first
    groups: tuple[Group, ...]  # the largest first
    refused: tuple[int, ...]  # articles, the latest first
    liked: int  # how many articles all this is read from

    def topic(self, slug: str) -> TopicInterest:
        """The topic as it stands, whether or not anything is known of it."""
        return next((each for each in self.topics if each.slug == slug), TopicInterest(slug, 0.0, 0.0, False))


def interests(profile: ReaderProfile, at: datetime) -> Interests:
    """Four queries, however long the history."""
    past = _pool.load_reader(replace(profile, phrases=()), at).past  # phrases speak for themselves
    slugs, scores = _pool.topics_of(past.ids)
    return interests_of(profile, replace(past, topics=scores), slugs)


def interests_of(profile: ReaderProfile, past: Past, slugs: tuple[str, ...]) -> Interests:
    """The same from a history that is at hand; `slugs` name the columns of its topics."""
    return Interests(
        topics=_topics(profile, past, slugs),
        publishers=_publishers(past),
        groups=_groups(past, slugs),
        refused=tuple(past.ids[past.refused].tolist()),
        liked=int(past.liked.sum()),
    )


def _topics(profile: ReaderProfile, past: Past, slugs: tuple[str, ...]) -> tuple[TopicInterest, ...]:
    shares = dict(zip(slugs, topic_shares(past).tolist(), strict=True))
    wishes = {slug: weight for slug, weight in profile.wishes if weight}
    read = {slug for slug, share in shares.items() if share > 0}
    known = [
        TopicInterest(slug, shares.get(slug, 0.0), wishes.get(slug, 0.0), slug in profile.topics)
        for slug in read | wishes.keys() | set(profile.topics)
    ]
    return tuple(sorted(known, key=lambda topic: (-topic.share, topic.slug)))


def _publishers(past: Past) -> tuple[PublisherInterest, ...]:
    liked = past.take(past.liked & (past.sources > 0))  # 0: the article is gone
    sources, places, counts = np.unique(liked.sources, return_inverse=True, return_counts=True)
    told = np.bincount(places, weights=liked.weights, minlength=len(sources))
    shares = told / max(float(told.sum()), 1e-9)
    order = np.lexsort((sources, -shares))
    return tuple(PublisherInterest(int(sources[n]), float(shares[n]), int(counts[n])) for n in order)


def _groups(past: Past, slugs: tuple[str, ...]) -> tuple[Group, ...]:
    liked = past.take(past.liked & past.vectors.any(axis=1))
    middles = _interests.centres(past)
    if not len(middles):
        return ()
    nearness = (liked.vectors @ middles.T).astype(np.float64)
    nearest = np.argmax(nearness, axis=1)
    overall = topic_shares(liked)
    groups = []
    for number in range(len(middles)):
        members = nearest == number
        if members.sum() < _interests.SMALLEST:
            continue
        group = liked.take(members)
        columns = _foremost(topic_shares(group), overall)
        groups.append(
            Group(
                topics=tuple(slugs[column] for column in columns),
                articles=_examples(group, nearness[members, number], columns),
                count=int(members.sum()),
            )
        )
    return tuple(sorted(groups, key=lambda group: -group.count))


def _foremost(shares: Floats, overall: Floats) -> list[int]:
    """What there is much of here, and more of than in the history as a whole: two interests want two names."""
    telling = shares * shares / np.maximum(overall, 1e-9)
    order = np.argsort(-telling, kind="stable")[:NAMED_BY].tolist()
    return [column for column in order if telling[column] > 0 and telling[column] >= TELLING_FROM * telling[order[0]]]


def _examples(group: Past, nearness: Floats, columns: list[int]) -> tuple[int, ...]:
    """In turn the article most about each of these topics; where they run out, the nearest to the middle."""
    by_topic = []
    for column in columns:
        scores = group.topics[:, column]
        order = np.lexsort((-nearness, -scores)).tolist()
        by_topic.append([row for row in order if scores[row] > 0])
    in_turn = [row for turn in zip_longest(*by_topic) for row in turn if row is not None]
    chosen = list(dict.fromkeys([*in_turn, *np.argsort(-nearness, kind="stable").tolist()]))
    return tuple(group.ids[chosen[:EXAMPLES]].tolist())
