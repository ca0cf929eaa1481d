"""Sensitive subjects are found in both languages; figures of speech are left alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from illustrate.brief.compose import compose
from illustrate.brief.sensitive import is_sensitive, judge
from illustrate.render import composer
from illustrate.types import Subject, VisualFacts

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


def labelled(name: str) -> list[dict[str, str]]:
    with (HEADLINES.parent / name).open(encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize(("name", "least"), [("register_headlines.tsv", 0.95), ("register_unseen.tsv", 0.8)])
def test_a_hundred_headlines_get_the_register_they_call_for(name: str, least: float, capsys):
    """In the second set a third of the sensitive ones name nothing ("the chair is still set for dinner"); no example
    was written with it in sight.
    """
    rows = labelled(name)
    found = [sensitive for sensitive, _ in judge([(row["headline"], "", row["lang"]) for row in rows])]
    true = [row["sensitive"] == "1" for row in rows]
    hits = sum(a and b for a, b in zip(found, true, strict=True))
    recall, precision = hits / sum(true), hits / sum(found)
    with capsys.disabled():
        print(f"\n{name}: recall {recall:.3f}, precision {precision:.3f} (n={len(rows)})")
    assert len(rows) == 100
    assert recall >= least
    assert precision >= 0.7


def test_no_sensitive_headline_shows_a_correspondent_or_anybody_else():
    rows = [row for row in labelled("register_headlines.tsv") if row["sensitive"] == "1"]
    shown = 0
    for row in rows:
        subject = Subject(row["headline"], language=row["lang"], area="society", topics=("accidents",))
        brief = compose(subject, VisualFacts(), preset="grain", preset_version=2, seed=1)
        parts = composer.stage(brief, 1).parts
        shown += bool(parts["persona"] or parts["others"] or parts["players"])
        assert brief.register == "plain" or not brief.persona
    assert shown <= 0.05 * len(rows)  # what is not found to be sensitive is the recall's affair


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
        ("Motorway toll rises to 5 pounds", "en"),
        ("Mother claims the child benefit", "en"),
        ("유해가스 줄이는 기술 개발", "ko"),
        ("둘째 출산한 배우, 육아 일상 공개", "ko"),
    ],
)
def test_what_only_sounds_grave_is_not(title, language):
    assert not is_sensitive(title, "", language)[0]
