"""The documents tell of the code as it is: settings, messages, benchmarks, chapters and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
# Set by the parts for each other, not by people.
INNER_VARIABLES = {"GYEOL_WEB", "STATIC_BACKEND"}


def code() -> str:
    """What can speak to an operator: the packages, the Makefile."""
    files = [
        path for name in ("curation", "accounts", "frontend", "illustrate") for path in (ROOT / name).rglob("*.py")
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in [*files, ROOT / "Makefile"])


def variables() -> set[str]:
    settings = (ROOT / "curation" / "settings.py").read_text(encoding="utf-8")
    up = (ROOT / "frontend" / "management" / "commands" / "up.py").read_text(encoding="utf-8")
    return set(re.findall(r'env(?:\.\w+)?\("([A-Z_]+)"', settings)) | set(re.findall(r'environ\.get\("([A-Z_]+)"', up))


def test_operations_names_every_variable_that_the_settings_read() -> None:
    assert sorted(name for name in variables() - INNER_VARIABLES if f"`{name}`" not in OPERATIONS) == []


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_readme_names_no_variable_that_is_not_read(name: str) -> None:
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    named = set(re.findall(r"[A-Z_]+", " ".join(rows)))
    assert len(named) >= 10
    assert named - variables() == set()


def test_troubles_are_listed_by_messages_that_the_code_really_says() -> None:
    listed = re.findall(
        r"^\| (`.+?`(?: or `.+?`)*) \|", OPERATIONS.split("## When something is wrong")[1], re.MULTILINE
    )
    # An ellipsis, a number or a version stands for what the message fills in; literals may be broken over lines.
    source = re.sub(r'"\s*\n\s*f?"', "", code())
    missing = [
        message
        for message in re.findall(r"`(.+?)`", " ".join(listed))
        for part in re.split(r"…|\b\d+(?:\.\d+)?\b|/\S+|\bmodels\b|\bsetpriv\b", message)
        if (words := part.strip(" (`:)")) and words not in source
    ]
    assert len(listed) >= 12
    assert missing == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_short_and_carries_its_number(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    assert re.match(rf"# 0*{int(path.stem[:4])}\.? \S", lines[0])


def test_no_two_decisions_share_a_number() -> None:
    numbers = [path.stem[:4] for path in DECISIONS]
    assert numbers == sorted(set(numbers))


def test_every_benchmark_is_described() -> None:
    described = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    names = [path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")]
    assert [name for name in names if f"`{name}`" not in described] == []


@pytest.mark.parametrize("name", ["README.md", "README.ko.md"])
def test_the_map_shows_every_chapter(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    chapters = [path.parent.name for path in (ROOT / "curation").glob("*/__init__.py")]
    assert [chapter for chapter in chapters if f"  {chapter} " not in text] == []
