"""The allow-list of things that may stand in a picture, each with the news it can stand for."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal

from illustrate.render import _geometry

Role = Literal["hero", "support"]
Place = Literal["stand", "fly", "float"]


@dataclass(frozen=True, slots=True)
class Motif:
    key: str
    icon: str  # a name of the icon set, or "own:" and a name in drawings.toml
    role: Role  # a support is too slight or too general to carry a picture alone
    areas: tuple[str, ...]
    tones: str  # colours of an icon's regions, largest first: m(ain) a(ccent) l(ight) d(eep) or - for a hole
    place: Place  # on the ground, in the air, on water
    label_en: str  # with its article: "a gavel"
    label_ko: str
    phrases: tuple[str, ...]  # what news it stands for, literally or by metaphor


@cache
def all_motifs() -> tuple[Motif, ...]:
    """Every motif, in the order of the table."""
    table = (resources.files(__package__) / "motifs.tsv").read_text("utf-8")
    return tuple(
        Motif(
            key=row["key"],
            icon=row["icon"],
            role=row["role"],  # type: ignore[arg-type]
            areas=tuple(row["areas"].split()),
            tones=row["tones"],
            place=row["place"],  # type: ignore[arg-type]
            label_en=row["label_en"],
            label_ko=row["label_ko"],
            phrases=tuple(phrase.strip() for phrase in row["phrases"].split(";")),
        )
        for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    )


@cache
def _by_key() -> dict[str, Motif]:
    return {motif.key: motif for motif in all_motifs()}


def get_motif(key: str) -> Motif:
    """The motif of that key; raises KeyError for one that is not allowed."""
    return _by_key()[key]


@cache
def _drawings() -> dict[str, str]:
    return tomllib.loads((resources.files(__package__) / "drawings.toml").read_text("utf-8"))


@lru_cache(maxsize=512)
def figure(key: str) -> _geometry.Figure:
    """The motif's geometry; raises KeyError for one that is not allowed."""
    motif = get_motif(key)
    kind, _, name = motif.icon.partition(":")
    if kind == "own":
        return _geometry.from_parts(_drawings()[name].strip().splitlines())
    return _geometry.from_lines(_geometry.icon_paths(motif.icon), motif.tones)
