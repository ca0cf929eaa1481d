"""What Gyeol thinks the reader likes: shown, corrected, and forgotten."""

from __future__ import annotations

import re

import lxml.html
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import queries as readers
from accounts.models import MutedSource, Preference, TopicWish, User
from curation.articles.models import Article
from curation.engagement import actions as engagement
from curation.engagement.models import ArticleState
from tests.factories.ranking import NOW, ArticleFactory, SourceFactory, TopicFactory, unit
from tests.unit.frontend.conftest import write_articles

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def history(reader: User) -> list[Article]:
    return _read(reader, 8)


def _read(reader: User, count: int, **fields: object) -> list[Article]:
    source = SourceFactory(name="등대")
    articles = []
    for number in range(count):
        article = ArticleFactory(
            source=source, topics={"space": 0.9}, vector=unit(number, near=unit(901), share=0.8), **fields
        )
        engagement.mark_read(reader_id=reader.pk, article_id=article.pk, at=NOW)
        articles.append(article)
    return articles


def _html(page: Client, **headers: str) -> str:
    return page.get("/interests/", headers=headers).content.decode()


def _form(html: str, action: str) -> lxml.html.FormElement:
    return next(form for form in lxml.html.fromstring(html).forms if form.action == action)


def test_only_whoever_is_signed_in_has_such_a_page(client: Client, topic) -> None:  # type: ignore[no-untyped-def]
    assert client.get("/interests/").headers["Location"].startswith("/account/login/")
    for action in ("topics/space", "forget", "remember"):
        assert client.post(f"/interests/{action}").headers["Location"].startswith("/account/login/"), action


def test_writing_needs_a_post(page: Client) -> None:
    for action in ("topics/space", "forget", "remember"):
        assert page.get(f"/interests/{action}").status_code == 405, action


def test_it_shows_what_was_read_and_whether_it_is_stated_or_inferred(
    page: Client, reader: User, history: list[Article]
) -> None:
    TopicFactory(slug="food", area="life", name_en="Food")
    html = _html(page)
    assert "Gathered from the last 8 articles" in html
    assert "You follow and read it" in html
    assert "100 %" in html
    assert "등대" in html
    assert sum(article.title in html for article in history) == 3
    page.post("/topics/space/unfollow")
    assert "Inferred from what you read" in _html(page)
    page.post("/interests/topics/food", {"wish": "more"})
    assert "You set it yourself" in _html(page)


def test_a_stranger_sees_nothing_of_it(page: Client, history: list[Article], stranger: User) -> None:
    visitor = Client()
    visitor.force_login(stranger)
    html = _html(visitor)
    assert "Nothing is inferred yet" in html
    assert not any(article.title in html for article in history)


def test_an_example_that_is_gone_or_was_never_the_readers_to_see_is_left_out(
    page: Client, reader: User, stranger: User, history: list[Article]
) -> None:
    Article.objects.filter(pk__in=[article.pk for article in history]).update(owner=stranger)
    html = _html(page)
    assert not any(article.title in html for article in history)


def test_a_new_reader_is_told_what_will_show_here(page: Client) -> None:
    html = _html(page)
    assert "Nothing is inferred yet" in html
    assert 'class="drawing"' in html
    assert "You follow it" in html  # what was chosen can be corrected at once
    assert "/interests/forget" not in html


@pytest.mark.parametrize(("wish", "weight"), [("less", -1.0), ("more", 1.0)])
def test_the_control_answers_with_its_row_and_changes_what_ranking_knows(
    page: Client, reader: User, history: list[Article], wish: str, weight: float
) -> None:
    row = page.post("/interests/topics/space", {"wish": wish}, headers=HTMX).content.decode()
    assert "<html" not in row
    pressed = lxml.html.fromstring(row).xpath("//div[@role='group']/button[@aria-pressed='true']/@value")
    assert pressed == [wish]
    assert "100 %" in row
    assert readers.reader_profile(reader).wishes == (("space", weight),)
    page.post("/interests/topics/space", {"wish": "same"}, headers=HTMX)
    assert readers.reader_profile(reader).wishes == ()


def test_without_script_the_control_leads_back_to_its_row(page: Client, history: list[Article]) -> None:
    form = _form(_html(page), "/interests/topics/space")
    answer = page.post(form.action, {**dict(form.fields), "wish": "less"})
    assert answer.headers["Location"] == "/interests/#topic-space"
    assert TopicWish.objects.get().weight == -1.0


def test_a_topic_is_followed_and_left_in_its_row(page: Client, reader: User) -> None:
    row = page.post("/interests/topics/space", {"follow": "no"}, headers=HTMX).content.decode()
    assert readers.reader_profile(reader).topics == ()
    assert "Nothing speaks for it now" in row
    row = page.post("/interests/topics/space", {"follow": "yes"}, headers=HTMX).content.decode()
    assert readers.reader_profile(reader).topics == ("space",)
    assert "You follow it" in row


@pytest.mark.parametrize("given", [{}, {"wish": "nonsense"}, {"follow": "perhaps"}, {"wish": "-1"}])
def test_a_wish_that_is_none_changes_nothing(page: Client, reader: User, given: dict[str, str]) -> None:
    before = readers.reader_profile(reader)
    assert page.post("/interests/topics/space", given).status_code == 400
    assert page.post("/interests/topics/no-such-topic", {"wish": "less"}).status_code == 404
    assert readers.reader_profile(reader) == before


def test_a_publisher_is_muted_and_heard_again(page: Client, reader: User, history: list[Article]) -> None:
    source_id = history[0].source_id
    form = _form(_html(page), f"/sources/{source_id}/mute")
    html = page.post(form.action, dict(form.fields), follow=True).content.decode()
    assert MutedSource.objects.filter(reader=reader, source_id=source_id).exists()
    form = _form(html, f"/sources/{source_id}/unmute")
    assert "Muted: show again" in html
    page.post(form.action, dict(form.fields))
    assert not MutedSource.objects.exists()


def test_what_was_refused_is_listed_and_taken_back(page: Client, reader: User) -> None:
    hidden, less = write_articles(2)
    page.post(f"/a/{hidden.pk}/hide")
    page.post(f"/a/{less.pk}/less")
    html = _html(page)
    refused = html.split('id="refused"')[1]
    assert hidden.title in refused
    assert less.title in refused
    for action in (f"/a/{hidden.pk}/unhide", f"/a/{less.pk}/neutral"):
        form = _form(html, action)
        assert page.post(form.action, dict(form.fields)).headers["Location"] == "/interests/"
    assert ArticleState.objects.get(article=hidden).hidden_at is None
    assert 'id="refused"' not in _html(page)


def test_starting_afresh_empties_what_is_inferred_and_remembering_brings_it_back(
    page: Client, reader: User, history: list[Article]
) -> None:
    (saved,) = write_articles(1)
    page.post(f"/a/{saved.pk}/save")
    page.post("/interests/topics/space", {"wish": "more"})
    before = _html(page)
    form = _form(before, "/interests/forget")
    after = page.post(form.action, dict(form.fields), follow=True).content.decode()
    assert "What you read before now no longer counts." in after
    assert "Nothing since you started afresh" in after
    assert "You started afresh on" in after
    assert not any(article.title in after for article in history)
    assert saved.title in page.get("/saved/").content.decode()
    assert readers.reader_profile(reader).topics == ("space",)
    assert readers.reader_profile(reader).wishes == (("space", 1.0),)
    undo = _form(after, "/interests/remember")
    page.post(undo.action, dict(undo.fields))
    assert _shown(_html(page)) == _shown(before)


def _shown(html: str) -> list[str]:
    """The figures and titles of the page."""
    content = lxml.html.fromstring(html).get_element_by_id("content")
    return [line.strip() for line in content.find_class("interests")[0].itertext() if line.strip()]


def test_the_korean_page_speaks_no_english(page: Client, reader: User, history: list[Article]) -> None:
    Article.objects.update(title="한글 제목")
    page.post(f"/a/{history[0].pk}/hide")
    page.post(f"/a/{history[1].pk}/less")
    for preparation in ("/interests/remember", "/interests/forget"):
        page.post(preparation)
        page.get("/interests/")  # what was said by that is not looked at here
        html = _html(page, **{"Accept-Language": "ko"})
        assert "결이 생각하는 내 관심사" in html
        content = lxml.html.fromstring(html).get_element_by_id("content")
        labels = content.xpath(".//@aria-label | .//@title | .//@placeholder")
        for text in (*content.itertext(), *labels):
            assert not re.search(r"[A-Za-z]{2,}", text), text


def test_the_number_of_queries_does_not_grow_with_the_history(page: Client, reader: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page.get("/interests/").status_code == 200
        return len(captured)

    _read(reader, 6)
    page.post(f"/a/{write_articles(1)[0].pk}/hide")
    few = count()
    for number in range(14):
        slug = TopicFactory(slug=f"more-{number}").slug
        page.post(f"/interests/topics/{slug}", {"wish": "more"})
        _read(reader, 2)
        page.post(f"/a/{write_articles(1)[0].pk}/hide")
    assert count() == few <= 20


def test_the_page_is_reached_from_the_settings_and_the_end_of_the_edition(
    page: Client, articles: list[Article]
) -> None:
    for path in ("/settings/", "/"):
        assert 'href="/interests/"' in page.get(path).content.decode(), path


def test_what_is_set_here_goes_into_the_export(page: Client, reader: User) -> None:
    page.post("/interests/topics/space", {"wish": "less"})
    page.post("/interests/forget")
    exported = page.get("/settings/export.json").json()
    assert [(wish["topic"], wish["weight"]) for wish in exported["wishes"]] == [("space", -1.0)]
    since = Preference.objects.get(reader=reader).history_since
    assert exported["preferences"]["history_since"] == since.isoformat()
