"""What a card shows, gathered for a whole page in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts import queries as accounts
from curation.articles.models import Article
from curation.engagement import queries as engagement
from curation.topics.models import ArticleTopic, Assignment, Topic
from frontend.pages import _reasons
from illustrate import queries as illustrate


@dataclass(frozen=True, slots=True)
class Pick:
    """An article at its place in a list, with the reason that put it there."""

    article_id: int
    position: int = 0
    reason: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """Another publisher that tells the same story."""

    article_id: int
    name: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Card:
    article: Article
    position: int
    slate_id: str
    area: str
    topic: Topic | None
    picture: Any
    reason: str
    voices: tuple[Voice, ...]
    is_saved: bool
    is_read: bool
    may_act: bool  # a signed-in reader: Save and the menu make sense


def picks(article_ids: Iterable[int]) -> list[Pick]:
    return [Pick(article_id, position) for position, article_id in enumerate(article_ids)]


def only_wanted(article_ids: Iterable[int], reader_id: int | None) -> list[int]:
    """Those that the reader has neither hidden nor muted, in their order."""
    ids = list(article_ids)
    kept = set(accounts.wanted(Article.objects.filter(pk__in=ids), reader_id).values_list("pk", flat=True))
    return [article_id for article_id in ids if article_id in kept]


def make_cards(
    wanted: Sequence[Pick], *, reader_id: int | None, slate_id: object = None, with_pictures: bool = True
) -> list[Card]:
    """Cards in the order asked for; an article that the reader may not see, or that is gone, is left out."""
    ids = [pick.article_id for pick in wanted]
    articles = Article.objects.visible_to(reader_id).for_cards().select_related("assignment").in_bulk(ids)
    shown = list(articles)
    pictures = illustrate.pictures_for(shown) if with_pictures else {}
    states = engagement.states(reader_id, shown) if reader_id else {}
    topics = main_topics(shown)
    voices = _voices(articles, reader_id)
    names = _reasons.names_for([pick.reason for pick in wanted if pick.reason], reader_id=reader_id)
    cards = []
    for pick in wanted:
        if (article := articles.get(pick.article_id)) is None:
            continue
        state = states.get(article.pk)
        topic = topics.get(article.pk)
        cards.append(
            Card(
                article=article,
                position=pick.position,
                slate_id=str(slate_id or ""),
                area=area_of(article, topic),
                topic=topic,
                picture=pictures.get(article.pk),
                reason=_reasons.words(pick.reason, names) if pick.reason else "",
                voices=voices.get(article.pk, ()),
                is_saved=bool(state and state.saved_at),
                is_read=bool(state and state.read_at),
                may_act=reader_id is not None,
            )
        )
    return cards


def area_of(article: Article, topic: Topic | None = None) -> str:
    try:
        return article.assignment.area
    except Assignment.DoesNotExist:
        return topic.area if topic else ""


def main_topics(article_ids: Sequence[int]) -> dict[int, Topic]:
    """Each article's topic of highest score."""
    best: dict[int, Topic] = {}
    rows = ArticleTopic.objects.filter(article_id__in=article_ids).select_related("topic").order_by("-score")
    for row in rows:
        best.setdefault(row.article_id, row.topic)
    return best


def _voices(articles: Mapping[int, Article], reader_id: int | None) -> dict[int, tuple[Voice, ...]]:
    """For each article, one other article of its story per other source."""
    story_of = {
        pk: article.assignment.story_id
        for pk, article in articles.items()
        if hasattr(article, "assignment") and article.assignment.story_id
    }
    if not story_of:
        return {}
    told = (
        accounts.wanted(Article.objects.visible_to(reader_id).ready(), reader_id)
        .filter(assignment__story_id__in=set(story_of.values()))
        .order_by("sorted_at")
        .values_list("assignment__story_id", "pk", "source_id", "source__name", "title", "language")
    )
    by_story: dict[int, list[tuple[int, int, str, str, str]]] = defaultdict(list)
    for story_id, *rest in told:
        by_story[story_id].append(tuple(rest))  # type: ignore[arg-type]
    voices: dict[int, tuple[Voice, ...]] = {}
    for pk, story_id in story_of.items():
        heard = {articles[pk].source_id}
        others = []
        for other_pk, source_id, name, title, language in by_story[story_id]:
            if other_pk != pk and source_id not in heard:
                heard.add(source_id)
                others.append(Voice(other_pk, name, title, language))
        voices[pk] = tuple(others)
    return voices
