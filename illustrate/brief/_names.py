"""Who is named in an English text, and the kinds that stand in their place: "President Rossi" becomes a president.

The letters tell most: inside a sentence capitals are names. Where they do not (headlines of capitals or of none, the
first word), tables of names and the article's own lead decide, and what stays in doubt counts as a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from illustrate.brief._plain import (
    DETERMINERS,
    DONE,
    SMALL,
    UNITS,
    clean,
    folded,
    is_korean_given,
    is_plain,
    tables,
)

PERSON = "person"
LONGEST = 3  # words of a role, of a place
APPOSITION = 6  # words behind the comma in which a role is looked for
APPOSITION_ENDS = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of a text without names; `break` where words do not belong together: at stops, names, unknown words."""

    text: str  # in small letters; "" for a break
    kind: Literal["word", "small", "role", "break"]
    owns: bool = False


BREAK = Piece("", "break")


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A title and a lead without names, and the words, folded, that were names in them."""

    title: tuple[Piece, ...]
    lead: tuple[Piece, ...]
    names: frozenset[str]


def without_people(title: str, lead: str) -> Unnamed:
    """An English title and lead."""
    known = _Known()
    led, titled = _tokens(clean(lead)), _tokens(clean(title))
    for tokens in (led, titled):
        known.listen(tokens)
    # The lead first: it tells who the surname in the title is.
    lead_pieces, title_pieces = (_read(tokens, known) for tokens in (led, titled))
    return Unnamed(title_pieces, lead_pieces, known.names())


def without_bridged_people(text: str) -> tuple[Piece, ...]:
    """A text as the bridge gives it: every capital is a name, and what somebody is may stand behind it."""
    pieces: list[Piece] = []
    tokens = _tokens(clean(text))
    for before, token, after in zip([_Token(""), *tokens], tokens, [*tokens[1:], _Token("")], strict=False):
        role = tables().roles.get(token.low, "")
        if token.is_capital:
            role = role or tables().known.get(token.low, "")
            is_body = after.low in tables().kinds  # the Justice Party is no judge
            pieces.append(Piece(role, "role") if role and not is_body else BREAK)
        elif before.is_capital and role:
            pieces += (BREAK, Piece(role, "role"))
        else:
            pieces.append(_common(token))
    return tuple(pieces)


# -- Tokens --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Token:
    word: str  # as written, without 's; "" for a mark, " " for a number
    low: str = ""  # folded
    owns: bool = False
    initial: bool = False  # the first of a sentence, a quotation, a clause
    mark: str = ""

    @property
    def is_word(self) -> bool:
        return bool(self.low)

    @property
    def is_capital(self) -> bool:
        return self.is_word and not self.word.islower()

    @property
    def is_strange(self) -> bool:
        """No ordinary word: a name, most likely."""
        if not self.is_word or self.low in SMALL or self.low in DONE or _CONTRACTED.search(self.low):
            return False
        return not (self.word.isascii() and is_plain(self.low))


_DOTTED = re.compile(r"\b(?:[^\W\d_]\.\s?){2,}")
_SHORTENED = re.compile(r"\b(Mr|Mrs|Ms|Mx|Dr|Prof|Sen|Rep|Gov|Gen|Lt|Col|Capt|Sgt|Rev|St|Jr|Sr|[A-Z])\.", re.IGNORECASE)
_EDITORIAL = re.compile(r"\[\w{1,12}\]")  # [sic], [video]
_TOKEN = re.compile(
    r"(?P<word>[^\W\d_][^\W_]*(?:[-'&.][^\W_]+)*'?)|(?P<number>\d[\w.,:%]*(?:-[^\W\d_]+)*)|(?P<mark>[^\w\s]|_)"
)
_STARTS = frozenset(".?!:;\"'“”„«»—–|([{•·…>")
_CONTRACTED = re.compile(r"'(?:t|ll|re|ve|d|m)$")
NUMBER = _Token(" ")


def _tokens(text: str) -> list[_Token]:
    text = _EDITORIAL.sub(" ", text)
    text = _DOTTED.sub(lambda found: re.sub(r"[.\s]", "", found[0]) + " ", text)
    text = _SHORTENED.sub(r"\1 ", text)
    tokens: list[_Token] = []
    initial = True
    for match in _TOKEN.finditer(text):
        if match["mark"]:
            tokens.append(_Token("", mark=match["mark"]))
            initial = initial or match["mark"] in _STARTS
            continue
        if match["number"]:
            tokens.append(NUMBER)
            continue
        if match["word"].lower() in UNITS and tokens and tokens[-1] is NUMBER:
            tokens[-1] = _Token("", mark="%")  # what was counted is gone, and the clause with it
            continue
        bare, owns = _bare(match["word"])
        if bare:
            tokens.append(_Token(bare, folded(bare), owns, initial))
        initial = False
    return tokens


def _bare(word: str) -> tuple[str, bool]:
    """A word without what says that it owns something, and whether it did."""
    if word.endswith("s'"):
        return word[:-1], True
    bare = re.sub(r"(?:'s)*'?$", "", word, flags=re.IGNORECASE)  # an apostrophe alone closed a quotation
    return bare, bare != word.removesuffix("'")


def _tell_capitals(tokens: Sequence[_Token]) -> bool:
    """Whether capitals are names. In a headline of capitals, or of none, they say nothing."""
    if not any(token.is_capital for token in tokens):
        return False
    return any(
        not token.is_capital
        for token in tokens
        if token.is_word and token.low not in SMALL and not token.initial and len(token.low) > 2
    )


def _common(token: _Token) -> Piece:
    if token.low in SMALL:
        return Piece(token.low, "small")
    if not token.is_word or token.is_strange or _CONTRACTED.search(token.low):
        return BREAK
    return Piece(token.low, "word", token.owns and not token.low.endswith("s"))


# -- What an article says of names ---------------------------------------------------------------------------


@dataclass
class _Known:
    roles: dict[str, str] = field(default_factory=dict)  # a name's word -> the role that it was given
    people: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)  # words of places, firms, works: names only while capital
    said: set[str] = field(default_factory=set)  # words that the text itself uses as common ones

    def names(self) -> frozenset[str]:
        return frozenset(self.people | (self.others - self.said))

    def listen(self, tokens: Sequence[_Token]) -> None:
        if _tell_capitals(tokens):
            self.said.update(
                token.low for token in tokens if token.is_word and token.word.islower() and is_plain(token.low)
            )

    def note_person(self, tokens: Iterable[_Token], role: str = PERSON) -> None:
        for low in _parts(tokens):
            self.people.add(low)
            if role != PERSON:
                self.roles.setdefault(low, role)

    def note_other(self, tokens: Iterable[_Token]) -> None:
        known = tables()
        self.others.update(low for low in _parts(tokens) if low not in known.kinds and low not in known.roles)

    def role_of(self, lows: Sequence[str]) -> str:
        """The role that the tables or the article give one of a name's words; the last one is the surname."""
        table = (tables().known, self.roles)
        return next((found[low] for found in table for low in reversed(lows) if low in found), PERSON)


def _parts(tokens: Iterable[_Token]) -> list[str]:
    parts = [part for token in tokens for part in re.split(r"[-'&.]", token.low)]
    return [part for part in parts if len(part) > 1 and part not in SMALL]


def _read(tokens: Sequence[_Token], known: _Known) -> tuple[Piece, ...]:
    reader = _Sentences if _tell_capitals(tokens) else _Headline
    return tuple(reader(tokens, known).read())


@dataclass
class _Reader:
    tokens: Sequence[_Token]
    known: _Known
    pieces: list[Piece] = field(default_factory=list)

    def read(self) -> list[Piece]:
        raise NotImplementedError

    def low(self, at: int) -> str:
        return self.tokens[at].low if 0 <= at < len(self.tokens) else ""

    def is_strange(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].is_strange

    def is_turned(self, at: int) -> bool:
        """Whether a surname stands before a given name: "King, Billie Jean"."""
        return (
            at + 2 < len(self.tokens)
            and self.tokens[at + 1].mark == ","
            and (self.low(at + 2) in tables().given or self.low(at + 2) in tables().also_given)
        )

    def put(self, kind: str, *, owns: bool) -> None:
        """A kind where a name stood."""
        if self.pieces and self.pieces[-1].kind == "role" and not self.pieces[-1].owns:
            self.pieces.pop()  # of "Apple CEO Tim Cook" the last word says most
        self.pieces.append(Piece(kind, "role", owns))

    def put_common(self, token: _Token) -> None:
        self.pieces.append(_common(token))

    def put_gap(self, *, owns: bool) -> None:
        """A name that leaves nothing; what it owned stays with what stood before it."""
        if not owns:
            self.pieces.append(BREAK)

    def korean_name_end(self, at: int) -> int:
        """Where a Korean name in Latin letters that starts here ends, or 0: Moon Jae-in, Moon Jae In, Moon Jaein."""
        if self.low(at) not in tables().surnames or self.tokens[at].owns:
            return 0
        given = self.low(at + 1)
        if is_korean_given(given):
            return at + 2
        syllables = tables().syllables
        if given in syllables and self.low(at + 2) in syllables and not self.tokens[at + 1].owns:
            return at + 3
        halves = ({given[:cut], given[cut:]} for cut in range(2, len(given) - 1))
        return at + 2 if not is_plain(given) and any(half <= syllables for half in halves) else 0

    def role_at(self, at: int) -> tuple[str, int]:
        """The longest role that stands here, and where it ends."""
        for end in range(min(at + LONGEST, len(self.tokens)), at, -1):
            if role := tables().roles.get(" ".join(self.low(each) for each in range(at, end))):
                return role, end
        return "", at


# -- Sentences: capitals are names ---------------------------------------------------------------------------


class _Sentences(_Reader):
    def read(self) -> list[Piece]:
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            if token.is_capital:
                at = self._capitals(at)
                continue
            if self._is_small_name(at):
                self.known.note_person([token])
                self.pieces.append(BREAK)
            elif token is not NUMBER:
                self.put_common(token)
            at += 1
        return self.pieces

    def _is_small_name(self, at: int) -> bool:
        """A name that somebody wrote in small letters: a surname that is a word, beside what is a name or no word."""
        known, low = tables(), self.low(at)
        before, after = self.low(at - 1), self.low(at + 1)
        if low in known.also_given and after in known.also_names - SMALL:
            return True
        if low not in known.also_names:
            return False
        is_beside_name = any(
            self.tokens[each].is_capital and self.low(each) in known.also_names | known.given
            for each in (at - 1, at + 1)
            if 0 <= each < len(self.tokens)
        )
        return is_beside_name or self.is_strange(at - 1) or self.is_strange(at + 1) or before in known.also_given

    def _capitals(self, start: int) -> int:
        """Read the run of capitals that starts here; where to go on."""
        end = self._run_end(start)
        while start < end and self.tokens[start].initial and self._is_ordinary(start, end):
            token = self.tokens[start]
            self.put_common(_Token(token.word.lower(), token.low, token.owns))
            start += 1
        return self._name(start, end) if start < end else end

    def _run_end(self, start: int) -> int:
        end = start + 1
        while end < len(self.tokens) and not self.tokens[end - 1].owns:
            reach = end
            if self.low(reach) in tables().connectors and not self.tokens[reach].is_capital:
                reach += 2 if self.low(reach + 1) == "the" else 1
            if reach >= len(self.tokens) or not self.tokens[reach].is_capital:
                break
            end = reach + 1
        return end

    def _is_ordinary(self, at: int, end: int) -> bool:
        """Whether the first word of a sentence is no part of the name behind it, nor one itself."""
        known, token = tables(), self.tokens[at]
        is_alone = end - at == 1
        if self.is_turned(at):
            return False
        if token.low in known.openers or token.low in SMALL:
            return is_alone or token.low not in known.also_names | known.given
        if "-" in token.low and is_plain(token.low):
            return True
        if not is_alone or token.is_strange or (token.word.isupper() and len(token.word) > 1):
            return False
        if token.low in known.places or token.low in known.known or token.low in self.known.people:
            return False
        return token.low in self.known.said or token.low not in known.also_names | known.given

    def _name(self, start: int, end: int) -> int:
        """Put a kind in the place of a name; where to go on."""
        run = [token for token in self.tokens[start:end] if token.low not in tables().connectors and token.low != "the"]
        run = run or list(self.tokens[start:end])
        lows, owns = [token.low for token in run], self.tokens[end - 1].owns
        if self.is_turned(end - 1):
            self.known.note_person(run)
            self.put_gap(owns=owns)
            return end
        if found := _role_in(run):
            role, start, behind = found
            self.known.note_person(run[behind:], role)
            self.known.note_other(run[:start])
            self.put(role, owns=owns)
            return end
        if role := self._role_before():
            self.known.note_person(run, role)
            self.pieces[-1] = Piece(role, "role", owns)
            return end
        role, after = self._role_behind(end)
        is_person = self._is_person(start, run)
        if is_person or (role and not any(low in tables().kinds for low in lows)):
            role = role or self.known.role_of(lows)
            self.known.note_person(run, role)
            self.put(role, owns=owns)
            return after
        self.known.note_other(run)
        kind = _kind(self.tokens[start:end])
        # The Church is one; Church alone is somebody.
        if kind and (len(run) > 1 or lows[0] not in tables().also_names or self.low(start - 1) in DETERMINERS):
            self.put(kind, owns=owns)
        elif len(run) > 1 and run[0].is_strange and _is_surname(lows[-1]) and not self._is_place(start, run):
            self.known.note_person(run)
            self.put(PERSON, owns=owns)
        else:
            self.put_gap(owns=owns)
        return end

    def _is_place(self, start: int, run: Sequence[_Token]) -> bool:
        return run[0].word.isupper() or self.low(start - 1) in {"in", "at", "near", "off", "outside", "the"}

    def _is_person(self, start: int, run: Sequence[_Token]) -> bool:
        known, lows = tables(), [token.low for token in run]
        first, last = lows[0], lows[-1]
        if " ".join(lows) in known.places:
            return False
        if any(low in known.known or low in self.known.people for low in lows):
            return not any(low in known.kinds for low in lows[1:])
        if any(map(is_korean_given, lows)) or self.korean_name_end(start):
            return True
        if len(lows) == 1:
            return first in known.given and not is_plain(first)
        if first in known.given:
            return True
        if first in known.also_given and last in known.also_names:
            return self.low(start - 1) != "the"
        is_initial = run[0].word.isupper() and len(first) <= 2 and first not in known.places
        if last in known.kinds:
            return is_initial and last in known.also_names
        if first in known.also_names and first not in known.kinds:
            return _is_surname(last) and not self._is_place(start, run)
        return is_initial

    def _role_before(self) -> str:
        """The role in small letters that ends what was read so far: "the striker Harry Kane"."""
        words: list[str] = []
        for piece in reversed(self.pieces[-LONGEST:]):
            if piece.kind != "word" or piece.owns:
                break
            words.insert(0, piece.text)
        for size in range(len(words), 0, -1):
            if role := tables().roles.get(" ".join(words[-size:])):
                self.pieces[-size:] = [Piece(role, "role")]
                return role
        return ""

    def _role_behind(self, end: int) -> tuple[str, int]:
        """The role that an apposition gives ("…, the former prime minister of Norwick, …"), and where that ends."""
        if self.tokens[end - 1].owns or end >= len(self.tokens) or self.tokens[end].mark != ",":
            return "", end
        for at in range(end + 1, min(end + 1 + APPOSITION, len(self.tokens))):
            token = self.tokens[at]
            if not token.is_word or (token.is_capital and not token.owns):
                break
            role, behind = self.role_at(at)
            if role:
                marks = (each for each in range(behind, behind + APPOSITION_ENDS) if self._mark(each))
                close = next(marks, behind)
                return role, close + 1 if self._mark(close) == "," else behind
        return "", end

    def _mark(self, at: int) -> str:
        return self.tokens[at].mark if at < len(self.tokens) else "."


def _role_in(run: Sequence[_Token]) -> tuple[str, int, int] | None:
    """The last role in a run of capitals, where it begins, and where the name behind it does."""
    known = tables()
    for end in range(len(run), 0, -1):
        for start in range(max(0, end - LONGEST), end):  # "Prime Minister" before its second word
            words = " ".join(token.low for token in run[start:end])
            if words not in known.roles:
                continue
            # Behind another name such a word is a surname.
            is_surname = words in known.surname_roles and end == len(run) and (start > 0 or words not in known.alone)
            if not is_surname:
                return known.roles[words], start, end
    return None


def _kind(run: Sequence[_Token]) -> str:
    """What a place or an organisation is, by the tables or by its own name."""
    known, lows = tables(), [token.low for token in run]
    of = lows.index("of") if "of" in lows else len(lows)
    own = [known.kinds[low] for low in lows[:of] if low in known.kinds]
    spans = ((at, at + size) for size in range(LONGEST, 0, -1) for at in range(len(lows) - size + 1))
    place = next((found for at, end in spans if (found := known.places.get(" ".join(lows[at:end])))), "")
    return own[-1] if own else place


def _is_surname(low: str) -> bool:
    return not is_plain(low) or low in tables().also_names


# -- Headlines: capitals say nothing -------------------------------------------------------------------------


@dataclass
class _Headline(_Reader):
    spans: dict[int, tuple[str, int]] = field(default_factory=dict)  # where a kind stands for a name -> kind, end
    doubtful: set[int] = field(default_factory=set)

    def read(self) -> list[Piece]:
        at = 0
        while at < len(self.tokens):
            at = self._mark(at)
        self._mark_doubtful()
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            if at in self.spans:
                kind, end = self.spans[at]
                self.put(kind, owns=self.tokens[end - 1].owns)
                at = end
                continue
            if at in self.doubtful:
                self.put_gap(owns=token.owns)
            elif token is not NUMBER:
                self.put_common(_Token(token.word.lower(), token.low, token.owns))
            at += 1
        return self.pieces

    def _mark(self, at: int) -> int:
        """Mark the name that starts here, if one does; where to go on."""
        known, low = tables(), self.low(at)
        if low and low not in SMALL and self.is_turned(at):
            self.doubtful.add(at)
            return at + 1
        role, behind = self.role_at(at)
        if role and not self.tokens[behind - 1].owns and self._is_namelike(behind):
            return self._mark_person(at, behind, self._name_end(behind), role)
        if low in known.known or (low in self.known.people and self._is_namelike(at)):
            start = at - 1 if self.low(at - 1) in known.given and not self._is_marked(at - 1) else at
            end = at + 1
            while self.low(end) in known.known or (self.is_strange(end) and "-" in self.low(end)):
                end += 1
            return self._mark_person(start, start, end, self.known.role_of([low]))
        if low in known.given and (not is_plain(low) or self._is_namelike(at + 1)):
            return self._mark_person(at, at, self._name_end(at), PERSON)
        if low in known.also_given and self.low(at + 1) not in SMALL | DONE and not self.tokens[at].owns:
            return self._mark_person(at, at, self._name_end(at), PERSON)
        if end := self.korean_name_end(at):
            return self._mark_person(at, at, end, PERSON)
        for end in range(min(at + LONGEST, len(self.tokens)), at, -1):
            kind = known.places.get(" ".join(self.low(each) for each in range(at, end)), "")
            if kind and (end > at + 1 or not is_plain(low) or self._is_firm(at)):
                self.spans[at] = (kind, end)
                self.known.note_other(self.tokens[at:end])
                return end
        return at + 1

    def _is_firm(self, at: int) -> bool:
        """Whether a firm's name that is a word is meant: fruit owns nothing and does not unveil."""
        return self.tokens[at].owns or self.is_strange(at + 1) or self.low(at + 1) in DONE | {"to"}

    def _mark_person(self, at: int, name: int, end: int, role: str) -> int:
        self.spans[at] = (role, end)
        self.known.note_person(self.tokens[name:end], role)
        return end

    def _is_marked(self, at: int) -> bool:
        return any(start <= at < end for start, (_, end) in self.spans.items())

    def _is_namelike(self, at: int) -> bool:
        known, low = tables(), self.low(at)
        if not low or low in SMALL or low in known.places:
            return False
        return self.is_strange(at) or low in known.also_names or low in known.given or low in self.known.people

    def _name_end(self, at: int) -> int:
        """Where the name that starts here ends: given names, one surname, and what is no word."""
        if end := self.korean_name_end(at):
            return end
        end = at
        while self.low(end) in tables().given:
            end += 1
            if self.tokens[end - 1].owns:
                return end
        if self.low(end) and self.low(end) not in SMALL:
            end += 1
        while not self.tokens[end - 1].owns and self.is_strange(end) and self.low(end) not in tables().places:
            end += 1
        return max(end, at + 1)

    def _mark_doubtful(self) -> None:
        marked = {each for at, (_, end) in self.spans.items() for each in range(at, end)}
        for at, token in enumerate(self.tokens):
            if token.is_word and token.low not in SMALL and at not in marked and self._is_doubtful(at):
                self.doubtful.add(at)
        self.known.note_other(self.tokens[at] for at in self.doubtful)

    def _is_doubtful(self, at: int) -> bool:
        """No ordinary word, one that is a name as well, or one beside what may be a name."""
        if self.is_strange(at):
            return True
        beside_strange = self._touches(at - 1) or self._touches(at + 1)
        if self.low(at) in tables().also_names and not self._is_common_here(at, beside_strange=beside_strange):
            return True
        return beside_strange and not self._stands_apart(at)

    def _touches(self, at: int) -> bool:
        return self.is_strange(at) and not self.tokens[at].owns and self.low(at) not in tables().places

    def _is_common_here(self, at: int, *, beside_strange: bool) -> bool:
        """An article before it says that a word is a common one, and so does the text, where it uses it as one."""
        low = self.low(at)
        if at and (self.low(at - 1) in DETERMINERS or self.tokens[at - 1] is NUMBER):
            return True
        return not beside_strange and low in self.known.said and low not in self.known.people

    def _stands_apart(self, at: int) -> bool:
        """What stands beside a name without being part of it."""
        known, low = tables(), self.low(at)
        return low in DONE or low in known.roles or low in known.kinds or low in known.openers or low in known.places
