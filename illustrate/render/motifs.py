"""The allow-list of things that may stand in a picture, each with the news it can stand for."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal

from illustrate.render import _geometry

Role = Literal["hero", "support"]
Place = Literal["stand", "fly", "float"]
Size = Literal["table", "stand", "large"]

KINDS = frozenset(
    [
        "building",
        "vehicle",
        "ship",
        "aircraft",
        "animal",
        "plant",
        "food",
        "drink",
        "tool",
        "machine",
        "device",
        "furniture",
        "instrument",
        "document",
        "sport",
        "garment",
        "body",
        "weather",
        "land",
        "monument",
        "money",
        "weapon",
        "sign",
        "person",
        "thing",
    ]
)
_FIELDS = frozenset(
    ("en", "ko", "kind", "size", "role", "place", "tone", "kin", "areas", "news_en", "news_ko", "drawing")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Motif:
    key: str
    kind: str  # one of KINDS
    size: Size  # fits on a table, as tall as a person, larger
    role: Role  # a support is too slight or too general to carry a picture alone
    place: Place  # on the ground, in the air, on water
    tone: str  # quiet: may stand in the picture of a sensitive subject; hard: only where the article says it; or ""
    kin: str  # motifs of one kin say the same; "" for a thing of its own
    areas: tuple[str, ...]
    label_en: str  # with its article: "a gavel"
    label_ko: str
    phrases: tuple[str, ...]  # what news it stands for, literally or by metaphor, in English
    phrases_ko: tuple[str, ...]
    drawing: tuple[str, ...]  # part by part, see the library's README


@cache
def all_motifs() -> tuple[Motif, ...]:
    """Every motif, in the order of the library's files."""
    folder = resources.files(__package__) / "library"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(
        _motif(key, file.name, entry) for file in files for key, entry in tomllib.loads(file.read_text("utf-8")).items()
    )


def _motif(key: str, file: str, entry: dict[str, Any]) -> Motif:
    """Raises ValueError for a field that does not exist: a misspelt one would be ignored otherwise."""
    if unknown := set(entry) - _FIELDS:
        raise ValueError(f"{file}, {key}: there is no field {', '.join(sorted(unknown))}")
    return Motif(
        key=key,
        kind=entry.get("kind", "thing"),
        size=entry.get("size", "table"),
        role=entry.get("role", "hero"),
        place=entry.get("place", "stand"),
        tone=entry.get("tone", ""),
        kin=entry.get("kin", ""),
        areas=tuple(entry["areas"].split()),
        label_en=entry["en"],
        label_ko=entry["ko"],
        phrases=_listed(entry["news_en"]),
        phrases_ko=_listed(entry["news_ko"]),
        drawing=tuple(entry["drawing"].strip().splitlines()),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(phrase for each in text.split(";") if (phrase := " ".join(each.split())))


@cache
def _by_key() -> dict[str, Motif]:
    by_key = {motif.key: motif for motif in all_motifs()}
    if len(by_key) != len(all_motifs()):
        raise ValueError("two motifs of the library have one key")
    return by_key


def get_motif(key: str) -> Motif:
    """The motif of that key; raises KeyError for one that is not allowed."""
    return _by_key()[key]


@lru_cache(maxsize=1024)
def figure(key: str, cut: float = 0) -> _geometry.Figure:
    """The motif's geometry, `cut` as in a Preset; raises KeyError for one that is not allowed."""
    return _geometry.from_parts(get_motif(key).drawing, cut=cut)
