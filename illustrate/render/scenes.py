"""The scenes by name: how each is laid, what may stand in it, and which takes its place where it would be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from illustrate.render import _figures_of_thought as figurative
from illustrate.render import _indoors as indoors
from illustrate.render import _outdoors as outdoors
from illustrate.render.motifs import Motif
from illustrate.render.stage import Stage


@dataclass(frozen=True, slots=True)
class Layout:
    lay: Callable[[Stage], None]
    quieter: str = ""  # the scene staged instead for news that hurts; "" where this one is quiet itself
    unpeopled: str = ""  # the scene staged instead where nobody may appear; "" where it lives without people
    is_roomy: bool = True  # takes what is larger than a person, and what flies
    has_water: bool = False  # or free room, for what floats


SCENES: dict[str, Layout] = {
    "ground": Layout(outdoors.ground),
    "city": Layout(outdoors.city),
    "street": Layout(outdoors.street, quieter="city"),
    "weather": Layout(outdoors.weather),
    "night": Layout(outdoors.night),
    "shore": Layout(outdoors.shore, has_water=True),
    "road": Layout(outdoors.road),
    "journey": Layout(outdoors.journey),
    "rise": Layout(outdoors.rise, quieter="road"),
    "fall": Layout(outdoors.fall, quieter="ground"),
    "crowd": Layout(outdoors.crowd, quieter="ground"),
    "march": Layout(outdoors.march, quieter="road"),
    "gate": Layout(outdoors.gate, is_roomy=False),
    "desk": Layout(indoors.desk, is_roomy=False),
    "room": Layout(indoors.room, is_roomy=False),
    "shelf": Layout(indoors.shelf, is_roomy=False),
    "works": Layout(indoors.works, quieter="ground"),
    "inspect": Layout(indoors.inspect, has_water=True),
    "stage": Layout(indoors.stage, quieter="room"),
    "podium": Layout(indoors.podium, quieter="desk", is_roomy=False),
    "bubble": Layout(indoors.bubble, quieter="room", unpeopled="desk", has_water=True),
    "portrait": Layout(indoors.portrait, quieter="room", unpeopled="room"),
    "dispute": Layout(figurative.dispute, quieter="ground", has_water=True),
    "balance": Layout(figurative.balance, quieter="ground", is_roomy=False),
    "chart": Layout(figurative.chart, quieter="desk", is_roomy=False),
    "map": Layout(figurative.route_map, has_water=True),
    "hands": Layout(figurative.hands, quieter="ground", has_water=True),
}


def fits(scene: str, hero: Motif) -> bool:
    """Whether it may stand there: a ship not on a table, nor on a street."""
    layout = SCENES[scene]
    if hero.place == "float":
        return layout.has_water
    return layout.is_roomy or (hero.place != "fly" and hero.size != "large")


def is_quiet(scene: str) -> bool:
    """Whether news that hurts may be told there."""
    return not SCENES[scene].quieter


def settled(scene: str, hero: Motif, *, is_sober: bool, is_peopled: bool) -> str:
    """The scene that is really staged for what was asked: its quieter or emptier neighbour, one where the hero fits.

    What is settled stays so. Raises KeyError for a scene that does not exist.
    """
    if is_sober:
        scene = SCENES[scene].quieter or scene
    if not is_peopled:
        scene = SCENES[scene].unpeopled or scene
    return scene if fits(scene, hero) else anywhere(hero)


def anywhere(hero: Motif) -> str:
    """The scene that takes everything: land, or water for what floats."""
    return "shore" if hero.place == "float" else "ground"
