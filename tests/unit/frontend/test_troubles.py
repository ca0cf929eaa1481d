from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.utils import translation

import curation.sources
from frontend.pages import _troubles

ERRORS = {"SourceError", "FeedRefused", "FetchFailed", "AddressRefused", "FetchingIsOff"}
# Reasons that name an exception nobody foresaw stay in English, as a log would hold them.
UNFORESEEN = {"_in_words(error)"}


def reasons() -> list[str]:
    """Every reason that the chapter gives for an error, with "42" where it puts a value."""
    found = []
    for path in sorted(Path(curation.sources.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
                reason = node.args[0]
                while isinstance(reason, ast.Subscript):  # cut to a length
                    reason = reason.value
                if isinstance(reason, ast.JoinedStr | ast.Constant):
                    parts = reason.values if isinstance(reason, ast.JoinedStr) else [reason]
                    found.append("".join(str(p.value) if isinstance(p, ast.Constant) else "42" for p in parts))
                else:
                    assert ast.unparse(reason) in UNFORESEEN or "server answered" in ast.unparse(reason)
    return found


def test_the_chapter_still_gives_reasons():
    assert len(reasons()) > 30


@pytest.mark.parametrize("reason", sorted(set(reasons())))
def test_every_reason_of_a_failed_visit_has_korean_words(reason: str):
    with translation.override("ko"):
        assert _troubles.in_words(reason) != reason
    with translation.override("en"):
        assert _troubles.in_words(reason) == reason


def test_details_are_kept_and_the_unforeseen_stays_as_it_is():
    with translation.override("ko"):
        assert "410 Gone" in _troubles.in_words("the server answered 410 Gone")
        assert _troubles.in_words("the moon was in the way: 7%") == "the moon was in the way: 7%"
