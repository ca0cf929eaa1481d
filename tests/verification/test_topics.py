"""What the topic head reaches on headlines that it has not seen: it is trained again here, without them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from curation.topics import _training, queries

from .korean_news import FOLDER

HELD_OUT = Path(__file__).resolve().parents[1] / "data" / "section_headlines.tsv"
# Every so many newspaper headlines: enough to measure, few enough to embed while somebody waits.
EVERY = 6


@pytest.fixture(scope="module")
def material(corpus: Path) -> _training.Material:
    newspapers = _training.newspaper_headlines(corpus / FOLDER)
    own = [line for line in _training.own_headlines() if line.kind != "newsroom"]
    return _training.prepare(own + newspapers[::EVERY])


def accuracy(material: _training.Material, language: str, held: np.ndarray) -> float:
    reached = _training.hold_out(material, language, held)[2]
    print(f"\n{language}: {reached:.3f} of {int(held.sum())} unseen headlines in the right one of seven sections")
    return reached


@pytest.mark.parametrize(("language", "bound"), [("en", 0.80), ("ko", 0.80)])
def test_headlines_that_nobody_trained_on_find_their_section(language: str, bound: float) -> None:
    """The weights as they are shipped, on 349 headlines a language by somebody who saw no training example."""
    with HELD_OUT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row["language"] == language]
    section_of = {area.slug: area.section for area in queries.areas()}
    found = queries.classify([row["headline"] for row in rows], [language] * len(rows))
    right = sum(section_of[each.area] == row["section"] for each, row in zip(found, rows, strict=True))
    print(f"\n{language}: {right / len(rows):.3f} of {len(rows)} held-out headlines in the right one of seven sections")
    assert right / len(rows) >= bound


def test_no_held_out_headline_is_a_training_example() -> None:
    with HELD_OUT.open(encoding="utf-8", newline="") as file:
        held = {row["headline"].casefold() for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    assert not held & {line.text.casefold() for line in _training.own_headlines()}


@pytest.mark.corpus
@pytest.mark.timeout(900)
def test_korean_headlines_of_publishers_never_seen_find_their_section(material):
    publishers = sorted({line.publisher for line in material.headlines if line.publisher})[::3]
    held = np.array([line.publisher in publishers for line in material.headlines])
    assert accuracy(material, "ko", held) >= 0.60


@pytest.mark.corpus
@pytest.mark.timeout(900)
def test_wire_style_korean_headlines_of_other_years_find_their_section(material):
    held = np.array([line.kind == "section" and line.language == "ko" for line in material.headlines])
    assert accuracy(material, "ko", held) >= 0.75


@pytest.mark.corpus
@pytest.mark.timeout(900)
def test_english_headlines_find_their_section(material):
    held = np.array([line.kind == "section" and line.language == "en" for line in material.headlines])
    assert accuracy(material, "en", held) >= 0.75
