"""How long a reader waits for the feed to be ranked: 5,000 articles, a history of 100 reads, a reader who follows
eight topics and five sources.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from curation.ranking.types import ReaderProfile

NEEDS_DATABASE = True

ARTICLES, SOURCES, STORIES, READS, ROUNDS = 5_000, 120, 400, 100, 25
AT = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)


def run() -> dict[str, float]:
    """Milliseconds for a new slate, a reload and a second page; queries and candidates of a new slate.

    The best says what the work takes, the median what a machine makes of it that has other things to do.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from curation.ranking import _pool, actions, pipelines

    profile = _fill()
    fresh, again, more = [], [], []
    for turn in range(ROUNDS):
        at = AT + timedelta(seconds=turn)
        fresh.append(_clock(lambda: actions.serve_slate(profile=profile, surface="feed", at=at, fresh=True)))  # noqa: B023
        again.append(_clock(lambda: actions.serve_slate(profile=profile, surface="feed", at=at)))  # noqa: B023
        page = actions.serve_slate(profile=profile, surface="feed", at=at)
        more.append(
            _clock(
                lambda: actions.serve_more(
                    profile=profile,
                    slate_id=page.slate_id,  # noqa: B023
                    position=len(page.cards),  # noqa: B023
                    at=at,  # noqa: B023
                )
            )
        )
    with CaptureQueriesContext(connection) as queries:
        actions.serve_slate(profile=profile, surface="feed", at=AT, fresh=True)
    reader = _pool.load_reader(profile, AT)
    candidates = {article for generate in pipelines.FEED.candidates for article in generate(reader)}
    return {
        "articles": ARTICLES,
        "candidates": len(candidates),
        "queries": len(queries),
        "new slate, median ms": median(fresh),
        "new slate, best ms": min(fresh),
        "new slate, worst ms": max(fresh),
        "reload, median ms": median(again),
        "second page, median ms": median(more),
    }


def _clock(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _fill() -> ReaderProfile:
    from django.db import connection

    from accounts.models import User
    from curation.articles.models import DIMENSION, Article, ArticleVector, EmbeddingSpace
    from curation.engagement.models import ArticleState, Event
    from curation.ranking import actions
    from curation.ranking.types import ReaderProfile
    from curation.sources.models import Source
    from curation.topics.models import ArticleTopic, Assignment, Story, Topic

    random = np.random.default_rng(5)
    reader, *crowd = User.objects.bulk_create(User(email=f"bench-{number}@example.org") for number in range(101))
    sources = Source.objects.bulk_create(
        Source(address=f"https://bench-{number}.example.org/feed", name=f"Source {number}") for number in range(SOURCES)
    )
    space, _ = EmbeddingSpace.objects.get_or_create(
        is_current=True, defaults={"name": "bench", "revision": "1", "dimension": DIMENSION}
    )
    slugs = list(Topic.objects.values_list("slug", flat=True))
    if not slugs:
        slugs = [f"subject-{number}" for number in range(60)]
        Topic.objects.bulk_create(
            Topic(slug=slug, area=f"area-{n % 10}", name_en=slug, name_ko=slug, position=n)
            for n, slug in enumerate(slugs)
        )
    areas = dict(Topic.objects.values_list("slug", "area"))
    centres = random.normal(size=(len(slugs), DIMENSION))
    subjects = random.integers(0, len(slugs), ARTICLES)
    vectors = centres[subjects] + 1.2 * random.normal(size=(ARTICLES, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    times = [AT - timedelta(hours=float(age)) for age in random.uniform(0, 14 * 24, ARTICLES)]
    articles = Article.objects.bulk_create(
        Article(
            url=f"https://example.org/bench/{n}", title=f"Headline {n} about {slugs[subjects[n]]}",
            summary="What happened, and what it means, in one sentence of the usual length for a summary. " * 2,
            text="word " * 400, html="<p>word</p>" * 100, language="en", reading_seconds=120,
            source=sources[int(random.integers(SOURCES))], sorted_at=times[n], first_seen_at=times[n],
            ready_at=times[n],
            content_hash=f"{n:064d}",
        )
        for n in range(ARTICLES)
    )  # fmt: skip
    ArticleVector.objects.bulk_create(
        (ArticleVector(article=a, space=space, vector=vectors[n]) for n, a in enumerate(articles)), batch_size=500
    )
    stories = Story.objects.bulk_create(
        Story(headline=f"Event {n}", centre=vectors[n], space=space, first_at=times[n], last_at=times[n])
        for n in range(STORIES)
    )
    Assignment.objects.bulk_create(
        Assignment(
            article=a,
            area=areas[slugs[subjects[n]]],
            story=stories[n % STORIES] if n % 4 == 0 else None,
            assigned_at=AT,
        )
        for n, a in enumerate(articles)
    )
    ArticleTopic.objects.bulk_create(
        ArticleTopic(article=a, topic_id=slugs[(subjects[n] + shift) % len(slugs)], score=0.9 - 0.35 * shift)
        for n, a in enumerate(articles)
        for shift in (0, 1)
    )
    ArticleState.objects.bulk_create(
        ArticleState(reader=reader, article=articles[int(n)], read_at=times[int(n)])
        for n in random.choice(ARTICLES, READS, replace=False)
    )
    Event.objects.bulk_create(
        (
            Event(
                id=uuid.UUID(bytes=random.bytes(16), version=4), reader=crowd[int(n) % 100], kind=kind,
                article=articles[int(random.integers(ARTICLES))], at=AT - timedelta(hours=float(random.uniform(0, 40))),
                received_at=AT,
            )
            for n, kind in enumerate(random.choice(["impression", "impression", "impression", "click"], 20_000))
        ),
        batch_size=5000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    actions.refresh_popularity(at=AT)
    return ReaderProfile(
        reader_id=reader.pk, topics=tuple(slugs[:8]), sources=tuple(source.pk for source in sources[:5])
    )
