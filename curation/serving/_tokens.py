"""What a text is found by: Korean as the stems of its meaningful morphemes, others as lower-case words."""

from __future__ import annotations

import re

from curation.serving import _korean

_MEANINGFUL = frozenset({"NNG", "NNP", "NR", "XR", "VV", "VA", "MAG", "SL", "SH", "SN", "W_SERIAL"})
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def search_tokens(text: str, language: str) -> list[str]:
    if _korean.is_korean(text, language):
        return [token.form.lower() for token in _korean.morphemes(text) if token.tag in _MEANINGFUL]
    return [re.sub(r"['’]s$", "", word.lower()) for word in _WORD.findall(text)]
