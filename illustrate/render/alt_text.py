"""Says in words what a picture shows: what is drawn, not what the headline claims."""

from __future__ import annotations

from typing import Any

from illustrate.render import motifs, personas
from illustrate.types import Brief, Rendered

_WHERE_EN = {
    "ground": "on open ground", "city": "on a city street", "podium": "on a round stand",
    "rise": "at the top of a flight of steps", "fall": "slipping down a flight of steps",
    "dispute": "before a bolt of lightning", "night": "under a night sky", "desk": "on a table beside a lamp",
    "shore": "by the sea", "room": "in a room with a window", "stage": "in a spotlight on a stage",
    "crowd": "before a crowd seen from behind", "road": "on a road", "bubble": "in a speech bubble",
}  # fmt: skip
_WHERE_KO = {
    "ground": "너른 땅에 있는",
    "city": "도시 거리에 있는",
    "podium": "둥근 단에 놓인",
    "rise": "계단 꼭대기에 있는",
    "fall": "계단 아래로 미끄러지는",
    "dispute": "번개 앞에 있는",
    "night": "밤하늘 아래 있는",
    "desk": "램프 옆 탁자에 놓인",
    "shore": "바닷가에 있는",
    "room": "창이 있는 방에 놓인",
    "stage": "무대 조명을 받는",
    "crowd": "뒷모습의 사람들 앞에 있는",
    "road": "길 위에 있는",
    "bubble": "말풍선 속",
}
_MOOD_EN = {
    "neutral": "attentive", "joy": "laughing", "hope": "hopeful", "worry": "worried", "sorrow": "sad", "anger": "angry",
    "surprise": "surprised", "determination": "determined", "calm": "serene", "curiosity": "curious",
}  # fmt: skip
_MOOD_KO = {
    "neutral": "차분한", "joy": "웃는", "hope": "기대에 찬", "worry": "걱정스러운", "sorrow": "슬픈", "anger": "화난",
    "surprise": "놀란", "determination": "굳은", "calm": "평온한", "curiosity": "궁금해하는",
}  # fmt: skip
_PLACE_EN = {
    "on the ground": "beside it", "on the table": "beside it", "beside it": "beside it", "in the sky": "above it",
    "in a frame on the wall": "in a frame on the wall", "on the steps": "on the steps",
}  # fmt: skip
_PLACE_KO = {
    "on the ground": "옆에는", "on the table": "옆에는", "beside it": "옆에는", "in the sky": "위에는",
    "in a frame on the wall": "벽의 액자에는", "on the steps": "계단에는",
}  # fmt: skip


def alt_text(brief: Brief, rendered: Rendered, language: str) -> str:
    """One to three sentences in Korean ("ko") or English (any other language)."""
    return _korean(brief, rendered.parts) if language == "ko" else _english(brief, rendered.parts)


def _english(brief: Brief, parts: dict[str, Any]) -> str:
    hero = motifs.get_motif(brief.hero).label_en
    dusk = " at dusk" if parts["time_of_day"] == "dusk" else ""
    night = " at night" if parts["time_of_day"] == "night" and parts["scene"] != "night" else ""
    sentences = [f"{hero[0].upper()}{hero[1:]} {_WHERE_EN[parts['scene']]}{dusk or night}"]
    for support in parts["supports"][:1]:
        sentences[0] += f", with {motifs.get_motif(support['key']).label_en} {_PLACE_EN[support['where']]}"
    if person := parts["persona"]:
        who = personas.persona_for(person["area"]).label_en
        mood = _MOOD_EN[person["expression"]]
        if parts["others"]:
            other = parts["others"][0]
            sentences.append(
                f"A correspondent {who} and another {personas.persona_for(other['area']).label_en} face each other,"
                f" one {mood}, one {_MOOD_EN[other['expression']]}"
            )
        else:
            sentences.append(f"A correspondent {who} looks at it, {mood}")
    return ". ".join(sentences) + "."


def _korean(brief: Brief, parts: dict[str, Any]) -> str:
    time = {"dusk": "해 질 녘, ", "night": "밤, "}.get(parts["time_of_day"] if parts["scene"] != "night" else "", "")
    sentences = [f"{time}{_WHERE_KO[parts['scene']]} {motifs.get_motif(brief.hero).label_ko}."]
    for support in parts["supports"][:1]:
        label = motifs.get_motif(support["key"]).label_ko
        sentences.append(f"{_PLACE_KO[support['where']]} {label}{_subject(label)} 있다.")
    if person := parts["persona"]:
        who = personas.persona_for(person["area"]).label_ko
        mood = _MOOD_KO[person["expression"]]
        if parts["others"]:
            other = parts["others"][0]
            sentences.append(
                f"{who} 기자가 {mood} 얼굴로, {personas.persona_for(other['area']).label_ko} 기자가"
                f" {_MOOD_KO[other['expression']]} 얼굴로 마주 보고 있다."
            )
        else:
            sentences.append(f"{who} 기자가 {mood} 얼굴로 바라본다.")
    return " ".join(sentences)


def _subject(word: str) -> str:
    """The subject particle that fits the word's last syllable."""
    return "이" if (ord(word[-1]) - 0xAC00) % 28 else "가"
