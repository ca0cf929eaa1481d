"""What lies near an article, for whoever has just read it."""

from __future__ import annotations

import numpy as np

from curation.articles import queries as articles
from curation.articles.models import Article
from curation.engagement.models import ArticleState
from curation.ranking import _pool
from curation.topics.models import Assignment

NEAREST_LIKENESS = 0.25  # cosine below which two articles have nothing to do with each other


def also_like(article_id: int, reader_id: int | None, limit: int = 4) -> list[int]:
    """Articles near this one that the reader may see and has neither read nor hidden, nearest first, one per story.

    Other articles of the same story are not among them: the article's page lists those by itself.
    """
    if not Article.objects.visible_to(reader_id).filter(pk=article_id).exists():
        return []
    vector = _pool.vectors_of(np.array([article_id], dtype=np.int64))[0]
    if not vector.any():
        return []
    near = [
        other
        for other, cosine in articles.nearest(vector, reader_id=reader_id, limit=limit * 5 + 1)
        if other != article_id and cosine >= NEAREST_LIKENESS
    ]
    stories = dict(Assignment.objects.filter(article_id__in=[article_id, *near]).values_list("article_id", "story_id"))
    done = set(
        ArticleState.objects.filter(reader_id=reader_id, article_id__in=near)
        .exclude(read_at=None, hidden_at=None)
        .values_list("article_id", flat=True)
    )
    told = {stories.get(article_id)} - {None}
    chosen: list[int] = []
    for other in near:
        story = stories.get(other)
        if other not in done and story not in told:
            chosen.append(other)
            told |= {story} - {None}
    return chosen[:limit]
