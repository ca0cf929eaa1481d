"""Every reason in words, in both languages; what weighed how much; and the controls beside it, each with its undo."""

from __future__ import annotations

import re
from typing import Any

import lxml.html
import pytest
from django.test import Client
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import queries as readers
from accounts.models import Subscription, TopicWish, User
from curation.articles.models import Article
from curation.engagement import queries as engagement
from curation.engagement.models import Event, SlateItem
from curation.ranking._reasons import EXPLORATION
from curation.ranking.pipelines import FLOOR
from curation.topics.models import Phrase
from frontend.pages import _reasons, _weighed
from frontend.pages._reasons import Names
from tests.factories.ranking import SourceFactory

HTMX = {"HX-Request": "true"}
LATIN = re.compile(r"[A-Za-z]{2,}")
NAMES = Names(topics={"space": "우주"}, sources={3: "등대"}, phrases={7: "고치는 다리"}, articles={9: "강이 굽는 까닭"})
NAMED = [
    ({"kind": "topic", "topic": "space"}, "You follow 우주", "‘우주’ 구독 중"),
    ({"kind": "source", "source": 3}, "You follow 등대", "‘등대’ 구독 중"),
    ({"kind": "phrase", "phrase": 7}, "You follow “고치는 다리”", "‘고치는 다리’ 구독 중"),
    ({"kind": "wish", "topic": "space"}, "You asked for more about 우주", "‘우주’ 글을 더 보고 싶다고 하셨어요"),
    ({"kind": "habit", "topic": "space"}, "You have been reading about 우주", "‘우주’ 글을 읽어 오셨어요"),
    ({"kind": "publisher", "source": 3}, "You have been reading 등대", "‘등대’의 글을 읽어 오셨어요"),
    ({"kind": "like", "article": 9}, "Like <cite>강이 굽는 까닭</cite>", "<cite>〈강이 굽는 까닭〉</cite>와 비슷한 글"),
    ({"kind": "story", "sources": 4}, "4 publishers tell this", "매체 4곳이 전한 소식"),
]
UNNAMED = ["history", "popular", "demand", "satisfying", "fresh", "explore", "none"]


def _said(reason: dict[str, Any], language: str, names: Names = NAMES) -> tuple[str, str]:
    with translation.override(language):
        return _reasons.words(reason, names), _reasons.explanation(reason)


@pytest.mark.parametrize(("reason", "english", "korean"), NAMED, ids=[reason["kind"] for reason, *_ in NAMED])
def test_a_reason_names_what_it_speaks_of(reason: dict[str, Any], english: str, korean: str) -> None:
    assert _said(reason, "en")[0] == english
    assert _said(reason | {"scorer": "whichever"}, "ko")[0] == korean


@pytest.mark.parametrize("kind", [*UNNAMED, *(reason["kind"] for reason, *_ in NAMED)])
def test_every_kind_has_an_explanation_of_its_own_in_both_languages(kind: str) -> None:
    english, korean = (_said({"kind": kind}, language)[1] for language in ("en", "ko"))
    assert english.endswith(".")
    assert korean.endswith("요.")
    assert not LATIN.search(korean)
    assert kind == "none" or english != _said({"kind": "none"}, "en")[1]


@pytest.mark.parametrize("kind", UNNAMED)
def test_what_needs_no_name_is_said_without_one(kind: str) -> None:
    english, korean = (_said({"kind": kind}, language, Names())[0] for language in ("en", "ko"))
    assert english
    assert korean
    assert not LATIN.search(korean)


@pytest.mark.parametrize("reason", [reason for reason, *_ in NAMED if reason["kind"] not in {"like", "story"}])
def test_a_name_that_is_gone_leaves_nothing_to_say(reason: dict[str, Any]) -> None:
    assert _said(reason, "en", Names())[0] == ""
    assert _said({"kind": reason["kind"]}, "en")[0] == ""


def test_only_one_article_that_is_still_there_is_said_to_be_alike() -> None:
    assert _said({"kind": "like", "article": 9}, "en", Names())[0] == "Near what you have read"
    assert _said({"kind": "like"}, "en")[0] == "Near what you have read"
    assert "Like" not in _said({"kind": "history"}, "en")[0]


@pytest.mark.parametrize(
    "reason", [{}, {"kind": None}, {"kind": "of-a-later-version"}, {"kind": "story", "sources": 1}]
)
def test_what_says_nothing_is_not_made_up(reason: dict[str, Any]) -> None:
    assert _said(reason, "en")[0] == ""


# -- What weighed how much


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_scorer_has_words(language: str) -> None:
    names = [*(scorer.name for scorer, _weight in FLOOR.scorers), EXPLORATION, "source", "phrase"]
    with translation.override(language):
        parts = [_weighed.weighed({name: 1.0}).lifted[0].words for name in names]
        assert _weighed.weighed({"of-a-later-version": 1.0}).lifted[0].words not in parts
    assert len(set(parts)) == len(names) - 2  # the last two are the earlier names of what stands before
    assert language == "en" or not any(LATIN.search(words) for words in parts)


@given(st.dictionaries(st.sampled_from([*_weighed.SCORERS]), st.floats(-5, 5)))
def test_what_lifted_and_what_lowered_are_told_apart_the_strongest_first(contributions: dict[str, float]) -> None:
    known = _weighed.weighed(contributions)
    whole = sum(map(abs, contributions.values()))
    for parts, sign in ((known.lifted, 1), (known.lowered, -1)):
        seen = sorted(
            (abs(value) for value in contributions.values() if value * sign > 0 and abs(value) / whole >= 0.02),
            reverse=True,
        )
        assert len(parts) == len(seen)
        widths = [part.share.width for part in parts]
        assert widths == sorted(widths, reverse=True)
        assert all(0 <= width <= 100 for width in widths)
    assert bool(known) == any(contributions.values())


# -- The sheet


@pytest.fixture
def article(articles: list[Article]) -> Article:
    return articles[0]


@pytest.fixture
def why(page: Client, article: Article):  # type: ignore[no-untyped-def]
    """The sheet for a reason that is put into the reader's slate."""

    def open_with(reason: dict[str, Any], contributions: dict[str, float] | None = None, **headers: str) -> str:
        page.get("/")
        SlateItem.objects.filter(article=article).update(reason=reason, contributions=contributions or {})
        return page.get(f"/a/{article.pk}/why/", headers=HTMX | headers).content.decode()

    return open_with


def _buttons(html: str) -> dict[str, Any]:
    return {form.text_content().strip(): form for form in lxml.html.fromstring(html).forms}


def _press(page: Client, html: str, words: str) -> str:
    form = _buttons(html)[words]
    return page.post(form.action, dict(form.fields), headers=HTMX).content.decode()


@pytest.mark.django_db
def test_the_sheet_shows_what_lifted_and_what_lowered(why) -> None:  # type: ignore[no-untyped-def]
    contributions = {"follow_topic": 1.5, "freshness": 1.0, "fatigue": -2.0, "history": 0.5, "breadth": 0.01}
    html = why({"kind": "topic", "topic": "space"}, contributions)
    lifted, lowered = lxml.html.fromstring(html).find_class("bars")
    assert [" ".join(line.text_content().split()) for line in lifted] == [
        "Topics that you follow30 %", "How timely it is20 %", "How near it is to what you have read10 %",
    ]  # fmt: skip
    assert [line.text_content().strip() for line in lowered] == ["Whether you were shown it before40 %"]
    assert "How many publishers" not in html
    assert "/interests/" in html


@pytest.mark.django_db
def test_whoever_came_by_themselves_is_told_so(page: Client, article: Article) -> None:
    html = page.get(f"/a/{article.pk}/why/", headers=HTMX).content.decode()
    assert "You came here by yourself" in html
    assert 'class="bars' not in html


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["topic", "habit", "wish"])
def test_less_about_a_topic_is_wished_and_taken_back(page: Client, reader: User, why, kind: str) -> None:  # type: ignore[no-untyped-def]
    toast = _press(page, why({"kind": kind, "topic": "space"}), "Less about Space")
    assert "You will see less about Space." in toast
    assert readers.reader_profile(reader).wishes == (("space", -1.0),)
    assert "Undone." in _press(page, toast, "Undo")
    assert readers.reader_profile(reader).wishes == ()


@pytest.mark.django_db
def test_the_undo_of_less_brings_an_earlier_wish_back(page: Client, reader: User, why) -> None:  # type: ignore[no-untyped-def]
    TopicWish.objects.create(reader=reader, topic_id="space", weight=1.0, at=timezone.now())
    html = why({"kind": "wish", "topic": "space"})
    _press(page, _press(page, html, "Less about Space"), "Undo")
    assert readers.reader_profile(reader).wishes == (("space", 1.0),)
    _press(page, _press(page, html, "Neither more nor less about Space"), "Undo")
    assert readers.reader_profile(reader).wishes == (("space", 1.0),)
    _press(page, html, "Neither more nor less about Space")
    assert readers.reader_profile(reader).wishes == ()


@pytest.mark.django_db
def test_a_topic_is_left_and_followed_again(page: Client, reader: User, why) -> None:  # type: ignore[no-untyped-def]
    toast = _press(page, why({"kind": "topic", "topic": "space"}), "Unfollow Space")
    assert readers.reader_profile(reader).topics == ()
    assert "Unfollow Space" not in _buttons(why({"kind": "habit", "topic": "space"}))
    _press(page, toast, "Undo")
    assert readers.reader_profile(reader).topics == ("space",)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["source", "publisher"])
def test_a_publisher_is_left_or_muted_and_comes_back_as_it_was(  # type: ignore[no-untyped-def]
    page: Client, reader: User, article: Article, why, kind: str
) -> None:
    source = article.source
    Subscription.objects.create(reader=reader, source=source, created_at=timezone.now())
    html = why({"kind": kind, "source": source.pk})
    before = readers.reader_profile(reader)
    toast = _press(page, html, f"Unfollow {source.name}")
    assert readers.reader_profile(reader).sources == ()
    _press(page, toast, "Undo")
    assert readers.reader_profile(reader) == before
    toast = _press(page, html, f"Mute {source.name}")
    muted = readers.reader_profile(reader)
    assert (muted.sources, muted.hidden_sources) == ((), (source.pk,))
    assert f"Mute {source.name}" not in _buttons(why({"kind": kind, "source": source.pk}))
    _press(page, toast, "Undo")
    assert readers.reader_profile(reader) == before


@pytest.mark.django_db
def test_a_publisher_that_was_not_followed_is_not_followed_after_the_undo(  # type: ignore[no-untyped-def]
    page: Client, reader: User, article: Article, why
) -> None:
    html = why({"kind": "publisher", "source": article.source_id})
    before = readers.reader_profile(reader)
    _press(page, _press(page, html, f"Mute {article.source.name}"), "Undo")
    assert readers.reader_profile(reader) == before


@pytest.mark.django_db
def test_a_private_source_which_would_go_for_good_is_not_left_from_here(page: Client, reader: User, why) -> None:  # type: ignore[no-untyped-def]
    private = SourceFactory(owner=reader, name="Letters to me")
    Subscription.objects.create(reader=reader, source=private, created_at=timezone.now())
    assert [*_buttons(why({"kind": "source", "source": private.pk}))] == ["Mute Letters to me"]


@pytest.mark.django_db
def test_a_phrase_is_left_and_followed_again(page: Client, reader: User, why) -> None:  # type: ignore[no-untyped-def]
    phrase = Phrase.objects.create(text="bridges being repaired", language="en", is_understood=True)
    Subscription.objects.create(reader=reader, phrase=phrase, created_at=timezone.now())
    html = why({"kind": "phrase", "phrase": phrase.pk})
    toast = _press(page, html, "Unfollow “bridges being repaired”")
    assert readers.reader_profile(reader).phrases == ()
    _press(page, toast, "Undo")
    assert readers.reader_profile(reader).phrases == (phrase.pk,)


@pytest.mark.django_db
def test_the_liked_article_can_be_refused_from_the_sheet(page: Client, reader: User, articles, why) -> None:  # type: ignore[no-untyped-def]
    liked = articles[3]
    page.post(f"/a/{liked.pk}/more")
    toast = _press(page, why({"kind": "like", "article": liked.pk}), "That article was not for me")
    weights = [read.weight for read in engagement.history(reader.pk)]
    assert weights == [-1.0]
    _press(page, toast, "Undo")  # and what was said before counts again
    assert [read.weight for read in engagement.history(reader.pk)] == [1.5]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["history", "popular", "demand", "satisfying", "fresh", "story", "explore", "none"])
def test_where_there_is_nothing_to_press_the_page_of_interests_is_near(why, kind: str) -> None:  # type: ignore[no-untyped-def]
    html = why({"kind": kind, "sources": 3})
    assert _buttons(html) == {}
    assert 'href="/interests/"' in html


@pytest.mark.django_db
def test_without_script_a_control_leads_back_with_words_and_an_undo(page: Client, reader: User, why, article) -> None:  # type: ignore[no-untyped-def]
    why({"kind": "topic", "topic": "space"})
    whole = page.get(f"/a/{article.pk}/why/").content.decode()
    form = _buttons(whole)["Less about Space"]
    assert form.get("hx-post") is None
    html = page.post(form.action, dict(form.fields), follow=True).content.decode()
    assert "You will see less about Space." in html
    form = next(each for each in lxml.html.fromstring(html).forms if "undo" in each.fields)
    page.post(form.action, dict(form.fields))
    assert readers.reader_profile(reader).wishes == ()


@pytest.mark.django_db
def test_the_sheet_is_korean_for_a_korean_reader(why) -> None:  # type: ignore[no-untyped-def]
    korean = {"Accept-Language": "ko"}
    contributions = {scorer: 1.0 if number % 2 else -1.0 for number, scorer in enumerate(_weighed.SCORERS)}
    html = why({"kind": "habit", "topic": "space"}, contributions, **korean)
    assert "‘우주’ 글을 읽어 오셨어요" in html
    assert not LATIN.search(lxml.html.fromstring(f"<div>{html}</div>").text_content())


@pytest.mark.django_db
def test_the_sheet_asks_the_database_as_often_for_many_scorers_as_for_few(  # type: ignore[no-untyped-def]
    page: Client, why, article: Article, django_assert_max_num_queries
) -> None:
    why({"kind": "topic", "topic": "space"}, dict.fromkeys(_weighed.SCORERS, 1.0))
    with django_assert_max_num_queries(8):
        page.get(f"/a/{article.pk}/why/", headers=HTMX)


@pytest.mark.django_db
def test_programs_are_told_the_reason_without_marks(page: Client, articles: list[Article]) -> None:
    Article.objects.filter(pk=articles[3].pk).update(title="Bread & <butter>")
    page.get("/")
    SlateItem.objects.update(reason={"kind": "like", "article": articles[3].pk})
    cards = page.get("/api/v1/feed").json()["cards"]
    assert {card["reason"] for card in cards} == {"Like Bread & <butter>"}


# -- More like this


@pytest.mark.django_db
def test_more_like_this_can_be_taken_back(page: Client, reader: User, article: Article) -> None:
    toast = page.post(f"/a/{article.pk}/more", headers=HTMX).content.decode()
    assert "Noted: more like this." in toast
    assert [read.weight for read in engagement.history(reader.pk)] == [1.5]
    assert "Undone." in _press(page, toast, "Undo")
    assert [read.weight for read in engagement.history(reader.pk) if read.weight] == []


@pytest.mark.django_db
def test_the_undo_of_more_brings_an_earlier_less_back(page: Client, reader: User, article: Article) -> None:
    page.post(f"/a/{article.pk}/less", headers=HTMX)
    toast = page.post(f"/a/{article.pk}/more", headers=HTMX).content.decode()
    _press(page, toast, "Undo")
    assert [read.weight for read in engagement.history(reader.pk)] == [-1.0]
    assert Event.objects.filter(reader=reader).count() == 3


@pytest.mark.django_db
def test_a_toast_brings_its_own_proof_of_origin(reader: User, article: Article) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reader)
    strict.get(f"/a/{article.pk}/")
    token = strict.cookies["csrftoken"].value
    toast = strict.post(f"/a/{article.pk}/hide", headers=HTMX | {"X-CSRFToken": token}).content.decode()
    form = _buttons(toast)["Undo"]
    answer = strict.post(form.action, dict(form.fields), headers=HTMX)
    assert "Undone." in answer.content.decode()
