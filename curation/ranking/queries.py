"""What lies near an article, what a reader never wants to see, and what the history says of its reader."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from curation.articles import queries as articles
from curation.articles.models import Article, ArticleQuerySet
from curation.engagement.models import ArticleState
from curation.ranking import _pool, _taste
from curation.ranking._taste import Interests
from curation.ranking.filters import muted_expression, muted_words
from curation.ranking.types import ReaderProfile
from curation.topics.models import Assignment

NEAREST_LIKENESS = 0.25  # cosine below which two articles have nothing to do with each other


def wanted(articles: ArticleQuerySet, profile: ReaderProfile) -> ArticleQuerySet:
    """Without what the reader hid, what comes from a hidden source, and what holds a muted word: what the feed's
    filters do to a pool, done to any list of articles.
    """
    hidden = ArticleState.objects.filter(reader_id=profile.reader_id, hidden_at__isnull=False)
    articles = articles.exclude(pk__in=hidden.values("article_id")).exclude(source_id__in=profile.hidden_sources)
    if words := muted_words(profile.muted_words):
        expression = muted_expression(words).pattern
        articles = articles.exclude(Q(title__iregex=expression) | Q(summary__iregex=expression))
    return articles


def also_like(article_id: int, reader_id: int | None, limit: int = 4) -> list[int]:
    """Articles near this one that the reader may see and has neither read nor hidden, nearest first, one per story.

    Other articles of the same story are not among them: the article's page lists those by itself.
    """
    if not Article.objects.visible_to(reader_id).filter(pk=article_id).exists():
        return []
    vector = _pool.vector_of(article_id)
    if vector is None:
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


def interests(profile: ReaderProfile, at: datetime) -> Interests:
    """What ranking has gathered of the reader: what was read since `history_since` and what is stated; four queries."""
    return _taste.interests(profile, at)
