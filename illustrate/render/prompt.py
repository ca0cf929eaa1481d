"""A brief in the words that a text-to-image model reads. Words of the house alone: no headline, nobody's name.

The most telling words come first: encoders of the CLIP family read some sixty words and drop the rest.
"""

from __future__ import annotations

from illustrate.render import motifs, personas
from illustrate.render.alt_text import WHERE_EN
from illustrate.render.presets import get_preset
from illustrate.types import Brief

VERSION = "1"  # raised whenever the same brief would give other words: a prompt is part of a picture's provenance

_MOOD = {
    "neutral": "even-tempered", "joy": "joyful", "hope": "hopeful", "worry": "uneasy", "sorrow": "sorrowful",
    "anger": "tense", "surprise": "surprising", "determination": "determined", "calm": "calm", "curiosity": "curious",
}  # fmt: skip
_LIGHT = {"day": "daylight", "dusk": "dusk light", "night": "night"}
_VERB = {
    "rise": "it climbs", "grow": "it grows", "win": "a triumph", "lose": "a defeat", "fall": "it falls",
    "break": "it breaks", "attack": "under attack", "warn": "a warning", "build": "being built", "change": "changing",
    "find": "a discovery", "investigate": "being examined", "learn": "learning", "buy": "for sale", "open": "opening",
    "close": "closing", "move": "on the move", "meet": "a meeting", "say": "an announcement", "ask": "a question",
    "rescue": "a rescue", "protest": "a protest", "ban": "forbidden", "judge": "a judgement", "rest": "at rest",
    "apologise": "an apology", "play": "a game", "compare": "a comparison", "vote": "a vote",
    "weather": "in the weather",
    "dispute": "a dispute",
}  # fmt: skip
# What no picture of this house is, whatever a model was trained on.
NEGATIVE = (
    "photograph, photorealistic, real person, celebrity, portrait photo, text, letters, watermark, logo, 3d render"
)


def prompt_of(brief: Brief, *, people: bool = True) -> str:
    """English, one sentence for the content and one for the hand. `people`: whether anybody may appear at all."""
    content = [f"{motifs.get_motif(brief.hero).label_en} {WHERE_EN[brief.scene]}"]
    if brief.supports:
        content.append("with " + " and ".join(motifs.get_motif(key).label_en for key in brief.supports))
    if verb := _VERB.get(brief.verb):
        content.append(verb)
    content += brief.phrases[:2]
    if people and brief.persona:
        content.append(f"a cartoon correspondent {personas.persona_for(brief.area).label_en} looks on")
    content.append(
        f"{_MOOD[brief.mood]} mood, {_LIGHT[brief.time_of_day]}" + (f", {brief.season}" if brief.season else "")
    )
    if brief.register == "restrained":
        content.append("quiet and respectful, empty of people")
    elif not people:
        content.append("nobody in sight")
    hand = get_preset(brief.preset, brief.preset_version).about_en.rstrip(".")
    return f"{', '.join(content)}. Editorial illustration, {brief.palette or brief.area} desk colours. {hand}."
