"""A headline as plain English words: names of people out, Korean through the bridge, endings cut."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from curation.serving.queries import bridge

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]|[A-Za-z]")
_STOP = frozenset(
    """a an the and or but nor of in on at to for from by with without into onto over under after before about as is are was were be
    been being am do does did has have had will would can could may might must shall should not no yes it its this that
    these those he she they we you i his her their our your my me us them who whom which what when where why how all any
    both each few more most other some such only own same so than too very just now new say says said get gets got one
    two three four five six seven eight nine ten first last year years day days week weeks month months time times up
    down out off again against between through during while if then there here also back still even much many make
    makes made take takes took go goes went come comes came way big top best good long high low like set use used
    using people man men woman women s t re ve ll d m""".split()
)
# Given names that English-language news is full of. With a capitalised word behind it, a name is a person.
_GIVEN = frozenset(
    """aaron abdul adam adrian ahmed alan alex alexander alice amy andrea andrew andy angela anna anne anthony antonio
    barbara ben benjamin bernard beth bill bob boris brad brian bruce carl carlos carol caroline catherine charles
    charlie chris christian christine christopher claire colin craig dan daniel dave david dennis diana donald doug
    edward elena elizabeth ellen elon emily emma emmanuel eric erik eva evan fiona frances francis frank fred gary
    gavin geoff george giorgia gordon graham grace greg hannah harry heather helen henry hillary howard hugh ian isaac
    ivan jack jacob jake james jamie jane janet jason jean jeff jennifer jeremy jerome jess jessica jill jim joan joe
    john jon jonathan jordan jose joseph josh juan judith julia julian julie justin kamala karen kate katherine keir
    keith kelly ken kevin kim kyle larry laura lauren lee leo leon leonardo lewis liam linda lionel lisa liz louis
    louise lucas lucy luis luke marc marco margaret maria marie mario mark martha martin mary matt matthew max megan
    michael michelle mike mohamed mohammed muhammad nancy naomi narendra nathan neil nicholas nick nicola nigel nina
    noah oliver olivia oscar pablo patricia patrick paul pedro peter phil philip rachel ralph rebecca rich richard
    rishi rob robert robin roger ron rosa rory ruth ryan sam samuel sandra sarah scott sean serena sharon simon
    sophie stephen steve steven stuart susan taylor ted teresa terry thomas tim timothy tina todd tom tony tyler
    vanessa victor victoria vincent vladimir volodymyr walter wayne wendy will william xi yoon zoe""".split()
)
_TITLES = r"(?:Mr|Mrs|Ms|Dr|Sir|Dame|Lord|Lady|Prof|Professor|President|Senator|Justice|Judge|Pope|King|Queen|Prince|Princess|General|Captain|Coach)"
_TITLED = re.compile(rf"\b({_TITLES})\.?\s+((?:[A-Z][\w'’-]+\s*)+)")
_PAIR = re.compile(
    r"\b([A-Z][a-z]+)(?:\s+[A-Z]\.?)?((?:\s+(?:van|von|de|der|den|bin|al|da|di|del)?\s?[A-Z][\w'’-]+){1,2})"
)
_KOREAN_PERSON = re.compile(
    "[가-힣]{2,4}(?= ?(?:씨|군|양|전 )?(?:대통령|총리|의원|대표|장관|후보|감독|선수|회장|위원장|시장|지사|교수|작가|배우|기자)(?:[^가-힣]|$))"
)
_KOREAN_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류홍전고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모"
)


def without_names(text: str, language: str) -> str:
    """The text without what is plainly a person's name. A title stays: "President Rossi" is a president."""
    if language == "ko":
        return _KOREAN_PERSON.sub(
            lambda found: " " if len(found[0]) == 3 and found[0][0] in _KOREAN_SURNAMES else found[0], text
        )
    text = _PAIR.sub(lambda found: " " if found[1].lower() in _GIVEN else found[0], text)
    return _TITLED.sub(lambda found: found[1] + " ", text)


@lru_cache(maxsize=4096)
def as_english(text: str, language: str) -> str:
    """English words that carry the text's meaning; of Korean, what the embedder reads."""
    return bridge(text) if language == "ko" else text


def content_words(text: str, language: str) -> list[str]:
    """Stems of the words that mean something, in order. Mid-sentence capitals are names and stay out."""
    english = as_english(text, language)
    found = _WORD.findall(english)
    if language != "ko" and _is_sentence_case(found):
        found = [word for place, word in enumerate(found) if place == 0 or not word[0].isupper() or word.isupper()]
    return [stem(word) for part in found for word in part.lower().split("-") if word not in _STOP and len(word) > 1]


def _is_sentence_case(words: list[str]) -> bool:
    longer = [word for word in words[1:] if len(word) > 3]
    return not longer or sum(word[0].isupper() for word in longer) < 0.5 * len(longer)


_ENDINGS = (
    ("sses", "ss"), ("ies", "y"), ("ves", "f"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("zes", "z"),
    ("'s", ""), ("’s", ""), ("s'", ""), ("s’", ""),
)  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Plural and verb endings off: enough to match a headline's word with a phrase's, no more."""
    word = word.lower()
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            word = word[: -len(ending)] + replacement
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
            word = word[:-1]
    for ending in ("ing", "ed"):
        root = word[: -len(ending)]
        if word.endswith(ending) and len(root) >= 3 and re.search("[aeiouy]", root):
            if root[-1] == root[-2] and root[-1] not in "lsz":
                root = root[:-1]
            return root.rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def stems(texts: Iterable[str]) -> list[str]:
    """Of texts that are English and hold no names: a motif's own phrases."""
    return [stem(word) for text in texts for word in _WORD.findall(text.lower()) if word not in _STOP and len(word) > 1]
