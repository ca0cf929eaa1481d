"""Which articles tell of one event: near in meaning, near in time, and sharing the words that name it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

import numpy as np
from django.db.models import Count, Max, Min
from pgvector.django import CosineDistance

from curation.articles.models import Article, ArticleVector
from curation.serving import queries as serving
from curation.topics.models import Story

WINDOW = timedelta(hours=72)
STORIES_LOOKED_AT = 8
TITLES_LOOKED_AT = 6  # of each story, latest first

# Same event when cosine + WORDS x overlap of the titles' words reaches the bar. Fitted on the sample newsroom's stories
# against its other articles, each language for itself; tests/verification/test_stories.py prints what they reach.
WORDS = {"en": 0.35, "ko": 0.30}
BAR = {"en": 0.80, "ko": 0.92}
# Between languages titles share no words: only a close meaning counts.
BAR_BETWEEN_LANGUAGES = 0.80

_STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the of to in on at by for from with and or but not as is are was were be been has have had will would "
        "can could it its this that these those he she they we you i his her their our your after before over under "
        "into out up down new more most who what when where why how than then says say said",
    )
)


def join_or_found(article: Article, place: ArticleVector) -> Story:
    """The story that the article belongs to. Call it under the lock that lets one decide at a time."""
    vector = place.vector.to_numpy().astype(np.float32)
    near = (
        Story.objects.filter(
            owner_id=article.owner_id,
            space_id=place.space_id,
            last_at__gte=article.sorted_at - WINDOW,
            first_at__lte=article.sorted_at + WINDOW,
        )
        .annotate(distance=CosineDistance("centre", vector))
        .order_by("distance")[:STORIES_LOOKED_AT]
    )
    story = _best(article, list(near))
    if story is not None:
        return story
    return Story.objects.create(
        headline=article.title,
        owner_id=article.owner_id,
        centre=vector,
        space_id=place.space_id,
        first_at=article.sorted_at,
        last_at=article.sorted_at,
    )


def recount(story: Story) -> None:
    """Brings the story's counts, times and centre in line with its articles; the same articles give the same story."""
    members = Article.objects.filter(assignment__story=story)
    counted = members.aggregate(
        articles=Count("pk"), sources=Count("source", distinct=True), first=Min("sorted_at"), last=Max("sorted_at")
    )
    places = ArticleVector.objects.filter(article__in=members, space_id=story.space_id).order_by("article_id")
    middle = np.mean([place.vector.to_numpy().astype(np.float32) for place in places], axis=0)
    story.centre = middle / max(float(np.linalg.norm(middle)), 1e-9)
    story.article_count, story.source_count = counted["articles"], counted["sources"]
    story.first_at, story.last_at = counted["first"], counted["last"]
    story.save(update_fields=["centre", "article_count", "source_count", "first_at", "last_at"])


def is_same_event(cosine: float, overlap: float, languages: tuple[str, str]) -> bool:
    if languages[0] != languages[1]:
        return cosine >= BAR_BETWEEN_LANGUAGES
    language = "ko" if languages[0] == "ko" else "en"
    return cosine + WORDS[language] * overlap >= BAR[language]


def overlap(one: Iterable[str], other: Iterable[str]) -> float:
    """Share of the shorter title's telling words that the other title has too, 0..1."""
    left, right = _telling(one), _telling(other)
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


def _telling(tokens: Iterable[str]) -> set[str]:
    return {token for token in tokens if token not in _STOPWORDS and (len(token) > 1 or not token.isascii())}


def _best(article: Article, stories: list[Story]) -> Story | None:
    """The nearest story that is about the same event, if any is."""
    floor = min(*BAR.values(), BAR_BETWEEN_LANGUAGES) - max(WORDS.values())
    stories = [story for story in stories if 1 - story.distance >= floor]  # type: ignore[attr-defined]
    if not stories:
        return None
    members: dict[int, list[tuple[str, str]]] = {}
    rows = Article.objects.filter(assignment__story__in=stories).exclude(pk=article.pk).order_by("-sorted_at")
    for story_id, title, language in rows.values_list("assignment__story_id", "title", "language"):
        if len(members.setdefault(story_id, [])) < TITLES_LOOKED_AT:
            members[story_id].append((title, language))
    titles = [(article.title, article.language), *(member for group in members.values() for member in group)]
    tokens = dict(zip(titles, serving.search_tokens(*map(list, zip(*titles, strict=True))), strict=True))
    own = tokens[(article.title, article.language)]
    for story in stories:
        cosine = 1 - story.distance  # type: ignore[attr-defined]
        for title, language in members.get(story.pk, []):
            if is_same_event(cosine, overlap(own, tokens[(title, language)]), (article.language, language)):
                return story
    return None
