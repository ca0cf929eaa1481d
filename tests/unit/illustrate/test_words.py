"""Names of people are taken out; words that mean something stay."""

from __future__ import annotations

import pytest

from illustrate.brief._words import as_english, content_words, stem, without_brands, without_names


@pytest.mark.parametrize(
    ("title", "gone", "kept"),
    [
        ("Tim Cook says apples are next", "Cook", "apples"),
        ("President Rossi opens bridge", "Rossi", "President"),
        ("Minister George van Bush visits a farm", "Bush", "farm"),
    ],
)
def test_people_lose_their_names_and_keep_their_office(title, gone, kept):
    plain = without_names(title, "en")
    assert gone not in plain
    assert kept in plain


def test_korean_names_before_an_office_are_taken_out():
    assert without_names("김서연 의원 법안 발의", "ko").split() == ["의원", "법안", "발의"]
    assert "국회의원" in without_names("국회의원 회의 열려", "ko")


def test_institutions_are_not_people():
    assert without_names("Bank of Norwick raises rates", "en") == "Bank of Norwick raises rates"


def test_a_capital_inside_a_sentence_is_a_name_and_matches_no_motif():
    assert stem("bush") not in content_words("Fans of Bush wait in the rain", "en")


def test_plurals_and_endings_meet():
    assert stem("turbines") == stem("turbine")
    assert stem("voting") == stem("voted") == stem("votes") == stem("vote")
    assert stem("planes") == stem("plane") == "plane"
    assert stem("caring") == stem("cares") == stem("care")


@pytest.mark.parametrize(
    "pair",
    ["knife knives", "life lives", "wife wives", "prize prizes", "size sizes", "maze mazes", "bus buses", "gas gases",
     "wave waves", "cave caves", "drive drives", "glove gloves", "leaf leaves", "wolf wolves", "shelf shelves",
     "house houses", "rose roses", "virus viruses", "box boxes", "church churches", "city cities", "race races"],
)  # fmt: skip
def test_a_plural_meets_its_singular(pair: str):
    one, many = pair.split()
    assert stem(one) == stem(many)


@pytest.mark.parametrize(("one", "other"), [("care", "car"), ("wine", "win"), ("plane", "plan"), ("site", "sit")])
def test_a_final_e_tells_words_apart(one, other):
    assert stem(one) != stem(other)


def test_a_makers_name_is_no_fruit_but_a_harvest_is():
    assert "Apple" not in without_brands("Why Apple's new phone is late")
    assert "Apple" not in without_brands("Review: the Apple that nobody needs")
    assert "Apple" in without_brands("Apple growers face the worst harvest in years")
    assert "apple" in without_brands("An apple harvest like no other")
    assert without_brands("Apple's").strip()


@pytest.mark.parametrize(
    ("title", "gone"),
    [
        ("출시 첫날 (금) 판매 시작", "금"),
        ("매출 10배 뛴 공장", "배"),
        ("LG배 결승 개막", "배"),
        ("매출 3배로 늘어", "배"),
        ("값 2배나 올라", "배"),
    ],
)
def test_a_weekday_a_multiple_and_a_cup_are_no_things(title, gone):
    assert gone not in without_names(title, "ko")


def test_a_real_ship_stays():
    assert "어선" in without_names("어선 3척 배 수리", "ko")
    assert "배" in without_names("어선 3척 배 수리", "ko")


def test_heat_has_no_waves_in_it():
    assert "wave" not in as_english("폭염 경보 확대", "ko").lower()
    assert "wave" not in without_names("Heat wave closes schools", "en")
    assert "wave" in without_names("A wave breaks over the pier", "en")


@pytest.mark.parametrize(
    ("title", "is_county"),
    [
        ("가람군 공문서 쉬워진다", True),
        ("양평군 주민 모임", True),
        ("우크라군 반격", False),
        ("육군 훈련", False),
        ("대선 후보군 압축", False),
        ("대사 증후군 늘어", False),
        ("계엄군 국회 진입", False),
        ("주한미군 감축", False),
    ],
)
def test_a_county_is_no_army(title: str, is_county: bool):
    assert ("고을" in without_names(title, "ko")) == is_county
