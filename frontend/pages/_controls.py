"""What a reader can do about the reason for a card, right beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import MutedSource, Subscription, TopicWish
from curation.sources.models import Source
from frontend.pages._reasons import Names, Reason


@dataclass(frozen=True, slots=True)
class Control:
    """A button: what it does, in words, and the request that does it."""

    words: str
    icon: str
    target: str
    fields: Mapping[str, str] = field(default_factory=dict)


def controls_for(reader_id: int, reason: Reason, names: Names) -> list[Control]:
    """At most three queries. What cannot be undone, as leaving a private source, is not among them."""
    kind = reason.get("kind")
    if kind in {"topic", "habit", "wish"} and (name := names.topics.get(reason.get("topic", ""))):
        return _for_topic(reader_id, reason["topic"], name)
    if kind in {"source", "publisher"} and (name := names.sources.get(reason.get("source", 0))):
        return _for_source(reader_id, reason["source"], name)
    if kind == "phrase" and (name := names.phrases.get(reason.get("phrase", 0))):
        return _for_phrase(reader_id, reason["phrase"], name)
    if kind == "like" and reason.get("article") in names.articles:
        target = reverse("less_like_this", args=[reason["article"]])
        return [Control(_("That article was not for me"), "less", target)]
    return []


def _for_topic(reader_id: int, slug: str, name: str) -> list[Control]:
    wish = TopicWish.objects.filter(reader_id=reader_id, topic_id=slug).values_list("weight", flat=True).first() or 0.0
    target = reverse("interest_topic", args=[slug])
    controls = []
    if wish > -1:
        controls.append(Control(_("Less about %(name)s") % {"name": name}, "less", target, {"wish": "less"}))
    if wish:
        words = _("Neither more nor less about %(name)s") % {"name": name}
        controls.append(Control(words, "check", target, {"wish": "same"}))
    if Subscription.objects.filter(reader_id=reader_id, topic_id=slug).exists():
        controls.append(_unfollow(name, reverse("unfollow_topic", args=[slug])))
    return controls


def _for_source(reader_id: int, source_id: int, name: str) -> list[Control]:
    controls = []
    if not MutedSource.objects.filter(reader_id=reader_id, source_id=source_id).exists():
        controls.append(Control(_("Mute %(name)s") % {"name": name}, "mute", reverse("mute_source", args=[source_id])))
    is_private = Source.objects.filter(pk=source_id, owner__isnull=False).exists()
    if not is_private and Subscription.objects.filter(reader_id=reader_id, source_id=source_id).exists():
        controls.append(_unfollow(name, reverse("unfollow_source", args=[source_id])))
    return controls


def _for_phrase(reader_id: int, phrase_id: int, name: str) -> list[Control]:
    if not Subscription.objects.filter(reader_id=reader_id, phrase_id=phrase_id).exists():
        return []
    words = _("Unfollow “%(phrase)s”") % {"phrase": name}
    return [Control(words, "close", reverse("unfollow_phrase", args=[phrase_id]))]


def _unfollow(name: str, target: str) -> Control:
    return Control(_("Unfollow %(name)s") % {"name": name}, "close", target)
