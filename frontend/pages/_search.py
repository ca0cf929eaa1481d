"""What somebody looks for, and the articles that hold it: the same for the page and for programs."""

from __future__ import annotations

from django.utils.translation import get_language

from curation.articles import queries as articles
from frontend.pages._cards import only_wanted

LONGEST = 200


def asked(text: str) -> str:
    """The words that are looked for, on one line."""
    return " ".join(text.split())[:LONGEST].replace("\x00", "")


def find(text: str, *, reader_id: int | None, limit: int) -> list[int]:
    """Article ids, best first, without what the reader hid or muted. Raises ServingError with the models away."""
    return only_wanted(articles.search(text, language=language_of(text), reader_id=reader_id, limit=limit), reader_id)


def language_of(text: str) -> str:
    """Korean where there is Hangul, else the page's language, else English."""
    if any("가" <= letter <= "힣" for letter in text):
        return "ko"
    page = (get_language() or "en")[:2]
    return "en" if page == "ko" else page
