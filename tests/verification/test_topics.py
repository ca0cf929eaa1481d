"""What the topic head reaches on headlines that it has not seen: it is trained again here, without them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.topics import _training

from .korean_news import FOLDER

pytestmark = pytest.mark.corpus

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


@pytest.mark.timeout(900)
def test_korean_headlines_of_publishers_never_seen_find_their_section(material):
    publishers = sorted({line.publisher for line in material.headlines if line.publisher})[::3]
    held = np.array([line.publisher in publishers for line in material.headlines])
    assert accuracy(material, "ko", held) >= 0.60


@pytest.mark.timeout(900)
def test_wire_style_korean_headlines_of_other_years_find_their_section(material):
    held = np.array([line.kind == "section" and line.language == "ko" for line in material.headlines])
    assert accuracy(material, "ko", held) >= 0.75


@pytest.mark.timeout(900)
def test_english_headlines_find_their_section(material):
    held = np.array([line.kind == "section" and line.language == "en" for line in material.headlines])
    assert accuracy(material, "en", held) >= 0.75
