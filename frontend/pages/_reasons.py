"""Why a card is here, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.articles.models import Article
from curation.sources.models import Source
from curation.topics.models import Phrase, Topic
from frontend.pages._names import topic_name

Reason = Mapping[str, Any]


@dataclass(frozen=True)
class Names:
    """What the reasons of one page speak of, fetched together."""

    topics: dict[str, str] = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)
    phrases: dict[int, str] = field(default_factory=dict)
    articles: dict[int, str] = field(default_factory=dict)


def names_for(reasons: Iterable[Reason], *, reader_id: int | None) -> Names:
    """At most four queries, however many reasons; names that the reader may not see stay out."""
    wanted: dict[str, set[Any]] = {"topic": set(), "source": set(), "phrase": set(), "article": set()}
    for reason in reasons:
        for key, found in wanted.items():
            if reason.get(key):
                found.add(reason[key])
    topics = Topic.objects.filter(slug__in=wanted["topic"]) if wanted["topic"] else ()
    sources = Source.objects.visible_to(reader_id).filter(pk__in=wanted["source"]) if wanted["source"] else None
    phrases = Phrase.objects.filter(pk__in=wanted["phrase"]) if wanted["phrase"] else None
    articles = Article.objects.visible_to(reader_id).filter(pk__in=wanted["article"]) if wanted["article"] else None
    return Names(
        topics={topic.slug: topic_name(topic) for topic in topics},
        sources=dict(sources.values_list("pk", "name")) if sources is not None else {},
        phrases=dict(phrases.values_list("pk", "text")) if phrases is not None else {},
        articles=dict(articles.values_list("pk", "title")) if articles is not None else {},
    )


def words(reason: Reason, names: Names) -> str:
    """A short line for the card; empty where there is nothing true to say."""
    kind = str(reason.get("kind"))
    if kind == "topic" and (name := names.topics.get(reason.get("topic", ""))):
        return _("You follow %(name)s") % {"name": name}
    if kind == "source" and (name := names.sources.get(reason.get("source", 0))):
        return _("You follow %(name)s") % {"name": name}
    if kind == "phrase" and (name := names.phrases.get(reason.get("phrase", 0))):
        return _("You follow “%(phrase)s”") % {"phrase": name}
    if kind == "wish" and (name := names.topics.get(reason.get("topic", ""))):
        return _("You asked for more about %(name)s") % {"name": name}
    if kind == "habit" and (name := names.topics.get(reason.get("topic", ""))):
        return _("You have been reading about %(name)s") % {"name": name}
    if kind == "publisher" and (name := names.sources.get(reason.get("source", 0))):
        return _("You have been reading %(name)s") % {"name": name}
    if kind == "like" and (title := names.articles.get(reason.get("article", 0))):
        return format_html(_("Like <cite>{title}</cite>"), title=title)
    if kind == "story" and (count := reason.get("sources", 0)) > 1:
        return ngettext("%(count)d publisher tells this", "%(count)d publishers tell this", count) % {"count": count}
    return {
        "like": _("Near what you have read"),  # the article itself is gone
        "history": _("Near what you have read"),
        "popular": _("Opened more often than most"),
        "demand": _("Read by others these days"),
        "satisfying": _("Those who opened it read on"),
        "fresh": _("Timely now"),
        "none": _("Rounds out this edition"),
        "explore": _("Something different, to see if you like it"),
    }.get(kind, "")


def explanation(reason: Reason) -> str:
    """A sentence or two more, for whoever asks why."""
    return {
        "topic": _("You follow this topic, and Gyeol takes the article to be about it."),
        "source": _("You follow this publisher, and that lifts what it writes."),
        "phrase": _("You follow this phrase, and the article is close to it in meaning."),
        "wish": _("You asked for more of this topic, and Gyeol takes the article to be about it."),
        "habit": _("Among what you read or saved there is this topic. Nobody chose it: it is inferred."),
        "publisher": _("Among what you read or saved there are articles of this publisher. It is inferred."),
        "like": _("It is close in meaning to that article, which you read, saved or asked more of."),
        "history": _("It is close to what you read and saved, taken together; no single article stands out."),
        "popular": _("Readers here opened it more often than other articles shown to them lately."),
        "demand": _("Other readers here have opened it in the last days."),
        "satisfying": _("Those who opened it read further into it than is usual here."),
        "fresh": _("It is new, or its subject ages slowly: politics fades in hours, a recipe keeps for months."),
        "story": _("Several publishers report the same event, and that lifts it."),
        "explore": _("Now and then an edition holds something outside your habits, so that it does not narrow."),
    }.get(str(reason.get("kind")), _("Nothing lifted it above the rest: there was room in this edition."))
