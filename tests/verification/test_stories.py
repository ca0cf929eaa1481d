"""Story grouping against the sample newsroom's own `story` keys: pairs of one story, and every other pair."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import yaml

import curation
from curation.articles._meaning import LEAD_CHARACTERS, TITLE_WEIGHT
from curation.serving import queries as serving
from curation.topics import _stories

NEWSROOM = Path(curation.__file__).parent / "sample" / "newsroom"


@pytest.mark.parametrize(("language", "precision", "recall"), [("en", 0.8, 0.6), ("ko", 0.75, 0.5)])
def test_pairs_of_one_event_are_told_from_other_pairs(language: str, precision: float, recall: float) -> None:
    articles = [
        article
        for path in sorted((NEWSROOM / language).glob("*.yaml"))
        for article in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    languages = [language] * len(articles)
    titles = serving.embed([article["title"] for article in articles], languages)
    leads = serving.embed([article["body"][:LEAD_CHARACTERS] for article in articles], languages)
    vectors = TITLE_WEIGHT * titles + (1 - TITLE_WEIGHT) * leads
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    told = [_stories.told(article["title"], article["body"]) for article in articles]
    tokens = serving.search_tokens(told, languages)
    true = joined = right = 0
    for one, other in combinations(range(len(articles)), 2):
        same = bool(articles[one].get("story")) and articles[one].get("story") == articles[other].get("story")
        cosine = float(vectors[one] @ vectors[other])
        near = cosine >= _stories.LEAST_COSINE
        shared = _stories.shared_words(tokens[one], tokens[other], language) if near else 0.0
        found = _stories.is_same_event(cosine, shared, (language, language))
        true, joined, right = true + same, joined + found, right + (same and found)
    print(f"\n{language}: {true} pairs of one story among {len(articles)} articles; {joined} joined, {right} rightly")
    assert right / joined >= precision
    assert right / true >= recall
