"""How a picture was made, in words for readers: the record's keys and figures in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from frontend.pages._names import area_name, mood_name
from illustrate import queries as pictures
from illustrate.queries import Record, Seal

_SCENES = {
    "ground": gettext_noop("Open ground"),
    "city": gettext_noop("A city street"),
    "street": gettext_noop("A street of shops"),
    "weather": gettext_noop("A wide land in the weather"),
    "night": gettext_noop("Under the night sky"),
    "shore": gettext_noop("By the sea"),
    "road": gettext_noop("A road"),
    "journey": gettext_noop("A winding path"),
    "rise": gettext_noop("Steps that climb"),
    "fall": gettext_noop("Steps that descend"),
    "crowd": gettext_noop("A crowd looking on"),
    "march": gettext_noop("A march with placards"),
    "works": gettext_noop("A building site"),
    "gate": gettext_noop("A door in a wall"),
    "desk": gettext_noop("A table with a lamp"),
    "room": gettext_noop("A room with a window"),
    "shelf": gettext_noop("A shelf"),
    "stage": gettext_noop("A stage"),
    "podium": gettext_noop("A stand with microphones"),
    "inspect": gettext_noop("Under a great lens"),
    "bubble": gettext_noop("A speech bubble"),
    "portrait": gettext_noop("A portrait of the correspondent"),
    "dispute": gettext_noop("Two halves with a rift between them"),
    "balance": gettext_noop("A see-saw"),
    "chart": gettext_noop("Columns like a landscape"),
    "map": gettext_noop("A map with a route"),
    "hands": gettext_noop("Two hands that hold it up"),
}
_HAPPENINGS = {
    "rise": gettext_noop("Something rises"),
    "fall": gettext_noop("Something falls"),
    "dispute": gettext_noop("Two sides disagree"),
    "protest": gettext_noop("People protest"),
    "vote": gettext_noop("People vote"),
    "say": gettext_noop("Somebody says something"),
    "warn": gettext_noop("Somebody warns"),
    "win": gettext_noop("Somebody wins"),
    "lose": gettext_noop("Somebody loses"),
    "ask": gettext_noop("Somebody asks"),
    "investigate": gettext_noop("Something is looked into"),
    "rescue": gettext_noop("Somebody is rescued"),
    "ban": gettext_noop("Something is forbidden"),
    "compare": gettext_noop("Things are compared"),
    "build": gettext_noop("Something is built"),
    "change": gettext_noop("Something changes"),
    "weather": gettext_noop("The weather turns"),
    "apologise": gettext_noop("Somebody apologises"),
    "open": gettext_noop("Something opens"),
    "close": gettext_noop("Something closes"),
    "meet": gettext_noop("People meet"),
    "judge": gettext_noop("A court judges"),
    "break": gettext_noop("Something breaks"),
    "attack": gettext_noop("Somebody is attacked"),
    "find": gettext_noop("Something is found"),
    "grow": gettext_noop("Something grows"),
    "learn": gettext_noop("Somebody learns"),
    "move": gettext_noop("Somebody moves"),
    "buy": gettext_noop("Something is bought"),
    "rest": gettext_noop("Somebody rests"),
    "play": gettext_noop("Somebody plays"),
    "die": gettext_noop("Somebody dies"),
}
_PLACES = {
    "space": gettext_noop("Space"),
    "sea": gettext_noop("The sea"),
    "road": gettext_noop("On the road"),
    "mountain": gettext_noop("The mountains"),
    "farm": gettext_noop("A farm"),
    "forest": gettext_noop("A forest"),
    "stadium": gettext_noop("A stadium"),
    "stage": gettext_noop("On stage"),
    "parliament": gettext_noop("A parliament"),
    "school": gettext_noop("A school"),
    "hospital": gettext_noop("A hospital"),
    "laboratory": gettext_noop("A laboratory"),
    "office": gettext_noop("An office"),
    "kitchen": gettext_noop("A kitchen"),
    "home": gettext_noop("At home"),
    "city": gettext_noop("A city"),
}
_HOURS = {"day": gettext_noop("By day"), "dusk": gettext_noop("At dusk"), "night": gettext_noop("By night")}
_SEASONS = {
    "spring": gettext_noop("Spring"),
    "summer": gettext_noop("Summer"),
    "autumn": gettext_noop("Autumn"),
    "winter": gettext_noop("Winter"),
}


def _share(figure: float) -> str:
    return _("%(share)s %%") % {"share": f"{figure * 100:.1f}" if 0 < figure < 0.1 else f"{figure * 100:.0f}"}


# What a check looks for, what its figure counts, and what is said where it failed; in the order in which they are told.
_CHECKS: dict[str, tuple[str, str, str]] = {
    "on_topic": (
        gettext_noop("It shows what the article is about"),
        gettext_noop("%(figure)s of 1"),
        gettext_noop("beside the subject"),
    ),
    "register": (gettext_noop("It suits the gravity of the news"), "", gettext_noop("too playful for the news")),
    "hero_share": (
        gettext_noop("The main thing is large enough"),
        gettext_noop("%(share)s of the picture"),
        gettext_noop("the main thing too small"),
    ),
    "contrast": (
        gettext_noop("The main thing stands out"),
        gettext_noop("%(share)s of it does"),
        gettext_noop("the main thing hard to make out"),
    ),
    "edges": (
        gettext_noop("Neither bare nor cluttered"),
        gettext_noop("%(share)s are edges"),
        gettext_noop("too bare or too cluttered"),
    ),
    "overlap": (
        gettext_noop("Nothing hides what matters"),
        gettext_noop("%(share)s hidden"),
        gettext_noop("something was hidden"),
    ),
    "face_covered": (
        gettext_noop("No face is hidden"),
        gettext_noop("%(share)s hidden"),
        gettext_noop("a face was hidden"),
    ),
    "cut_off": (
        gettext_noop("Nothing is cut off"),
        gettext_noop("%(share)s cut off"),
        gettext_noop("something was cut off"),
    ),
    "face_cut": (
        gettext_noop("No head is cut off"),
        gettext_noop("%(share)s cut off"),
        gettext_noop("a head was cut off"),
    ),
    "twin_bits": (
        gettext_noop("No twin of a recent picture"),
        gettext_noop("%(count)s of 64 marks differ"),
        gettext_noop("too like a recent picture"),
    ),
    "layout_kept": (gettext_noop("The sketch can still be seen in it"), gettext_noop("%(figure)s of 1"), ""),
    "faces": (gettext_noop("Faces in the painting"), gettext_noop("%(count)s found"), ""),
    "likeness": (gettext_noop("Nobody from the photo is recognisable"), gettext_noop("%(figure)s of 1"), ""),
}
_ORDER = {name: place for place, name in enumerate(_CHECKS)}
_PART_OF_ANOTHER = frozenset({"topics", "words", "desk"})  # of on_topic's figure
_NO_FACE = -1.0  # likeness, where there was nobody to compare

_KINDS = {
    "algorithm": gettext_noop("Made by an algorithm, without a trained model"),
    "model": gettext_noop("Made by a trained model"),
    "composite": gettext_noop("Made by a trained model, with people drawn by an algorithm"),
}

_STATES = {
    "whole": gettext_noop(
        "The seal of the largest file is whole: not a bit of it has changed since it was signed here."
    ),
    "foreign": gettext_noop("The seal is whole, but this site does not know who signed it."),
    "broken": gettext_noop("The seal of the largest file is broken: it is not what was signed here."),
    "none": gettext_noop("This file was not signed."),
    "gone": gettext_noop("The file is not there."),
}


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Judged:
    words: str
    figure: str
    passed: bool


def opening(record: Record, look: str) -> str:
    """One sentence that says who made the picture."""
    if record.painter is not None and record.painter.people == "laid in":
        return _("A model painted it over a sketch, and the house drew the people in. No photograph is in it.")
    if record.painter is not None:
        return _("A model painted it over a sketch that the house drew. No photograph is in it.")
    return _("Drawn by rules that people wrote, in the hand called “%(look)s”. No photograph is in it.") % {
        "look": look
    }


def asked(record: Record) -> list[Line]:
    """The brief; what it left open is left out."""
    brief = record.asked
    supports = [label for key in brief.supports if (label := pictures.motif_label(key))]
    lines = [
        (_("Main thing"), pictures.motif_label(brief.hero)),
        (_("Beside it"), ", ".join(supports)),
        (_("Scene"), _known(_SCENES, brief.scene)),
        (_("What happens"), _known(_HAPPENINGS, brief.verb)),
        (_("Where"), _known(_PLACES, brief.setting)),
        (_("Mood"), mood_name(brief.mood) if brief.mood else ""),
        (_("Manner"), _manner(brief.manner)),
        (_("Time of day"), _known(_HOURS, brief.time_of_day)),
        (_("Season"), _known(_SEASONS, brief.season)),
        (_("Colours"), _("Those of %(desk)s") % {"desk": area_name(brief.palette)} if brief.palette else ""),
        (_("Correspondent"), _correspondent(record)),
        (_("In a few words"), ", ".join(brief.phrases)),
        (_("Read by"), _("A language model and the house's rules") if record.read.by == "writer" else ""),
    ]
    return [Line(name, _capitalised(words)) for name, words in lines if words]


def _manner(manner: str) -> str:
    if manner == "restrained":
        return _("Quiet, because people suffer: nobody acts, and the colours are still")
    return _("Free: people act, and faces show what they feel") if manner == "plain" else ""


def _correspondent(record: Record) -> str:
    if not record.asked.scene:
        return ""
    if not record.asked.persona:
        return _("Nobody")
    name = pictures.correspondent_name(record.asked.area)
    return _("%(name)s, an invented person") % {"name": name} if name else _("An invented person")


def made_with(record: Record, look: str) -> list[Line]:
    version = record.preset.partition("/")[2]
    lines = [
        (_("Its look"), _("%(look)s, version %(version)s") % {"look": look, "version": version} if version else look),
        (_("Drawn by"), _maker(record)),
        (_("Meant to be"), _("Painted by a model, which gave none") if record.instead == "unanswered" else ""),
    ]
    if painter := record.painter:
        lines += [
            (_("Model"), painter.model),
            (_("Its revision"), painter.revision),
            (_("Trained further by"), painter.adapter.name if painter.adapter else ""),
            (_("Steps"), f"{painter.steps}, {painter.scheduler}" if painter.steps and painter.scheduler else ""),
            (_("Guidance"), f"{painter.guidance:g}" if painter.guidance else ""),
            (_("Away from the sketch"), _share(painter.strength) if painter.strength else ""),
            (_("People"), _people(painter.people)),
        ]
    seed = record.painter.seed if record.painter and record.painter.seed is not None else record.seed
    lines += [
        (_("Seed"), "" if seed is None else str(seed)),
        (_("It took"), "" if record.seconds is None else _("%(count)s s") % {"count": f"{record.seconds:.1f}"}),
    ]
    return [Line(name, words) for name, words in lines if words]


def _maker(record: Record) -> str:
    if record.painter is not None:
        return _("A trained model, over the composer's sketch (revision %(revision)s)") % {"revision": record.revision}
    if record.renderer == "composer":
        return _("The house's own composer, revision %(revision)s; no trained model") % {"revision": record.revision}
    return record.renderer


def _people(people: str) -> str:
    return {
        "painted": _("Painted by the model"),
        "laid in": _("Drawn by the composer, over the painting"),
        "nobody": _("Nobody is in it"),
    }.get(people, "")


def photo(record: Record) -> list[str]:
    """What the publisher's photo gave, sentence by sentence."""
    taken = record.photo
    if taken is None:
        return [_("The article came without a photo that could be looked at.")]
    if taken.rejected:
        return [_("There was a photo, but it could not be read safely: nothing was taken from it.")]
    told = []
    if taken.faces:
        words = ngettext(
            "%(count)d face was counted; nobody was recognised.",
            "%(count)d faces were counted; nobody was recognised.",
            taken.faces,
        )
        told.append(words % {"count": taken.faces})
    elif taken.faces is not None:
        told.append(_("No face was found in it."))
    if taken.brightness is not None:
        told.append(_("Its light was measured: %(share)s of white.") % {"share": _share(taken.brightness)})
    if taken.palette:
        told.append(_("Its main colours were noted."))
    if taken.source != "default":
        told.append(_("A model that sees was asked what is in it: %(model)s.") % {"model": taken.source})
    return told


def judged(record: Record) -> list[Judged]:
    """Each check with its figure, those that failed first."""
    checks = [each for each in record.checks if each.name not in _PART_OF_ANOTHER]
    if record.painter:
        # The sketch's checks have been made on the sketch; what a painting may change is told of the painting.
        again = {each.name for each in record.painter.checks}
        checks = [each for each in checks if each.name not in again] + list(record.painter.checks)
    checks.sort(key=lambda each: (each.passed, _ORDER.get(each.name, len(_ORDER))))
    return [_judged(each.name, each.figure, each.passed) for each in checks]


def _judged(name: str, figure: float, passed: bool) -> Judged:
    if name not in _CHECKS:
        return Judged(name.replace("_", " ").capitalize(), f"{figure:g}", passed)
    wanted, told, amiss = _CHECKS[name]
    words = _(wanted) if passed or not amiss else _capitalised(_(amiss))
    if not told or (name == "likeness" and figure == _NO_FACE):
        return Judged(words, "", passed)
    figures = {"share": _share(figure), "figure": f"{figure:.2f}", "count": f"{figure:.0f}"}
    return Judged(words, _(told) % figures, passed)


def verdict(record: Record) -> str:
    if record.is_makeshift:
        return _("No model answered when it was drawn, so the emblem of the desk stands in until one does.")
    if record.is_given_up:
        return _("It could not be drawn, time after time, so the emblem of the desk stands in.")
    if record.decision == "fallback":
        return _("Nothing that was drawn fitted, so the emblem of the desk stands in and claims nothing.")
    if record.attempts is None or record.decision != "accept":
        return ""
    if record.attempts == 1:
        return _("Accepted at the first attempt.")
    return _("Accepted at attempt %(count)d.") % {"count": record.attempts}


def refused(record: Record) -> list[Line]:
    """What was drawn before and not shown, and why."""
    lines = []
    for each in record.refused:
        drawn = (_capitalised(pictures.motif_label(each.hero)), _known(_SCENES, each.scene))
        why = (_(_CHECKS[name][2]) for name in each.failed if name in _CHECKS)
        lines.append(Line(" · ".join(filter(None, drawn)), ", ".join(filter(None, why))))
    if record.instead == "unfit":
        lines.append(Line(_("A painting by a model"), _("not fit to be shown")))
    return [line for line in lines if line.name]


def kind(record: Record) -> str:
    """The digital source type, in words."""
    return _(_KINDS[record.kind]) if record.kind else ""


def seal_words(seal: Seal) -> str:
    return _(_STATES[seal.state])


def _known(table: dict[str, str], key: str) -> str:
    return _(table[key]) if key in table else ""


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]
