from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import call_command

from curation.topics import _head, queries

CLEAR = [
    ("Late goal sends United through to final", "en", "sport"),
    ("Fed raises interest rates", "en", "economy"),
    ("Senate passes spending bill", "en", "politics"),
    ("Mars rover finds ancient lake", "en", "science"),
    ("코스피 급락", "ko", "economy"),
    ("손흥민 결승골", "ko", "sport"),
    ("국회 예산안 처리", "ko", "politics"),
    ("트럼프 중국 관세", "ko", "world"),
    ("검찰 구속영장 청구", "ko", "society"),
]


def test_headlines_of_a_few_words_find_their_area():
    found = queries.classify([text for text, _, _ in CLEAR], [language for _, language, _ in CLEAR])
    assert [answer.area for answer in found] == [area for _, _, area in CLEAR]


def test_topics_come_best_first_with_scores_that_are_probabilities():
    (found,) = queries.classify(["Telescope spots water on a distant planet"], ["en"])
    scores = [score for _, score in found.topics]
    assert found.topics[0][0] == "space"
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=0.01)
    assert len(found.topics) == sum(len(area.topics) for area in queries.areas())


@pytest.mark.parametrize(("text", "language"), [("", "en"), ("🎉", "ko"), ("x" * 20_000, "en"), ("안녕", "xx")])
def test_any_text_gets_an_area_and_raises_nothing(text: str, language: str):
    (found,) = queries.classify([text], [language])
    assert found.area in {area.slug for area in queries.areas()}


def test_nothing_to_classify_is_no_trouble():
    assert queries.classify([], []) == []


def test_the_trained_head_knows_the_catalogues_topics_and_stays_small():
    assert _head.load().slugs == [topic.slug for area in queries.areas() for topic in area.topics]
    assert _head.WEIGHTS.stat().st_size < 1_000_000


def test_the_command_answers_one_json_line_for_each_text_line(monkeypatch, capsys):
    lines = "코스피 급락\n\n손흥민 결승골\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    call_command("classify_text", lang="ko")
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(answers) == 3
    assert (answers[0]["area"], answers[2]["area"]) == ("economy", "sport")
    assert set(answers[0]) == {"topics", "area"}
    assert set(answers[0]["topics"][0]) == {"slug", "score"}
