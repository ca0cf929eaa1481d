from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from curation.articles.models import EmbeddingSpace
from curation.serving import queries as serving
from curation.serving.queries import current_space
from curation.topics import _phrases, actions, queries
from curation.topics.models import Phrase
from curation.topics.types import InvalidPhrase
from tests.factories.accounts import UserFactory
from tests.factories.topics import NOW, an_article, articles

pytestmark = pytest.mark.django_db


def about(phrase: Phrase, **options: object) -> list[int]:
    found = queries.articles_about_phrase(phrase, **{"reader_id": None, "limit": 10, **options})  # type: ignore[arg-type]
    return [article_id for article_id, _ in found]


def test_a_phrase_finds_the_articles_about_it_and_no_others():
    boats, tax, boats_again = articles(
        [
            {"title": "How to steam an oak plank for a wooden boat hull"},
            {"title": "Tax office extends deadline for small firms"},
            {"title": "Apprentices launch the wooden dinghy they built"},
        ]
    )
    phrase = actions.get_phrase(text="Wooden boat building", language="en")
    assert phrase.is_understood
    assert set(about(phrase)) == {boats.pk, boats_again.pk}
    assert tax.pk not in about(phrase)
    assert about(phrase, limit=1) == about(phrase)[:1]


def test_a_korean_phrase_finds_korean_articles():
    rain, _ = articles(
        [
            {"title": "제12호 태풍 북상, 남부 지방에 폭우", "language": "ko"},
            {"title": "새 학기 교과서 값 오른다", "language": "ko"},
        ]
    )
    assert about(actions.get_phrase(text="태풍과 장마", language="ko")) == [rain.pk]


def test_words_in_another_form_count_as_the_phrases_words():
    settled, _ = articles(
        [
            {"title": "Quonset's refugee went home to Ambry after the vote"},
            {"title": "Quonset's bakery went home to Ambry after the vote"},
        ]
    )
    assert about(actions.get_phrase(text="refugees", language="en")) == [settled.pk]


def test_a_word_in_the_headline_counts_more_than_one_in_passing():
    headline, passing = articles(
        [
            {"title": "The lantern maker of Ambry", "text": "She sells them at the market, by weight."},
            {"title": "The basket maker of Ambry", "text": "He sells them at the market. " * 20 + "One was a lantern."},
        ]
    )
    phrase = actions.get_phrase(text="lanterns", language="en")
    shares = _phrases._worded(phrase, reader_id=None, since=None, limit=10)
    assert shares[headline.pk] == pytest.approx(1.0)
    assert 0 < shares[passing.pk] < 0.8


def test_nonsense_is_not_understood_and_finds_nothing():
    an_article("Tax office extends deadline for small firms")
    for text, language in (("zxqv blorp", "en"), ("꿹뛟 쀍", "ko")):
        phrase = actions.get_phrase(text=text, language=language)
        assert not phrase.is_understood
        assert about(phrase) == []


def test_a_strange_word_that_articles_use_is_understood():
    article = an_article("Zorbligraph wins engineering prize")
    phrase = actions.get_phrase(text="zorbligraph", language="en")
    assert phrase.is_understood
    assert about(phrase) == [article.pk]


def test_the_same_words_are_the_same_phrase_however_typed():
    one = actions.get_phrase(text="  Wooden   BOATS ", language="en")
    assert actions.get_phrase(text="wooden boats", language="en").pk == one.pk
    assert actions.get_phrase(text="wooden boats", language="ko").pk != one.pk


@pytest.mark.parametrize("text", ["", "   ", "!!!", "x" * 121])
def test_what_cannot_be_followed_is_refused_and_not_stored(text: str):
    with pytest.raises(InvalidPhrase):
        actions.get_phrase(text=text, language="en")
    assert not Phrase.objects.exists()


def test_another_readers_private_article_is_never_found():
    owner = UserFactory()
    private = an_article("Apprentices launch the wooden dinghy they built", owner=owner)
    phrase = actions.get_phrase(text="wooden boat building", language="en")
    assert about(phrase, reader_id=owner.pk) == [private.pk]
    assert about(phrase, reader_id=UserFactory().pk) == []
    assert about(phrase) == []


def test_since_leaves_older_articles_out():
    an_article("Apprentices launch the wooden dinghy they built", hours=48)
    phrase = actions.get_phrase(text="wooden boat building", language="en")
    assert about(phrase, since=NOW - timedelta(hours=24)) == []
    assert len(about(phrase, since=NOW - timedelta(hours=72))) == 1


def test_with_the_models_away_a_phrase_waits_and_the_reconciler_places_it(settings):
    here = settings.MODELS_URL
    settings.MODELS_URL, settings.MODELS_TIMEOUT_SECONDS = "http://127.0.0.1:9", 0.1
    phrase = actions.get_phrase(text="wooden boats", language="en")
    assert phrase.vector is None
    assert about(phrase) == []
    settings.MODELS_URL = here
    actions.assign_waiting(at=timezone.now(), limit=10)
    phrase.refresh_from_db()
    assert phrase.vector is not None
    assert phrase.threshold < 1


def test_what_is_about_a_phrase_is_found_with_the_models_away(settings):
    boats = an_article("Apprentices launch the wooden dinghy they built")
    phrase = actions.get_phrase(text="wooden boat building", language="en")
    settings.MODELS_URL, settings.MODELS_TIMEOUT_SECONDS = "http://127.0.0.1:9", 0.1
    assert about(Phrase.objects.get(pk=phrase.pk)) == [boats.pk]


def test_a_phrase_that_meant_nothing_is_read_again_a_day_later():
    phrase = actions.get_phrase(text="zorbligraph", language="en")
    assert not phrase.is_understood
    article = an_article("Zorbligraph wins engineering prize")
    at = phrase.placed_at
    actions.assign_waiting(at=at + timedelta(hours=23), limit=10)
    assert not Phrase.objects.get(pk=phrase.pk).is_understood
    actions.assign_waiting(at=at + timedelta(hours=24), limit=10)
    assert about(Phrase.objects.get(pk=phrase.pk)) == [article.pk]


@pytest.mark.parametrize("is_namesake", [False, True], ids=["another version", "another model of the same version"])
def test_a_phrase_of_a_space_left_behind_is_placed_in_the_current_one(is_namesake):
    an_article("Apprentices launch the wooden dinghy they built")
    phrase = actions.get_phrase(text="wooden boat building", language="en")
    old = EmbeddingSpace.objects.create(
        name="old", revision=current_space().revision if is_namesake else "0", dimension=384, is_current=False
    )
    Phrase.objects.filter(pk=phrase.pk).update(space=old)
    actions.assign_waiting(at=phrase.placed_at, limit=10)
    phrase.refresh_from_db()
    assert phrase.space is not None
    assert phrase.space.is_current


def test_a_phrase_waits_where_the_embedder_changes_while_it_is_read(monkeypatch):
    """A vector of one space that is kept under another is compared with articles that it has nothing to do with."""
    ours = current_space()
    told = iter([replace(ours, revision="former")])  # to who asks first; then it has changed
    monkeypatch.setattr(serving, "current_space", lambda: next(told, ours))
    phrase = actions.get_phrase(text="wooden boat building", language="en")
    assert phrase.placed_at is None
    assert phrase.vector is None
