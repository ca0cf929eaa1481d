"""Small words and marks that templates ask for: ages, reading times, names, icons."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.template.loader import get_template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.topics.models import Topic
from frontend.pages import _names
from frontend.pages._names import AREAS

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400
DAYS_AS_AGE = 7  # older than that, a date says more

# Drawn on a 24-unit square with one round stroke.
ICONS = {
    "today": "M5 5h14v14H5z M8 9h8 M8 12.5h8 M8 16h4",
    "topics": "M4 7c4-3 7 3 16 0 M4 12c4-3 7 3 16 0 M4 17c4-3 7 3 16 0",
    "search": "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12z M15 15l5 5",
    "save": "M7 4h10v16l-5-4-5 4z",
    "you": "M12 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z M5 20c.6-4 3.3-6 7-6s6.4 2 7 6",
    "more": "M5 12h.01 M12 12h.01 M19 12h.01",
    "hide": "M4 4l16 16 M10 5.3C16 4 20 8.5 21 12c-.5 1.2-1.3 2.4-2.4 3.6 M6 7.5C4.5 9 3.5 10.7 3 12c2 5 7.5 9 13 6",
    "less": "M5 12h14 M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
    "plus": "M12 5v14 M5 12h14",
    "check": "M5 12.5l4.5 4.5L19 7",
    "mute": "M4 9v6h4l5 4V5L8 9z M17 9.5l4 5 M21 9.5l-4 5",
    "flag": "M6 21V4h11l-2 4 2 4H6",
    "why": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z M9.5 9.5c0-3.3 5-3.3 5 0 0 2-2.5 2-2.5 4 M12 17h.01",
    "out": "M9 6H5v13h13v-4 M13 4h7v7 M20 4l-9 9",
    "fresh": "M19 7v4h-4 M5 17v-4h4 M18.5 11A7 7 0 0 0 6 8.5 M5.5 13A7 7 0 0 0 18 15.5",
    "close": "M6 6l12 12 M18 6L6 18",
    "brush": "M20 4c-5 2-9 6-11 10l2 2c4-2 7-7 9-12z M8 14.5c-2 0-3 1-3 3 0 1-1 2-2 2 4 1 7 0 7-3",
    "download": "M12 4v11 M7 10.5l5 5 5-5 M5 20h14",
    "seal": "M12 3l7 2.5v5.5c0 5-3 8-7 10-4-2-7-5-7-10V5.5z M8.8 11.8l2.4 2.4 4.2-4.6",
    "unsealed": "M12 3l7 2.5v5.5c0 5-3 8-7 10-4-2-7-5-7-10V5.5z M12 8v5 M12 16.5h.01",
    "lock": "M6 11h12v9H6z M8.5 11V8a3.5 3.5 0 0 1 7 0v3",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    strokes = format_html('<path d="{}"/>', ICONS[name])
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>', strokes)


@register.filter
def age(moment: datetime) -> str:
    """How long ago, in the largest unit that says it; a date where that is more than a week."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < HOUR:
        return _("just now") if seconds < 5 * MINUTE else _("%(count)d min ago") % {"count": seconds // MINUTE}
    if seconds < DAY:
        return _("%(count)d h ago") % {"count": seconds // HOUR}
    days = int(seconds // DAY)
    if days <= DAYS_AS_AGE:
        return ngettext("%(count)d day ago", "%(count)d days ago", days) % {"count": days}
    return date_format(timezone.localtime(moment), "DATE_FORMAT")


@register.filter
def reading_time(seconds: int) -> str:
    return _("%(count)d min") % {"count": max(1, round(seconds / MINUTE))}


@register.filter
def topic_name(topic: Topic) -> str:
    return _names.topic_name(topic)


@register.filter
def area_name(slug: str) -> str:
    return _names.area_name(slug)


@register.simple_tag
def emblem(area: str) -> str:
    """The area's little drawing; the grain where an article has no area yet."""
    return get_template(f"emblems/{area}.svg" if area in AREAS else "emblems/other.svg").render()
