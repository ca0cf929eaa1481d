"""In which language a text is written."""

import pytest

from curation.articles._language import detect_language

LONG = {
    "en": "The council voted on Tuesday to reopen the old harbour bridge to walkers after nine years of repairs.",
    "ko": "서울시는 화요일 한강의 오래된 다리를 9년간의 보수 끝에 보행자에게 다시 열기로 했다고 밝혔다.",
    "de": "Der Stadtrat hat am Dienstag beschlossen, die alte Hafenbrücke wieder für Fußgänger zu öffnen.",
    "fr": "Le conseil municipal a décidé mardi de rouvrir le vieux pont du port aux piétons après neuf ans de travaux.",
    "ja": "市議会は火曜日、古い港の橋を九年ぶりに歩行者に再び開放することを決めた。",
    "zh": "市议会星期二决定，在维修九年之后，重新向行人开放古老的海港大桥。",
    "es": "El ayuntamiento decidió el martes reabrir el viejo puente del puerto a los peatones.",
    "ru": "Городской совет во вторник решил вновь открыть старый портовый мост для пешеходов.",
}


@pytest.mark.parametrize(("language", "text"), LONG.items())
def test_a_sentence_shows_its_language_whatever_the_feed_says(language, text):
    assert detect_language(text, "en-us") == detect_language(text) == language


def test_a_korean_headline_full_of_latin_names_is_korean():
    assert detect_language("LG, OLED TV 신제품 CES 2026 공개", "en") == "ko"


def test_a_short_text_is_what_the_feed_says():
    assert detect_language("Bayern München", "de-AT") == "de"


@pytest.mark.parametrize("text", ["", "12:30 — 7", "https://example.org/a/b/c"])
def test_no_letters_no_language(text):
    assert detect_language(text) == "und"
    assert detect_language(text, "fr") == "fr"


def test_a_hint_of_another_script_is_not_believed():
    assert detect_language("Harbour bridge opens to walkers", "ko") in ("en", "und")
