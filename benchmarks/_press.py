"""A large site, made up in a minute or two: articles with places, topics and stories, one reader with a long past."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from curation.ranking.types import ReaderProfile

AT = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
SOURCES, DAYS, CROWD = 300, 30, 400
TOPICS_FOLLOWED, SOURCES_FOLLOWED = 8, 5
# Headlines lie on far fewer directions than their vectors have numbers.
DIRECTIONS, SPREAD, NOISE = 32, 0.75, 0.35
HNSW = "article_vector_hnsw"


@dataclass(frozen=True)
class Press:
    """What was made: ids, unit vectors and topics of the articles, row by row, and the reader."""

    ids: np.ndarray
    vectors: np.ndarray
    subjects: np.ndarray
    profile: ReaderProfile


def places(count: int, subjects: np.ndarray, centres: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(count, d) unit rows around their subjects' centres."""
    dimension = centres.shape[1]
    basis = random.normal(size=(DIRECTIONS, dimension)) / np.sqrt(dimension)
    rows = centres[subjects] + SPREAD * (random.normal(size=(count, DIRECTIONS)) @ basis)
    rows += NOISE * random.normal(size=(count, dimension)) / np.sqrt(dimension)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from django.db import connection

    connection.ensure_connection()
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as sink,
    ):
        for row in rows:
            sink.write_row(row)


def copy_vectors(table: str, ids: np.ndarray, space_id: int, vectors: np.ndarray) -> None:
    """In PostgreSQL's binary format: written as text, 200,000 vectors would take a minute alone."""
    from django.db import connection

    dimension = vectors.shape[1]
    layout = [
        ("fields", ">i2"), ("article_bytes", ">i4"), ("article", ">i8"), ("space_bytes", ">i4"), ("space", ">i8"),
        ("vector_bytes", ">i4"), ("dimension", ">i2"), ("unused", ">i2"), ("vector", ">f2", dimension),
    ]  # fmt: skip
    rows = np.zeros(len(ids), dtype=layout)
    rows["fields"], rows["article_bytes"], rows["space_bytes"] = 3, 8, 8
    rows["vector_bytes"], rows["dimension"] = 4 + 2 * dimension, dimension
    rows["article"], rows["space"], rows["vector"] = ids, space_id, vectors
    connection.ensure_connection()
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} (article_id, space_id, vector) FROM STDIN (FORMAT binary)") as sink,
    ):
        sink.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for start in range(0, len(rows), 10_000):
            sink.write(rows[start : start + 10_000].tobytes())
        sink.write(b"\xff\xff")


def make_press(count: int, *, reads: int, seed: int = 5) -> Press:
    """`count` articles of the last 30 days, and a reader with `reads` of them read, who follows eight topics and five
    sources; a crowd whose clicks make some of them popular.
    """
    from django.db import connection

    from accounts.models import User
    from curation.articles.models import DIMENSION, Article, ArticleVector, EmbeddingSpace
    from curation.engagement.models import ArticleState, Event
    from curation.ranking import actions
    from curation.ranking.types import ReaderProfile
    from curation.sources.models import Source
    from curation.topics.models import ArticleTopic, Assignment, Story, Topic

    random = np.random.default_rng(seed)
    reader, *crowd = User.objects.bulk_create(User(email=f"bench-{n}@example.org") for n in range(CROWD + 1))
    sources = Source.objects.bulk_create(
        Source(address=f"https://bench-{n}.example.org/feed", name=f"Source {n}") for n in range(SOURCES)
    )
    space, _ = EmbeddingSpace.objects.get_or_create(
        is_current=True, defaults={"name": "bench", "revision": "1", "dimension": DIMENSION}
    )
    slugs, areas = zip(*Topic.objects.order_by("position").values_list("slug", "area"), strict=True)
    centres = random.normal(size=(len(slugs), DIMENSION)) / np.sqrt(DIMENSION)
    subjects = random.integers(0, len(slugs), count)
    vectors = places(count, subjects, centres, random)
    ages = np.sort(random.uniform(0, DAYS * 24, count))[::-1]
    times = [AT - timedelta(hours=age) for age in ages.tolist()]
    of_source = random.integers(0, SOURCES, count).tolist()
    stories = Story.objects.bulk_create(
        [
            Story(
                headline=f"Event {n}", centre=vectors[n * 10], space=space, first_at=times[n * 10],
                last_at=times[n * 10], article_count=5, source_count=4,
            )
            for n in range(count // 10)
        ],
        batch_size=2000,
    )  # fmt: skip
    summary = "What happened, and what it means, in one sentence of the usual length for a summary. " * 2
    first = 1_000_000
    ids = np.arange(first, first + count)
    copy(
        Article._meta.db_table,
        ("id", "url", "title", "html", "text", "summary", "language", "author", "reading_seconds", "image_url",
         "image_alt", "source_id", "first_seen_at", "sorted_at", "content_hash", "has_full_text", "full_text_tries",
         "ready_at", "failure"),
        (
            (first + n, f"https://example.org/bench/{n}", f"Headline {n} about {slugs[subjects[n]]}",
             "<p>word</p>" * 40, "word " * 100, summary, "en", "", 120, "", "", sources[of_source[n]].pk, times[n],
             times[n], f"{n:064d}", True, 0, times[n], "")
            for n in range(count)
        ),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT indexdef FROM pg_indexes WHERE indexname = '{HNSW}'")
        (definition,) = cursor.fetchone()
        cursor.execute(f"DROP INDEX {HNSW}")
    copy_vectors(ArticleVector._meta.db_table, ids, space.pk, vectors)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '2GB'")
        cursor.execute("SET max_parallel_maintenance_workers = 2")
        cursor.execute(definition)
    copy(
        Assignment._meta.db_table,
        ("article_id", "area", "story_id", "assigned_at", "sorted_at"),
        (
            (first + n, areas[subjects[n]], stories[n // 10 % len(stories)].pk if n % 4 == 0 else None, AT, times[n])
            for n in range(count)
        ),
    )
    copy(
        ArticleTopic._meta.db_table,
        ("article_id", "topic_id", "score", "sorted_at"),
        (
            (first + n, slugs[(subjects[n] + shift) % len(slugs)], 0.9 - 0.35 * shift, times[n])
            for n in range(count)
            for shift in (0, 1)
        ),
    )
    # The reader has three interests, followed or not, and has seen much more than was read.
    liked = np.flatnonzero(np.isin(subjects, [0, 1, 20]))
    read = random.choice(liked, min(reads, len(liked)), replace=False)
    seen = random.choice(count, min(3000, count // 4), replace=False)
    copy(
        ArticleState._meta.db_table,
        ("reader_id", "article_id", "read_at"),
        ((reader.pk, int(ids[n]), times[n] + timedelta(minutes=5)) for n in read),
    )
    columns = ("id", "reader_id", "kind", "article_id", "at", "received_at", "visible_ms", "active_ms", "is_synthetic")

    def event(by: int, kind: str, article: int, at: datetime, ms: int | None = None) -> tuple[Any, ...]:
        return (uuid.UUID(bytes=random.bytes(16), version=4), by, kind, int(ids[article]), at, AT, ms, ms, False)

    copy(
        Event._meta.db_table,
        columns,
        (
            *(event(reader.pk, "dwell", n, times[n] + timedelta(minutes=5), 60_000) for n in read),
            *(event(reader.pk, "impression", n, min(times[n] + timedelta(hours=3), AT)) for n in seen),
            *(
                event(crowd[int(n) % CROWD].pk, kind, int(random.integers(count)), AT - timedelta(hours=age))
                for n, (kind, age) in enumerate(
                    zip(
                        random.choice(["impression", "impression", "impression", "click"], 60_000).tolist(),
                        random.uniform(0, 60, 60_000).tolist(),
                        strict=True,
                    )
                )
            ),
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    actions.refresh_popularity(at=AT)
    actions.refresh_demand(at=AT)
    profile = ReaderProfile(
        reader_id=reader.pk,
        topics=slugs[:TOPICS_FOLLOWED],
        sources=tuple(source.pk for source in sources[:SOURCES_FOLLOWED]),
    )
    return Press(ids, vectors, subjects, profile)


def forget_press() -> None:
    """Empties the tables again, for another size in the same cluster."""
    from django.db import connection

    from accounts.models import User
    from curation.articles.models import Article
    from curation.sources.models import Source
    from curation.topics.models import Story

    tables = ", ".join(model._meta.db_table for model in (User, Article, Source, Story))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} CASCADE")
