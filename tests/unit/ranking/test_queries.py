from __future__ import annotations

import pytest

from curation.engagement import actions as engagement
from curation.ranking import queries
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, SourceFactory, StoryFactory, unit

pytestmark = pytest.mark.django_db


def test_also_like_is_near_unread_of_another_story_and_visible():
    place, story, other_story = unit(1), StoryFactory(), StoryFactory()
    reader, other = ReaderFactory(), ReaderFactory()
    article = ArticleFactory(vector=place, assignment="world", assignment__story=story)

    def near(seed, share, **given):
        return ArticleFactory(vector=unit(seed, near=place, share=share), **given).pk

    best = near(2, 0.9)
    second = near(3, 0.7, assignment="world", assignment__story=other_story)
    near(4, 0.65, assignment="world", assignment__story=other_story)
    near(5, 0.9, assignment="world", assignment__story=story)
    near(6, 0.0)
    read, hidden = near(7, 0.8), near(8, 0.8)
    engagement.mark_read(reader_id=reader.pk, article_id=read, at=NOW)
    engagement.hide_article(reader_id=reader.pk, article_id=hidden, at=NOW)
    private = near(9, 0.95, owner=other, source=SourceFactory(owner=other))

    assert queries.also_like(article.pk, reader.pk, 4) == [best, second]
    assert private in queries.also_like(article.pk, other.pk, 4)
    assert private not in queries.also_like(article.pk, None, 9)
    assert queries.also_like(private, reader.pk, 4) == []
