"""Korean becomes the English words that an English embedder understands: nouns, main verbs, names spelled out."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from curation.serving import _korean
from curation.serving._korean import Morpheme

# The embedder reads 256 word pieces; what stands beyond this many characters would be thrown away there.
MAX_CHARACTERS = 1_500
LONGEST_COMPOUND = 5  # morphemes

_NOUNS = frozenset({"NNG", "NNP", "XR", "NR"})
# What may stand inside a compound without being a noun: 코로나+19, 제+주, 국회의원+들.
_JOINABLE = _NOUNS | {"SN", "SL", "XPN", "XSN", "NNB", "MM", "SH", "W_SERIAL"}
# Syllables that, alone, are grammar rather than meaning.
_EMPTY = frozenset("것수등때간중전후내말이그저나년월일명개위점만속앞뒤로")

# One Chinese character stands for a whole word in Korean headlines.
_HANJA = {
    "美": "United States",
    "中": "China",
    "日": "Japan",
    "北": "North Korea",
    "韓": "South Korea",
    "南": "South Korea",
    "英": "Britain",
    "佛": "France",
    "獨": "Germany",
    "露": "Russia",
    "印": "India",
    "伊": "Italy",
    "濠": "Australia",
    "加": "Canada",
    "比": "Philippines",
    "泰": "Thailand",
    "臺": "Taiwan",
    "西": "Spain",
    "靑": "Blue House presidential office",
    "與": "ruling party",
    "野": "opposition party",
    "檢": "prosecutors",
    "警": "police",
    "軍": "military",
    "法": "court",
    "黨": "party",
    "政": "government",
    "靑瓦臺": "Blue House presidential office",
    "亞": "Asia",
    "株": "stocks",
    "銀": "bank",
    "文": "President Moon",
    "朴": "President Park",
    "尹": "President Yoon",
    "李": "Lee",
    "安": "Ahn",
    "金": "Kim",
    "女": "woman",
    "男": "man",
    "故": "late",
    "前": "former",
    "新": "new",
    "對": "against",
    "反": "anti",
    "親": "pro",
    "核": "nuclear",
    "金正恩": "Kim Jong-un",
    "車": "car",
    "電": "electronics",
    "社": "company",
    "家": "home",
    "大": "university",
    "外": "foreign",
    "港": "Hong Kong",
    "戰": "war",
    "死": "death",
    "勝": "win",
    "敗": "loss",
    "詩": "poem",
    "展": "exhibition",
}


def _read(name: str) -> dict[str, str]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return {row["korean"]: row["english"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


@lru_cache(maxsize=1)
def glossary() -> dict[str, str]:
    """Nouns and compounds; a compound's own entry wins, for it is written with its parts in mind."""
    return _read("glossary.tsv") | _read("compounds.tsv")


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Every word of the glossary's English side, in small letters: names among them that no dictionary has."""
    return frozenset(word.lower() for english in glossary().values() for word in english.split())


@lru_cache(maxsize=1)
def predicates() -> dict[str, str]:
    return _read("predicates.tsv")


@lru_cache(maxsize=20_000)
def romanised(name: str) -> str:
    from hangul_romanize import Transliter
    from hangul_romanize.rule import academic

    return str(Transliter(academic).translit(name)).replace("-", "").capitalize()


def _words(tokens: list[Morpheme]) -> list[str]:
    words: list[str] = []
    index = 0
    while index < len(tokens):
        length, english = _longest(tokens, index)
        if not length:
            length, english = 1, _single(tokens[index])
        if english and _is_torn(tokens, index):
            words[-1] += english
        elif english:
            words.append(english)
        index += length
    return words


def _is_torn(tokens: list[Morpheme], index: int) -> bool:
    """The analyser tears S10 and 5G into letters and digits."""
    here, before = tokens[index], tokens[index - 1] if index else None
    return before is not None and {here.tag, before.tag} == {"SL", "SN"} and here.start == before.end


def _longest(tokens: list[Morpheme], index: int) -> tuple[int, str]:
    """The longest run from here that the glossary knows, written together or with one space (무역 수지)."""
    if tokens[index].tag not in _JOINABLE:
        return 0, ""
    known = glossary()
    end = index + 1
    while (
        end < len(tokens)
        and end - index < LONGEST_COMPOUND
        and tokens[end].tag in _JOINABLE
        and tokens[end].start - tokens[end - 1].end <= 1
    ):
        end += 1
    for stop in range(end, index + 1, -1):
        english = known.get("".join(token.form for token in tokens[index:stop]))
        if english:
            return stop - index, english
    return 0, ""


def _single(token: Morpheme) -> str:
    form, tag = token.form, token.tag
    if tag in _NOUNS:
        if form in _EMPTY:
            return ""
        known = glossary().get(form)
        return known or (romanised(form) if len(form) > 1 else "")
    if tag in ("VV", "VA"):
        return predicates().get(form + "다", "")
    if tag == "SH":
        return _HANJA.get(form) or " ".join(filter(None, (_HANJA.get(character) for character in form)))
    if tag in ("SL", "SN", "W_SERIAL"):
        return form
    return "percent" if form == "%" else ""


def to_english(text: str) -> str:
    """The English words of a Korean text, in its order. Words of other scripts and numbers stay as they are."""
    return " ".join(_words(_korean.morphemes(text[:MAX_CHARACTERS])))
