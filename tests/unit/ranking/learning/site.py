"""A site with a log of its own, of which it is known what decided the clicks, and checkpoints to put on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from accounts.models import User
from curation.articles.models import Article, ArticleVector
from curation.engagement.models import Event, Slate, SlateItem
from curation.ranking.learning import checkpoints
from curation.ranking.learning.inputs import schema_of
from curation.ranking.learning.weights import Weights, at_floor, digest, packed
from curation.ranking.models import Checkpoint
from curation.ranking.pipelines import FLOOR
from curation.topics.models import Assignment
from tests.factories.ranking import NOW, SourceFactory, current_space, unit

ARTICLES, ON_SLATE, DAYS = 160, 12, 30

Chance = Callable[[np.ndarray], np.ndarray]  # ages in hours -> probabilities of being opened


def old_is_gold(ages: np.ndarray) -> np.ndarray:
    """The floor puts what is fresh first."""
    return np.where(ages > 24 * 5, 0.5, 0.04)


def all_alike(ages: np.ndarray) -> np.ndarray:
    return np.full(len(ages), 0.25)


def fill_site(
    chance: Chance, *, readers: int = 40, slates: int = 14, is_synthetic: bool = False, seed: int = 1
) -> None:
    """So many slates for each reader over a month, every card of them seen."""
    random = np.random.default_rng(seed)
    begin = NOW - timedelta(days=DAYS)
    known_at = np.sort(random.random(ARTICLES)) * (DAYS + 10) - 10  # days; a quarter is there when it begins
    articles = _articles([begin + timedelta(days=float(day)) for day in known_at], seed)
    people = User.objects.bulk_create(
        User(email=f"r{seed}-{number}@example.org", is_synthetic=is_synthetic) for number in range(readers)
    )
    lists: list[Slate] = []
    items: list[SlateItem] = []
    events: list[Event] = []
    moments = np.sort(1 + random.random(readers * slates) * (DAYS - 1))
    for number, day in enumerate(moments):
        reader, at = people[number % readers], begin + timedelta(days=float(day))
        lately = (known_at < day) & (known_at > day - 10)
        chosen = random.permutation(np.flatnonzero(lately))[:ON_SLATE]
        opened = random.random(len(chosen)) < chance((day - known_at[chosen]) * 24)
        slate = Slate(
            id=_id(random), reader=reader, surface="feed", pipeline="test", created_at=at, is_synthetic=is_synthetic
        )
        lists.append(slate)
        for position, (row, is_opened) in enumerate(zip(chosen, opened, strict=True)):
            told: dict[str, Any] = {
                "reader": reader, "article": articles[row], "slate": slate, "position": position,
                "is_synthetic": is_synthetic, "received_at": at,
            }  # fmt: skip
            items.append(SlateItem(slate=slate, position=position, article=articles[row], score=0.0))
            events.append(Event(id=_id(random), kind=Event.Kind.IMPRESSION, at=at + timedelta(seconds=2), **told))
            if is_opened:
                events.append(Event(id=_id(random), kind=Event.Kind.CLICK, at=at + timedelta(seconds=4), **told))
    Slate.objects.bulk_create(lists)
    SlateItem.objects.bulk_create(items)
    Event.objects.bulk_create(events)


def _articles(moments: list[datetime], seed: int) -> list[Article]:
    source, space = SourceFactory(), current_space()
    articles = Article.objects.bulk_create(
        Article(
            url=f"https://example.org/{seed}/{number}", title=f"Headline {number}", summary="", language="en",
            reading_seconds=60, source=source, sorted_at=at, first_seen_at=at, ready_at=at,
            content_hash=f"{seed:032d}{number:032d}",
        )
        for number, at in enumerate(moments)
    )  # fmt: skip
    ArticleVector.objects.bulk_create(
        ArticleVector(article=each, space=space, vector=unit(number)) for number, each in enumerate(articles)
    )
    Assignment.objects.bulk_create(
        Assignment(article=each, area="science", assigned_at=each.sorted_at, sorted_at=each.sorted_at)
        for each in articles
    )
    return articles


def _id(random: np.random.Generator) -> UUID:
    return UUID(bytes=random.bytes(16), version=4)


# -- Checkpoints ---------------------------------------------------------------------------------------------


def learned_weights(lift: float = 1.0) -> Weights:
    """The floor's with everything twice as loud, and the curve of freshness turned round."""
    weights = at_floor(FLOOR, 384)
    names = [scorer.name for scorer, _ in FLOOR.scorers]
    shapes = weights.shapes * (1 + lift)
    shapes[names.index("freshness")] *= -1
    return Weights(shapes, weights.gates, weights.query, weights.key, weights.attention)


def checkpoint(state: str = "trained", *, days_ago: float = 0.0, **other: Any) -> Checkpoint:
    """A whole one of this site's ranking, unless told otherwise."""
    current_space()
    name, revision = checkpoints.current_space()
    stored = packed(learned_weights())
    at = NOW - timedelta(days=days_ago)
    fields: dict[str, Any] = {
        "state": state,
        "schema": schema_of(FLOOR),
        "space_name": name,
        "space_revision": revision,
        "dimension": 384,
        "weights": stored,
        "sha256": digest(stored),
        "created_at": at,
        "reason": "as told",
        "served_at": at if state in ("serving", "retired", "broken") else None,
    }
    return Checkpoint.objects.create(**{**fields, **other})
