"""Words about a text: its summary, how long it takes to read, whether it is only a teaser."""

from __future__ import annotations

import re

SUMMARY_CHARACTERS = 280
TEASER_CHARACTERS = 700  # below this a feed's text is taken for a teaser …
TEASER_CHARACTERS_CJK = 350
ENGLISH_WORDS_PER_MINUTE = 230
KOREAN_CHARACTERS_PER_MINUTE = 500
_CJK = re.compile("[가-힣぀-ヿ一-鿿]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# Korean papers often leave the space out after a full stop: there the verb's ending and the next syllable decide.
_SENTENCE_END = re.compile(
    r"""(?<=[.!?…。！？])["'”’」』)\]]*\s+(?=["'“‘「『(\[]?[^\W_a-z])|(?<=[다요죠까]\.)(?=["“‘「『\[]?[가-힣A-Z])"""
)
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Lt|St|Jr|Sr|Inc|Ltd|Co|vs|No|U\.S|U\.K|U\.N|[A-Z])\.$"
)
_ENDINGS = re.compile(
    r"\s*(?:\[(?:…|\.\.\.)\]"
    r"|(?:continue reading|read more|read the full (?:story|article)|keep reading)\b.{0,120}"
    r"|(?:더 ?보기|자세히 ?보기|기사 ?(?:더 ?|전체 ?)?보기)"
    r"|the post .{1,300} (?:appeared|first appeared) .{0,20}on .{1,120}"
    r")\s*[.…→»>]*\s*$",
    re.IGNORECASE | re.DOTALL,
)
_CUT = re.compile(r"(?:\[(?:…|\.\.\.)\]|…|\.\.\.)\s*$")


def summarise(teaser: str, text: str) -> str:
    """One or two sentences: the publisher's own teaser where it is one, else the text's beginning."""
    for candidate in (teaser, text):
        plain = " ".join(without_ending(candidate).split())
        if len(plain) >= 40:
            return _first_sentences(plain)
    return _first_sentences(" ".join(without_ending(teaser or text).split()))


def reading_seconds(text: str) -> int:
    """At ~230 words a minute, or ~500 characters for scripts without spaces between short words; mixed texts add up."""
    cjk = len(_CJK.findall(text))
    words = len(_WORD.findall(_CJK.sub(" ", text)))
    return round(60 * (words / ENGLISH_WORDS_PER_MINUTE + cjk / KOREAN_CHARACTERS_PER_MINUTE))


def is_teaser(text: str) -> bool:
    """Whether the feed gives only a taste of the article."""
    if _CUT.search(text) or _ENDINGS.search(text):
        return len(text) < 3 * TEASER_CHARACTERS
    cjk = len(_CJK.findall(text)) > len(text) / 4
    return len(text) < (TEASER_CHARACTERS_CJK if cjk else TEASER_CHARACTERS)


def without_ending(text: str) -> str:
    """Without "Continue reading …" and its kin, however many stand in a row."""
    shorter = _ENDINGS.sub("", text.strip()).strip()
    return shorter if shorter == text else without_ending(shorter)


def _first_sentences(text: str) -> str:
    kept = ""
    for sentence in _sentences(text):
        longer = f"{kept} {sentence}".strip()
        if kept and len(longer) > SUMMARY_CHARACTERS:
            break
        kept = longer
        if len(kept) > SUMMARY_CHARACTERS / 2:
            break
    return shortened(kept or text, SUMMARY_CHARACTERS)


def _sentences(text: str) -> list[str]:
    pieces: list[str] = []
    for piece in _SENTENCE_END.split(text[:4000]):
        if pieces and _ABBREVIATION.search(pieces[-1]):
            pieces[-1] = f"{pieces[-1]} {piece}"
        else:
            pieces.append(piece)
    return pieces[:2]


def shortened(text: str, limit: int) -> str:
    """Cut at a word, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[limit // 2 :] else cut}…".replace(",…", "…")
