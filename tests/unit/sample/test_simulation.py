from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.utils import timezone

from accounts.models import Subscription, User
from curation.engagement.models import ArticleState, Event, Slate, SlateItem
from curation.sample import actions
from curation.sample.types import Taste
from curation.topics.models import ArticleTopic
from tests.factories.ranking import NOW, ArticleFactory, ReaderFactory, SourceFactory, TopicFactory


@pytest.fixture
def press(db):
    """Sixty articles of the last five days, each about one of three subjects, and one private one."""
    for slug in ("space", "food", "music"):
        TopicFactory(slug=slug)
    for number in range(60):
        ArticleFactory(
            hours=1 + 2 * number, topics={("space", "food", "music")[number % 3]: 0.9}, vector=np.eye(384)[0]
        )
    owner = ReaderFactory()
    return ArticleFactory(owner=owner, source=SourceFactory(owner=owner), hours=1, topics={"space": 1.0})


def simulate(count=12, days=5, seed=3, at=NOW, tastes=None):
    tastes = tastes or actions.imagine_tastes(count=count, seed=seed, given={})
    ids = [
        User.objects.get_or_create(email=f"simulated-{number}@sample.invalid", is_synthetic=True)[0].pk
        for number in range(len(tastes))
    ]
    return actions.simulate(reader_ids=ids, days=days, seed=seed, tastes=tastes, at=at)


def everything():
    return (
        set(Event.objects.values_list("id", "reader_id", "kind", "article_id", "at", "active_ms")),
        set(SlateItem.objects.values_list("slate_id", "position", "article_id", "propensity")),
        set(ArticleState.objects.values_list("reader_id", "article_id", "read_at", "saved_at", "hidden_at")),
    )


def test_the_same_seed_again_adds_nothing_and_another_one_does(press):
    first = simulate()
    before = everything()
    again = simulate()

    assert first["events"] > 100
    assert again["events"] == again["sessions"] == 0
    assert again["sessions_already_there"] == first["sessions"]
    assert everything() == before
    assert simulate(seed=4)["events"] > 0


def test_the_same_seed_makes_the_same_readers_from_nothing(press):
    simulate()
    first = everything()
    Event.objects.all().delete()
    Slate.objects.all().delete()
    ArticleState.objects.all().delete()
    simulate()
    assert everything() == first


def test_all_rows_are_marked_in_their_days_and_never_about_a_private_article(press):
    simulate()
    assert not Event.objects.filter(is_synthetic=False).exists()
    assert not Slate.objects.filter(is_synthetic=False).exists()
    assert not Event.objects.filter(article=press).exists()
    assert not SlateItem.objects.filter(article=press).exists()
    assert not Event.objects.filter(at__gt=NOW).exists()
    assert not Event.objects.filter(at__lt=NOW - timedelta(days=5)).exists()
    assert not Event.objects.exclude(kind="impression").exclude(slate__items__article_id__isnull=False).exists()


def test_nothing_is_read_before_it_was_published_or_opened_without_being_seen(press):
    simulate()
    for event in Event.objects.select_related("article"):
        assert event.at >= event.article.sorted_at
    seen = set(Event.objects.filter(kind="impression").values_list("slate_id", "position", "article_id"))
    for kind in ("click", "dwell", "save", "hide"):
        assert set(Event.objects.filter(kind=kind).values_list("slate_id", "position", "article_id")) <= seen
    assert set(SlateItem.objects.values_list("slate_id", "position", "article_id")) >= seen
    clicks = set(Event.objects.filter(kind="click").values_list("reader_id", "article_id"))
    assert clicks == set(ArticleState.objects.exclude(read_at=None).values_list("reader_id", "article_id"))


def test_readers_open_what_they_like_and_what_stands_above(press):
    simulate(tastes=[Taste({"food": 1.0}, 1.0)] * 60)
    food = set(ArticleTopic.objects.filter(topic_id="food").values_list("article_id", flat=True))

    def rate(**which):
        shown = Event.objects.filter(**which)
        counts = dict(shown.values_list("kind").annotate(count=Count("pk")))
        return counts.get("click", 0) / counts["impression"]

    others = set(ArticleTopic.objects.exclude(topic_id="food").values_list("article_id", flat=True))
    assert rate(article_id__in=food) > 3 * rate(article_id__in=others)
    # Freshness alone would make it 1.4 times.
    assert rate(article_id__in=food, position=0) > 2 * rate(article_id__in=food, position__gte=5)


def test_one_card_of_a_full_slate_is_drawn_by_chance_and_says_with_what_chance(press):
    simulate()
    full = Slate.objects.annotate(count=Count("items")).filter(count=20)
    assert full.exists()
    for slate in full:
        propensities = [item.propensity for item in slate.items.all()]
        assert sum(propensity < 1 for propensity in propensities) <= 1
        assert all(0 < propensity <= 1 for propensity in propensities)


def test_a_reader_follows_the_topics_that_make_up_most_of_the_taste():
    assert Taste({"a": 0.6, "b": 0.3, "c": 0.1}, 1).follows == ("a", "b")
    assert Taste({"a": 1.0, "b": 0.0}, 1).follows == ("a",)
    assert len(Taste({f"t{number}": 0.05 for number in range(20)}, 1).follows) == 5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.jsonl", '{"reader": 1, "topics": {"space": 3, "food": 1}, "activity": 0.25}\n\n'),
        ("t.csv", "reader,topic,weight,activity\n1,space,3,0.25\n1,food,1,\n"),
    ],
)
def test_tastes_are_read_from_json_lines_and_csv(press, tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    tastes = actions.imagine_tastes(count=3, seed=1, given=actions.read_tastes(path))
    assert tastes[1] == Taste({"space": 0.75, "food": 0.25}, 0.25)
    assert tastes[0] == actions.imagine_tastes(count=1, seed=1, given={})[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "line 1: not JSON"),
        ("[1]", "line 1: not a JSON object"),
        ('{"reader": 0}', "line 1: needs reader, topics"),
        ('{"reader": 0, "topics": {"space": "much"}}', "line 1: needs reader, topics"),
        ('{"reader": 0, "topics": {"space": -1}}', "numbers from 0 up"),
        ('{"reader": 0, "topics": {"space": NaN}}', "numbers from 0 up"),
        ('{"reader": 0, "topics": {"space": 0}}', "no topic with a weight"),
        ('{"reader": 0, "topics": {"space": 1}, "activity": 7}', "activity lies between"),
        ('{"reader": 0, "topics": {"nowhere": 1}}', "unknown topics: nowhere"),
    ],
)
def test_a_bad_taste_file_is_refused_in_one_line_and_leaves_nothing(press, tmp_path, text, said):
    path = tmp_path / "tastes.jsonl"
    path.write_text(text)
    with pytest.raises(CommandError, match=said) as caught:
        call_command("simulate", readers=2, tastes=path)
    assert "\n" not in str(caught.value)
    assert not User.objects.filter(is_synthetic=True).exists()


def test_the_command_prints_json_alone_and_its_readers_cannot_sign_in(press, tmp_path, capsys):
    path = tmp_path / "tastes.jsonl"
    path.write_text('{"reader": 0, "topics": {"music": 1}, "activity": 1}')

    for hours in range(2, 100, 4):
        ArticleFactory(sorted_at=timezone.now() - timedelta(hours=hours), topics={"music": 0.9})

    def run():
        call_command("simulate", readers=8, days=4, seed=2, tastes=path)
        return json.loads(capsys.readouterr().out)

    first, again = run(), run()

    assert (first["readers"], first["days"], first["seed"]) == (8, 4, 2)
    assert again["readers"] == User.objects.filter(is_synthetic=True).count() == 8
    assert again["events"] < first["events"]  # not 0 where a session's hour has just passed
    fan = User.objects.get(email="synthetic-2-0@sample.invalid")
    assert not fan.has_usable_password()
    assert list(Subscription.objects.filter(reader=fan).values_list("topic_id", flat=True)) == ["music"]


@pytest.mark.parametrize("given", [{"readers": 0}, {"days": 0}, {"seed": -1}])
def test_numbers_out_of_range_are_refused(press, given):
    with pytest.raises(CommandError, match="is at least"):
        call_command("simulate", **given)


def test_without_anything_to_read_it_says_so_and_makes_nobody(db):
    TopicFactory()
    with pytest.raises(CommandError, match="nothing to read"):
        call_command("simulate", readers=2, days=1)
    assert not User.objects.filter(is_synthetic=True).exists()
