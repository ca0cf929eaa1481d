"""The figures of a look, in words for editors."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from illustrate.styles import Preset

_COLOURS = {
    "full": gettext_noop("The area's whole palette."),
    "card": gettext_noop("Coloured card: stronger grounds, and figures with an edge of bare paper."),
    "two": gettext_noop("Two flat colours of the area, and the paper."),
    "spot": gettext_noop("What three inks make on cream paper: the area's ink, main colour and accent."),
    "night": gettext_noop("Dark grounds; only figures are light."),
}
_SKIES = {
    "bands": gettext_noop("In bands, paler towards the horizon."),
    "flat": gettext_noop("One sheet of one colour."),
    "bare": gettext_noop("Bare paper."),
    "rings": gettext_noop("Rings of light behind the main thing."),
    "dots": gettext_noop("Dots, thinner towards the horizon."),
}


def measures(preset: Preset) -> list[tuple[str, str]]:
    """As (what, how), in the language of the page; what a look does without is left out unless that is its mark."""
    right, down = (_pixels(each) for each in preset.shift)
    lines = [
        (_("Colours"), _(_COLOURS[preset.colours])),
        (_("Outline"), _outline(preset)),
        (_("Lines inside"), _pixels(preset.detail)),
        (_("Hills and houses"), _scenery(preset)),
        (_("Shadows"), _shadows(preset)),
        (_("Edge"), _edge(preset)),
        (_("Scissors"), _("Every curve is cut a little straighter than it is.") if preset.cut else ""),
        (_("Sky"), _(_SKIES[preset.sky])),
        (_("Print"), _("Dot screens, and plates that miss each other by a few pixels.") if preset.print else ""),
        (
            _("Register"),
            _("Colours miss their lines by %(right)s to the right and %(down)s down.") % {"right": right, "down": down}
            if any(preset.shift)
            else "",
        ),
        (_("Grain"), _grain(preset)),
        (_("Margin"), _margin(preset)),
        (
            _("Sizes"),
            _("The main thing is at most %(wide)s × %(tall)s, a correspondent %(bust)s tall.")
            % {"wide": preset.hero[0], "tall": _pixels(preset.hero[1]), "bust": _pixels(preset.persona)},
        ),
    ]
    return [(what, how) for what, how in lines if how]


def _pixels(length: float) -> str:
    return f"{length:g}\N{NO-BREAK SPACE}px"


def _share(part: float) -> str:
    return f"{part * 100:.0f}\N{NO-BREAK SPACE}%"


def _outline(preset: Preset) -> str:
    if not preset.outline:
        return _("None.")
    return _("%(width)s round every figure, whatever its size.") % {"width": _pixels(preset.outline)}


def _scenery(preset: Preset) -> str:
    if not preset.scenery:
        return _("Without a line.")
    return _("A line of %(width)s.") % {"width": _pixels(preset.scenery)}


def _shadows(preset: Preset) -> str:
    if preset.hatch:
        return _("Hatched with a thin pen.")
    sides = []
    if preset.shade:
        sides.append(_("%(share)s dark, away from the light on the left.") % {"share": _share(preset.shade)})
    right, down, opacity = preset.drop
    if opacity:
        sides.append(
            _("Each sheet throws its shadow %(right)s to the right and %(down)s down, %(share)s dark.")
            % {"right": _pixels(right), "down": _pixels(down), "share": _share(opacity)}
        )
    return " ".join(sides) or _("None.")


def _edge(preset: Preset) -> str:
    if not preset.halo:
        return ""
    if preset.drop[2]:
        return _("%(width)s of bare paper round every figure.") % {"width": _pixels(preset.halo)}
    return _("%(width)s of light round a figure on dark ground.") % {"width": _pixels(preset.halo)}


def _grain(preset: Preset) -> str:
    if not preset.grain:
        return ""
    return _("Lightness strays by about %(steps)s of 255 steps.") % {"steps": f"{preset.grain:g}"}


def _margin(preset: Preset) -> str:
    if not preset.margin:
        return _("None.")
    return _("%(width)s of bare paper all round.") % {"width": _pixels(preset.margin)}
