"""Interface texts in other languages: what there is to translate, and the compiled form that Django reads.

GNU gettext is not needed: strings are collected with Django's own template lexer and Python's, compiled with polib.
"""

from __future__ import annotations

import ast
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

SINGLE = frozenset({"_", "gettext", "gettext_lazy", "gettext_noop"})
PLURAL = frozenset({"ngettext", "ngettext_lazy"})
CHAPTERS = ("curation", "illustrate", "accounts", "frontend")
# What templatize makes of a template: calls with plain string literals between runs of X.
LITERAL = re.compile(r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", re.DOTALL)
CALL = re.compile(rf"\b(n?gettext|_)\(\s*(?P<arguments>{LITERAL.pattern}(?:\s*,\s*{LITERAL.pattern})?)", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Message:
    text: str
    plural: str = ""


def catalogues() -> Iterator[Path]:
    for folder in settings.LOCALE_PATHS:
        yield from sorted(Path(folder).glob("*/LC_MESSAGES/django.po"))


def compile_stale() -> list[Path]:
    """Compile each catalogue whose compiled form is missing or older; return what was written.

    Written beside it and renamed, so that processes that start together never read half a file.
    """
    written = []
    for source in catalogues():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        handle, name = tempfile.mkstemp(dir=source.parent, suffix=".mo.new")
        os.close(handle)
        polib.pofile(str(source)).save_as_mofile(name)
        Path(name).chmod(0o644)
        Path(name).replace(target)
        written.append(target)
    return written


def collect() -> dict[Message, set[str]]:
    """Every string that the four chapters mark for translation, with the files it stands in."""
    found: dict[Message, set[str]] = {}
    for chapter in CHAPTERS:
        for path in sorted((settings.BASE_DIR / chapter).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                messages = _in_python(path.read_text())
            elif "templates" in path.parts and path.is_file():
                messages = _in_template(path.read_text())
            else:
                continue
            for message in messages:
                found.setdefault(message, set()).add(str(path.relative_to(settings.BASE_DIR)))
    return found


def update(catalogue: Path) -> tuple[int, int]:
    """Add what is new, drop what is gone; returns how many of each. Translations that stay are untouched."""
    po = polib.pofile(str(catalogue), wrapwidth=110)
    wanted = collect()
    known = {Message(entry.msgid, entry.msgid_plural): entry for entry in po}
    gone = [entry for message, entry in known.items() if message not in wanted]
    for entry in gone:
        po.remove(entry)
    new = [message for message in wanted if message not in known]
    for message in new:
        po.append(polib.POEntry(msgid=message.text, msgid_plural=message.plural))
    for entry in po:
        entry.occurrences = [(path, "") for path in sorted(wanted[Message(entry.msgid, entry.msgid_plural)])]
    po.sort(key=lambda entry: (entry.occurrences, entry.msgid))
    po.save()
    return len(new), len(gone)


def _in_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        strings = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if node.func.id in SINGLE and strings:
            yield Message(strings[0])
        elif node.func.id in PLURAL and len(strings) >= 2:
            yield Message(strings[0], strings[1])


def _in_template(source: str) -> Iterator[Message]:
    for call in CALL.finditer(templatize(source)):
        strings = [ast.literal_eval(literal) for literal in LITERAL.findall(call["arguments"])]
        yield Message(*strings[:2]) if call[1] == "ngettext" else Message(strings[0])
