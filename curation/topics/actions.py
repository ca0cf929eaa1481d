"""Giving articles their topics, area and story, and readers the phrases they follow."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import F, Q, QuerySet, Subquery
from django.utils import timezone

from curation.articles.models import Article, ArticleVector, EmbeddingSpace
from curation.serving import queries as serving
from curation.serving.types import ServingError
from curation.topics import _catalogue, _phrases, _stories, queries
from curation.topics.models import ArticleTopic, Assignment, Phrase, Story, Topic
from curation.topics.signals import article_assigned
from curation.topics.types import Classification, InvalidPhrase

logger = logging.getLogger(__name__)

# A topic under this score is left out: it would more often be wrong than right by a wide margin.
TOPIC_CUT = 0.2
TOPICS_PER_ARTICLE = 3
PHRASE_CHARACTERS = 120
# Words that meant nothing may have come into use since; reading them again costs little once a day.
PHRASE_READ_AGAIN_AFTER = timedelta(days=1)
# One transaction at a time decides about stories, or two articles of one event would each found their own.
_STORIES_LOCK = 0x57_0121E5


def sync_topics(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Makes the Topic rows follow topics.toml. What left the file keeps its row: exports and follows name it."""
    Topic.objects.using(using).bulk_create(
        [
            Topic(slug=slug, area=topic.area, name_en=topic.names["en"], name_ko=topic.names["ko"], position=position)
            for position, (slug, topic) in enumerate(_catalogue.topics().items())
        ],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=["area", "name_en", "name_ko", "position"],
    )


# -- Articles ------------------------------------------------------------------------------------------------


def assign_article(*, article_id: int, at: datetime) -> Assignment | None:
    """Topics, area and story of one article; None while it is not ready. Assigning again refreshes topics and area."""
    article = Article.objects.ready().filter(pk=article_id).first()
    if article is None:
        return None
    (classification,) = _classify([article])
    return _assign(article, classification, at=at)


def follow_article(*, article_id: int) -> None:
    """After a correction: its rows here stand where the article stands in time."""
    sorted_at = Article.objects.filter(pk=article_id).values("sorted_at")
    Assignment.objects.filter(article_id=article_id).update(sorted_at=Subquery(sorted_at))
    ArticleTopic.objects.filter(article_id=article_id).update(sorted_at=Subquery(sorted_at))


def assign_waiting(*, at: datetime, limit: int) -> int:
    """Assigns what no announcement reached, oldest first, and places the phrases that have no place, or an old one."""
    waiting = list(Article.objects.ready().filter(assignment=None).order_by("sorted_at", "pk")[:limit])
    for article, classification in zip(waiting, _classify(waiting), strict=True):
        _assign(article, classification, at=at)
    for phrase in _unplaced(at)[:limit]:
        _place(phrase, at=at)
    return len(waiting)


def _classify(articles: Sequence[Article]) -> list[Classification]:
    texts = [queries.classified_text(article.title, article.summary) for article in articles]
    return queries.classify(texts, [article.language for article in articles])


def _assign(article: Article, classification: Classification, *, at: datetime) -> Assignment:
    """Everybody waits for the lock, so the models are asked before it: again where others changed what is near."""
    near = _near(article)
    words: dict[int, list[str]] = {}
    while True:
        told = [article, *(row for members in near.values() for row in members)] if near else []
        words |= _stories.words_of([row for row in told if row.pk not in words])
        with transaction.atomic():
            _lock_stories()
            near = _near(article)
            if all(row.pk in words for members in near.values() for row in members):
                return _decide(article, classification, near, words, at=at)


def _lock_stories() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_STORIES_LOCK])


@transaction.atomic
def recount_story(*, story_id: int) -> None:
    """After an article is gone: what the story says of itself must not outlive what it was said of."""
    _lock_stories()
    if story := Story.objects.filter(pk=story_id).first():
        _stories.recount(story)


@transaction.atomic
def remove_empty_stories() -> int:
    """Stories whose recount never ran, because the process died before it."""
    _lock_stories()
    empty = Story.objects.filter(assignments=None)
    count = empty.count()
    empty.delete()
    return count


def _near(article: Article) -> dict[Story, list[Article]]:
    """The stories that could be the article's; none where it has one already, or no place."""
    if Assignment.objects.filter(article=article, story__isnull=False).exists():
        return {}
    place = ArticleVector.objects.filter(article=article, space__is_current=True).first()
    return _stories.near(article, place) if place else {}


def _decide(
    article: Article,
    classification: Classification,
    near: Mapping[Story, Sequence[Article]],
    words: Mapping[int, Sequence[str]],
    *,
    at: datetime,
) -> Assignment:
    before = Assignment.objects.filter(article=article).select_related("story").first()
    story = before.story if before and before.story else None
    if story is None:
        place = ArticleVector.objects.filter(article=article, space__is_current=True).first()
        story = _stories.join_or_found(article, place, near, words) if place else None
    assignment, _created = Assignment.objects.update_or_create(
        article=article,
        defaults={"area": classification.area, "story": story, "assigned_at": at, "sorted_at": article.sorted_at},
    )
    if story is not None:
        _stories.recount(story)
    chosen = [(slug, score) for slug, score in classification.topics if score >= TOPIC_CUT][:TOPICS_PER_ARTICLE]
    ArticleTopic.objects.filter(article=article).exclude(topic_id__in=[slug for slug, _ in chosen]).delete()
    ArticleTopic.objects.bulk_create(
        [
            ArticleTopic(article=article, topic_id=slug, score=score, sorted_at=article.sorted_at)
            for slug, score in chosen
        ],
        update_conflicts=True,
        unique_fields=["article", "topic"],
        update_fields=["score", "sorted_at"],
    )
    transaction.on_commit(partial(article_assigned.send_robust, sender=Assignment, article_id=article.pk))
    return assignment


# -- Phrases -------------------------------------------------------------------------------------------------


def get_phrase(*, text: str, language: str) -> Phrase:
    """The phrase's row, made at the first call. Raises InvalidPhrase.

    With the model server away the phrase is kept without a place; the reconciler gives it one.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split()).casefold()
    if not text or not any(character.isalnum() for character in text):
        raise InvalidPhrase("A phrase needs at least one word.")
    if len(text) > PHRASE_CHARACTERS:
        raise InvalidPhrase(f"A phrase has at most {PHRASE_CHARACTERS} characters.")
    phrase, _created = Phrase.objects.get_or_create(
        text=text, language=language, defaults={"created_at": timezone.now()}
    )
    try:
        return _place(phrase, at=timezone.now())
    except ServingError as error:
        logger.warning("phrase %d waits for the models: %s", phrase.pk, error)
        return phrase


def _unplaced(at: datetime) -> QuerySet[Phrase]:
    """Phrases that the models never read, that lie in a space left behind, or that are due to be read again."""
    left_behind = Q(is_understood=True, space__is_current=False)
    in_vain = (Q(is_understood=False) | Q(space=None)) & Q(placed_at__lte=at - PHRASE_READ_AGAIN_AFTER)
    waiting = Phrase.objects.select_related("space").filter(Q(placed_at=None) | left_behind | in_vain)
    return waiting.order_by(F("placed_at").asc(nulls_first=True), "pk")


def _place(phrase: Phrase, *, at: datetime) -> Phrase:
    current = serving.current_space()
    is_read = phrase.placed_at is not None and phrase.vector is not None
    if is_read and phrase.space and (phrase.space.name, phrase.space.revision) == (current.name, current.revision):
        return phrase
    reading = _phrases.read(phrase.text, phrase.language, current)
    phrase.is_understood = reading.is_understood
    phrase.threshold = reading.threshold
    phrase.vector = reading.vector if reading.is_understood else None
    phrase.tokens = reading.tokens
    phrase.placed_at = at
    phrase.space = EmbeddingSpace.objects.filter(name=current.name, revision=current.revision).first()
    phrase.save(update_fields=["is_understood", "threshold", "vector", "tokens", "placed_at", "space"])
    return phrase
