from __future__ import annotations

import pytest

from curation.topics import actions, queries
from curation.topics.models import Topic
from curation.topics.types import UnknownTopic

SECTIONS = {"science-technology", "economy", "society", "life-culture", "world", "sport", "politics"}


def test_every_area_belongs_to_a_newspaper_section_and_has_topics_in_both_languages():
    areas = queries.areas()
    assert {area.section for area in areas} == SECTIONS
    assert 10 <= len(areas) <= 12
    slugs = [topic.slug for area in areas for topic in area.topics]
    assert len(slugs) == len(set(slugs)) >= 60
    for area in areas:
        assert set(area.names) == {"en", "ko"}
        for topic in area.topics:
            assert topic.area == area.slug
            assert topic.description
            assert all(topic.names[language].strip() for language in ("en", "ko"))


def test_an_unknown_topic_is_an_error_that_names_it():
    assert queries.topic("space").names["ko"] == "우주"
    with pytest.raises(UnknownTopic, match="nowhere"):
        queries.topic("nowhere")


@pytest.mark.django_db
def test_rows_follow_the_catalogue_and_none_is_lost():
    Topic.objects.create(slug="retired", area="ideas", name_en="Retired", name_ko="은퇴", position=999)
    Topic.objects.filter(slug="space").update(name_en="Cosmos")
    actions.sync_topics()
    actions.sync_topics()
    assert Topic.objects.get(slug="space").name_en == "Space"
    assert Topic.objects.filter(slug="retired").exists()
    assert [topic.slug for topic in Topic.objects.exclude(slug="retired")] == [
        topic.slug for area in queries.areas() for topic in area.topics
    ]
