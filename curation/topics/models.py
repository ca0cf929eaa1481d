"""Topic, Story, Phrase: lasting subjects, articles about one event, and subjects in a reader's own words."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from pgvector.django import HalfVectorField

from curation.articles.models import DIMENSION, Article, EmbeddingSpace


class Topic(models.Model):
    """A lasting subject; its rows follow topics.toml at every migrate."""

    slug = models.SlugField(primary_key=True)
    area = models.SlugField(db_index=True)
    name_en = models.CharField(max_length=80)
    name_ko = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name_en


class Story(models.Model):
    """Articles about one event, told by one or several sources. A private article never joins a public story."""

    headline = models.TextField()  # its earliest article's
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    centre = HalfVectorField(dimensions=DIMENSION)
    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    article_count = models.PositiveIntegerField(default=1)
    source_count = models.PositiveIntegerField(default=1)


class Assignment(models.Model):
    """What the topics chapter knows about an article: its area, its story."""

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.CASCADE, related_name="assignment")
    area = models.SlugField(db_index=True)
    story = models.ForeignKey(Story, null=True, on_delete=models.SET_NULL, related_name="assignments")
    assigned_at = models.DateTimeField()
    sorted_at = models.DateTimeField()  # the article's, so that the newest of an area are the head of an index

    class Meta:
        indexes = [models.Index(fields=["area", "-sorted_at"], name="assignment_newest")]


class ArticleTopic(models.Model):
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="article_topics")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="article_topics")
    score = models.FloatField()  # calibrated: of articles scored 0.8, about eight in ten are about the topic
    sorted_at = models.DateTimeField()  # the article's, so that the newest of a topic are the head of an index

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "topic"], name="article_topic_once")]
        indexes = [
            models.Index(fields=["topic", "-score"], name="article_topic_by_score"),
            models.Index(fields=["topic", "-sorted_at"], name="article_topic_newest"),
        ]


class Phrase(models.Model):
    """Any phrase that somebody follows as a topic, with its vector and its calibrated threshold.

    All that finding its articles needs is kept here, so that a page is served without the models.
    """

    text = models.CharField(max_length=120)
    language = models.CharField(max_length=8)
    vector = HalfVectorField(dimensions=DIMENSION, null=True)
    space = models.ForeignKey(EmbeddingSpace, null=True, on_delete=models.SET_NULL)
    threshold = models.FloatField(default=1.0)  # cosine from which an article is about the phrase
    tokens = ArrayField(models.TextField(), default=list)  # the words that are looked for in articles
    is_understood = models.BooleanField(default=True)  # False: nonsense to the embedder; its page says so
    placed_at = models.DateTimeField(null=True)  # when the models last read it; null: never
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["text", "language"], name="phrase_once")]
