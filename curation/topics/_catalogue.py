"""topics.toml, read once."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from curation.topics.types import Area, TopicEntry


@lru_cache(maxsize=1)
def areas() -> tuple[Area, ...]:
    with (Path(__file__).parent / "topics.toml").open("rb") as file:
        document = tomllib.load(file)
    return tuple(
        Area(
            slug=area["slug"],
            names=area["name"],
            section=area["section"],
            topics=tuple(
                TopicEntry(topic["slug"], area["slug"], {"en": topic["en"], "ko": topic["ko"]}, topic["description"])
                for topic in area["topics"]
            ),
        )
        for area in document["area"]
    )


@lru_cache(maxsize=1)
def topics() -> dict[str, TopicEntry]:
    """By slug, in the catalogue's order."""
    return {topic.slug: topic for area in areas() for topic in area.topics}
