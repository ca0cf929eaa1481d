"""Article, visual facts and preset become a brief: keys, and a few phrases that name kinds, never anybody.

The phrases say what the article is about, so a private article's brief is for its owner alone: what travels (a file,
a card, a feed) may hold the keys, not the phrases.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from illustrate.brief._choose import Choice, emblems_of, pick_hero, pick_supports, rank_motifs
from illustrate.brief._reading import Reading
from illustrate.brief._rules import load
from illustrate.brief.sensitive import is_sensitive
from illustrate.brief.writer import Told, tell
from illustrate.render.motifs import Motif, get_motif
from illustrate.render.scenes import anywhere, fits
from illustrate.types import Brief, Subject, VisualFacts

# The correspondent appears in so many pictures of ten; the others are left to the thing and to people of no name.
CORRESPONDENT_IN_TEN = 6
ALWAYS_CORRESPONDENT = frozenset({"bubble", "portrait"})
NEVER_CORRESPONDENT = frozenset({"march", "works", "journey", "balance", "hands"})  # many small people tell these
# Nobody laughs or cheers where people may be ill, hurt or at war, however good the news.
SOBER_TOPICS = frozenset(
    ("accidents", "conflict", "crime-courts", "medicine", "public-health", "mental-health", "migration", "welfare")
)
RESTRAINED_MOODS = ("sorrow", "calm")
RESTRAINED_SUPPORTS = 1

# What stands for a desk when nothing better was found, and the subject is sensitive.
RESTRAINED_EMBLEM = "candle"
RESTRAINED_EMBLEMS = (RESTRAINED_EMBLEM, "wreath", "lit-window", "bell")


def title_hash(title: str) -> str:
    return hashlib.sha256(" ".join(title.split()).encode()).hexdigest()[:16]


def compose(
    subject: Subject,
    facts: VisualFacts,
    *,
    preset: str,
    preset_version: int,
    seed: int,
    besides: Collection[str] = (),
    lately: Collection[str] = (),
    told: Told | None = None,
) -> Brief:
    """The same subject, facts, preset and seed give the same brief. `besides` are heroes that were tried and failed,
    `lately` those of the pictures drawn before it. `told` is what `tell` read: who tries several times asks it once.

    Raises what the model server raises.
    """
    told = told or tell(subject, facts)
    restrained, _ = is_sensitive(subject.title, subject.text, subject.language)
    ranked = rank_motifs(subject, dignified=restrained)
    hero = pick_hero(
        ranked, besides=besides, lately=lately, known=RESTRAINED_EMBLEMS if restrained else emblems_of(subject)
    )
    return _assemble(
        subject, ranked, hero, told, restrained=restrained, preset=preset, preset_version=preset_version, seed=seed
    )


def area_scene(
    subject: Subject, *, preset: str, preset_version: int, seed: int, restrained: bool | None = None
) -> Brief:
    """The dignified last resort: the desk's own emblem in the desk's own place, claiming nothing of the article.

    Without `restrained` the article is read for it; raises what the model server raises then.
    """
    if restrained is None:
        restrained, _ = is_sensitive(subject.title, subject.text, subject.language)
    digest = title_hash(subject.title)
    hero = get_motif(RESTRAINED_EMBLEM if restrained else load("emblems.toml")["area"].get(subject.area, "globe"))
    chooser = _chooser(digest, seed)
    fitting = _at_home(_scenes()["area"].get(subject.area, []), hero) or ["ground"]
    scene = _restrained_scene("", hero, chooser) if restrained else chooser.choice(fitting)
    return Brief(
        title_hash=digest,
        area=subject.area,
        topics=subject.topics,
        language=subject.language,
        hero=hero.key,
        supports=(),
        scene=scene,
        verb="",
        mood="calm",
        setting="",
        time_of_day="dusk" if restrained else "day",
        season="",
        register="restrained" if restrained else "plain",
        persona=not restrained and scene not in NEVER_CORRESPONDENT,
        palette=subject.area,
        preset=preset,
        preset_version=preset_version,
    )


def _assemble(
    subject: Subject,
    ranked: Sequence[Choice],
    hero: Choice,
    told: Told,
    *,
    restrained: bool,
    preset: str,
    preset_version: int,
    seed: int,
) -> Brief:
    reading = told.reading
    digest = title_hash(subject.title)
    chooser = _chooser(digest, seed)
    mood = "hope" if reading.mood == "joy" and SOBER_TOPICS & set(subject.topics) else reading.mood
    if restrained and mood not in RESTRAINED_MOODS:
        mood = RESTRAINED_MOODS[0]
    scene = (
        _restrained_scene(reading.setting, hero.motif, chooser)
        if restrained
        else _scene(reading, mood, subject.area, hero.motif, chooser)
    )
    is_met = scene in ALWAYS_CORRESPONDENT or (
        scene not in NEVER_CORRESPONDENT and chooser.randrange(10) < CORRESPONDENT_IN_TEN
    )
    return Brief(
        title_hash=digest,
        area=subject.area,
        topics=subject.topics,
        language=subject.language,
        hero=hero.motif.key,
        supports=pick_supports(ranked, hero, **({"limit": RESTRAINED_SUPPORTS} if restrained else {})),
        scene=scene,
        verb=reading.verb,
        mood=mood,
        setting=reading.setting,
        time_of_day="night" if scene == "night" else reading.time_of_day,
        season=reading.season,
        register="restrained" if restrained else "plain",
        persona=is_met and not restrained,
        palette=subject.area,
        preset=preset,
        preset_version=preset_version,
        # What hurts is not spelled out to a model: a quiet thing in a quiet place says it.
        phrases=() if restrained else told.phrases,
    )


# -- The scene -----------------------------------------------------------------------------------------------


@cache
def _scenes() -> dict[str, Any]:
    return load("scenes.toml")


def _chooser(digest: str, seed: int) -> random.Random:
    return random.Random(f"{digest}:{seed}")


def _scene(reading: Reading, mood: str, area: str, hero: Motif, chooser: random.Random) -> str:
    """What happens decides, then where, then the desk; unless the mood denies it, or the main thing has no place."""
    table = _scenes()
    for scenes in (
        table["strong"].get(reading.verb, []) if reading.is_plain else [],
        table["place"].get(reading.setting, []),
        table["weak"].get(reading.verb, []),
        table["area"].get(area, []),
    ):
        fitting = [scene for scene in _at_home(scenes, hero) if mood not in table["unless"].get(scene, [])]
        if fitting:
            return chooser.choice(fitting)
    return anywhere(hero)


def _at_home(scenes: Iterable[str], hero: Motif) -> list[str]:
    """Those where the main thing fits and is no stranger."""
    strangers = _scenes()["strangers"]
    return [
        scene for scene in scenes if fits(scene, hero) and not {hero.kind, hero.key} & set(strangers.get(scene, ()))
    ]


def _restrained_scene(setting: str, hero: Motif, chooser: random.Random) -> str:
    table = _scenes()["restrained"]
    under_roof = hero.kind in _scenes()["indoor"]["kinds"].split()
    for scenes in (table.get(setting, []), table["indoors"] if under_roof else [], table["any"]):
        if fitting := _at_home(scenes, hero):
            return chooser.choice(fitting)
    return anywhere(hero)
