"""Sensitive subjects are found in both languages; figures of speech are left alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from illustrate.brief.sensitive import is_sensitive, judge

HEADLINES = Path(__file__).parents[2] / "data" / "sensitive_headlines.tsv"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_recall_and_precision_on_headlines_written_by_somebody_else(language, capsys):
    with HEADLINES.open(encoding="utf-8") as table:
        rows = [
            row for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE) if row["language"] == language
        ]
    found = [sensitive for sensitive, _ in judge([(row["headline"], "", language) for row in rows])]
    true = [row["sensitive"] == "1" for row in rows]
    hits = sum(a and b for a, b in zip(found, true, strict=True))
    recall, precision = hits / sum(true), hits / max(1, sum(found))
    with capsys.disabled():
        print(f"\nsensitive headlines, {language}: recall {recall:.3f}, precision {precision:.3f} (n={len(rows)})")
    assert recall >= 0.95
    assert precision >= 0.7


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Four killed as bus plunges off bridge", "en"),
        ("Cardinal accused of shielding abusers steps down", "en"),
        ("Singer who wrote summer's anthem dies at 34", "en"),
        ("화물차 추락해 운전자 사망", "ko"),
        ("또래 집단폭행에 중학생 의식불명", "ko"),
    ],
)
def test_what_hurts_people_is_sensitive_and_the_reason_is_told(title, language):
    sensitive, reason = is_sensitive(title, "", language)
    assert sensitive
    assert reason


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Killer whales play with the ferry's rudder again", "en"),
        ("Deadline for school places moves to May", "en"),
        ("Price war over oat milk reaches the villages", "en"),
        ("Rapeseed fields bloom early", "en"),
        ("관중 폭발적 증가에 구단 웃음", "ko"),
        ("구조조정 마친 조선사 흑자 전환", "ko"),
    ],
)
def test_a_figure_of_speech_is_not(title, language):
    assert not is_sensitive(title, "", language)[0]
