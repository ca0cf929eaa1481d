"""The whole record of a picture as one document, and the little of it that travels inside its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["algorithm", "model", "composite", ""]

# IPTC's vocabulary: what a made thing was made of.
_VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
ALGORITHM = _VOCABULARY + "algorithmicMedia"  # rules that people wrote; nothing learned from pictures
MODEL = _VOCABULARY + "trainedAlgorithmicMedia"
COMPOSITE = _VOCABULARY + "compositeWithTrainedAlgorithmicMedia"

_KINDS: Mapping[str, Kind] = {ALGORITHM: "algorithm", MODEL: "model", COMPOSITE: "composite"}

LICENCE_PAGES = {"CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/"}


def kind_of(digital_source_type: str | None) -> Kind:
    return _KINDS.get(digital_source_type or "", "")


class _Document(BaseModel):
    """Rows of every age can be read: what they do not know is empty, what they know besides is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PublicRecord(_Document):
    """What a file says of itself, wherever it is passed on to: what made it, never what article it was made for."""

    renderer: str
    revision: str
    preset: str
    seed: int
    licence: str
    digital_source_type: str
    model: str = ""
    model_revision: str = ""
    adapter: str = ""


class Asked(_Document):
    """The brief in its own keys."""

    hero: str = ""
    supports: tuple[str, ...] = ()
    scene: str = ""
    verb: str = ""
    mood: str = ""
    manner: str = Field("", validation_alias="register")  # the brief's own word is a method of every such document
    setting: str = ""
    time_of_day: str = ""
    season: str = ""
    area: str = ""
    palette: str = ""
    persona: bool = False
    phrases: tuple[str, ...] = ()


class Check(_Document):
    name: str
    figure: float
    passed: bool


class Adapter(_Document):
    name: str
    scale: float | None = None
    revision: str = ""


class Painter(_Document):
    """A trained model that painted over the composer's layout, and what it was told."""

    model: str
    revision: str = ""
    adapter: Adapter | None = None
    scheduler: str = ""
    steps: int | None = None
    guidance: float | None = None
    strength: float | None = None  # of the change to the layout, 0 to 1
    seed: int | None = None
    prompt: str = ""
    prompt_version: str = ""
    people: str = ""  # painted | laid in: the composer's own over the painting | nobody
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What programs are told of the picture that a page shows."""

    address: str  # of the widest file
    digital_source_type: str
    licence: str

    @property
    def kind(self) -> Kind:
        return kind_of(self.digital_source_type)

    @property
    def licence_page(self) -> str:
        return LICENCE_PAGES.get(self.licence, "")


class Photo(_Document):
    """What was taken from the publisher's photo. The photo itself reaches neither a renderer nor a reader."""

    faces: int | None = None
    palette: tuple[str, ...] = ()
    brightness: float | None = None
    rejected: str = ""
    source: str = "default"  # or the models that looked at it
    facts: dict[str, str | tuple[str, ...]] = {}  # what they saw, as describe.questions names it


class Read(_Document):
    """Who read the article for the brief."""

    by: str = "rules"  # rules | writer
    confidence: float | None = None  # of the writer


class Refusal(_Document):
    """A render that was not shown."""

    hero: str = ""
    scene: str = ""
    failed: tuple[str, ...] = ()  # names of checks


class Record(_Document):
    """How one picture was made, from the wish to the verdict."""

    asked: Asked
    read: Read = Read()
    renderer: str = ""
    revision: str = ""
    preset: str = ""  # "grain/2"
    painter: Painter | None = None
    instead: Literal["", "unfit", "unanswered"] = ""  # of a painting that could not be shown, or never came
    is_makeshift: bool = False  # no model answered, not even those that read the article
    is_given_up: bool = False  # it could not be drawn, time after time
    seed: int | None = None
    licence: str = ""
    digital_source_type: str = ""
    photo: Photo | None = None
    checks: tuple[Check, ...] = ()
    decision: str = ""  # accept | fallback
    attempts: int | None = None
    refused: tuple[Refusal, ...] = ()
    drawn_at: datetime | None = None
    seconds: float | None = None
    signed: bool | None = None  # None: drawn before files were signed
    unsigned_because: str = ""

    @property
    def kind(self) -> Kind:
        return kind_of(self.digital_source_type)

    @property
    def licence_page(self) -> str:
        return LICENCE_PAGES.get(self.licence, "")


@dataclass(frozen=True, slots=True)
class Seal:
    """What a file's signature says when it is read.

    whole: as it was signed, by this installation. foreign: whole too, but by a signer whom we do not know.
    broken: changed since. none: never signed. gone: there is no file.
    """

    state: Literal["whole", "foreign", "broken", "none", "gone"]
    signer: str = ""
    is_development: bool = False
    why: str = ""  # the reader's own words, where it is broken


def record_of(
    *, brief: Mapping[str, Any], provenance: Mapping[str, Any], evaluation: Mapping[str, Any], seed: int | None
) -> Record:
    """From what a picture's row keeps, of whatever age."""
    failed = set(evaluation.get("failed") or ())
    figures: Mapping[str, float] = evaluation.get("figures") or {}
    photo = provenance.get("photo")
    meant = provenance.get("instead_of")
    return Record(
        asked=Asked.model_validate(dict(brief)),
        read=Read.model_validate(provenance.get("read") or {}),
        renderer=provenance.get("renderer", ""),
        revision=str(provenance.get("renderer_version", "")),
        preset=provenance.get("preset", ""),
        painter=_painter(provenance),
        instead=("unfit" if meant.get("unfit", True) else "unanswered") if meant else "",
        is_makeshift="without_models" in provenance,
        is_given_up="given_up" in provenance,
        seed=provenance.get("seed", seed),
        licence=provenance.get("licence", ""),
        digital_source_type=provenance.get("digital_source_type", ""),
        photo=Photo.model_validate(photo) if photo else None,
        checks=tuple(Check(name=name, figure=figure, passed=name not in failed) for name, figure in figures.items()),
        decision=evaluation.get("decision", ""),
        attempts=evaluation.get("attempts"),
        refused=tuple(_refusal(each) for each in provenance.get("refused") or ()),
        drawn_at=provenance.get("drawn_at"),
        seconds=provenance.get("seconds"),
        signed=provenance.get("signed"),
        unsigned_because=provenance.get("unsigned_because", ""),
    )


def public_record(provenance: Mapping[str, Any]) -> PublicRecord:
    painter = _painter(provenance)
    return PublicRecord(
        renderer=provenance.get("renderer", ""),
        revision=str(provenance.get("renderer_version", "")),
        preset=provenance.get("preset", ""),
        seed=painter.seed if painter and painter.seed is not None else provenance.get("seed", 0),
        licence=provenance.get("licence", ""),
        digital_source_type=provenance.get("digital_source_type", ""),
        model=painter.model if painter else "",
        model_revision=painter.revision if painter else "",
        adapter=painter.adapter.name if painter and painter.adapter else "",
    )


def _painter(provenance: Mapping[str, Any]) -> Painter | None:
    told = provenance.get("painting")
    if not told:
        return None
    adapter = told.get("adapter")
    figures: Mapping[str, float] = told.get("figures") or {}
    return Painter.model_validate({
        **told,
        "model": _name_of(told.get("model", "")),
        "revision": told.get("revision") or "",
        "adapter": {**adapter, "name": _name_of(adapter["name"])} if adapter else None,
        # A painting that failed one is not shown.
        "checks": [Check(name=name, figure=figure, passed=True) for name, figure in figures.items()],
    })  # fmt: skip


def _name_of(source: str) -> str:
    """A model as its authors call it; of a path only the last part, for folders are the operator's own matter."""
    if source.startswith(("/", ".", "~")):
        return PurePosixPath(source).name
    return PureWindowsPath(source).name if "\\" in source else source


# -- Refusals ------------------------------------------------------------------------------------------------

_REFUSAL = re.compile(r"(?P<hero>[\w-]+) in (?P<scene>[\w-]+): (?P<reasons>.*)", re.DOTALL)
# By these words of its reason a check is known: the judge says the rest with figures that differ each time.
_TELLING = {
    "edges": "too bare or too cluttered",
    "hero_share": "the main thing is too small",
    "contrast": "does not stand out",
    "cut_off": "of a thing",
    "face_cut": "of a head",
    "overlap": "hidden behind another",
    "face_covered": "of a face is hidden",
    "twin_bits": "looks like a recent picture",
    "register": "too playful",
    "on_topic": "is not what the article is about",
}


def _refusal(words: str) -> Refusal:
    found = _REFUSAL.fullmatch(words)
    if found is None:
        return Refusal()
    failed = tuple(name for name, telling in _TELLING.items() if telling in found["reasons"])
    return Refusal(hero=found["hero"], scene=found["scene"], failed=failed)
