from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from curation.articles.models import Article
from curation.engagement import actions as engagement
from curation.engagement.models import Slate, SlateItem
from curation.engagement.types import EventIn
from curation.ranking import actions, pipelines
from curation.ranking.models import Popularity
from curation.ranking.types import ReaderProfile
from curation.serving import queries as serving
from curation.topics.models import Phrase
from tests.factories.ranking import (
    NOW,
    ArticleFactory,
    ReaderFactory,
    SourceFactory,
    StoryFactory,
    TopicFactory,
    current_space,
    slate_of,
    unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def an_edition_without_end(request, monkeypatch):
    """Most tests here look at all that ranking would ever show; the edition's end has a test of its own."""
    if request.function is not test_an_edition_ends_while_there_is_still_more:
        monkeypatch.setattr(actions, "EDITION_SIZE", 10_000)


@pytest.fixture
def world(db):
    """Twelve sources, 72 articles: a third about space, a third about food, a third about neither."""
    sources = SourceFactory.create_batch(12)
    places = {"space": unit(901), "food": unit(902), "": unit(903)}
    articles = {"space": [], "food": [], "": []}
    for number in range(72):
        subject = ("space", "food", "")[number % 3]
        articles[subject].append(
            ArticleFactory(
                source=sources[number % 12],
                hours=1 + number / 4,
                topics={subject: 0.9} if subject else {},
                vector=unit(number, near=places[subject], share=0.6),
                assignment={"space": "science", "food": "life", "": "world"}[subject],
            )
        )
    return articles


def profile_of(reader, **stated):
    return ReaderProfile(reader_id=reader.pk, **stated)


def serve(profile, surface="feed", *, minutes=0, fresh=False):
    return actions.serve_slate(profile=profile, surface=surface, at=NOW + timedelta(minutes=minutes), fresh=fresh)


def more(profile, page, *, minutes=0):
    return actions.serve_more(
        profile=profile, slate_id=page.slate_id, position=page.next_position, at=NOW + timedelta(minutes=minutes)
    )


def ids(page):
    return [card.article_id for card in page.cards]


def record(reader, kind, *articles, at=NOW, slate=None, seconds=None, synthetic=False):
    ms = None if seconds is None else seconds * 1000
    events = [EventIn(uuid.uuid4(), kind, article, at, slate, visible_ms=ms, active_ms=ms) for article in articles]
    receipt = engagement.record_events(reader_id=reader.pk, events=events, at=at, is_synthetic=synthetic)
    assert not receipt.rejected


def share(page, articles):
    of = {article.pk for article in articles}
    return sum(pk in of for pk in ids(page)) / len(page.cards)


# -- A slate stays what it was -------------------------------------------------------------------------------


def test_a_reload_shows_the_same_list(world):
    profile = profile_of(ReaderFactory(), topics=("space",))
    first = serve(profile)
    ArticleFactory(hours=0)

    again = serve(profile, minutes=20)

    assert again == first
    assert len(first.cards) == actions.PAGE_SIZE
    assert [card.position for card in first.cards] == list(range(20))


def test_an_old_slate_a_wish_for_a_fresh_one_and_a_new_follow_each_bring_a_new_slate(world):
    reader = ReaderFactory()
    profile = profile_of(reader)
    first = serve(profile)
    assert serve(profile, minutes=31).slate_id != first.slate_id
    second = serve(profile, minutes=32)
    assert serve(profile, minutes=33, fresh=True).slate_id != second.slate_id
    third = serve(profile, minutes=34)
    assert serve(profile_of(reader, topics=("food",)), minutes=35).slate_id != third.slate_id


def test_a_slate_that_was_read_to_its_end_gives_way_to_a_new_one(world):
    reader = ReaderFactory()
    profile = profile_of(reader)
    first = serve(profile)
    record(reader, "click", *ids(first)[:-1], slate=first.slate_id)
    assert serve(profile, minutes=1).slate_id == first.slate_id
    record(reader, "click", ids(first)[-1], slate=first.slate_id)
    second = serve(profile, minutes=2)
    assert second.slate_id != first.slate_id
    assert not set(ids(second)) & set(ids(first))


def test_the_next_page_continues_and_is_the_same_when_asked_for_again(world):
    profile = profile_of(ReaderFactory(), topics=("space",))
    first = serve(profile)
    second = more(profile, first)
    assert second.cards[0].position == len(first.cards)
    assert not set(ids(first)) & set(ids(second))
    assert more(profile, first, minutes=5) == second
    assert serve(profile, minutes=5) == first


def test_scrolling_ends_having_shown_every_article_once(world):
    profile = profile_of(ReaderFactory())
    page = serve(profile)
    found = ids(page)
    while page.next_position is not None:
        page = more(profile, page)
        found += ids(page)
    assert len(found) == len(set(found)) == 72


def test_an_edition_ends_while_there_is_still_more(world):
    profile = profile_of(ReaderFactory())
    page = serve(profile)
    found = ids(page)
    while page.next_position is not None:
        page = more(profile, page)
        found += ids(page)
    assert actions.EDITION_SIZE <= len(found) < actions.EDITION_SIZE + actions.PAGE_SIZE
    assert len(found) < 72


def test_a_hidden_card_leaves_the_reloaded_page_and_the_others_keep_their_places(world):
    reader = ReaderFactory()
    profile = profile_of(reader)
    first = serve(profile)
    engagement.hide_article(reader_id=reader.pk, article_id=first.cards[3].article_id, at=NOW)
    again = serve(profile, minutes=1)
    assert again.cards == tuple(card for card in first.cards if card.position != 3)


def test_a_short_page_grows_at_its_end_when_articles_come(db):
    profile = profile_of(ReaderFactory())
    empty = serve(profile)
    assert (empty.cards, empty.next_position) == ((), None)
    assert serve(profile).slate_id == empty.slate_id
    early = ArticleFactory.create_batch(3)
    three = serve(profile, minutes=1)
    assert set(ids(three)) == {article.pk for article in early}
    ArticleFactory.create_batch(2)
    five = serve(profile, minutes=2)
    assert five.slate_id == empty.slate_id
    assert five.cards[:3] == three.cards
    assert len(five.cards) == 5


def test_deleted_articles_leave_a_gap_and_the_slate_goes_on_after_it(world):
    profile = profile_of(ReaderFactory())
    first = serve(profile)
    gone = [card.article_id for card in (first.cards[2], first.cards[-1])]
    Article.objects.filter(pk__in=gone).delete()

    again = serve(profile, minutes=1)
    second = more(profile, again)

    kept = [card for card in first.cards if card.article_id not in gone]
    assert list(again.cards[: len(kept)]) == kept
    positions = [card.position for card in (*again.cards, *second.cards)]
    assert positions == sorted(set(positions))
    assert not set(ids(again)) & set(ids(second))


def test_nobody_continues_the_slate_of_another(world):
    owner, other = ReaderFactory(), ReaderFactory()
    page = serve(profile_of(owner))
    with pytest.raises(Slate.DoesNotExist):
        more(profile_of(other), page)


def test_an_unknown_surface_is_refused_and_leaves_nothing(world):
    for surface in ("", "topic:space", "elsewhere"):
        with pytest.raises(ValueError, match="unknown surface"):
            serve(profile_of(ReaderFactory()), surface)
    assert not Slate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_page_asked_for_twice_at_once_is_ranked_once():
    for number in range(50):
        ArticleFactory(hours=number, vector=unit(number))
    profile = profile_of(ReaderFactory())
    first = serve(profile)

    def ask(_):
        try:
            return more(profile, first)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        pages = list(threads.map(ask, range(4)))

    assert all(page == pages[0] for page in pages)
    assert SlateItem.objects.filter(slate_id=first.slate_id).count() == 40


# -- What moves it -------------------------------------------------------------------------------------------


def test_followed_topics_make_a_newcomers_feed(world):
    page = serve(profile_of(ReaderFactory(), topics=("space",)))
    assert share(page, world["space"]) >= 0.6
    assert {"scorer": "follow_topic", "kind": "topic", "topic": "space"} in [card.reason for card in page.cards]


def test_a_reader_who_states_nothing_sees_all_areas(world):
    page = serve(profile_of(ReaderFactory()))
    assert min(share(page, articles) for articles in world.values()) >= 0.2


@pytest.mark.parametrize("act", ["save", "more", "long read"])
def test_a_liked_article_moves_the_very_next_page(world, act, monkeypatch):
    monkeypatch.setattr(pipelines, "seeded", lambda slate_id, position: np.random.default_rng(position))
    liker, other = ReaderFactory(), ReaderFactory()
    pages = {reader: serve(profile_of(reader)) for reader in (liker, other)}
    foods = {article.pk for article in world["food"]}
    liked = [pk for pk in ids(pages[liker]) if pk in foods][:4]
    for pk in liked:
        if act == "save":
            engagement.save_article(reader_id=liker.pk, article_id=pk, at=NOW)
        elif act == "more":
            record(liker, "more", pk)
        else:
            record(liker, "click", pk)
            record(liker, "dwell", pk, seconds=90)

    moved, unmoved = (more(profile_of(reader), pages[reader], minutes=1) for reader in (liker, other))

    assert share(moved, world["food"]) > share(unmoved, world["food"])
    assert any(card.reason.get("article") in liked for card in moved.cards)


@pytest.mark.parametrize("act", ["hide", "less"])
def test_a_refused_article_lowers_its_like_but_never_to_nothing(world, act):
    reader, other = ReaderFactory(), ReaderFactory()
    for article in world["food"][:3]:
        if act == "hide":
            engagement.hide_article(reader_id=reader.pk, article_id=article.pk, at=NOW)
        else:
            record(reader, "less", article.pk)

    lowered, usual = serve(profile_of(reader)), serve(profile_of(other))

    assert share(lowered, world["food"]) <= share(usual, world["food"]) / 2
    page = lowered
    found = ids(page)
    while page.next_position:
        page = more(profile_of(reader), page)
        found += ids(page)
    assert len({article.pk for article in world["food"][3:]} & set(found)) == len(world["food"]) - 3


def test_what_was_seen_twice_and_never_opened_is_left_out_until_nothing_else_is_there(world):
    reader = ReaderFactory()
    profile = profile_of(reader)
    seen = []
    for turn in range(2):
        page = serve(profile, minutes=40 * turn)
        seen.append(set(ids(page)))
        everything = [article.pk for articles in world.values() for article in articles][:60]
        slate = slate_of(reader.pk, *everything, surface="elsewhere")
        record(reader, "impression", *everything, slate=slate.pk)

    tired = serve(profile, minutes=100)
    assert not set(ids(tired)) & set(everything)

    rest = [article.pk for articles in world.values() for article in articles][60:]
    record(reader, "click", *rest)
    again = serve(profile, minutes=200)
    assert set(ids(again)) <= set(everything)
    assert again.cards


def test_a_new_slate_opens_with_what_was_not_shown_before(world):
    tired, rested = ReaderFactory(), ReaderFactory()
    before = serve(profile_of(tired))
    record(tired, "impression", *ids(before), slate=before.slate_id)

    def again(reader):
        return len(set(ids(serve(profile_of(reader), minutes=40))) & set(ids(before)))

    assert again(tired) < again(rested) / 2


def test_a_reload_does_not_tire_an_article(world):
    reader = ReaderFactory()
    profile = profile_of(reader)
    page = serve(profile)
    for _ in range(3):
        record(reader, "impression", *ids(page), slate=page.slate_id)
    rest = [article.pk for articles in world.values() for article in articles if article.pk not in ids(page)]
    record(reader, "click", *rest)
    assert set(ids(serve(profile, minutes=40))) == set(ids(page))


# -- What stays out ------------------------------------------------------------------------------------------


def test_a_private_article_is_a_candidate_for_its_owner_alone_on_every_surface(world):
    owner, other = ReaderFactory(), ReaderFactory()
    source = SourceFactory(owner=owner)
    secret = ArticleFactory(owner=owner, source=source, hours=0, topics={"space": 1.0}, vector=unit(901))
    Popularity.objects.create(article=secret, impressions=100, clicks=90, as_of=NOW, slow_as_of=NOW)
    stated = {"topics": ("space",), "sources": (source.pk,)}
    for article in world["space"][:5]:
        for reader in (owner, other):
            engagement.save_article(reader_id=reader.pk, article_id=article.pk, at=NOW)
    for surface in ("feed",):
        assert secret.pk in ids(serve(profile_of(owner, **stated), surface)), surface
        page = serve(profile_of(other, **stated), surface)
        found = ids(page)
        while page.next_position:
            page = more(profile_of(other, **stated), page)
            found += ids(page)
        assert secret.pk not in found, surface
        assert not SlateItem.objects.filter(slate__reader=other, article=secret).exists(), surface


def test_muted_words_languages_and_hidden_sources_keep_articles_out(world):
    loud = ArticleFactory(title="Football, again", hours=0)
    korean = ArticleFactory(title="축구가 좋다", language="ko", hours=0)
    hidden = ArticleFactory(hours=0)
    fine = ArticleFactory(title="Footballers", hours=0)
    reader = ReaderFactory()
    profile = profile_of(reader, muted_words=("football",), languages=("en",), hidden_sources=(hidden.source_id,))
    found = ids(serve(profile))
    assert fine.pk in found
    assert not {loud.pk, korean.pk, hidden.pk} & set(found)
    assert korean.pk in ids(serve(profile_of(reader)))
    assert korean.pk not in ids(serve(profile_of(reader, muted_words=("축구",))))


def test_a_story_is_told_once_on_a_slate_and_says_how_many_tell_it(world):
    story = StoryFactory(article_count=3, source_count=3)
    told = [ArticleFactory(hours=0, assignment="world", assignment__story=story) for _ in range(3)]
    profile = profile_of(ReaderFactory())
    page = serve(profile)
    cards = list(page.cards)
    while page.next_position:
        page = more(profile, page)
        cards += page.cards
    shown = [card for card in cards if card.article_id in {article.pk for article in told}]
    assert [card.story_size for card in shown] == [3]
    assert {card.story_size for card in cards} == {1, 3}


# -- The page as a whole -------------------------------------------------------------------------------------


def test_no_source_has_more_than_three_cards_on_a_page(world):
    loud = SourceFactory()
    for _ in range(30):
        ArticleFactory(source=loud, hours=0.1)
    profile = profile_of(ReaderFactory(), sources=(loud.pk,))
    page = serve(profile)
    while True:
        items = SlateItem.objects.filter(slate_id=page.slate_id, article_id__in=ids(page))
        assert max(Counter(items.values_list("article__source_id", flat=True)).values()) <= 3
        if page.next_position is None:
            break
        page = more(profile, page)


def test_every_page_holds_an_exploration_slot_with_its_propensity(world):
    profile = profile_of(ReaderFactory(), topics=("space",))
    page = serve(profile)
    for served in (page, more(profile, page)):
        items = SlateItem.objects.filter(slate_id=page.slate_id, article_id__in=ids(served))
        explored = [item for item in items if "exploration" in item.contributions]
        assert len(explored) == 1
        assert 0 < explored[0].propensity < 1
        assert explored[0].position % 20 >= 4
        assert all(item.propensity == 1 for item in items if item not in explored)


def test_what_is_stored_adds_up_and_its_reason_is_its_greatest_contribution(world):
    reader = ReaderFactory()
    for article in world["food"][:4]:
        engagement.save_article(reader_id=reader.pk, article_id=article.pk, at=NOW)
    followed = world["space"][0].source_id
    page = serve(profile_of(reader, topics=("space",), sources=(followed,)))
    deciding = Counter()
    for item in SlateItem.objects.filter(slate_id=page.slate_id):
        assert item.score == pytest.approx(sum(item.contributions.values()), abs=1e-4)
        best = max(item.contributions, key=item.contributions.get)
        assert item.reason["scorer"] == (best if item.contributions[best] > 0 else "")
        deciding[item.reason["scorer"]] += 1
    assert len(deciding) >= 3
    assert deciding["follow_topic"]


def test_the_number_of_queries_does_not_grow_with_the_candidates(world, django_assert_max_num_queries):
    def count(minutes):
        reader = ReaderFactory()
        profile = profile_of(reader, topics=("space", "food"), sources=(world[""][0].source_id,))
        engagement.save_article(reader_id=reader.pk, article_id=world["food"][0].pk, at=NOW)
        with django_assert_max_num_queries(40) as context:
            page = serve(profile, minutes=minutes)
        with django_assert_max_num_queries(40) as again:
            serve(profile, minutes=minutes)
        assert len(page.cards) == 20
        return len(context), len(again)

    before = count(0)
    TopicFactory(slug="space")
    for number in range(60):
        ArticleFactory(hours=number / 10, topics={"space": 0.8})
    assert count(1) == before
    assert before[0] <= 28
    assert before[1] <= 8


# -- Popularity ----------------------------------------------------------------------------------------------


def test_popularity_halves_every_six_hours_and_counts_each_reader_once(db):
    article, readers = ArticleFactory(), ReaderFactory.create_batch(3)
    for reader in readers:
        for _ in range(4):
            record(reader, "impression", article.pk, at=NOW - timedelta(hours=6))
    record(readers[0], "click", article.pk, article.pk, at=NOW - timedelta(hours=6))

    for _ in range(2):
        assert actions.refresh_popularity(at=NOW) == 1

    row = Popularity.objects.get()
    assert (row.impressions, row.clicks) == (pytest.approx(1.5), pytest.approx(0.5))


def test_popularity_knows_only_real_readers_clicks_on_what_was_shown(db):
    article, other, old = ArticleFactory.create_batch(3)
    reader = ReaderFactory()
    record(reader, "impression", article.pk, synthetic=True)
    record(reader, "click", other.pk)
    record(reader, "impression", old.pk, at=NOW - timedelta(days=3))
    Popularity.objects.create(article=old, impressions=5, clicks=5, as_of=NOW - timedelta(days=3), slow_as_of=NOW)

    assert actions.refresh_popularity(at=NOW) == 0
    assert not Popularity.objects.exists()


def test_demand_halves_every_three_days_and_counts_how_far_each_reader_read(db):
    article, readers = ArticleFactory(reading_seconds=100), ReaderFactory.create_batch(3)
    then = NOW - timedelta(days=3)
    for reader, seconds in zip(readers, (50, 300, None), strict=True):
        record(reader, "click", article.pk, article.pk, at=then)
        if seconds:
            record(reader, "dwell", article.pk, at=then, seconds=seconds)

    for _ in range(2):
        assert actions.refresh_demand(at=NOW) == 1

    row = Popularity.objects.get()
    assert row.demand == pytest.approx(1.5)
    assert row.reads == pytest.approx(1.0)
    assert row.satisfaction == pytest.approx(0.25 + 0.5)


def test_fast_and_slow_figures_leave_each_other_alone_and_go_when_both_are_over(db):
    article, reader = ArticleFactory(), ReaderFactory()
    record(reader, "impression", article.pk)
    record(reader, "click", article.pk)
    for at in (NOW, NOW + timedelta(days=3)):
        actions.refresh_popularity(at=at)
        actions.refresh_demand(at=at)
    row = Popularity.objects.get()
    assert (row.impressions, row.clicks) == (0, 0)
    assert row.demand == pytest.approx(0.5)
    for refresh in (actions.refresh_demand, actions.refresh_popularity):
        refresh(at=NOW + timedelta(days=15))
    assert not Popularity.objects.exists()


def test_synthetic_readers_rank_for_each_other_and_never_for_real_ones(world):
    favourite = world[""][-1]
    crowd = ReaderFactory.create_batch(30, is_synthetic=True)
    for reader in crowd:
        record(reader, "impression", *[article.pk for article in world[""]], synthetic=True)
        record(reader, "click", favourite.pk, synthetic=True)
    actions.refresh_popularity(at=NOW)
    real, synthetic = ReaderFactory(), ReaderFactory(is_synthetic=True)

    def contribution(profile):
        page = serve(profile)
        while True:
            item = SlateItem.objects.filter(slate_id=page.slate_id, article=favourite).first()
            if item or page.next_position is None:
                return item.contributions["popularity"]
            page = more(profile, page)

    assert contribution(profile_of(real)) == 0
    assert contribution(profile_of(synthetic, is_synthetic=True)) > 1


def test_no_model_is_asked_while_a_slate_is_ranked(world, monkeypatch):
    """Ranking holds the slate's row and a transaction: nobody may wait for the network in there."""
    reader = ReaderFactory()
    phrase = Phrase.objects.create(
        text="headline", language="en", vector=unit(901), space=current_space(), threshold=0.3, tokens=["headline"]
    )

    def refuse(model, request):
        raise AssertionError(f"{model} was asked while ranking")

    monkeypatch.setattr(serving, "infer", refuse)
    page = serve(profile_of(reader, phrases=(phrase.pk,), topics=("space",)))
    assert any(item.contributions["follow_phrase"] > 0 for item in SlateItem.objects.filter(slate_id=page.slate_id))
    assert more(profile_of(reader, phrases=(phrase.pk,), topics=("space",)), page).cards


def test_what_a_phrase_finds_by_its_words_counts_as_its_own(world):
    """The articles lie near nothing that the phrase means, but say its word in their headline."""
    reader, article = ReaderFactory(), world["space"][0]
    phrase = Phrase.objects.create(
        text="quonset", language="en", vector=unit(902), space=current_space(), threshold=0.35, tokens=["quonset"]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE articles_article SET search = setweight(to_tsvector('simple', 'quonset'), 'A') WHERE id = %s",
            [article.pk],
        )
    profile = profile_of(reader, phrases=(phrase.pk,))
    page = serve(profile)
    while (item := SlateItem.objects.filter(slate_id=page.slate_id, article=article).first()) is None:
        page = more(profile, page)
    assert item.contributions["follow_phrase"] > 0


def test_an_edition_ends_whoever_asks_for_more(world, monkeypatch):
    monkeypatch.setattr(actions, "EDITION_SIZE", 20)
    reader = ReaderFactory()
    profile = profile_of(reader)
    page = serve(profile)
    for _ in range(12):
        actions.serve_more(profile=profile, slate_id=page.slate_id, position=10_000, at=NOW)
    assert SlateItem.objects.filter(slate_id=page.slate_id).count() < 20 + actions.PAGE_SIZE
