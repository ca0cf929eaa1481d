"""Articles to draw for, and pictures in their states."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from curation.articles.models import Article
from curation.sources.models import Source
from curation.topics.models import Assignment
from illustrate.models import Picture, StylePreset

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = Source

    address = factory.Sequence(lambda n: f"https://drawn-{n}.example.org/feed")
    name = factory.Sequence(lambda n: f"Drawn {n}")
    status = Source.Status.ACTIVE


class ArticleFactory(DjangoModelFactory):
    class Meta:
        model = Article

    source = factory.SubFactory(SourceFactory)
    url = factory.Sequence(lambda n: f"https://drawn.example.org/{n}")
    title = "Lighthouse keeper retires after forty winters"
    text = "The last keeper on the coast climbed the stairs to the lamp for a final time."
    language = "en"
    first_seen_at = NOW
    sorted_at = NOW
    ready_at = NOW
    content_hash = factory.Sequence(lambda n: f"{n:064d}")


class AssignedArticleFactory(ArticleFactory):
    class Meta:
        model = Article
        skip_postgeneration_save = True

    @factory.post_generation
    def assigned(self, create, extracted, **kwargs):  # type: ignore[no-untyped-def]
        if create:
            Assignment.objects.create(
                article=self, area=extracted or "society", assigned_at=NOW, sorted_at=self.sorted_at
            )


class PictureFactory(DjangoModelFactory):
    class Meta:
        model = Picture

    article = factory.SubFactory(AssignedArticleFactory)
    preset = factory.LazyFunction(lambda: StylePreset.objects.get(is_production=True))
    state = Picture.State.WAITING
    requested_at = NOW


class AttachedPictureFactory(PictureFactory):
    state = Picture.State.ATTACHED
    drawn_at = NOW
    seed = 5
    alt_en = "A lighthouse on a shore."
    alt_ko = "바닷가의 등대."
    colour = "#aabbcc"
    perceptual_hash = "ffff0000ffff0000"
    id = factory.Sequence(lambda n: 1_000_000 + n)  # known before it is stored: the file's name begins with it
    file = factory.LazyAttribute(lambda picture: f"pictures/00/{picture.id}-secret.{{width}}.webp")
