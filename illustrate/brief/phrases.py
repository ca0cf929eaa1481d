"""What an article is about in a few English phrases, for models that draw: kinds in place of names, never a name.

Extractive: every word stands in the title or the lead, or is the kind of what was named there. A phrase is made of
ordinary words alone (the library's own phrases and plain_words.txt), so that a name that nothing recognised is still
no word that could be said.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from curation.serving.queries import bridged, search_tokens
from illustrate.brief._korean_names import without_korean_people
from illustrate.brief._names import BREAK, PERSON, Piece, without_bridged_people, without_people
from illustrate.brief._plain import DETERMINERS, DOING, DONE, SAYING, SMALL, clean, is_plain, tables
from illustrate.brief._rules import is_korean, load
from illustrate.brief._words import stem
from illustrate.render.motifs import all_motifs

PHRASES = 4
WORDS = 6  # of a phrase
TITLE_CHARACTERS = 300
LEAD_CHARACTERS = 400
LEAD_PHRASES = 2
LEAD_WORDS = 4
LEAD_SHARE = 0.55  # of what a phrase of the title weighs
COMMON = 60  # a word that so many of the library's things stand for tells nothing
UNTELLING = 0.3  # what an ordinary word weighs that none of them stands for
VAGUE = 0.1
TELLING_ENOUGH = 0.45
KNOWN_SHARE = 0.5  # of a text's words, from which it counts as English
KOREAN_WORDS = 4  # that are bridged together: about as many as make one phrase


@dataclass(frozen=True, slots=True)
class Phrases:
    """`names` are the words, folded, that were names in the article: no phrase about it may hold them."""

    phrases: tuple[str, ...]
    names: frozenset[str]


def key_phrases(title: str, text: str = "", language: str = "en") -> tuple[str, ...]:
    """At most PHRASES English phrases of at most WORDS words, small letters, the most telling first.

    Raises what the model server raises, for Korean alone.
    """
    return read_phrases(title, text, language).phrases


def read_phrases(title: str, text: str = "", language: str = "en") -> Phrases:
    """Raises what the model server raises, for Korean alone."""
    title, lead = title[:TITLE_CHARACTERS], " ".join(text.split())[:LEAD_CHARACTERS]
    if is_korean(title):
        titled, names = _korean(title, lead)
        led: Sequence[Sequence[Piece]] = ()
        banned: frozenset[str] = frozenset()  # a Korean name is no English word, and the bridge writes it capital
    else:
        read = without_people(title, lead)
        titled, led, names = [read.title], [read.lead], read.names
        banned = names
        if not _is_english(read.title):
            titled = []
    recurring = Counter(stem(piece.text) for pieces in (*titled, *led) for piece in pieces if piece.kind == "word")
    chosen = _weighed((words for pieces in titled for words in _title_phrases(pieces)), recurring, banned)
    from_lead = _weighed((words for pieces in led for words in _lead_phrases(pieces)), recurring, banned)
    best = sorted(from_lead, key=lambda each: -each[0])[:LEAD_PHRASES]
    phrases = _best([*chosen, *((LEAD_SHARE * weight, phrase) for weight, phrase in best)])
    return Phrases(phrases, names)


def unnamed(title: str, text: str = "", language: str = "en") -> str:
    """Title and lead in English, with kinds in place of the names that were recognised and gaps in place of all else
    that may be one. Of Korean the bridge makes rough English: there it writes capital what it does not know.

    Raises what the model server raises, for Korean alone.
    """
    title, lead = title[:TITLE_CHARACTERS], " ".join(text.split())[:LEAD_CHARACTERS]
    if is_korean(title):
        plain = [without_korean_people(_TAG.sub(" ", each))[0] for each in (title, lead)]
        pieces = [without_bridged_people(each) for each in bridged(plain, ["ko", "ko"])]
    else:
        read = without_people(title, lead)
        pieces = [read.title, read.lead]
    return "\n".join(", ".join(" ".join(_told(clause)) for clause in _clauses(each)) for each in pieces)


# -- The last gate -------------------------------------------------------------------------------------------

_PHRASE = re.compile(r"[a-z]+(?:-[a-z]+)*(?:'s)?(?: [a-z]+(?:-[a-z]+)*(?:'s)?)*")


def has_no_names(phrase: str, names: Collection[str] = ()) -> bool:
    """Whether a phrase may reach a prompt: ordinary small words alone, few enough, none of the article's `names`."""
    words = [word.removesuffix("'s") for word in phrase.split()]
    return (
        _PHRASE.fullmatch(phrase) is not None
        and len(words) <= WORDS
        and all(word in SMALL or is_plain(word) for word in words)
        and not any(part in names for word in words for part in (word, *word.split("-")))
    )


def scrubbed(phrase: str, names: Collection[str] = ()) -> str:
    """A phrase that somebody else wrote, as it may reach a prompt; "" where it may not.

    Nothing tells there whether a word that is a name too is meant as one. So no such word follows a given name ("will
    smith"), and none says or does anything at the head ("bush speaks to a crowd").
    """
    plain = clean(phrase).strip(" .,;:!?\"'")
    if plain[1:] != plain[1:].lower():
        return ""  # a capital inside a phrase is a name
    plain = " ".join(plain.lower().split())
    words = [word.removesuffix("'s") for word in plain.split()]
    if not has_no_names(plain, names) or not _content(words):
        return ""
    known = tables()
    if any(one in known.given | known.also_given and other in known.also_names for one, other in pairwise(words)):
        return ""
    return "" if words[0] in known.also_names and len(words) > 1 and words[1] in DONE else plain


# -- From pieces to phrases ----------------------------------------------------------------------------------

_TABLE = load("phrases.toml")
_NUMBERS, _JOINTS, _TAILS, _HEADS, _QUALITIES, _WIDE, _VAGUE = (
    frozenset(_TABLE["english"][key].split())
    for key in ("numbers", "joints", "tails", "heads", "qualities", "wide", "vague")
)
_JOINTS |= _NUMBERS
_KOREAN_SHORT, _KOREAN_EMPTY = (frozenset(_TABLE["korean"][key].split()) for key in ("short_nouns", "empty_english"))
_EMPTY = SMALL | SAYING | _WIDE | frozenset(load("words.toml")["empty"].split())
_NOTHING_SEEN = SAYING | DOING | _NUMBERS


def _is_english(pieces: Sequence[Piece]) -> bool:
    """Whether most of a text is English: what another tongue shares with it by chance is no phrase."""
    said = [piece for piece in pieces if piece.kind != "break"]
    breaks = len(pieces) - len(said)
    return len(said) >= KNOWN_SHARE * (len(said) + breaks)


def _clauses(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    clause: list[Piece] = []
    for piece in (*pieces, BREAK):
        if piece.kind == "break":
            if clause:
                yield clause
            clause = []
        else:
            clause.append(piece)


def _title_phrases(pieces: Sequence[Piece]) -> Iterator[list[str]]:
    for clause in _clauses(pieces):
        yield from _cut(_told(clause))


def _lead_phrases(pieces: Sequence[Piece]) -> Iterator[list[str]]:
    """Names of things alone: what stands between small words."""
    for clause in _clauses(pieces):
        thing: list[str] = []
        for piece in (*clause, BREAK):
            if piece.kind == "word" and piece.text not in _NOTHING_SEEN and _telling(piece.text) > UNTELLING:
                thing.append(piece.text + ("'s" if piece.owns else ""))
                continue
            while thing and thing[-1].endswith(("ed", "ly", "'s")):
                thing.pop()
            if 2 <= len(thing) <= LEAD_WORDS:
                yield thing
            thing = []


def _told(clause: Sequence[Piece]) -> list[str]:
    """The clause's words; a role gets its article."""
    words: list[str] = []
    for piece in clause:
        if piece.kind == "role":
            before = words[-1].removesuffix("'s") if words else ""
            if before not in DETERMINERS | _QUALITIES | _NUMBERS:
                words.append("an" if piece.text[0] in "aeio" else "a")
            words += piece.text.split()
        else:
            words.append(piece.text)
        if piece.owns:
            words[-1] += "'s"
    return _two_people(words)


def _two_people(words: list[str]) -> list[str]:
    text = " ".join(words)
    text = re.sub(r"\ba (\w+)(?:,? and| or) a \1\b(?!')", lambda found: f"two {_plural(found[1])}", text)
    return text.split()


def _plural(word: str) -> str:
    return "people" if word == PERSON else f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _cut(words: list[str]) -> Iterator[list[str]]:
    """A clause as phrases of at most WORDS words."""
    words = _trimmed(words)
    words = _without_articles(words)
    if len(words) <= WORDS:
        if words:
            yield words
        return
    joints = [at for at in range(1, len(words)) if words[at] in _JOINTS and words[at - 1] not in _NUMBERS | _JOINTS]
    # The longest beginning that still is one phrase; where nothing joins, simply as much as fits.
    cut = max((at for at in joints if at <= WORDS and _content(words[:at])), default=WORDS)
    first = _trimmed(words[:cut])
    if first:
        yield first
    yield from _cut(words[cut:])


def _without_articles(words: list[str]) -> list[str]:
    """With as few articles less as make one phrase of it, the first ones first; with all of them where none do."""
    articles = [at for at, word in enumerate(words) if word in {"a", "an", "the"}]
    if not WORDS < len(words) <= WORDS + len(articles):
        return words
    left_out = articles[: len(words) - WORDS]
    return [word for at, word in enumerate(words) if at not in left_out]


def _trimmed(words: list[str]) -> list[str]:
    start, end = 0, len(words)
    while start < end and (
        (words[start] in SMALL and words[start] not in _HEADS)
        or words[start] in SAYING
        or (words[start] in _HEADS and start + 1 < end and words[start + 1] in SMALL)
    ):
        start += 1
    while start < end and (
        (words[end - 1] in SMALL - _TAILS)
        or words[end - 1] in SAYING | _NUMBERS
        or (words[end - 1].endswith("ly") and len(words[end - 1]) > 5)
    ):
        end -= 1
    return words[start:end]


def _content(words: Iterable[str]) -> list[str]:
    """The words that mean something; who does it is not enough."""
    found = [word.removesuffix("'s") for word in words]
    return [word for word in found if word not in _EMPTY]


# -- Which are the most telling ------------------------------------------------------------------------------


@cache
def _claims() -> Counter[str]:
    """How many of the library's things stand for a word."""
    return Counter(
        word
        for motif in all_motifs()
        for word in {stem(each) for phrase in (*motif.phrases, motif.key) for each in re.findall("[a-z]+", phrase)}
    )


def _telling(word: str) -> float:
    """1 for a word of one thing, 0 for a word of many, or that nobody can picture."""
    if word in _VAGUE:
        return VAGUE
    claims = _claims()[stem(word)]
    return max(0.0, 1 - math.log(claims) / math.log(COMMON)) if claims else UNTELLING


def _weighed(phrases: Iterable[list[str]], recurring: Counter[str], names: Collection[str]) -> list[tuple[float, str]]:
    found = []
    for words in phrases:
        phrase = " ".join(words)
        content = _content(words)
        if not content or not has_no_names(phrase, names):
            continue
        best = sorted((_telling(word) for word in content), reverse=True)[:3]
        if len(content) < 2 and (best[0] < TELLING_ENOUGH or (len(words) == 1 and content[0] in DOING)):
            continue
        again = sum(recurring[stem(word)] > 1 for word in set(content))
        found.append((sum(best) / 3 + 0.08 * min(len(content), 4) + 0.06 * min(again, 2), phrase))
    return found


def _best(weighed: Iterable[tuple[float, str]]) -> tuple[str, ...]:
    chosen: list[str] = []
    said: set[str] = set()
    for _, phrase in sorted(weighed, key=lambda each: -each[0]):
        stems = {stem(word) for word in _content(phrase.split())}
        if len(stems - said) * 2 > len(stems):
            chosen.append(phrase)
            said |= stems
        if len(chosen) == PHRASES:
            break
    return tuple(chosen)


# -- Korean --------------------------------------------------------------------------------------------------

_CLAUSE = re.compile(r"[,·:;…!?\"“”‘’'「」『』\[\](){}<>〈〉《》|/~↑↓→←-]+|\.(?=\s|$)|\.{2,}")
_TAG = re.compile(r"\[[^\]]{1,12}\]|\([월화수목금토일]\)")
_PAUSE = re.compile(r"(?:은|는|이|가|을|를|에|에서|으로|로|도|서|고|며|면)$")


def _korean(title: str, lead: str) -> tuple[list[tuple[Piece, ...]], frozenset[str]]:
    """The headline's clauses in English, and the names.

    Of running text the bridge makes too rough an English: the lead gives no phrases.
    """
    plain, title_words = without_korean_people(_TAG.sub(" ", title))
    _, lead_words = without_korean_people(lead)
    clauses = list(_parts(plain))
    languages = ["ko"] * len(clauses)
    # Grammar and what one syllable could mean are left out before the bridge makes English words of them.
    nouns = [
        " ".join(_own_words().get(word, word) for word in _whole(tokens, clause) if _tells(word))
        for tokens, clause in zip(search_tokens(clauses, languages), clauses, strict=True)
    ]
    pieces = [_settled(without_bridged_people(each)) for each in bridged(nouns, languages)]
    return pieces, title_words | lead_words


def _whole(tokens: Sequence[str], clause: str) -> list[str]:
    """The tokens as the clause writes them together: 전기 and 차 are 전기차."""
    words: list[str] = []
    for token in tokens:
        if words and is_korean(token) and is_korean(words[-1]) and words[-1] + token in clause:
            words[-1] += token
        else:
            words.append(token)
    return words


def _tells(word: str) -> bool:
    return (len(word) > 1 and is_korean(word)) or word in _KOREAN_SHORT


@cache
def _own_words() -> dict[str, str]:
    """What the library itself calls a thing in both languages: 무지개, rainbow."""
    english = {motif.label_ko: re.sub(r"^(?:an?|the) ", "", motif.label_en) for motif in all_motifs()}
    return {korean: words for korean, words in english.items() if " " not in korean and words.count(" ") < 2}


def _settled(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """What the bridge gives, without what it says twice and what says nothing."""
    kept: list[Piece] = []
    for piece in pieces:
        if piece.text in _KOREAN_EMPTY:
            continue
        if not kept or piece.kind == "break" or piece.text != kept[-1].text:
            kept.append(piece)
    return tuple(kept)


def _parts(text: str) -> Iterator[str]:
    """Clauses of a few words: what is bridged together becomes one phrase."""
    for clause in _CLAUSE.split(text):
        words = clause.split()
        while len(words) > KOREAN_WORDS:
            pauses = [at for at in range(2, KOREAN_WORDS + 1) if _PAUSE.search(words[at - 1])]
            cut = pauses[-1] if pauses else min(KOREAN_WORDS, (len(words) + 1) // 2)
            yield " ".join(words[:cut])
            words = words[cut:]
        if words:
            yield " ".join(words)
