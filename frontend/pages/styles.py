"""The looks, for editors: what each is made of, what its hand does and does not do, and sheets of what it draws."""

from __future__ import annotations

import threading
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from frontend.pages._measures import measures
from frontend.pages._names import mood_name
from frontend.pages._reader import reader_of
from illustrate import styles as looks_of
from illustrate.models import StylePreset
from illustrate.styles import Persona, Preset, Swatch
from illustrate.types import MOODS, Brief

KEPT_SECONDS = 24 * 3600
LINE_FROM = 3.0  # WCAG 2.2: contrast that a line needs on its ground
_DRAWING = threading.Lock()
SHOWN_FIRST = "examples-2"  # the same news in every look, where looks are listed

_ROLES = {
    "sky": gettext_noop("Sky"),
    "haze": gettext_noop("Horizon"),
    "far": gettext_noop("Far ground"),
    "mid": gettext_noop("Middle ground"),
    "near": gettext_noop("Near ground"),
    "main": gettext_noop("Main colour"),
    "accent": gettext_noop("Accent"),
    "light": gettext_noop("Light"),
    "deep": gettext_noop("Deep"),
    "ink": gettext_noop("Ink"),
}


@login_required
@require_safe
def styles(request: HttpRequest) -> HttpResponse:
    _check_editor(request)
    looks = [_heading(preset) for preset in looks_of.looks()]
    return render(request, "styles.html", {"looks": looks, "shown": SHOWN_FIRST, "production": _production()})


@login_required
@require_safe
def style(request: HttpRequest, slug: str) -> HttpResponse:
    _check_editor(request)
    preset = _preset(slug)
    context = {
        "look": _heading(preset),
        "production": _production(),
        "do": _own(preset, "do"),
        "dont": _own(preset, "dont"),
        "measures": measures(preset),
        "examples": [_example(preset, number) for number in range(looks_of.EXAMPLES)],
        "nights": [] if preset.dark else [_night(preset, number) for number in range(looks_of.NIGHTS)],
        "roles": [_(name) for name in _ROLES.values()],
        "areas": [
            (area, [_swatch(each) for each in swatches])
            for area, swatches in groupby(looks_of.swatches(preset), key=lambda swatch: swatch.area)
        ],
        "line_from": LINE_FROM,
        "correspondents": [_correspondent(persona) for persona in looks_of.correspondents()],
        "moods": [(mood_name(mood), *divmod(index, looks_of.COLUMNS)) for index, mood in enumerate(MOODS)],
        "others": [_heading(each) for each in looks_of.looks() if each.slug != slug],
    }
    return render(request, "style.html", context)


@login_required
@require_safe
def sheet(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Drawn when it is first asked for, and kept for a day."""
    _check_editor(request)
    preset = _preset(slug)
    key = f"style:{preset.slug}:{looks_of.edition(preset)}:{name}"
    body = cache.get(key)
    if body is None:
        # One at a time: a page asks for many at once, and drawing them side by side would take every core from readers.
        with _DRAWING:
            body = cache.get(key)
            if body is None:
                try:
                    body = looks_of.sheet(preset, name)
                except KeyError:
                    raise Http404 from None
                cache.set(key, body, KEPT_SECONDS)
    return HttpResponse(body, content_type="image/webp", headers={"Cache-Control": f"private, max-age={KEPT_SECONDS}"})


def _check_editor(request: HttpRequest) -> None:
    if not reader_of(request).is_editor:
        raise PermissionDenied


def _preset(slug: str) -> Preset:
    for preset in looks_of.looks():
        if preset.slug == slug:
            return preset
    raise Http404


def _production() -> str:
    """The slug of the look that articles are drawn in; empty before there is one."""
    return StylePreset.objects.filter(is_production=True).values_list("slug", flat=True).first() or ""


# -- In the language of the page -----------------------------------------------------------------------------


def _is_korean() -> bool:
    return (get_language() or "").startswith("ko")


def _own(preset: Preset, words: str) -> Any:
    return getattr(preset, f"{words}_{'ko' if _is_korean() else 'en'}")


def _heading(preset: Preset) -> dict[str, Any]:
    return {
        "slug": preset.slug,
        "version": preset.version,
        "edition": looks_of.edition(preset),
        "name": _own(preset, "name"),
        "about": _own(preset, "about"),
    }


def _example(preset: Preset, number: int) -> dict[str, str]:
    return _pictured(f"examples-{number + 1}", looks_of.example_brief(number, preset))


def _night(preset: Preset, number: int) -> dict[str, str]:
    return _pictured(f"nights-{number + 1}", looks_of.night_brief(number, preset))


def _pictured(name: str, brief: Brief) -> dict[str, str]:
    label = looks_of.hero_of(brief, "ko" if _is_korean() else "en")
    return {"name": name, "area": brief.area, "alt": label[0].upper() + label[1:]}


def _swatch(swatch: Swatch) -> dict[str, Any]:
    return {
        "light": _("By day") if swatch.light == "day" else _("By night"),
        "colours": [(_(_ROLES[role]), colour) for role, colour in swatch.colours],
        "contrasts": [(_(_ROLES[role]), f"{ratio:.1f}", ratio < LINE_FROM) for role, ratio in swatch.contrasts],
    }


def _correspondent(persona: Persona) -> dict[str, str]:
    korean = _is_korean()
    looks_like = persona.label_ko if korean else persona.label_en
    return {
        "area": persona.area,
        "name": persona.name_ko if korean else persona.name_en,
        "words": _("A correspondent %(looks_like)s") % {"looks_like": looks_like},
    }
