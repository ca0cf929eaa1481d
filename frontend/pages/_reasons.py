"""Why a card is here, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

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
    kind = reason.get("kind")
    if kind == "topic" and (name := names.topics.get(str(reason.get("topic")))):
        return _("You follow %(name)s") % {"name": name}
    if kind == "source" and (name := names.sources.get(int(reason.get("source") or 0))):
        return _("You follow %(name)s") % {"name": name}
    if kind == "phrase" and (name := names.phrases.get(int(reason.get("phrase") or 0))):
        return _("You follow “%(phrase)s”") % {"phrase": name}
    if kind == "like" and (title := names.articles.get(int(reason.get("article") or 0))):
        return format_html(_("Like <cite>{title}</cite>"), title=title)
    return {
        "popular": _("Many readers opened this"),
        "fresh": _("Among the newest"),
        "none": _("Rounds out this edition"),
        "explore": _("Something different, to see if you like it"),
    }.get(str(kind), "")


def explanation(reason: Reason) -> str:
    """One sentence more, for whoever asks why."""
    return {
        "topic": _("You chose this topic, and the article is clearly about it."),
        "source": _("You follow the publisher, so what it writes comes to you."),
        "phrase": _("You follow this phrase, and the article is close to it in meaning."),
        "like": _("It is close in meaning to something that you read to the end or saved."),
        "popular": _("Readers here opened it more often than other articles shown to them lately."),
        "fresh": _("It has just appeared, and new articles get a chance before anybody has judged them."),
        "explore": _("Now and then an edition holds something outside your habits, so that it does not narrow."),
    }.get(str(reason.get("kind")), _("Nothing personal: it is recent, and there was room in this edition."))
