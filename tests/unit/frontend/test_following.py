"""Topics, sources, phrases: looked at, followed, left."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Preference, Subscription, User
from curation.articles.models import Article
from curation.sources.models import Source
from curation.topics.models import Phrase
from tests.factories.ranking import SourceFactory, TopicFactory
from tests.unit.frontend.conftest import write_articles

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_a_topic_page_lists_its_articles_a_page_at_a_time(page: Client, topic) -> None:  # type: ignore[no-untyped-def]
    articles = write_articles(23)
    first = page.get("/topics/space/")
    assert articles[0].title in first.content.decode()
    place = first.context["next_place"]
    rest = page.get("/topics/space/", {"before": place}, headers=HTMX)
    shown = {card.article.pk for band in rest.context["bands"] for card in band.items}
    assert shown == {article.pk for article in articles[20:]}
    assert rest.context["next_place"] == ""
    assert b"<html" not in rest.content


@pytest.mark.parametrize(
    "place",
    [
        "nonsense",
        "2026-11-20~1",
        "2026-11-20T00:00:00+00:00~x",
        "~",
        "0001-01-01T00:00:00+23:00~1",
        "9999-12-31T23:59:59-23:00~1",
    ],
)
def test_a_place_that_makes_no_sense_is_the_beginning(page: Client, articles: list[Article], place: str) -> None:
    assert articles[0].title in page.get("/topics/space/", {"before": place}).content.decode()


def test_following_a_topic_swaps_the_button(page: Client, reader: User) -> None:
    TopicFactory(slug="ai", area="technology")
    assert "/topics/ai/unfollow" in page.post("/topics/ai/follow", headers=HTMX).content.decode()
    assert Subscription.objects.filter(reader=reader, topic_id="ai").exists()
    assert "/topics/ai/follow" in page.post("/topics/ai/unfollow", headers=HTMX).content.decode()
    assert not Subscription.objects.filter(reader=reader, topic_id="ai").exists()


def test_what_is_not_there_is_not_found(page: Client) -> None:
    assert page.get("/topics/no-such-topic/").status_code == 404
    assert page.post("/topics/no-such-topic/follow").status_code == 404
    assert page.get("/sources/999999/").status_code == 404
    assert page.get("/phrases/999999/").status_code == 404


def test_onboarding_takes_topics_and_languages(client: Client, topic) -> None:  # type: ignore[no-untyped-def]
    TopicFactory(slug="ai", area="technology")
    user = User.objects.create_user("new@example.org", "a-long-passphrase")
    client.force_login(user)
    assert "What should your weekly be about?" in client.get("/welcome/").content.decode()
    answer = client.post("/welcome/", {"topic": ["space", "ai", "made-up"], "language": ["en", "xx"]})
    assert answer.headers["Location"] == "/"
    assert set(user.subscriptions.values_list("topic_id", flat=True)) == {"space", "ai"}
    user.preference.refresh_from_db()
    assert user.preference.reading_languages == "en"
    assert user.preference.onboarded_at
    assert client.get("/").status_code == 200


def test_the_browsers_time_zone_is_taken_once_and_a_chosen_one_stays(client: Client, topic) -> None:  # type: ignore[no-untyped-def]
    user = User.objects.create_user("new@example.org", "a-long-passphrase")
    client.force_login(user)
    client.post("/welcome/", {"topic": ["space"], "time_zone": "Asia/Seoul"})
    user.preference.refresh_from_db()
    assert user.preference.time_zone == "Asia/Seoul"
    client.post("/welcome/", {"topic": ["space"], "time_zone": "Europe/Paris"})
    user.preference.refresh_from_db()
    assert user.preference.time_zone == "Asia/Seoul"


def test_a_time_zone_chosen_before_the_welcome_page_stays(client: Client, topic) -> None:  # type: ignore[no-untyped-def]
    user = User.objects.create_user("new@example.org", "a-long-passphrase")
    Preference.objects.create(reader=user, time_zone="Europe/Paris")
    client.force_login(user)
    client.post("/welcome/", {"topic": ["space"], "time_zone": "Asia/Seoul"})
    user.preference.refresh_from_db()
    assert user.preference.time_zone == "Europe/Paris"


def test_a_time_zone_that_is_none_is_left_aside(client: Client, topic) -> None:  # type: ignore[no-untyped-def]
    user = User.objects.create_user("new@example.org", "a-long-passphrase")
    client.force_login(user)
    client.post("/welcome/", {"topic": ["space"], "time_zone": "Moon/Tycho"})
    user.preference.refresh_from_db()
    assert user.preference.time_zone == "UTC"


def test_followed_sources_stand_first_and_every_source_is_reached(page: Client, reader: User) -> None:
    sources = [SourceFactory(name=f"Paper {number:03d}") for number in range(70)]
    Subscription.objects.create(reader=reader, source=sources[-1], created_at=timezone.now())
    first = page.get("/sources/")
    rest = page.get("/sources/", {"page": 2}, headers=HTMX)
    listed = [*first.context["page"].object_list, *rest.context["page"].object_list]
    assert listed[0] == sources[-1]
    assert [source.name for source in listed[1:]] == sorted(source.name for source in listed[1:])
    assert first.context["page"].paginator.count == Source.objects.visible_to(reader.pk).count() > len(sources)
    assert "page=2" in first.content.decode()
    assert b"<html" not in rest.content
    assert page.get("/sources/", {"page": "nonsense"}).context["page"].number == 1
    found = page.get("/sources/", {"q": "paper 06"})
    assert found.context["page"].paginator.count == 10


def test_the_list_of_sources_asks_the_database_as_often_for_many_as_for_few(
    page: Client, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    SourceFactory.create_batch(50)
    with django_assert_max_num_queries(10):
        page.get("/sources/")


def test_why_a_visit_failed_is_told_in_the_readers_language(page: Client) -> None:
    source = SourceFactory(last_error="the server answered 410 Gone")
    html = page.get(f"/sources/{source.pk}/", headers={"Accept-Language": "ko"}).content.decode()
    assert "서버가 410 Gone" in html
    answer = page.post("/sources/add/", {"address": "http://127.0.0.1/feed"}, headers={"Accept-Language": "ko"})
    assert "공개 인터넷 주소가 아니에요" in answer.content.decode()


def test_a_private_source_is_added_and_goes_when_it_is_left(page: Client, reader: User) -> None:
    address = "https://letters.example.org/feed?token=secret"
    answer = page.post("/sources/add/", {"address": address, "private": "on"})
    source = Source.objects.get(owner=reader)
    assert answer.headers["Location"] == f"/sources/{source.pk}/"
    assert Subscription.objects.filter(reader=reader, source=source).exists()
    html = page.get(f"/sources/{source.pk}/").content.decode()
    assert "only you see it" in html
    answer = page.post(f"/sources/{source.pk}/unfollow", headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/sources/"
    assert not Source.objects.filter(owner=reader).exists()


@pytest.mark.parametrize("address", ["", "ftp://example.org/feed", "http://", "https://exa mple.org/"])
def test_an_address_that_cannot_be_one_is_refused_with_a_reason(page: Client, address: str) -> None:
    answer = page.post("/sources/add/", {"address": address})
    assert answer.status_code == 400
    assert 'class="error"' in answer.content.decode()
    assert not Source.objects.filter(is_sample=False, address__contains="exa").exists()


def test_sources_are_found_by_name(page: Client, topic) -> None:  # type: ignore[no-untyped-def]
    SourceFactory(name="Marsh Courier")
    assert "Marsh Courier" in page.get("/sources/?q=marsh").content.decode()
    assert "No such source" in page.get("/sources/?q=zzzz").content.decode()


def test_a_phrase_is_shown_to_whoever_follows_or_wrote_it(page: Client, stranger: User) -> None:
    phrase = Phrase.objects.create(text="debts of my brother", language="en", is_understood=False)
    Subscription.objects.create(reader=stranger, phrase=phrase, created_at=timezone.now())
    address = f"/phrases/{phrase.pk}/"
    assert page.get(address).status_code == 404
    assert page.post(f"{address}follow").status_code == 404
    assert page.post(f"{address}unfollow").status_code == 404
    assert page.post("/phrases/", {"text": phrase.text}).headers["Location"] == address
    assert page.get(address).status_code == 200
    other = Client()
    other.force_login(stranger)
    assert other.get(address).status_code == 200
    assert f"{address}follow" in other.post(f"{address}unfollow", headers=HTMX).content.decode()
    assert other.get(address).status_code == 200  # it was left this moment, and may be taken up again


def test_a_phrase_without_meaning_gets_an_explained_empty_page(page: Client) -> None:
    phrase = Phrase.objects.create(text="qxzv blorft", language="en", is_understood=False)
    session = page.session
    session["phrases"] = [phrase.pk]
    session.save()
    html = page.get(f"/phrases/{phrase.pk}/").content.decode()
    assert "These words say nothing to Gyeol." in html
    assert f"/phrases/{phrase.pk}/follow" not in html


def test_an_empty_phrase_is_refused(page: Client) -> None:
    assert page.post("/phrases/", {"text": "  "}).status_code == 302
    assert not Phrase.objects.exists()
