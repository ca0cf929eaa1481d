"""Sources and entries, as a poll would have left them."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from curation.sources.models import Entry, Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = Source

    address = factory.Sequence(lambda n: f"https://publisher{n}.example.org/feed")
    name = factory.Sequence(lambda n: f"Publisher {n}")
    language = "en"
    status = Source.Status.ACTIVE


class EntryFactory(DjangoModelFactory):
    class Meta:
        model = Entry

    source = factory.SubFactory(SourceFactory)
    external_id = factory.Sequence(lambda n: f"entry-{n}")
    link = factory.Sequence(lambda n: f"https://publisher.example.org/articles/{n}")
    title = factory.Sequence(lambda n: f"Harbour bridge opens to walkers, part {n}")
    content_html = factory.LazyAttribute(lambda e: f"<p>{e.title}. {'The bridge was closed for years. ' * 30}</p>")
    content_hash = factory.Sequence(lambda n: f"{n:064d}")
    published_at = NOON
    first_seen_at = NOON
    last_seen_at = NOON
