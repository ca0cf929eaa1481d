"""Tables of words as compiled rules: one for English, one for Korean."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_HANGUL = re.compile("[가-힣]")


@dataclass(frozen=True, slots=True)
class Rule:
    en: re.Pattern[str]
    ko: re.Pattern[str]

    @classmethod
    def of(cls, table: Mapping[str, Sequence[str]]) -> Rule:
        return cls(
            en=re.compile(rf"(?<!\w)(?:{'|'.join(table['en'])})(?!\w)", re.IGNORECASE),
            ko=re.compile("|".join(table["ko"])),
        )

    def fitting(self, text: str) -> re.Pattern[str]:
        """The half of the rule that reads this text."""
        return self.ko if is_korean(text) else self.en

    def finds(self, text: str) -> bool:
        return bool(text) and self.fitting(text).search(text) is not None

    def count(self, text: str) -> int:
        return sum(1 for _ in self.fitting(text).finditer(text)) if text else 0


def is_korean(text: str) -> bool:
    return _HANGUL.search(text) is not None


@cache
def load(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files(__package__) / name).read_text("utf-8"))
