"""Says in words what a picture shows: what is drawn, not what the headline claims."""

from __future__ import annotations

from typing import Any

from illustrate.render import motifs, personas
from illustrate.types import Brief, Rendered

WHERE_EN = {
    "ground": "on open ground", "city": "on a city street", "street": "in a street of shops",
    "weather": "in a wide land", "night": "under a night sky", "shore": "by the sea", "road": "on a road",
    "journey": "at the end of a winding path", "rise": "at the top of a flight of steps",
    "fall": "slipping down a flight of steps", "crowd": "before a crowd seen from behind",
    "march": "among people with placards", "works": "inside scaffolding",
    "gate": "in an open gateway", "shut gate": "behind a barrier in a closed gateway",
    "desk": "on a table beside a lamp", "room": "in a room with a window", "shelf": "on a shelf",
    "stage": "in a spotlight on a stage", "podium": "on a round stand", "inspect": "under a great magnifying lens",
    "bubble": "in a speech bubble", "portrait": "beside a portrait", "dispute": "before a bolt of lightning",
    "balance": "on one end of a see-saw", "chart": "on a column of a chart", "map": "on a map with a dotted route",
    "hands": "held up by two large hands",
}  # fmt: skip
_WHERE_KO = {
    "ground": "너른 땅에 있는", "city": "도시 거리에 있는", "street": "가게가 늘어선 거리에 있는",
    "weather": "넓은 들판에 있는", "night": "밤하늘 아래 있는", "shore": "바닷가에 있는", "road": "길 위에 있는",
    "journey": "굽이진 길 끝에 있는", "rise": "계단 꼭대기에 있는", "fall": "계단 아래로 미끄러지는",
    "crowd": "뒷모습의 사람들 앞에 있는", "march": "손팻말을 든 사람들 사이에 있는", "works": "공사용 비계 안에 있는",
    "gate": "활짝 열린 문 안에 있는",
    "shut gate": "닫힌 문의 차단기 뒤에 있는", "desk": "램프 옆 탁자에 놓인", "room": "창이 있는 방에 놓인",
    "shelf": "선반에 놓인", "stage": "무대 조명을 받는", "podium": "둥근 단에 놓인",
    "inspect": "커다란 돋보기 아래 놓인", "bubble": "말풍선 속", "portrait": "인물 곁에 놓인",
    "dispute": "번개 앞에 있는", "balance": "시소 한쪽에 놓인", "chart": "막대그래프 위에 있는",
    "map": "점선 길이 그려진 지도 위에 있는", "hands": "커다란 두 손이 받쳐 든",
}  # fmt: skip
_GESTURE_EN = {
    "cheer": "with both arms up", "clap": "clapping", "heart": "a hand on the heart", "offer": "holding out a hand",
    "cheek": "a hand at the cheek", "cover": "a hand before the mouth", "fists": "fists raised",
    "crossed": "arms crossed", "fist": "a fist in the air", "hips": "hands on hips", "shrug": "shrugging",
    "think": "chin in hand", "point": "pointing at it", "bow": "bowing",
}  # fmt: skip
_GESTURE_KO = {
    "cheer": "두 팔을 번쩍 들고", "clap": "손뼉을 치며", "heart": "가슴에 손을 얹고", "offer": "손을 내밀고",
    "cheek": "뺨에 손을 대고", "cover": "입을 가리고", "fists": "두 주먹을 쥐고", "crossed": "팔짱을 끼고",
    "fist": "주먹을 들고", "hips": "허리에 손을 얹고", "shrug": "어깨를 으쓱하며", "think": "턱을 괴고",
    "point": "손으로 가리키며", "bow": "허리를 숙이고",
}  # fmt: skip
_MOOD_EN = {
    "neutral": "attentive", "joy": "laughing", "hope": "hopeful", "worry": "worried", "sorrow": "sad",
    "anger": "angry",
    "surprise": "surprised", "determination": "determined", "calm": "serene", "curiosity": "curious",
}  # fmt: skip
_MOOD_KO = {
    "neutral": "차분한", "joy": "웃는", "hope": "기대에 찬", "worry": "걱정스러운", "sorrow": "슬픈", "anger": "화난",
    "surprise": "놀란", "determination": "굳은", "calm": "평온한", "curiosity": "궁금해하는",
}  # fmt: skip
_PLACE_EN = {
    "on the ground": "beside it", "beside it": "beside it", "in the sky": "above it",
    "in a frame on the wall": "in a frame on the wall", "on the steps": "on the steps",
    "beside the path": "beside the path", "on the shelf above": "on the shelf above", "beside the lens": "beside it",
    "on the other side": "on the other side", "at the other end of the beam": "at the other end",
    "on a column": "on another column", "at the start of a route": "where the route begins",
    "on the map": "beside it",
}  # fmt: skip
_PLACE_KO = {
    "on the ground": "옆에는", "beside it": "옆에는", "in the sky": "위에는",
    "in a frame on the wall": "벽의 액자에는", "on the steps": "계단에는", "beside the path": "길가에는",
    "on the shelf above": "위 선반에는", "beside the lens": "옆에는", "on the other side": "맞은편에는",
    "at the other end of the beam": "시소 맞은편에는", "on a column": "다른 막대 위에는",
    "at the start of a route": "길이 시작되는 곳에는", "on the map": "옆에는",
}  # fmt: skip


def alt_text(brief: Brief, rendered: Rendered, language: str) -> str:
    """One to three sentences in Korean ("ko") or English (any other language)."""
    return _korean(brief, rendered.parts) if language == "ko" else _english(brief, rendered.parts)


def _where(parts: dict[str, Any], places: dict[str, str]) -> str:
    return places["shut gate" if parts.get("gate") == "shut" else parts["scene"]]


def _english(brief: Brief, parts: dict[str, Any]) -> str:
    hero = motifs.get_motif(brief.hero).label_en
    dusk = " at dusk" if parts["time_of_day"] == "dusk" else ""
    night = " at night" if parts["time_of_day"] == "night" and parts["scene"] != "night" else ""
    sentences = [f"{hero[0].upper()}{hero[1:]} {_where(parts, WHERE_EN)}{dusk or night}"]
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
            doing = _GESTURE_EN.get(person["gesture"], "")
            sentences.append(f"A correspondent {who} looks at it, {mood}" + (f", {doing}" if doing else ""))
    elif parts["players"]:
        sentences.append("A small figure is beside it" if len(parts["players"]) == 1 else "Small figures are around it")
    return ". ".join(sentences) + "."


def _korean(brief: Brief, parts: dict[str, Any]) -> str:
    time = {"dusk": "해 질 녘, ", "night": "밤, "}.get(parts["time_of_day"] if parts["scene"] != "night" else "", "")
    sentences = [f"{time}{_where(parts, _WHERE_KO)} {motifs.get_motif(brief.hero).label_ko}."]
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
            doing = _GESTURE_KO.get(person["gesture"], "")
            sentences.append(" ".join(filter(None, (f"{who} 기자가", doing, f"{mood} 얼굴로 바라본다."))))
    elif parts["players"]:
        sentences.append("곁에 작은 사람이 있다." if len(parts["players"]) == 1 else "둘레에 작은 사람들이 있다.")
    return " ".join(sentences)


def _subject(word: str) -> str:
    """The subject particle that fits the word's last syllable."""
    return "이" if (ord(word[-1]) - 0xAC00) % 28 else "가"
