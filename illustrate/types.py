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
    # Outdoors
    "ground",  # the motif stands on hills, sun behind it
    "city",  # a street under a skyline
    "street",  # shops seen close
    "weather",  # a wide land under rain, snow, wind or heat
    "night",  # stars, moon, lit windows
    "shore",  # sea, horizon, sky
    "road",  # a road that leads to the motif
    "journey",  # a winding path, somebody on the way
    "rise",  # steps that climb, the motif on top
    "fall",  # steps that descend, the motif sliding down them
    "crowd",  # anonymous heads look up at the motif
    "march",  # people walk with placards
    "works",  # scaffolding, ladders, people at work on it
    # Indoors
    "gate",  # a door in a wall, open or barred
    "desk",  # still life: a table with a lamp, the motif large on it
    "room",  # an interior with a window
    "shelf",  # things in rows
    "stage",  # curtains and a spotlight
    "podium",  # the motif on a stand with microphones, rays behind
    # Figures of thought
    "inspect",  # the motif under a great lens
    "bubble",  # someone tells of the motif
    "portrait",  # the correspondent large, the motif as an attribute
    "dispute",  # two halves, a rift, a party on each
    "balance",  # two things on one beam
    "chart",  # columns as a landscape
    "map",  # coasts and a route
    "hands",  # two large hands hold the motif up
)
BRIGHT_MOODS, DARK_MOODS = frozenset({"joy", "hope", "calm"}), frozenset({"worry", "sorrow", "anger"})
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
    has_photo: bool = False  # the article has one, whether or not it could be fetched
    photo_alt: str = ""
    photo_caption: str = ""


Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of width and height, 0 to 1

MANY_FACES = 4
SEEN_FROM = 0.4  # a caption is believed from this mean probability of its words


@dataclass(frozen=True, slots=True)
class VisualFacts:
    """What describe takes from a photo. All empty where there is none, or where it was `rejected`, and why.

    The second half is empty unless a captioner or a model for questions is at the door.
    """

    faces: int | None = 0  # None where they could not be looked for
    boxes: tuple[Box, ...] = ()  # where they are, the largest first
    palette: tuple[str, ...] = ()  # "#rrggbb", the largest share first
    brightness: float | None = None  # 0 black to 1 white
    focus: float | None = None  # 0 blurred to 1 sharp
    place: str = ""  # indoors | outdoors | "": a hint by colours alone
    alt: str = ""
    caption: str = ""
    rejected: str = ""

    seen: str = ""  # what a captioner says the photo shows, in English
    seen_confidence: float = 0.0  # 0 to 1: the mean probability of its words
    facts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)  # as describe.questions names them
    raw: Mapping[str, Mapping[str, str | float]] = field(default_factory=dict)  # key → {"answer", "confidence"}
    dropped: tuple[str, ...] = ()  # facts that the article or the photo itself contradicts, and why
    source: str = "default"  # or the models that looked
    unavailable: str = ""  # why a model that should have looked did not

    @property
    def faces_class(self) -> str:
        """none | some | many."""
        return "none" if not self.faces else "some" if self.faces < MANY_FACES else "many"

    @property
    def words(self) -> str:
        """Whatever words there are about the photo: its publisher's, and a captioner's where it is sure."""
        return " ".join(filter(None, (self.alt, self.caption, self.seen if self.seen_confidence >= SEEN_FROM else "")))


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
    verb: str  # what happens, in one word: rise, fall, dispute, say, win, open, ...; "" for nothing in particular
    mood: Mood
    setting: str  # the photo's or the text's place in one word, "" when unknown: sea, city, indoors, ...
    time_of_day: str  # one of TIMES_OF_DAY
    season: str  # spring | summer | autumn | winter | ""
    register: str  # one of REGISTERS; restrained: no persona, still palette, quiet scene
    persona: bool
    palette: str  # area slug whose palette is used
    preset: str = "grain"
    preset_version: int = 2
    phrases: tuple[str, ...] = ()  # what it is about, in English, kinds in place of names; only a model reads them

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; tuples become lists."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Brief:
        """The inverse of `to_dict`; raises KeyError on a missing field, ValueError on an unknown one.

        A row that was stored before briefs had phrases has none.
        """
        names = {each.name for each in fields(cls)}
        if unknown := set(data) - names:
            raise ValueError(f"Brief has no field {', '.join(sorted(unknown))}")
        data = {"phrases": []} | dict(data)
        values: dict[str, Any] = {
            name: tuple(data[name]) if isinstance(data[name], list) else data[name] for name in names
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One image from one brief and one seed.

    `parts` tells what was drawn, for alt text and checks:
    `hero`: {"key", "box"}; `persona`: None or {"area", "expression", "gesture", "head": box, "face": box,
    "faces": left | right}; `others`: [same as persona], e.g. the second party of a dispute;
    `supports`: [{"key", "box", "where"}]; `players`: boxes of people of no name; `scene`, `shape`, `time_of_day`,
    `palette`, `props`: names. A box is [left, top, right, bottom] in the image's pixels.
    """

    svg: str
    image: Image.Image  # RGB, as large as its frame: 1200x675 for the wide one
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
    rendered: Rendered  # in the wide frame
    crops: tuple[Rendered, ...]  # the same scene in the other frames
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
    srcset: str  # of the wide frame, 16:9
    square: str  # srcset of the 1:1 frame; this and the next two are empty for a picture without crops
    tall: str  # srcset of the 4:5 frame
    card: str  # address of the share card, 1200x630
    alt: str  # in the active language
    colour: str  # "#rrggbb", "" when not yet known
    is_by_model: bool  # a trained model painted it, or what lies under its figures
    width: int
    height: int
