"""Shares of a whole, as words and as the length of a bar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Share:
    words: str
    width: int  # in per cent of the longest bar beside it


def shares_of(parts: Iterable[float]) -> list[Share]:
    """Each part of 1 in words; the bars compare the parts, the longest fills its place."""
    known = list(parts)
    longest = max(known, default=0.0) or 1.0
    return [Share(_percent(part), round(100 * part / longest)) for part in known]


def _percent(part: float) -> str:
    if 0 < part < 0.005:
        return _("under 1 %")
    return _("%(share)s %%") % {"share": f"{part * 100:.0f}"}
