"""Real headlines, read in place: whom they plainly name is in no phrase that a model is given to draw from."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from illustrate.brief.phrases import WORDS, key_phrases
from tests.unit.illustrate.people import assumed_names, words_of

pytestmark = pytest.mark.corpus
ENGLISH = ("10-real-feeds-kagi", "11-real-feeds-reader-fixtures", "04-reader-fixtures")
KOREAN = ("12-korean-news-knews-rss/snapshot-2022-08-01/publishers",)
EVERY_KOREAN = 12  # each of so many: the bridge takes its time
HANGUL = re.compile("[가-힣]")

# Surnames as newspapers spell them.
SURNAMES = {
    "김": "kim", "이": "lee yi", "박": "park pak", "최": "choi", "정": "jung jeong chung", "강": "kang", "조": "cho jo",
    "윤": "yoon yun", "장": "jang chang", "임": "lim im", "한": "han", "오": "oh", "서": "seo suh", "신": "shin",
    "권": "kwon", "황": "hwang", "안": "ahn", "문": "moon mun", "손": "son sohn", "배": "bae", "백": "baek",
    "홍": "hong", "유": "yoo yu", "심": "shim", "노": "noh roh", "하": "ha", "우": "woo", "민": "min", "진": "jin",
}  # fmt: skip
OFFICE = "대통령|의원|장관|총리|대표|후보|감독|선수|회장|위원장|교수|배우|시장|지사|기자"
NAMED = re.compile(rf"(?<![가-힣])([{''.join(SURNAMES)}])[가-힣]{{2}}(?= ?(?:{OFFICE}|[“\"‘']))")


def titles_in(corpus: Path, folders: tuple[str, ...]) -> Iterator[str]:
    """Every title once, as plainly as it stands in the files."""
    seen: set[str] = set()
    for folder in folders:
        for path in sorted((corpus / folder).rglob("*")):
            if not path.is_file() or path.name.startswith(("UPSTREAM", "SOURCE")):
                continue
            for found in re.findall(r"<title[^>]*>(.*?)</title>", path.read_text("utf-8", errors="ignore"), re.DOTALL):
                title = html.unescape(re.sub(r"<!\[CDATA\[|\]\]>|<[^>]+>", " ", html.unescape(found)))
                title = " ".join(title.split())
                if title and title not in seen:
                    seen.add(title)
                    yield title


def test_no_english_title_leaks_a_name(corpus, capsys):
    titles = [title for title in titles_in(corpus, ENGLISH) if not HANGUL.search(title)]
    named = told = 0
    for title in titles:
        phrases = key_phrases(title)
        names = assumed_names(title)
        named, told = named + bool(names), told + bool(phrases)
        # Whoever is called like a common word that the title itself says in small letters is not told by it.
        names -= set(re.findall(r"(?<!\w)[a-z]+(?!\w)", title))
        assert not words_of(phrases) & names, (title, phrases)
        assert all(len(phrase.split()) <= WORDS for phrase in phrases)
    with capsys.disabled():
        print(f"\n{len(titles)} English titles, {named} that plainly name somebody, {told} with phrases: 0 names")
    assert len(titles) > 3000
    assert named > 100


def test_no_korean_title_leaks_a_name(corpus, capsys):
    titles = [title for title in titles_in(corpus, KOREAN) if HANGUL.search(title)][::EVERY_KOREAN]
    named = told = 0
    for title in titles:
        phrases = key_phrases(title, language="ko")
        found = NAMED.findall(title)
        named, told = named + bool(found), told + bool(phrases)
        spelled = {spelling for surname in found for spelling in SURNAMES[surname].split()}
        assert not words_of(phrases) & spelled, (title, phrases)
        assert all(re.fullmatch("[a-z' -]+", phrase) for phrase in phrases), (title, phrases)
    with capsys.disabled():
        print(f"\n{len(titles)} Korean titles, {named} that plainly name somebody, {told} with phrases: 0 names")
    assert len(titles) > 100
    assert named > 10
