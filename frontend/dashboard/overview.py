"""The dashboard's first page: puts analytics' figures beside their definitions, and computes none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from curation.analytics import queries
from curation.analytics.types import Day, Figures, Overview
from frontend.pages._names import report_reason

# The accent and the ink of the pages, as the charts know them.
ACCENT, INK, QUIET = "#c8452b", "#3f3a33", "#b8ad9c"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as people read it, what it counts, and how it stands."""

    label: str
    value: str
    definition: str
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class Warned:
    """Something to look at: how often it is so, what it is, and why."""

    count: str
    words: str
    reason: str
    is_recorded: bool = True  # the reason stands as it was recorded, in English
    link: str = ""  # where it is mended


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    definition: str
    data: str  # JSON {labels, datasets}, as unfold's chart components take it
    kind: str  # bar | line
    table: dict[str, Any]  # the same in words


def fill_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by unfold for the admin's index."""
    overview = queries.overview(timezone.now())
    context.update(
        overview=overview,
        real=_reader_figures(overview.real),
        synthetic=_reader_figures(overview.synthetic) if overview.includes_synthetic else [],
        site=_site_figures(overview),
        charts=_charts(overview),
        ailing=_ailing(overview),
        troubles=_troubles(overview),
    )
    return context


def _number(value: float) -> str:
    return str(formats.localize(int(value), use_l10n=True))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _reader_figures(figures: Figures) -> list[Figure]:
    seconds = int(queries.QUALIFYING_READ.total_seconds())
    return [
        Figure(_("Readers"), _number(figures.readers), _("Accounts that can sign in.")),
        Figure(
            _("Active today"),
            _number(figures.active_today),
            _("Readers with at least one read of %(seconds)s s or more today (UTC).") % {"seconds": seconds},
        ),
        Figure(_("Active in 7 days"), _number(figures.active_7_days), _("The same over the last 7 days.")),
        Figure(_("Active in 30 days"), _number(figures.active_30_days), _("The same over the last 30 days.")),
        Figure(
            _("Reads"),
            _number(figures.reads),
            _("One reader, one article, one day, at least %(seconds)s s of active time; last 30 days.")
            % {"seconds": seconds},
        ),
        Figure(
            _("Click-through"),
            _percent(figures.click_through_rate),
            _("Clicks tied to an impression ÷ impressions (half a card in view for a second); last 30 days."),
        ),
    ]


def _site_figures(overview: Overview) -> list[Figure]:
    statistics = overview.statistics
    failed = statistics.get("illustrations_failed", 0)
    minutes = overview.queue_oldest_seconds / 60
    return [
        Figure(
            _("Articles"),
            _number(overview.articles),
            _("Ready to read; %(today)s of them since midnight UTC.") % {"today": _number(overview.articles_today)},
        ),
        _illustrated(statistics),
        Figure(
            _("Failures"),
            _number(failed + overview.articles_failed),
            _("Pictures that could not be drawn, and articles that could not be prepared."),
            alarming=failed + overview.articles_failed > 0,
        ),
        Figure(
            _("Oldest waiting job"),
            ngettext("%(minutes)s minute", "%(minutes)s minutes", round(minutes)) % {"minutes": round(minutes)},
            _("How long the oldest article or picture has waited for a worker."),
            alarming=minutes > 10,
        ),
        Figure(
            _("Sources that fail"),
            _number(overview.sources.failing),
            _("Active sources whose last visit brought nothing; private ones are counted, never named."),
            alarming=overview.sources.failing > 0,
        ),
    ]


def _illustrated(statistics: Mapping[str, float]) -> Figure:
    painted = statistics.get("pictures_painted", 0)
    definition = (
        _("Articles with a picture; a model painted %(painted)s of them.") % {"painted": _number(painted)}
        if painted
        else _("Articles with a picture.")
    )
    return Figure(_("Illustrated"), _number(statistics.get("articles_illustrated", 0)), definition)


def _charts(overview: Overview) -> list[Chart]:
    days = overview.days
    charts = [
        _chart(
            _("Active readers per day"),
            _("Readers with at least one qualifying read on the day (UTC)."),
            days,
            [
                (_("Readers"), ACCENT, [day.active for day in days]),
                (_("Simulated"), QUIET, [day.synthetic_active for day in days]),
            ],
        ),
        _chart(
            _("Reads per day"),
            _("Qualifying reads on the day."),
            days,
            [
                (_("Readers"), ACCENT, [day.reads for day in days]),
                (_("Simulated"), QUIET, [day.synthetic_reads for day in days]),
            ],
        ),
    ]
    drawn = [day.statistics.get("pictures_drawn", 0) for day in days]
    charts.append(
        _chart(
            _("Pictures drawn per day"),
            _("Pictures finished on the day, drawn again or for the first time."),
            days,
            [(_("Pictures"), INK, drawn)],
            kind="bar",
        )
    )
    return charts


def _chart(
    title: str,
    definition: str,
    days: Sequence[Day],
    series: Iterable[tuple[str, str, Sequence[float]]],
    *,
    kind: str = "line",
) -> Chart:
    drawn = [(label, colour, values) for label, colour, values in series if any(values)] or [("", INK, [0] * len(days))]
    labels = [formats.date_format(day.day, "MONTH_DAY_FORMAT") for day in days]
    datasets = [
        {"label": label, "data": list(values), "borderColor": colour, "backgroundColor": colour, "borderWidth": 2}
        for label, colour, values in drawn
    ]
    table = {
        "headers": [_("Day"), *(label for label, _colour, _values in drawn)],
        "rows": [
            [label, *(_number(values[index]) for _name, _colour, values in drawn)] for index, label in enumerate(labels)
        ][::-1],
    }
    return Chart(title, definition, json.dumps({"labels": labels, "datasets": datasets}), kind, table)


def _troubles(overview: Overview) -> list[Warned]:
    words = {
        "models_away": _("The model server does not answer. Pictures and new articles wait for it."),
        "model_failed": _("A model could not be loaded. What it would do is done without it."),
        "paintings_refused": _(
            "Pictures of the last 24 hours that a model should have painted; the composer drew them."
        ),
        "pictures_without_models": _(
            "Pictures of the last 24 hours that are only a desk's emblem; they are drawn anew."
        ),
        "pictures_given_up": _("Pictures of the last 24 hours that are only a desk's emblem, because drawing failed."),
        "pictures_held_up": _("Pictures that wait for something to be mended. Then they are drawn by themselves."),
        "redraws_failed": _("Pictures that could not be drawn anew, and stay as they are."),
        "pictures_unsigned": _("Pictures of the last 24 hours that are not signed."),
        "ranker_broken": _("What the ranking has learned cannot be used. The feed is ordered without it."),
        "ranker_not_trained": _("The ranking could not learn from the last days. The feed stays ordered as it was."),
    }
    told = []
    for trouble in overview.troubles:
        count = _number(trouble.count)
        if trouble.key == "pictures_reported":
            reported = _("Reports of pictures that nobody has settled.")
            unsettled = f"{reverse('admin:illustrate_picturereport_changelist')}?settled_at__isnull=True"
            told.append(Warned(count, reported, report_reason(trouble.reason), is_recorded=False, link=unsettled))
        else:
            told.append(Warned(count, words.get(trouble.key, trouble.key), trouble.reason))
    return told


def _ailing(overview: Overview) -> dict[str, Any]:
    return {
        "headers": [_("Source"), _("Failures in a row"), _("What went wrong")],
        "rows": [[source.name, _number(source.failures), source.reason] for source in overview.sources.ailing],
    }
