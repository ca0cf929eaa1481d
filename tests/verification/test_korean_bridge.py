"""How much of real Korean headlines the bridge carries over, on a day that did not choose its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.serving import _bridge, _korean

from .korean_news import daily_titles

pytestmark = pytest.mark.corpus


@pytest.mark.timeout(240)
def test_the_glossary_covers_the_nouns_of_a_day_it_was_not_made_from(corpus: Path) -> None:
    before, day = daily_titles(corpus, "2022-07-25"), daily_titles(corpus, "2022-07-26")
    titles = [title for guid, title in day.items() if guid not in before]
    nouns = known = verbs = known_verbs = carried = words = 0
    for title in titles:
        for token in _korean.morphemes(title):
            if token.tag in ("NNG", "NNP"):
                nouns += 1
                known += token.form in _bridge.glossary()
            elif token.tag in ("VV", "VA"):
                verbs += 1
                known_verbs += token.form + "다" in _bridge.predicates()
        english = _bridge.to_english(title).split()
        words += len(english)
        carried += sum(word.strip("'-").lower() in _bridge.english_words() for word in english)
    print(
        f"\n{len(titles)} new headlines of 2022-07-26: {known / nouns:.3f} of {nouns} noun tokens in the glossary, "
        f"{known_verbs / verbs:.3f} of {verbs} verbs and adjectives; {carried / words:.3f} of {words} words are English"
    )
    assert len(titles) > 1_500
    assert known / nouns > 0.80
    assert known_verbs / verbs > 0.55
