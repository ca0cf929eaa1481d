"""Names of topics, areas, moods and the reasons of a report in the language of the page."""

from __future__ import annotations

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from curation.topics.models import Topic


def topic_name(topic: Topic) -> str:
    return topic.name_ko if (get_language() or "").startswith("ko") else topic.name_en


AREAS = {
    "politics": gettext_noop("Politics"),
    "world": gettext_noop("World"),
    "economy": gettext_noop("Economy"),
    "society": gettext_noop("Society"),
    "technology": gettext_noop("Technology"),
    "science": gettext_noop("Science"),
    "climate": gettext_noop("Climate & nature"),
    "health": gettext_noop("Health"),
    "culture": gettext_noop("Culture"),
    "life": gettext_noop("Life"),
    "sport": gettext_noop("Sport"),
    "ideas": gettext_noop("Ideas"),
}


def area_name(slug: str) -> str:
    return _(AREAS[slug]) if slug in AREAS else slug.replace("-", " ").capitalize()


MOODS = {
    "neutral": gettext_noop("Neutral"),
    "joy": gettext_noop("Joy"),
    "hope": gettext_noop("Hope"),
    "worry": gettext_noop("Worry"),
    "sorrow": gettext_noop("Sorrow"),
    "anger": gettext_noop("Anger"),
    "surprise": gettext_noop("Surprise"),
    "determination": gettext_noop("Resolve"),
    "calm": gettext_noop("Calm"),
    "curiosity": gettext_noop("Curiosity"),
}


def mood_name(key: str) -> str:
    return _(MOODS[key]) if key in MOODS else key.capitalize()


REPORT_REASONS = {
    "misleading": gettext_noop("It says something that the article does not"),
    "offensive": gettext_noop("It hurts or offends"),
    "ugly": gettext_noop("It is badly drawn"),
    "other": gettext_noop("Something else"),
}


def report_reason(code: str) -> str:
    """What is wrong with a picture, in the words that the reader chose."""
    return _(REPORT_REASONS[code]) if code in REPORT_REASONS else code
