"""Every text of our own that the brief embeds, so that its vectors can come with the library."""

from __future__ import annotations

from illustrate.brief import _vectors, sensitive
from illustrate.brief._choose import all_phrases
from illustrate.brief._happening import example_texts


def fixed_texts() -> list[tuple[str, str]]:
    """(text, language): the motifs' phrases, the examples of what happens, those of what hurts."""
    phrases = [(phrase, language) for language in ("en", "ko") for phrase in all_phrases(language)]
    headlines, languages, _ = sensitive.examples()
    return [
        *phrases,
        *zip(*example_texts(), strict=True),
        *zip(headlines, languages, strict=True),
    ]


def ship() -> int:
    """Write their vectors anew; how many. Raises what the model server raises."""
    return _vectors.ship(fixed_texts())


def not_shipped() -> list[tuple[str, str]]:
    """Those that were written since: they are embedded when a picture first needs them."""
    return _vectors.not_shipped(sorted(set(fixed_texts())))
