"""The scenes by name: each lays its scenery, puts the news's main thing into it, and lets people act on it."""

from __future__ import annotations

from collections.abc import Callable

from illustrate.render import _figures_of_thought as figurative
from illustrate.render import _indoors as indoors
from illustrate.render import _outdoors as outdoors
from illustrate.render.stage import Stage

SCENES: dict[str, Callable[[Stage], None]] = {
    "ground": outdoors.ground,
    "city": outdoors.city,
    "street": outdoors.street,
    "weather": outdoors.weather,
    "night": outdoors.night,
    "shore": outdoors.shore,
    "road": outdoors.road,
    "journey": outdoors.journey,
    "rise": outdoors.rise,
    "fall": outdoors.fall,
    "crowd": outdoors.crowd,
    "march": outdoors.march,
    "gate": outdoors.gate,
    "desk": indoors.desk,
    "room": indoors.room,
    "shelf": indoors.shelf,
    "works": indoors.works,
    "inspect": indoors.inspect,
    "stage": indoors.stage,
    "podium": indoors.podium,
    "bubble": indoors.bubble,
    "portrait": indoors.portrait,
    "dispute": figurative.dispute,
    "balance": figurative.balance,
    "chart": figurative.chart,
    "map": figurative.route_map,
    "hands": figurative.hands,
}
