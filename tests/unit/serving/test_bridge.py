from __future__ import annotations

import csv
from pathlib import Path

import pytest

from curation.serving import _bridge
from curation.serving._familiarity import familiarity
from curation.serving._tokens import search_tokens

SERVING = Path(_bridge.__file__).parent


@pytest.mark.parametrize(
    ("korean", "words"),
    [
        ("인공지능이 바꾼 병원", ["artificial intelligence", "hospital"]),
        ("무역수지 흑자", ["trade balance", "surplus"]),
        ("기준금리 인상", ["benchmark interest rate"]),
        ("국회의원 재판", ["lawmaker", "trial"]),
        ("코로나19 확산", ["COVID-19"]),
        ("美中 정상 통화", ["United States", "China"]),
        ("갤럭시 S10 5G 출시", ["S10", "5G", "launch"]),
        ("주가 떨어지자 투자자 숨지다", ["share price", "fall", "dies"]),
        ("물가 3.5% 상승", ["3.5 percent"]),
    ],
)
def test_korean_headlines_become_the_english_words_that_carry_them(korean: str, words: list[str]) -> None:
    english = _bridge.to_english(korean)
    assert all(word in english for word in words), english


def test_compounds_win_over_their_parts() -> None:
    assert _bridge.to_english("전기차") == "electric car"
    assert "qi" not in _bridge.to_english("인공 지능")
    assert _bridge.to_english("인공 지능") == "artificial intelligence"


def test_unknown_names_are_spelled_out_in_latin_letters() -> None:
    assert _bridge.to_english("쿠릅쟉").isascii()
    assert _bridge.to_english("쿠릅쟉")


def test_nothing_korean_is_left_for_the_embedder() -> None:
    english = _bridge.to_english("“총리” 北, 대구서 ‘폭염’ 속 3만명 모인 행사… 왜? (종합) ㅋㅋ 🎉")
    assert not any("가" <= letter <= "힣" or "一" <= letter <= "鿿" for letter in english), english


@pytest.mark.parametrize("text", ["", " ", "…", "ㅋㅋㅋ", "🎉🎉", "\x00"])
def test_texts_without_words_become_nothing_and_raise_nothing(text: str) -> None:
    assert isinstance(_bridge.to_english(text), str)


@pytest.mark.parametrize(("name", "least"), [("glossary.tsv", 5_000), ("compounds.tsv", 200), ("predicates.tsv", 300)])
def test_the_word_lists_are_clean_sorted_and_large_enough(name: str, least: int) -> None:
    with (SERVING / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    korean = [row["korean"] for row in rows]
    assert len(rows) >= least
    assert korean == sorted(set(korean))
    assert all(row["english"] and row["english"] == " ".join(row["english"].split()) for row in rows)
    assert not any("가" <= letter <= "힣" for row in rows for letter in row["english"])


def test_search_tokens_split_korean_compounds_alike_in_text_and_query() -> None:
    assert set(search_tokens("인공지능", "ko")) <= set(search_tokens("정부, 인공지능 투자 늘린다", "ko"))


def test_search_tokens_of_english_are_words_in_small_letters() -> None:
    assert search_tokens("It's Apple's NEW phone: S-10!", "en") == ["it", "apple", "new", "phone", "s", "10"]


def test_a_korean_text_with_the_wrong_label_is_still_read_as_korean() -> None:
    assert "주가" in search_tokens("주가 폭락", "en")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("zxqv blorp", "en"),
        ("asdkjh qwpoe", "en"),
        ("꿹뛟 쀍", "ko"),
        ("흙뷁꽯 늚챾", "ko"),
        ("!!!", "en"),
        ("", "ko"),
        ("ㅂㄷㅋㅎ ㅈㅇㅁㄹ", "ko"),
        ("러뱌ㅓ호 ㅁ냐ㅗ라", "ko"),
        ("ㅁㄴㅇㄹ", "en"),
    ],
)
def test_gibberish_is_not_familiar(text: str, language: str) -> None:
    assert familiarity(text, language) < 0.3


@pytest.mark.parametrize(
    ("text", "language"),
    [("wooden boat building", "en"), ("kimchi", "en"), ("Pyongyang", "en"), ("도자기 굽기", "ko"), ("손흥민", "ko")],
)
def test_real_words_and_names_are_familiar(text: str, language: str) -> None:
    assert familiarity(text, language) > 0.7
