"""Who is named in a Korean text: titles stay in place of the names before and behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from illustrate.brief._plain import clean
from illustrate.brief._rules import load

# With what a noun may end before something else begins.
_PARTICLE = (
    "(?:은|는|이|가|을|를|의|와|과|도|에|에게|에게서|께|께서|만|로|으로|라며|라고|측|이라|씨|님|및|까지|부터|보다|마저"
    "|조차|랑|하고)"
)
_END = rf"(?={_PARTICLE}?(?:[^가-힣]|$))"
_BEFORE_TITLE = "(?:전|현|신임|여당|야당|前|新)"


@dataclass(frozen=True)
class _Rules:
    titled: re.Pattern[str]  # a name and what stands behind it
    heralded: re.Pattern[str]  # what stands before a name, and the name
    named: re.Pattern[str]  # what looks like a name, whatever stands around it
    empty_titles: frozenset[str]
    english: dict[str, str]


@cache
def _rules() -> _Rules:
    table = load("people.toml")["korean"]
    surname, double = f"[{table['surnames']}]", "|".join(table["double_surnames"].split())
    titles, heralds = ("|".join(_longest_first(table[key])) for key in ("titles", "heralds"))
    name = rf"(?:(?:{double})[가-힣]{{1,2}}|{surname}[가-힣]{{1,2}})"
    # A surname may stand alone before a title; before 씨 anything is a name.
    called = rf"(?:{name}|{double}|{surname}(?= )|[가-힣]{{2,6}}(?= 씨))"
    return _Rules(
        titled=re.compile(rf"(?<![가-힣]){called} ?(?:{_BEFORE_TITLE} ?)?({titles}){_END}"),
        heralded=re.compile(rf"(?<![가-힣])({heralds})(?:·| ){name}{_END}"),
        named=re.compile(rf"(?<![가-힣])({surname})[가-힣]{{2}}{_END}"),
        empty_titles=frozenset(table["empty_titles"].split()),
        english=table["words"],
    )


def _longest_first(words: str) -> list[str]:
    return sorted(set(words.split()), key=len, reverse=True)


def without_korean_people(text: str) -> tuple[str, frozenset[str]]:
    """The text with titles in place of names, and what the surnames in it would be as English words (문: moon).

    Names without a title stay: spelled out they are no English words, so no phrase can hold them.
    """
    rules = _rules()
    text = clean(text)
    words = {rules.english[found[1]] for found in rules.named.finditer(text) if found[1] in rules.english}
    text = rules.titled.sub(lambda found: " " if found[1] in rules.empty_titles else f" {found[1]}", text)
    text = rules.heralded.sub(r"\1", text)
    return " ".join(text.split()), frozenset(words)
