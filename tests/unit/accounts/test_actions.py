"""What readers do with their accounts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from accounts import actions, queries
from accounts.models import (
    Invitation,
    MutedSource,
    MutedWord,
    Preference,
    SignupPolicy,
    Subscription,
    TopicWish,
    User,
)
from curation.engagement.models import Slate
from curation.sources.models import Source
from curation.topics.models import Phrase, Topic
from tests.factories.accounts import UserFactory
from tests.factories.ranking import SourceFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def reader() -> User:
    return UserFactory()


@pytest.fixture
def operator() -> User:
    return UserFactory(role=User.Role.OPERATOR)


def source(**fields: object) -> Source:
    defaults = {"address": f"https://a.example.org/{Source.objects.count()}", "name": "A", "status": "active"}
    return Source.objects.create(**defaults | fields)


# -- Following


def test_following_a_topic_twice_is_following_it_once(reader: User) -> None:
    actions.follow_topic(reader=reader, slug="ai", at=NOW)
    actions.follow_topic(reader=reader, slug="ai", at=NOW)
    assert queries.subscriptions(reader).count() == 1


def test_following_a_topic_wakes_its_sources_in_the_catalogue(reader: User) -> None:
    dormant = source(topic_slugs=["ai"], status="dormant")
    other = source(topic_slugs=["books"], status="dormant")
    actions.follow_topic(reader=reader, slug="ai", at=NOW)
    dormant.refresh_from_db()
    other.refresh_from_db()
    assert (dormant.status, other.status) == ("active", "dormant")


def test_an_unknown_topic_is_refused(reader: User) -> None:
    with pytest.raises(Topic.DoesNotExist):
        actions.follow_topic(reader=reader, slug="no-such-topic", at=NOW)


def test_picking_topics_replaces_the_earlier_pick_and_keeps_what_stays(reader: User) -> None:
    actions.pick_topics(reader=reader, slugs=["ai", "books"], at=NOW)
    kept = Subscription.objects.get(reader=reader, topic_id="books")
    actions.pick_topics(reader=reader, slugs=["books", "food", "nonsense"], at=NOW + timedelta(days=1))
    assert set(queries.reader_profile(reader).topics) == {"books", "food"}
    kept.refresh_from_db()
    assert kept.created_at == NOW
    assert Preference.objects.get(reader=reader).onboarded_at == NOW + timedelta(days=1)


def test_a_subscription_is_to_exactly_one_thing(reader: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.create(reader=reader, created_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.create(reader=reader, topic_id="ai", source=source(), created_at=NOW)


def test_a_private_source_of_somebody_else_cannot_be_followed(reader: User) -> None:
    private = source(owner=UserFactory())
    with pytest.raises(Source.DoesNotExist):
        actions.follow_source(reader=reader, source_id=private.pk, at=NOW)


def test_a_private_source_goes_with_its_only_follower_but_a_public_one_stays(reader: User) -> None:
    private, public = source(owner=reader), source()
    for one in (private, public):
        actions.follow_source(reader=reader, source_id=one.pk, at=NOW)
        actions.unfollow_source(reader=reader, source_id=one.pk)
    assert set(Source.objects.filter(pk__in=[private.pk, public.pk])) == {public}


def test_muting_a_source_ends_following_it(reader: User) -> None:
    muted = source()
    actions.follow_source(reader=reader, source_id=muted.pk, at=NOW)
    actions.mute_source(reader=reader, source_id=muted.pk)
    profile = queries.reader_profile(reader)
    assert (profile.sources, profile.hidden_sources) == ((), (muted.pk,))


# -- What is inferred, corrected


def test_a_wish_replaces_the_one_before_and_goes_at_nought(reader: User) -> None:
    actions.wish_topic(reader=reader, slug="ai", weight=1.0, at=NOW)
    actions.wish_topic(reader=reader, slug="books", weight=-0.5, at=NOW)
    actions.wish_topic(reader=reader, slug="ai", weight=-1.0, at=NOW + timedelta(days=1))
    assert dict(queries.reader_profile(reader).wishes) == {"ai": -1.0, "books": -0.5}
    assert TopicWish.objects.get(reader=reader, topic_id="ai").at == NOW + timedelta(days=1)
    actions.wish_topic(reader=reader, slug="ai", weight=0.0, at=NOW)
    assert dict(queries.reader_profile(reader).wishes) == {"books": -0.5}


@pytest.mark.parametrize("weight", [1.01, -2.0, float("nan"), float("inf")])
def test_a_wish_out_of_range_changes_nothing(reader: User, weight: float) -> None:
    actions.wish_topic(reader=reader, slug="ai", weight=1.0, at=NOW)
    with pytest.raises(ValidationError):
        actions.wish_topic(reader=reader, slug="ai", weight=weight, at=NOW)
    assert queries.reader_profile(reader).wishes == (("ai", 1.0),)
    with pytest.raises(IntegrityError), transaction.atomic():
        TopicWish.objects.create(reader=reader, topic_id="books", weight=weight, at=NOW)


def test_a_wish_for_an_unknown_topic_is_refused(reader: User) -> None:
    with pytest.raises(Topic.DoesNotExist):
        actions.wish_topic(reader=reader, slug="no-such-topic", weight=1.0, at=NOW)


def test_forgetting_keeps_all_that_is_stated_and_can_be_taken_back(reader: User) -> None:
    actions.set_preference(reader=reader, theme="dark")
    actions.follow_topic(reader=reader, slug="ai", at=NOW)
    before = queries.reader_profile(reader)
    actions.forget_history(reader=reader, at=NOW)
    assert queries.reader_profile(reader).history_since == NOW
    actions.set_preference(reader=reader, show_pictures=False)
    actions.pick_topics(reader=reader, slugs=["ai"], at=NOW)
    assert queries.reader_profile(reader).history_since == NOW
    assert queries.preference(reader).theme == "dark"
    actions.remember_history(reader=reader)
    assert queries.reader_profile(reader) == before


def test_whoever_has_chosen_nothing_can_forget_too(reader: User) -> None:
    actions.remember_history(reader=reader)
    actions.forget_history(reader=reader, at=NOW)
    assert queries.reader_profile(reader).history_since == NOW


def test_a_profile_takes_five_queries_however_much_is_stated(reader: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(5):
        queries.reader_profile(reader)
    actions.pick_topics(reader=reader, slugs=["ai", "books", "food"], at=NOW)
    for slug in ("ai", "books", "food", "space"):
        actions.wish_topic(reader=reader, slug=slug, weight=1.0, at=NOW)
    with django_assert_num_queries(5):
        queries.reader_profile(reader)


# -- Muting and choosing


def test_muted_words_are_folded_and_counted_once(reader: User) -> None:
    actions.mute_word(reader=reader, word="  Crypto ")
    actions.mute_word(reader=reader, word="CRYPTO")
    assert queries.reader_profile(reader).muted_words == ("crypto",)
    actions.unmute_word(reader=reader, word="Crypto")
    assert not MutedWord.objects.filter(reader=reader).exists()


@pytest.mark.parametrize("word", ["", "   ", "x" * 81])
def test_a_word_that_cannot_be_muted_is_said(reader: User, word: str) -> None:
    with pytest.raises(ValidationError):
        actions.mute_word(reader=reader, word=word)


@pytest.mark.parametrize(
    "chosen",
    [
        {"language": "xx"},
        {"theme": "neon"},
        {"time_zone": "Mars/Olympus"},
        {"reading_languages": "en,xx"},
        {"role": "operator"},
    ],
)
def test_a_preference_that_is_none_of_its_choices_changes_nothing(reader: User, chosen: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        actions.set_preference(reader=reader, **chosen)
    assert not Preference.objects.filter(reader=reader).exists()


def test_preferences_change_one_by_one(reader: User) -> None:
    actions.set_preference(reader=reader, language="ko", reading_languages="ko,en")
    actions.set_preference(reader=reader, theme="dark", show_pictures=False)
    chosen = queries.preference(reader)
    assert (chosen.language, chosen.reading_languages, chosen.theme) == ("ko", "en,ko", "dark")
    assert not chosen.show_pictures
    assert queries.reader_profile(reader).languages == ("en", "ko")


# -- Who may come in


def test_only_operators_decide_about_sign_up(reader: User, operator: User) -> None:
    with pytest.raises(PermissionDenied):
        actions.set_signup_policy(policy="closed", by=reader)
    with pytest.raises(PermissionDenied):
        actions.invite(by=reader, at=NOW)
    actions.set_signup_policy(policy="closed", by=operator)
    assert queries.signup_policy() == "closed"


def test_an_invitation_lets_one_person_in_once(operator: User) -> None:
    invitation = actions.invite(by=operator, at=NOW)
    first, second = UserFactory(), UserFactory()
    assert actions.use_invitation(token=invitation.token, reader=first, at=NOW)
    assert not actions.use_invitation(token=invitation.token, reader=second, at=NOW)


def test_an_invitation_for_an_address_is_for_that_address_and_ends(operator: User) -> None:
    invitation = actions.invite(by=operator, at=NOW, email="Friend@Example.org")
    assert not actions.use_invitation(token=invitation.token, reader=UserFactory(), at=NOW)
    friend = UserFactory(email="friend@example.org")
    assert not actions.use_invitation(token=invitation.token, reader=friend, at=NOW + timedelta(days=15))
    assert actions.use_invitation(token=invitation.token, reader=friend, at=NOW + timedelta(days=13))


def test_a_reset_password_works_and_only_operators_reset(reader: User, operator: User) -> None:
    with pytest.raises(PermissionDenied):
        actions.reset_password(reader=operator, by=reader)
    password = actions.reset_password(reader=reader, by=operator)
    reader.refresh_from_db()
    assert reader.check_password(password)


# -- Taking along, leaving


def test_an_export_holds_what_the_reader_said(reader: User) -> None:
    actions.pick_topics(reader=reader, slugs=["ai"], at=NOW)
    actions.follow_source(reader=reader, source_id=source(address="https://b.example.org/feed").pk, at=NOW)
    actions.mute_word(reader=reader, word="crypto")
    actions.wish_topic(reader=reader, slug="books", weight=-1.0, at=NOW)
    actions.forget_history(reader=reader, at=NOW)
    exported = actions.export_account(reader)
    assert exported["account"]["email"] == reader.email
    assert {s["topic"] or s["source"] for s in exported["subscriptions"]} == {"ai", "https://b.example.org/feed"}
    assert exported["muted_words"] == ["crypto"]
    assert exported["wishes"] == [{"topic": "books", "weight": -1.0, "at": NOW.isoformat()}]
    assert exported["preferences"]["history_since"] == NOW.isoformat()
    assert exported["saved"] == []


def test_a_list_of_sources_comes_back_as_it_went(reader: User) -> None:
    for name in ("One & only", "Two <b>"):
        added = source(address=f"https://{len(name)}.example.org/feed?a=1&b=2", name=name)
        actions.follow_source(reader=reader, source_id=added.pk, at=NOW)
    text = actions.export_opml(reader)
    assert {outline.get("title") for outline in ET.fromstring(text).iter("outline")} == {"One & only", "Two <b>"}
    other = UserFactory()
    assert actions.import_opml(reader=other, text=text, at=NOW) == (2, [])
    assert set(queries.reader_profile(other).sources) == set(queries.reader_profile(reader).sources)


def test_a_private_source_stays_private_when_its_owner_takes_it_along(reader: User) -> None:
    private = source(address="https://example.org/feed/s3cret", owner=reader)
    actions.follow_source(reader=reader, source_id=private.pk, at=NOW)
    text = actions.export_opml(reader)
    before = Source.objects.count()
    assert actions.import_opml(reader=reader, text=text, at=NOW) == (1, [])
    assert Source.objects.count() == before
    new_account = UserFactory()
    assert actions.import_opml(reader=new_account, text=text, at=NOW) == (1, [])
    assert set(Source.objects.filter(address=private.address)) == {private, Source.objects.get(owner=new_account)}


def test_a_list_with_a_forbidden_address_takes_the_others_and_says_which_not(reader: User) -> None:
    text = """<opml version="2.0"><body><outline text="ok" xmlUrl="https://ok.example.org/feed"/>
    <outline text="inside" xmlUrl="http://169.254.169.254/latest"/></body></opml>"""
    followed, refused = actions.import_opml(reader=reader, text=text, at=NOW)
    assert followed == 1
    assert len(refused) == 1
    assert refused == [("http://169.254.169.254/latest", "169.254.169.254 is not an address of the public internet")]


@pytest.mark.parametrize("text", ["", "not xml", "<html></html>", "<!DOCTYPE x [<!ENTITY a 'b'>]><opml>&a;</opml>"])
def test_what_is_no_list_is_refused_whole(reader: User, text: str) -> None:
    with pytest.raises(ValidationError):
        actions.import_opml(reader=reader, text=text, at=NOW)
    assert not Subscription.objects.filter(reader=reader).exists()


def test_an_account_leaves_with_its_private_sources_and_nothing_of_it_stays(reader: User) -> None:
    private, public = source(owner=reader), source()
    actions.follow_source(reader=reader, source_id=private.pk, at=NOW)
    actions.follow_source(reader=reader, source_id=public.pk, at=NOW)
    actions.wish_topic(reader=reader, slug="ai", weight=1.0, at=NOW)
    actions.delete_account(reader=reader)
    assert not TopicWish.objects.exists()
    assert not User.objects.filter(email=reader.email).exists()
    assert set(Source.objects.filter(pk__in=[private.pk, public.pk])) == {public}


def test_the_last_operator_cannot_leave(operator: User) -> None:
    with pytest.raises(ValidationError):
        actions.delete_account(reader=operator)
    UserFactory(role=User.Role.OPERATOR)
    actions.delete_account(reader=operator)
    assert User.objects.filter(role=User.Role.OPERATOR).count() == 1


def test_policy_and_invitations_have_one_row_each_where_there_can_be_one(operator: User) -> None:
    actions.set_signup_policy(policy="invitation", by=operator)
    actions.set_signup_policy(policy="open", by=operator)
    assert SignupPolicy.objects.count() == 1
    assert Invitation.objects.count() == 0


def test_operators_may_open_the_admin_and_nobody_else(reader: User, operator: User) -> None:
    assert operator.is_staff
    assert operator.has_perm("sources.change_source")
    editor = UserFactory(role=User.Role.EDITOR)
    assert not any(user.is_staff or user.has_perm("sources.change_source") for user in (reader, editor))


def test_a_phrase_that_nobody_follows_is_forgotten_after_a_day(reader: User) -> None:
    followed, left, new = (Phrase.objects.create(text=text, language="en") for text in ("kept", "left", "new"))
    Subscription.objects.create(reader=reader, phrase=followed, created_at=NOW)
    Phrase.objects.filter(pk__in=[followed.pk, left.pk]).update(created_at=NOW - timedelta(hours=25))
    Phrase.objects.filter(pk=new.pk).update(created_at=NOW - timedelta(hours=23))
    assert actions.forget_phrases(at=NOW) == 1
    assert set(Phrase.objects.all()) == {followed, new}
    assert Subscription.objects.filter(phrase=followed).exists()


def test_following_a_muted_source_unmutes_it(reader: User) -> None:
    source = SourceFactory()
    actions.mute_source(reader=reader, source_id=source.pk)
    actions.follow_source(reader=reader, source_id=source.pk, at=NOW)
    assert not MutedSource.objects.filter(reader=reader).exists()


def test_the_profiles_of_all_who_were_served_are_those_of_each_in_as_many_queries(django_assert_num_queries):
    readers = [UserFactory(is_synthetic=number == 3) for number in range(4)]
    for number, reader in enumerate(readers):
        actions.follow_topic(reader=reader, slug=("ai", "books", "food", "ai")[number], at=NOW)
        actions.mute_word(reader=reader, word=f"word-{number}")
        Slate.objects.create(
            id=uuid.uuid4(), reader=reader, surface="feed", pipeline="t", created_at=NOW, is_synthetic=number == 3
        )
    actions.wish_topic(reader=readers[0], slug="food", weight=-1.0, at=NOW)
    actions.forget_history(reader=readers[1], at=NOW)
    never_served = UserFactory()
    with django_assert_num_queries(6):
        real = queries.profiles_of_served(is_synthetic=False)
    assert real == {reader.pk: queries.reader_profile(reader) for reader in readers[:3]}
    assert never_served.pk not in real
    assert list(queries.profiles_of_served(is_synthetic=True)) == [readers[3].pk]
