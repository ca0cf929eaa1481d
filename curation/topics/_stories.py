"""Which articles tell of one event: near in meaning, near in time, and sharing the rare words that name it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
from django.db.models import Count, Max, Min
from pgvector.django import CosineDistance

from curation.articles.models import Article, ArticleVector
from curation.serving import queries as serving
from curation.topics import _head
from curation.topics.models import Story

WINDOW = timedelta(hours=72)
STORIES_LOOKED_AT = 8
MEMBERS_LOOKED_AT = 4  # of each story, latest first
LEAD_CHARACTERS = 600
LEAST_COSINE = 0.40

# Two articles tell of one event when cosine + WORDS x shared words reaches the bar of their language. Fitted on the
# sample newsroom's stories against all its other pairs; tests/verification/test_stories.py prints what they reach.
WORDS = 3.0
BAR = {"en": 1.00, "ko": 1.10}
# Between languages no words are shared: only a very close meaning counts.
BAR_BETWEEN_LANGUAGES = 0.80

_STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the of to in on at by for from with and or but not as is are was were be been has have had will would "
        "can could it its this that these those he she they we you i his her their our your after before over under "
        "into out up down new more most who what when where why how than then says say said",
    )
)


def near(article: Article, place: ArticleVector) -> dict[Story, list[Article]]:
    """The stories that the article could belong to, nearest first, each with the latest of its articles."""
    vector = np.asarray(place.vector, dtype=np.float32)
    stories = (
        Story.objects.filter(
            owner_id=article.owner_id,
            space_id=place.space_id,
            last_at__gte=article.sorted_at - WINDOW,
            first_at__lte=article.sorted_at + WINDOW,
        )
        .annotate(distance=CosineDistance("centre", vector))
        .filter(distance__lte=1 - LEAST_COSINE)
        .order_by("distance", "pk")[:STORIES_LOOKED_AT]
    )
    members: dict[int | None, tuple[Story, list[Article]]] = {story.pk: (story, []) for story in stories}
    rows = Article.objects.filter(assignment__story__in=members).exclude(pk=article.pk)
    for row in rows.select_related("assignment").defer("html", "search").order_by("-sorted_at", "-pk"):
        _, group = members[row.assignment.story_id]
        if len(group) < MEMBERS_LOOKED_AT:
            group.append(row)
    return dict(members.values())


def words_of(articles: Sequence[Article]) -> dict[int, list[str]]:
    """Article id -> the words that name its event. It asks the models: call it under no lock."""
    texts = [told(article.title, article.text or article.summary) for article in articles]
    tokens = serving.search_tokens(texts, [article.language for article in articles])
    return dict(zip([article.pk for article in articles], tokens, strict=True))


def join_or_found(
    article: Article,
    place: ArticleVector,
    stories: Mapping[Story, Sequence[Article]],
    words: Mapping[int, Sequence[str]],
) -> Story:
    """The nearest of `stories` with an article about the same event, else a new one. `words` are those of all these
    articles. Call it under the lock that lets one decide at a time.
    """
    vector = np.asarray(place.vector, dtype=np.float32)
    candidates = [(story, row) for story, members in stories.items() for row in members]
    places = ArticleVector.objects.filter(article__in=[row for _, row in candidates], space_id=place.space_id)
    cosines = {place.article_id: float(vector @ np.asarray(place.vector, dtype=np.float32)) for place in places}
    for story, row in candidates:
        shared = shared_words(words[article.pk], words[row.pk], article.language)
        if is_same_event(cosines.get(row.pk, 0.0), shared, (article.language, row.language)):
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
    """Brings the story in line with its articles; the same articles give the same story, and without any it is gone."""
    members = Article.objects.filter(assignment__story=story)
    counted = members.aggregate(
        articles=Count("pk"), sources=Count("source", distinct=True), first=Min("sorted_at"), last=Max("sorted_at")
    )
    if not counted["articles"]:
        story.delete()
        return
    places = ArticleVector.objects.filter(article__in=members, space_id=story.space_id).order_by("article_id")
    if places:
        middle = np.mean([np.asarray(place.vector, dtype=np.float32) for place in places], axis=0)
        story.centre = middle / max(float(np.linalg.norm(middle)), 1e-9)
    story.article_count, story.source_count = counted["articles"], counted["sources"]
    story.first_at, story.last_at = counted["first"], counted["last"]
    story.headline = members.order_by("sorted_at", "pk").values_list("title", flat=True)[0]
    story.save(update_fields=["headline", "centre", "article_count", "source_count", "first_at", "last_at"])


def is_same_event(cosine: float, shared: float, languages: tuple[str, str]) -> bool:
    if languages[0] != languages[1]:
        return cosine >= BAR_BETWEEN_LANGUAGES
    return cosine >= LEAST_COSINE and cosine + WORDS * shared >= BAR["ko" if languages[0] == "ko" else "en"]


def told(title: str, lead: str) -> str:
    """The part of an article whose words name its event."""
    return f"{title}. {lead[:LEAD_CHARACTERS]}"


def shared_words(one: Sequence[str], other: Sequence[str], language: str) -> float:
    """Cosine of two texts' words, each weighted by how rare it is in the news, 0..1."""
    left, right = _weighed(one, language), _weighed(other, language)
    together = sum(left[word] for word in left.keys() & right.keys())
    return together / max(math.sqrt(sum(left.values()) * sum(right.values())), 1e-9)


def telling(tokens: Sequence[str]) -> list[str]:
    """The tokens that say something, each once, in their order."""
    return [
        token for token in dict.fromkeys(tokens) if token not in _STOPWORDS and (len(token) > 1 or not token.isascii())
    ]


def _weighed(tokens: Sequence[str], language: str) -> dict[str, float]:
    head = _head.load()
    rarest = float(head.rarity.max())  # names that the head never met tell the most
    kind = "k" if language == "ko" else "e"
    weights = {}
    for word in telling(tokens):
        if not word.isdigit():
            index = head.vocabulary.get(f"{kind}:{word}")
            weights[word] = (rarest if index is None else float(head.rarity[index])) ** 2
    return weights
