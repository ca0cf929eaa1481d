"""What a text is about, and which articles are about a topic or a phrase."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from curation.articles.models import Article, ArticleQuerySet
from curation.serving import queries as serving
from curation.topics import _catalogue, _head, _phrases
from curation.topics.models import Phrase
from curation.topics.types import Area, Classification, TopicEntry, UnknownTopic

# How much of an article the head reads: it was trained on headlines, and a first sentence adds the most.
SUMMARY_CHARACTERS = 160


def areas() -> tuple[Area, ...]:
    return _catalogue.areas()


def topic(slug: str) -> TopicEntry:
    """Raises UnknownTopic."""
    try:
        return _catalogue.topics()[slug]
    except KeyError:
        raise UnknownTopic(f"no topic is called {slug!r}") from None


def classified_text(title: str, summary: str) -> str:
    """The part of an article that tells what it is about."""
    return f"{title}. {summary[:SUMMARY_CHARACTERS]}" if summary else title


def classify(texts: Sequence[str], languages: Sequence[str]) -> list[Classification]:
    """Topics with calibrated scores, all of them, best first; and the area, the likeliest group of topics."""
    if not texts:
        return []
    head = _head.load()
    vectors = serving.embed(texts, languages)
    bridged = serving.bridged(texts, languages)
    tokens = serving.search_tokens(texts, languages)
    rows = zip(vectors, bridged, tokens, languages, strict=True)
    return [
        _classification(head, head.probabilities(vector, _head.features(english, words, language), language))
        for vector, english, words, language in rows
    ]


def _classification(head: _head.Head, scores: np.ndarray) -> Classification:
    of_area: dict[str, float] = {}
    for slug, score in zip(head.slugs, scores, strict=True):
        area = _catalogue.topics()[slug].area
        of_area[area] = of_area.get(area, 0.0) + float(score)
    order = np.argsort(-scores, kind="stable")
    best = [(head.slugs[index], round(float(scores[index]), 4)) for index in order]
    return Classification(topics=best, area=max(of_area, key=of_area.__getitem__))


def in_topic(slug: str) -> ArticleQuerySet:
    """Ready articles about the topic. Raises UnknownTopic."""
    return Article.objects.ready().filter(article_topics__topic_id=topic(slug).slug)


def articles_about_phrase(
    phrase: Phrase, *, reader_id: int | None, limit: int, since: datetime | None = None
) -> list[tuple[int, float]]:
    """(article id, how sure), the surest first; empty for a phrase that the embedder does not understand.

    How sure: the cosine, and a bonus for the phrase's words.
    """
    return _phrases.find(phrase, reader_id=reader_id, limit=limit, since=since)
