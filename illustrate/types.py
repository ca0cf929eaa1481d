"""What the four steps of a picture hand to each other: subject, brief, render, verdict, drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from PIL import Image

MOODS = (
    "neutral", "joy", "hope", "worry", "sorrow", "anger", "surprise", "determination", "calm", "curiosity",
)  # fmt: skip
SCENES = (
    "ground",  # the motif stands on hills, sun behind it
    "city",  # a street under a skyline
    "podium",  # someone speaks: the motif on a stand with a microphone, rays behind
    "rise",  # steps that climb, the motif on top
    "fall",  # steps that descend, the motif sliding down them
    "dispute",  # two parties and a bolt between them
    "night",  # stars, moon, lit windows
    "desk",  # still life: a table with a lamp, the motif large on it
    "shore",  # sea, horizon, sky
    "room",  # an interior with a window
    "stage",  # curtains and a spotlight
    "crowd",  # anonymous heads look up at the motif
    "road",  # a road that leads to the motif
    "bubble",  # someone thinks or tells of the motif
)  # fmt: skip
TIMES_OF_DAY = ("day", "dusk", "night")
REGISTERS = ("plain", "restrained")

Mood = str  # one of MOODS
Scene = str  # one of SCENES


@dataclass(frozen=True, slots=True)
class Subject:
    """What a picture is to be about: an article's words, and its photo where it has one."""

    title: str
    text: str = ""
    language: str = "en"
    area: str = ""
    topics: tuple[str, ...] = ()
    photo: bytes | None = None
    photo_alt: str = ""
    photo_caption: str = ""


@dataclass(frozen=True, slots=True)
class VisualFacts:
    """What describe takes from a photo. All empty where there is none, or where it was `rejected`, and why."""

    faces: int = 0
    palette: tuple[str, ...] = ()  # "#rrggbb", the largest share first
    brightness: float | None = None  # 0 black to 1 white
    alt: str = ""
    caption: str = ""
    rejected: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """The complete instruction for one picture; with a seed it determines every pixel."""

    title_hash: str
    area: str
    topics: tuple[str, ...]
    language: str
    hero: str  # motif key
    supports: tuple[str, ...]  # motif keys, most telling first
    scene: Scene
    verb: str  # the headline's action in one word: rise, fall, dispute, say, win, open, ...
    mood: Mood
    setting: str  # the photo's or the text's place in one word, "" when unknown: sea, city, indoors, ...
    time_of_day: str  # one of TIMES_OF_DAY
    season: str  # spring | summer | autumn | winter | ""
    register: str  # one of REGISTERS; restrained: no persona, still palette, quiet scene
    persona: bool
    palette: str  # area slug whose palette is used
    preset: str = "grain"
    preset_version: int = 1

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; tuples become lists."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Brief:
        """The inverse of `to_dict`; raises KeyError on a missing field, ValueError on an unknown one."""
        names = {each.name for each in fields(cls)}
        if unknown := set(data) - names:
            raise ValueError(f"Brief has no field {', '.join(sorted(unknown))}")
        values: dict[str, Any] = {
            name: tuple(data[name]) if isinstance(data[name], list) else data[name] for name in names
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One image from one brief and one seed.

    `parts` tells what was drawn, for alt text and checks:
    `hero`: {"key", "box"}; `persona`: None or {"area", "expression", "head": box, "face": box, "faces": left | right};
    `others`: [same as persona], e.g. the second party of a dispute; `supports`: [{"key", "box", "where"}];
    `scene`, `time_of_day`, `palette`, `props`: names. A box is [left, top, right, bottom] in pixels of 1200x675.
    """

    svg: str
    image: Image.Image  # RGB 1200x675
    parts: dict[str, Any]
    colour: str  # "#rrggbb", the placeholder before the picture is there


@dataclass(frozen=True, slots=True)
class Scores:
    """Each check with its figure and whether it passed, in the order in which they ran."""

    figures: Mapping[str, float] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    perceptual_hash: str = ""  # 64 bits, hex: what a later picture must not be the twin of


@dataclass(frozen=True, slots=True)
class Verdict:
    decision: Literal["accept", "retry", "reject", "fallback"]  # fallback: nothing fitted, the desk's emblem stands in
    reasons: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.decision == "accept"


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole way of one picture: what was asked, what was drawn, how it was judged."""

    brief: Brief
    rendered: Rendered
    scores: Scores
    verdict: Verdict
    alt_en: str
    alt_ko: str
    provenance: dict[str, Any]
    seed: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page needs to show an article's picture. Without a file `src` is empty: the placeholder stays."""

    picture_id: int
    state: str  # Picture.State
    src: str
    srcset: str
    alt: str  # in the active language
    colour: str  # "#rrggbb", "" when not yet known
    width: int
    height: int
