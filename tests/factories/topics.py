"""Ready articles with the vectors and search words that the real models give them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from curation.articles import _meaning
from curation.articles.models import Article, ArticleVector
from curation.sources.models import Source

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_numbers = count(1)


def a_source(name: str = "Herald", *, owner: Any = None) -> Source:
    address = f"https://{name.lower()}.example.org/feed"
    return Source.objects.get_or_create(address=address, owner=owner, defaults={"name": name})[0]


def articles(rows: Sequence[dict[str, Any]]) -> list[Article]:
    """Each row: title, and where it matters text, language, source, owner, hours (age at NOW)."""
    made = []
    sources: dict[Any, Source] = {}  # by owner
    for row in rows:
        at = NOW - timedelta(hours=row.get("hours", 1.0))
        owner = row.get("owner")
        if not (source := row.get("source") or sources.get(owner)):
            source = sources[owner] = a_source(owner=owner)
        made.append(
            Article(
                url=f"https://example.org/told/{next(_numbers)}",
                title=row["title"],
                text=row.get("text", ""),
                summary=row.get("text", "")[:200],
                language=row.get("language", "en"),
                source=source,
                owner=owner,
                first_seen_at=at,
                sorted_at=at,
                ready_at=at,
                content_hash="",
            )
        )
    space = _meaning.current_space()
    vectors = _meaning.article_vectors(made, space)
    for article, search in zip(made, _meaning.search_vectors(made), strict=True):
        article.search = search
    Article.objects.bulk_create(made)
    ArticleVector.objects.bulk_create(
        ArticleVector(article=article, space=space, vector=vector)
        for article, vector in zip(made, vectors, strict=True)
    )
    return made


def an_article(title: str, **row: Any) -> Article:
    return articles([{"title": title, **row}])[0]
