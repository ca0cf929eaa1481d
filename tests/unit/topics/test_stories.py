from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from curation.articles.models import Article
from curation.serving import queries as serving
from curation.topics import _stories, actions, queries
from curation.topics.models import ArticleTopic, Assignment, Story
from curation.topics.signals import article_assigned
from tests.factories.accounts import UserFactory
from tests.factories.topics import NOW, a_source, an_article

pytestmark = pytest.mark.django_db

FIRE = "Fire crews fight blaze at Alderwick paper mill"
FIRE_TEXT = "Sixty firefighters spent the night at the Alderwick paper mill, where a blaze destroyed the pulp store."
FIRE_AGAIN = "Blaze destroys pulp store of Alderwick paper mill"
FIRE_AGAIN_TEXT = (
    "A blaze at the Alderwick paper mill destroyed its pulp store overnight; firefighters found nobody hurt."
)
OTHER = "Fire crews teach children of Corran how to call for help"
OTHER_TEXT = "Firefighters visited a primary school in Corran to show pupils what to do when they see smoke."


def assigned(article: Article) -> Assignment:
    assignment = actions.assign_article(article_id=article.pk, at=NOW)
    assert assignment is not None
    return assignment


def test_an_article_gets_topics_above_the_cut_an_area_and_a_story():
    assignment = assigned(an_article("Central bank raises interest rates as inflation climbs"))
    topics = list(ArticleTopic.objects.filter(article=assignment.article).order_by("-score"))
    assert topics[0].topic_id == "macroeconomy"
    assert 1 <= len(topics) <= actions.TOPICS_PER_ARTICLE
    assert all(row.score >= actions.TOPIC_CUT for row in topics)
    assert assignment.area == "economy"
    assert assignment.story is not None
    assert assignment.story.article_count == 1
    assert assignment.article in queries.in_topic("macroeconomy")


def test_reports_of_one_event_form_one_story_and_others_stay_out():
    first = assigned(an_article(FIRE, text=FIRE_TEXT, hours=5))
    second = assigned(an_article(FIRE_AGAIN, text=FIRE_AGAIN_TEXT, hours=3, source=a_source("Courier")))
    third = assigned(an_article(OTHER, text=OTHER_TEXT, hours=2))
    assert first.story == second.story
    assert third.story != first.story
    story = Story.objects.get(pk=first.story_id)
    assert (story.article_count, story.source_count) == (2, 2)
    assert story.headline == FIRE
    assert story.first_at < story.last_at


def test_korean_reports_of_one_event_form_one_story():
    first = assigned(
        an_article(
            "대진항 여객선 좌초, 승객 42명 전원 구조", text="대진항 앞바다에서 여객선이 암초에 좌초했다.", language="ko"
        )
    )
    second = assigned(
        an_article(
            "좌초한 대진항 여객선 승객 모두 구조돼",
            text="여객선이 대진항 암초에 좌초해 승객이 구조됐다.",
            language="ko",
        )
    )
    other = assigned(an_article("여객선 요금 내년부터 오른다", text="해양수산부는 요금 인상을 밝혔다.", language="ko"))
    assert first.story == second.story
    assert other.story != first.story


def test_the_same_words_a_week_later_are_another_story():
    first = assigned(an_article(FIRE, text=FIRE_TEXT, hours=200))
    assert assigned(an_article(FIRE_AGAIN, text=FIRE_AGAIN_TEXT, hours=1)).story != first.story


def test_a_private_article_never_joins_a_public_story():
    public = assigned(an_article(FIRE, text=FIRE_TEXT))
    owner = UserFactory()
    private = assigned(an_article(FIRE_AGAIN, text=FIRE_AGAIN_TEXT, owner=owner))
    assert private.story != public.story
    assert private.story is not None
    assert private.story.owner_id == owner.pk
    assert Story.objects.get(pk=public.story_id).article_count == 1


def test_assigning_twice_changes_nothing():
    article = an_article(FIRE, text=FIRE_TEXT)
    one, two = assigned(article), assigned(article)
    assert one.story_id == two.story_id
    assert Story.objects.count() == Assignment.objects.count() == 1
    assert Story.objects.get().article_count == 1


def test_an_unready_article_waits():
    article = an_article(FIRE)
    Article.objects.filter(pk=article.pk).update(ready_at=None)
    assert actions.assign_article(article_id=article.pk, at=NOW) is None
    assert actions.assign_waiting(at=NOW, limit=10) == 0


def test_the_reconciler_assigns_what_no_announcement_reached():
    articles = [an_article(FIRE, text=FIRE_TEXT), an_article(OTHER, text=OTHER_TEXT)]
    assert actions.assign_waiting(at=NOW, limit=1) == 1
    assert actions.assign_waiting(at=NOW, limit=10) == 1
    assert actions.assign_waiting(at=NOW, limit=10) == 0
    assert Assignment.objects.filter(article__in=articles).count() == 2


def test_the_announcement_is_sent_after_the_commit_with_the_id_alone(django_capture_on_commit_callbacks):
    heard: list[dict[str, object]] = []

    def hear(**message: object) -> None:
        heard.append({key: value for key, value in message.items() if key not in ("signal", "sender")})

    article_assigned.connect(hear)
    try:
        article = an_article(FIRE)
        with django_capture_on_commit_callbacks() as callbacks:
            actions.assign_article(article_id=article.pk, at=NOW)
        assert heard == []
        for callback in callbacks:
            callback()
        assert heard == [{"article_id": article.pk}]
    finally:
        article_assigned.disconnect(hear)


@pytest.mark.django_db(transaction=True)
def test_two_reports_assigned_at_the_same_moment_found_one_story():
    actions.sync_topics()
    one = an_article(FIRE, text=FIRE_TEXT)
    two = an_article(FIRE_AGAIN, text=FIRE_AGAIN_TEXT, source=a_source("Courier"))

    def assign(article_id: int) -> None:
        try:
            actions.assign_article(article_id=article_id, at=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(assign, [one.pk, two.pk, one.pk, two.pk]))
    assert Story.objects.count() == 1
    assert Story.objects.get().article_count == 2


def test_a_failed_assignment_leaves_nothing_behind():
    article = an_article(FIRE, text=FIRE_TEXT)
    with transaction.atomic():
        actions.assign_article(article_id=article.pk, at=NOW)
        transaction.set_rollback(True)
    assert not Story.objects.exists()
    assert not Assignment.objects.exists()


def test_shared_words_count_rare_ones_and_ignore_grammar_and_numbers():
    assert _stories.shared_words(["the", "of", "12"], ["the", "of", "12"], "en") == 0
    assert _stories.shared_words(["alderwick", "mill"], ["alderwick", "mill"], "en") == pytest.approx(1)
    rare = _stories.shared_words(["alderwick", "government"], ["alderwick", "court"], "en")
    common = _stories.shared_words(["alderwick", "government"], ["corran", "government"], "en")
    assert rare > common


@pytest.mark.django_db(transaction=True)
def test_the_models_are_never_asked_inside_a_transaction(monkeypatch):
    actions.sync_topics()
    asked = []
    infer = serving.infer

    def watched(model, request):
        asked.append(connection.in_atomic_block)
        return infer(model, request)

    monkeypatch.setattr(serving, "infer", watched)
    first = assigned(an_article(FIRE, text=FIRE_TEXT))
    asked.clear()
    assert assigned(an_article(FIRE_AGAIN, text=FIRE_AGAIN_TEXT)).story == first.story
    assert asked
    assert not any(asked)


@pytest.mark.django_db(transaction=True)
def test_a_story_founded_while_the_models_were_asked_is_still_joined(monkeypatch):
    actions.sync_topics()
    first = an_article(FIRE, text=FIRE_TEXT)
    second = an_article(FIRE_AGAIN, text=FIRE_AGAIN_TEXT, source=a_source("Courier"))
    words_of = _stories.words_of

    def meanwhile(articles):
        monkeypatch.setattr(_stories, "words_of", words_of)
        assigned(first)
        return words_of(articles)

    monkeypatch.setattr(_stories, "words_of", meanwhile)
    assert assigned(second).story == Assignment.objects.get(article=first).story


def test_a_story_forgets_articles_that_are_deleted_and_ends_with_the_last(django_capture_on_commit_callbacks):
    first, second = an_article(FIRE, text=FIRE_TEXT, hours=5), an_article(FIRE_AGAIN, text=FIRE_AGAIN_TEXT, hours=3)
    story = assigned(first).story
    assert assigned(second).story == story
    with django_capture_on_commit_callbacks(execute=True):
        first.source.articles.filter(pk=first.pk).delete()
    story.refresh_from_db()
    assert (story.headline, story.article_count, story.first_at) == (FIRE_AGAIN, 1, second.sorted_at)
    with django_capture_on_commit_callbacks(execute=True):
        second.source.delete()
    assert not Story.objects.exists()


def test_a_story_that_was_left_empty_is_swept_away():
    article = an_article(FIRE, text=FIRE_TEXT)
    assigned(article)
    kept = assigned(an_article(OTHER, text=OTHER_TEXT)).story
    article.delete()  # in a transaction that never ends, so nobody is told
    assert actions.remove_empty_stories() == 1
    assert Story.objects.get() == kept
