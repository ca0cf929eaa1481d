"""Every text of the interface has its Korean, with the same places to fill in."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

from frontend import _messages

KOREAN = Path(settings.LOCALE_PATHS[0]) / "ko" / "LC_MESSAGES" / "django.po"
PLACE = re.compile(r"%\((\w+)\)|\{(\w*)\}|</?(\w+)>")


@pytest.fixture(scope="module")
def korean() -> dict[_messages.Message, polib.POEntry]:
    return {_messages.Message(entry.msgid, entry.msgid_plural): entry for entry in polib.pofile(str(KOREAN))}


def _texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_marked_string_is_translated(korean: dict[_messages.Message, polib.POEntry]) -> None:
    wanted = _messages.collect()
    assert len(wanted) > 250
    missing = [message.text for message in wanted if message not in korean or not all(_texts(korean[message]))]
    assert missing == [], "run `manage.py compile_messages --collect` and translate"


def test_nothing_is_kept_that_no_page_says(korean: dict[_messages.Message, polib.POEntry]) -> None:
    assert set(korean) - set(_messages.collect()) == set()


def test_translations_fill_in_the_same_places(korean: dict[_messages.Message, polib.POEntry]) -> None:
    wrong = {
        entry.msgid: text
        for entry in korean.values()
        for text in _texts(entry)
        if set(PLACE.findall(text)) != set(PLACE.findall(entry.msgid_plural or entry.msgid))
    }
    assert wrong == {}


def test_scripts_hold_no_words_of_their_own() -> None:
    for script in (Path(settings.BASE_DIR) / "frontend" / "static" / "gyeol").glob("*.js"):
        code = re.sub(r"//.*", "", script.read_text())
        sentences = re.findall(r"[\"'`][A-Z][a-z]+ [a-z ]+[.?!]?[\"'`]", code)
        assert sentences == [], script.name


def test_plurals_inside_templates_are_found_whole() -> None:
    source = "{% blocktranslate count n=x %}{{ n }} article{% plural %}{{ n }} articles{% endblocktranslate %}"
    assert list(_messages._in_template(source)) == [_messages.Message("%(n)s article", "%(n)s articles")]


def test_a_stale_catalogue_is_compiled_once(tmp_path: Path, settings) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(KOREAN.read_text())
    settings.LOCALE_PATHS = [tmp_path]
    assert _messages.compile_stale() == [folder / "django.mo"]
    assert _messages.compile_stale() == []
    assert list(folder.glob("*.new")) == []
