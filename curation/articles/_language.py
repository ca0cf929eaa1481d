"""Says in which language a text is written: by its script where that decides, by its letters' statistics elsewhere."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

UNKNOWN = "und"
# Wide enough for a newspaper stand, narrow enough that a short headline is not taken for a neighbour of its language.
CANDIDATES = (
    "en", "ko", "ja", "zh", "de", "fr", "es", "pt", "it", "nl", "sv", "no", "da", "fi", "pl", "cs", "ro", "hu", "el",
    "tr", "ru", "uk", "ar", "he", "hi", "th", "vi", "id",
)  # fmt: skip
SAMPLE = 4000  # characters
ENOUGH = 20  # letters from which statistics may beat the feed's own word
SURE = 0.9  # … when they are as sure as this; names and jargon alone never are
LIKELY = 0.5  # enough where the feed says nothing
_HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")
_KANA = re.compile("[぀-ヿ]")
_HAN = re.compile("[一-鿿]")
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id"}


def detect_language(text: str, hint: str = "") -> str:
    """ISO 639-1, or "und". `hint` is what the feed says: it decides where the text is too short to."""
    hinted = _short_code(hint)
    sample = _ADDRESS.sub(" ", text[:SAMPLE])
    letters = len(_LETTER.findall(sample))
    if not letters:
        return hinted or UNKNOWN
    # A Korean article may quote a lot of Latin script, hardly ever the other way round.
    if len(_HANGUL.findall(sample)) >= 0.15 * letters:
        return "ko"
    if len(_KANA.findall(sample)) >= 0.1 * letters:
        return "ja"
    if len(_HAN.findall(sample)) >= 0.3 * letters:
        return "zh"
    guess, confidence = _identifier().classify(sample)
    guess = _SAME.get(guess, guess)
    if letters >= ENOUGH and confidence >= SURE:
        return str(guess)
    if hinted and hinted not in ("ko", "ja", "zh"):  # their script would have shown
        return hinted
    return str(guess) if confidence >= LIKELY else UNKNOWN


def _short_code(tag: str) -> str:
    code = re.split(r"[-_]", tag.strip().lower())[0]
    code = _SAME.get(code, code)
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(CANDIDATES))
    return identifier
