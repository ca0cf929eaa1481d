"""From stored entries to ready articles, with the real embedder and a real web server for the pages."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection, transaction

from curation.articles import _meaning, actions, queries
from curation.articles.models import Article, ArticleEntry, ArticleVector, EmbeddingSpace
from curation.articles.signals import article_changed, article_ready
from curation.serving import queries as serving
from curation.serving.types import InvalidRequest
from curation.sources.models import Entry
from tests.factories.sources import NOON, EntryFactory, SourceFactory
from tests.loopback import Answer, serve

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("embedder")]
HTML = {"Content-Type": "text/html; charset=utf-8"}
BODY = "The harbour bridge was closed for nine years and is open to walkers again. " * 12


@pytest.fixture(autouse=True)
def nothing_is_fetched_unless_a_test_says_so(settings):
    settings.FETCH = "off"


@pytest.fixture
def site(settings):
    settings.FETCH = "on"
    settings.FETCH_ALLOW_NETWORKS = ["127.0.0.0/8"]
    with serve() as running:
        yield running


@pytest.fixture
def heard():
    """What this chapter announced, in order."""
    signals: list[tuple] = []

    def ready(article_id, **_):
        signals.append(("ready", article_id))

    def changed(article_id, meaning_moved, **_):
        signals.append(("changed", article_id, meaning_moved))

    saved = article_ready.receivers, article_changed.receivers
    article_ready.receivers, article_changed.receivers = [], []
    article_ready.sender_receivers_cache.clear()
    article_changed.sender_receivers_cache.clear()
    article_ready.connect(ready)
    article_changed.connect(changed)
    yield signals
    article_ready.receivers, article_changed.receivers = saved
    article_ready.sender_receivers_cache.clear()
    article_changed.sender_receivers_cache.clear()


def prepare(entry: Entry, at=NOON) -> Article:
    article = actions.prepare_entry(entry_id=entry.pk, at=at)
    assert article is not None
    return article


def change(entry: Entry, **values) -> None:
    Entry.objects.filter(pk=entry.pk).update(content_hash="f" * 63 + str(len(values)), changed_at=NOON, **values)
    entry.refresh_from_db()


def test_an_entry_becomes_an_article_that_can_be_read_compared_and_found(heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        article = prepare(EntryFactory(title="Harbour bridge opens to walkers"))
    assert (article.ready_at, article.language, article.failure) == (NOON, "en", "")
    assert heard == [("ready", article.pk)]
    row = ArticleVector.objects.select_related("space").get(article=article)
    assert np.linalg.norm(row.vector) == pytest.approx(1, abs=1e-2)
    assert row.space.is_current
    assert queries.search("bridges walker", language="en", reader_id=None, limit=5) == [article.pk]
    vector = serving.embed(["A bridge in the port opens for pedestrians"], ["en"])[0]
    ((found, cosine),) = queries.nearest(vector, reader_id=None, limit=5)
    assert found == article.pk
    assert cosine > 0.4


def test_korean_articles_are_found_by_korean_words():
    text = "서울시는 한강의 오래된 다리를 보행자에게 다시 열었다. " * 15
    article = prepare(EntryFactory(title="한강 다리, 보행자에게 다시 개방", content_html=f"<p>{text}</p>"))
    assert article.language == "ko"
    assert queries.search("다리를 개방", language="ko", reader_id=None, limit=5) == [article.pk]
    assert queries.search("잠수함", language="ko", reader_id=None, limit=5) == []


def test_preparing_twice_changes_nothing(heard, django_capture_on_commit_callbacks):
    entry = EntryFactory()
    with django_capture_on_commit_callbacks(execute=True):
        first, second = prepare(entry), prepare(entry, NOON + timedelta(hours=1))
    assert (first.pk, first.ready_at, len(heard)) == (second.pk, second.ready_at, 1)
    assert Article.objects.count() == ArticleVector.objects.count() == 1


def test_the_same_address_from_two_publishers_is_one_article():
    first = prepare(EntryFactory(link="https://e.org/a?utm_source=one"))
    second = prepare(EntryFactory(link="https://e.org/a?utm_source=two"))
    assert first == second
    assert ArticleEntry.objects.filter(article=first).count() == 2
    for entry in ArticleEntry.objects.select_related("entry"):
        assert list(Article.objects.from_sources([entry.entry.source_id])) == [first]
    assert not Article.objects.from_sources([0])


def test_the_same_words_at_two_addresses_are_one_article():
    text = {"title": "Wire story", "content_html": f"<p>{BODY}</p>"}
    assert prepare(EntryFactory(**text)) == prepare(EntryFactory(**text))


def test_items_of_one_source_that_share_a_link_stay_apart():
    source = SourceFactory()
    first = prepare(EntryFactory(source=source, link="https://e.org/live", title="10:05 Kick-off"))
    second = prepare(EntryFactory(source=source, link="https://e.org/live", title="10:40 The first goal"))
    assert first != second
    assert second.url.startswith("https://e.org/live#")


def test_a_private_article_never_merges_with_a_public_one(django_user_model):
    owner = django_user_model.objects.create_user(email="o@example.org", password="Long enough 1")
    public = prepare(EntryFactory(link="https://e.org/a", content_html=f"<p>{BODY}</p>", title="Same"))
    private = prepare(
        EntryFactory(
            source=SourceFactory(owner=owner), link="https://e.org/a", content_html=f"<p>{BODY}</p>", title="Same"
        )
    )
    assert public != private
    assert (public.owner, private.owner) == (None, owner)
    vector = ArticleVector.objects.get(article=private).vector
    assert [found for found, _ in queries.nearest(vector, reader_id=None, limit=9)] == [public.pk]
    assert {found for found, _ in queries.nearest(vector, reader_id=owner.pk, limit=9)} == {public.pk, private.pk}
    assert queries.search("harbour", language="en", reader_id=None, limit=9) == [public.pk]
    assert len(queries.search("harbour", language="en", reader_id=owner.pk, limit=9)) == 2


@pytest.mark.parametrize(
    ("new_title", "moved"), [("The harbour bridge opens to walkers", False), ("Storm sinks two fishing boats", True)]
)
def test_a_correction_updates_the_article_and_says_whether_its_meaning_moved(
    heard, django_capture_on_commit_callbacks, new_title, moved
):
    entry = EntryFactory(title="Harbour bridge opens to walkers")
    article = prepare(entry)
    before = ArticleVector.objects.get().vector
    change(entry, title=new_title)
    later = NOON + timedelta(hours=2)
    with django_capture_on_commit_callbacks(execute=True):
        corrected = prepare(entry, later)
    assert (corrected.pk, corrected.title, corrected.corrected_at) == (article.pk, new_title, later)
    assert corrected.sorted_at == article.sorted_at
    assert heard == [("changed", article.pk, moved)]
    assert not np.allclose(before, ArticleVector.objects.get().vector)
    assert queries.search(new_title, language="en", reader_id=None, limit=3) == [article.pk]


def test_a_changed_copy_does_not_speak_for_the_publisher_who_had_it_first():
    original, copy = EntryFactory(link="https://e.org/a"), EntryFactory(link="https://e.org/a")
    article = prepare(original)
    prepare(copy)
    change(copy, title="Something else")
    assert prepare(copy).title == article.title
    assert actions.prepare_waiting(at=NOON, limit=10) == 0


def test_while_the_model_server_is_down_entries_wait_and_are_found_again(settings, heard):
    settings.MODELS_URL = "http://127.0.0.1:9"
    settings.MODELS_TIMEOUT_SECONDS = 1
    entries = [EntryFactory(content_html=f"<p>{n} {BODY}</p>") for n in range(3)]
    actions.prepare_entries(entry_ids=[entry.pk for entry in entries], at=NOON)
    assert Article.objects.filter(ready_at=None, failure="").count() == 3
    settings.MODELS_URL = ""
    assert actions.prepare_waiting(at=NOON, limit=10) == 3
    assert Article.objects.ready().count() == 3


def test_a_correction_waits_for_the_model_server_too(settings):
    entry = EntryFactory(title="Harbour bridge opens")
    article = prepare(entry)
    change(entry, title="Harbour bridge closes")
    settings.MODELS_URL = "http://127.0.0.1:9"
    settings.MODELS_TIMEOUT_SECONDS = 1
    assert prepare(entry).title == article.title
    settings.MODELS_URL = ""
    assert actions.prepare_waiting(at=NOON, limit=10) == 1
    article.refresh_from_db()
    assert article.title == "Harbour bridge closes"


def test_the_reconciler_finds_entries_that_no_announcement_reached():
    EntryFactory.create_batch(3)
    assert actions.prepare_waiting(at=NOON, limit=10, grace=timedelta(minutes=2)) == 0
    assert actions.prepare_waiting(at=NOON + timedelta(minutes=3), limit=10, grace=timedelta(minutes=2)) == 3
    assert Article.objects.ready().count() == 3
    assert actions.prepare_waiting(at=NOON + timedelta(minutes=4), limit=10) == 0


def test_a_poisoned_entry_fails_once_with_its_reason_and_holds_up_nobody(monkeypatch):
    poisoned, healthy = EntryFactory(title="Poison"), EntryFactory()
    make_draft = actions.make_draft

    def trip(entry, page):
        if entry.title == "Poison":
            raise ValueError("unreadable")
        return make_draft(entry, page)

    monkeypatch.setattr(actions, "make_draft", trip)
    actions.prepare_entries(entry_ids=[poisoned.pk, healthy.pk], at=NOON)
    failed = Article.objects.get(article_entries__entry=poisoned)
    assert (failed.ready_at, failed.failure) == (None, "ValueError: unreadable")
    assert Article.objects.get(article_entries__entry=healthy).ready_at == NOON
    assert actions.prepare_waiting(at=NOON, limit=10) == 0


# -- Full text -----------------------------------------------------------------------------------------------


def page(title: str) -> bytes:
    paragraphs = "".join(
        f"<p>{title}: paragraph {n}. The old bridge was repaired for nine years.</p>" for n in range(20)
    )
    picture = "<meta property='og:image' content='/photo.jpg'><meta property='og:image:alt' content='A bridge at dawn'>"
    article = f"<article><h1>{title}</h1>{paragraphs}</article>"
    return f"<html><head><title>{title}</title>{picture}</head><body>{article}</body></html>".encode()


def teaser(site, path="/a", **values) -> Entry:
    return EntryFactory(
        title="Harbour bridge opens",
        content_html="<p>The old bridge was repaired.</p>",
        link=site.address(path),
        **values,
    )


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded(), OperationalError(), InterfaceError(), MemoryError()])
def test_trouble_of_our_own_is_not_held_against_the_entry(monkeypatch, error):
    def break_down(*args, **kwargs):
        raise error

    entry = EntryFactory()
    with monkeypatch.context() as patch:
        patch.setattr("curation.articles.actions.make_draft", break_down)
        with pytest.raises(type(error)):
            prepare(entry)
    assert not Article.objects.exists()
    assert prepare(entry).ready_at == NOON


def test_what_the_database_can_never_hold_fails_with_its_reason(monkeypatch):
    def overflow(*args, **kwargs):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT to_tsvector('simple', string_agg(n::text, ' ')) FROM generate_series(1, 200000) n")

    monkeypatch.setattr("curation.articles.actions.make_draft", overflow)
    assert prepare(EntryFactory()).failure.startswith("OperationalError: string is too long for tsvector")


def test_a_failed_entry_that_its_publisher_mends_is_taken_over_again(monkeypatch):
    def break_down(*args, **kwargs):
        raise ValueError("unreadable")

    entry = EntryFactory()
    with monkeypatch.context() as patch:
        patch.setattr("curation.articles.actions.make_draft", break_down)
        assert prepare(entry).failure == "ValueError: unreadable"
        change(entry, title="Still broken")
        patch.setattr("curation.articles.actions.make_draft", lambda *a: 1 / 0)
        assert prepare(entry).failure == "ZeroDivisionError: division by zero"
    change(entry, title="Harbour bridge opens after all", summary_html="")
    article = prepare(entry)
    assert (article.title, article.failure, article.ready_at) == ("Harbour bridge opens after all", "", NOON)
    assert Article.objects.get() == article
    assert ArticleEntry.objects.get().entry_hash == entry.content_hash


def test_a_teaser_gets_its_full_text_and_its_pictures_alt_text(site):
    site.pages["/a"] = Answer(page("Harbour bridge opens"), headers=HTML)
    article = prepare(teaser(site))
    assert article.has_full_text
    assert "paragraph 19" in article.text
    assert (article.image_url, article.image_alt) == (site.address("/photo.jpg"), "A bridge at dawn")


def test_a_source_may_be_set_to_excerpts_only(site):
    assert not prepare(teaser(site, source=SourceFactory(excerpts_only=True))).has_full_text
    assert site.requests == []


def test_a_missing_page_leaves_the_teaser_and_is_not_asked_for_again(site):
    article = prepare(teaser(site))
    assert (article.has_full_text, article.text) == (False, "The old bridge was repaired.")
    assert article.ready_at == NOON
    actions.prepare_waiting(at=NOON + timedelta(hours=5), limit=10)
    assert len(site.requests) == 1


def test_a_site_that_was_down_is_tried_a_few_times_more(site):
    site.pages["/a"] = Answer(status=503)
    article = prepare(teaser(site))
    for hours in (2, 4, 6, 8):
        actions.prepare_waiting(at=NOON + timedelta(hours=hours), limit=10)
    assert len(site.requests) == actions.FULL_TEXT_TRIES
    Article.objects.update(full_text_tries=1, full_text_tried_at=NOON)
    site.pages["/a"] = Answer(page("Harbour bridge opens"), headers=HTML)
    actions.prepare_waiting(at=NOON + timedelta(hours=9), limit=10)
    article.refresh_from_db()
    assert article.has_full_text
    assert article.corrected_at is None


def test_a_second_run_does_nothing_while_one_is_looking_for_what_waits():
    EntryFactory()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [actions._WAITING_LOCK])
        assert actions.prepare_waiting(at=NOON, limit=10) == 0
        assert not Article.objects.exists()
        with other.cursor() as cursor:  # closing alone lets go a moment later
            cursor.execute("SELECT pg_advisory_unlock(%s)", [actions._WAITING_LOCK])
    finally:
        other.close()
    assert actions.prepare_waiting(at=NOON, limit=10) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
            "AND (classid::bigint << 32 | objid::bigint) = %s",
            [actions._WAITING_LOCK],
        )
        assert cursor.fetchone() == (0,)


def test_a_run_out_of_time_asks_for_no_further_page(site, monkeypatch):
    site.pages["/a"] = Answer(status=503)
    prepare(teaser(site))
    monkeypatch.setattr(actions, "WAITING_BUDGET_SECONDS", -1)
    actions.prepare_waiting(at=NOON + timedelta(hours=2), limit=10)
    assert len(site.requests) == 1


def test_a_page_that_was_found_meanwhile_is_not_asked_for_again(site):
    """While the run waits for the first page, another run brings the second."""
    first, second = prepare(teaser(site, "/1")), prepare(teaser(site, "/2"))
    Article.objects.update(full_text_tries=1, full_text_tried_at=NOON)
    fetched = []
    full_text = actions._full_text

    def slowly(entry):
        fetched.append(entry.link)
        Article.objects.update(has_full_text=True)
        return full_text(entry)

    assert first != second
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "_full_text", slowly)
        actions.prepare_waiting(at=NOON + timedelta(hours=2), limit=10)
    assert len(fetched) == 1


def test_a_correction_keeps_the_full_text_when_the_page_is_gone(site):
    site.pages["/a"] = Answer(page("Harbour bridge opens"), headers=HTML)
    entry = teaser(site)
    prepare(entry)
    site.pages.clear()
    change(entry, title="Harbour bridge opens today")
    article = prepare(entry)
    assert article.title == "Harbour bridge opens today"
    assert "paragraph 19" in article.text


def test_no_transaction_is_open_while_a_page_is_fetched(site, monkeypatch):
    depth = len(transaction.get_connection().savepoint_ids)
    seen = []
    site.pages["/a"] = Answer(page("Harbour bridge opens"), headers=HTML)
    fetch = actions.sources.fetch_document

    def watch(url):
        seen.append(len(transaction.get_connection().savepoint_ids))
        return fetch(url)

    monkeypatch.setattr(actions.sources, "fetch_document", watch)
    prepare(teaser(site))
    assert seen == [depth]


# -- Nearest -------------------------------------------------------------------------------------------------


# -- Another embedder ----------------------------------------------------------------------------------------


def leave_behind(*articles: Article) -> EmbeddingSpace:
    """As if the articles had been embedded by a model that was replaced since."""
    old, _ = EmbeddingSpace.objects.get_or_create(name="old", revision="1", dimension=384)
    for article in articles:
        ArticleVector.objects.filter(article=article).update(space=old, vector=[1.0] + [0.0] * 383)
    return old


def test_articles_of_a_former_embedder_are_compared_again_the_newest_first():
    older, newer = (prepare(EntryFactory(title=title)) for title in ("Harbour bridge opens", "Tax office closes"))
    Article.objects.filter(pk=older.pk).update(sorted_at=NOON - timedelta(days=3))
    leave_behind(older, newer)
    vector = serving.embed(["A bridge in the port opens"], ["en"])[0]
    assert queries.nearest(vector, reader_id=None, limit=5) == []
    assert actions.count_left_behind() == 2
    assert actions.reembed(limit=1) == 1
    assert [found for found, _ in queries.nearest(vector, reader_id=None, limit=5)] == [newer.pk]
    assert actions.reembed(limit=10) == 1
    assert [found for found, _ in queries.nearest(vector, reader_id=None, limit=5)] == [older.pk, newer.pk]
    assert (actions.reembed(limit=10), actions.count_left_behind()) == (0, 0)
    assert ArticleVector.objects.count() == 2


def test_the_background_work_embeds_anew_by_itself_and_waits_for_the_model_server(settings):
    article = prepare(EntryFactory())
    leave_behind(article)
    settings.MODELS_URL, settings.MODELS_TIMEOUT_SECONDS = "http://127.0.0.1:9", 1
    assert actions.prepare_waiting(at=NOON, limit=10) == 0
    assert actions.count_left_behind() == 1
    settings.MODELS_URL = ""
    assert actions.prepare_waiting(at=NOON, limit=10) == 1
    assert actions.count_left_behind() == 0


def test_an_article_that_the_new_embedder_refuses_holds_up_nobody(monkeypatch):
    articles = [prepare(EntryFactory(title=title)) for title in ("Whales return", "Poison", "Dam opens")]
    leave_behind(*articles)
    embed = serving.embed

    def refusing(texts, languages, space):
        if "Poison" in texts:
            raise InvalidRequest("no")
        return embed(texts, languages, space)

    monkeypatch.setattr(serving, "embed", refusing)
    assert actions.reembed(limit=10) == 3
    assert actions.reembed(limit=10) == 0
    assert set(ArticleVector.objects.values_list("article__title", flat=True)) == {"Whales return", "Dam opens"}


def test_a_correction_that_comes_while_articles_are_embedded_anew_keeps_its_vector(monkeypatch):
    article = prepare(EntryFactory(title="Whales return"))
    leave_behind(article)
    vectors = _meaning.article_vectors

    def meanwhile(articles, space):
        found = vectors(articles, space)
        corrected = Article.objects.get(pk=article.pk)
        corrected.title = "Tax office closes"
        (place,) = vectors([corrected], space)
        ArticleVector.objects.create(article=article, space=space, vector=place)
        return found

    monkeypatch.setattr(_meaning, "article_vectors", meanwhile)
    assert actions.reembed(limit=10) == 1
    vector = serving.embed(["Tax office closes"], ["en"])[0]
    ((_, cosine),) = queries.nearest(vector, reader_id=None, limit=5)
    assert cosine > 0.6


def test_nearest_is_complete_under_a_narrow_filter():
    """An index over vectors would return too few rows here, silently."""
    random = np.random.default_rng(7)
    source = SourceFactory()
    space = EmbeddingSpace.objects.create(name="t", revision="1", dimension=384, is_current=True)
    articles = Article.objects.bulk_create(
        Article(
            url=f"https://e.org/{n}", title="t", language="en", source=source, first_seen_at=NOON, ready_at=NOON,
            sorted_at=NOON - timedelta(hours=n), content_hash=str(n),
        )
        for n in range(600)
    )  # fmt: skip
    vectors = random.normal(size=(600, 384)).astype(np.float32)
    ArticleVector.objects.bulk_create(
        ArticleVector(article=a, space=space, vector=v) for a, v in zip(articles, vectors, strict=True)
    )
    since = NOON - timedelta(hours=59)
    found = queries.nearest(vectors[500], reader_id=None, limit=100, since=since)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.argsort(-(units[:60] @ units[500]))
    assert [article_id for article_id, _ in found][:10] == [articles[n].pk for n in expected[:10]]
    assert len(found) == 60


@pytest.mark.parametrize("is_wide", [True, False])
def test_a_wide_question_and_a_narrow_one_are_answered_alike(monkeypatch, is_wide):
    monkeypatch.setattr(queries, "is_wide", lambda among: is_wide)
    titles = ("Harbour bridge opens", "Tax office closes", "Whales return to the bay")
    articles = [prepare(EntryFactory(title=title)) for title in titles]
    vectors = serving.embed(["A bridge in the port", "Whales"], ["en", "en"])
    bridge, whales = queries.nearest_to_each(vectors, limit=3, among=queries.Eligible(None))
    assert bridge[0][0] == articles[0].pk
    assert whales[0][0] == articles[2].pk
    assert {found for found, _ in bridge} == {article.pk for article in articles}
    assert [cosine for _, cosine in bridge] == sorted((cosine for _, cosine in bridge), reverse=True)
    korean = queries.Eligible(None, languages=("ko",))
    assert queries.nearest_to_each(vectors, limit=3, among=korean) == [[], []]


def test_what_the_index_leaves_out_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(queries, "is_wide", lambda among: True)
    monkeypatch.setattr(queries._Asked, "by_graph", lambda asked: [[] for _ in asked.vectors])
    article = prepare(EntryFactory())
    vector = ArticleVector.objects.get(article=article).vector
    assert [found for found, _ in queries.nearest(vector, reader_id=None, limit=1)] == [article.pk]


def test_few_eligible_articles_are_a_narrow_question():
    prepare(EntryFactory())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE articles_article")
        cursor.execute("ANALYZE articles_articlevector")
    assert not queries.is_wide(queries.Eligible(None))
