"""The record of choices serves people and programs: each entry is whole, and says where its figures come from."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

LEDGER = Path(__file__).resolve().parents[2] / "docs" / "models"
FILES = sorted(LEDGER.glob("*.yaml"))
KEYS = {
    "name", "role", "licence", "size", "source", "figures", "pros", "cons", "troubles", "decision", "reason", "date",
}  # fmt: skip
ROLES = {
    "describe", "caption", "questions", "brief", "render", "evaluate", "embed", "translate", "classify", "rank",
    "train", "serve", "store", "persona", "label",
}  # fmt: skip
IN_USE = {"adopted", "default", "optional"}
DECISIONS = IN_USE | {"rejected", "watching"}


def read(path: Path) -> dict[str, Any]:
    entry = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(entry, dict), path
    return entry


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def entry(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


def test_an_entry_has_every_key_and_no_other(entry: dict[str, Any]) -> None:
    assert set(entry) == KEYS


def test_an_entry_says_its_case_in_words(entry: dict[str, Any]) -> None:
    for key in ("name", "licence", "size", "source", "reason"):
        assert isinstance(entry[key], str), key
        assert entry[key].strip(), key
    for key in ("pros", "cons", "troubles"):
        assert entry[key], key
        assert all(isinstance(line, str) and line.strip() for line in entry[key]), key


def test_role_decision_and_date_are_known_ones(entry: dict[str, Any]) -> None:
    assert entry["role"] in ROLES
    assert entry["decision"] in DECISIONS
    assert type(entry["date"]) is date
    assert entry["date"] >= date(2026, 11, 22)


def test_a_figure_says_what_it_counts_and_where_it_comes_from(entry: dict[str, Any]) -> None:
    assert isinstance(entry["figures"], list)
    for figure in entry["figures"]:
        assert {"what", "value", "where"} <= set(figure) <= {"what", "value", "where", "machine"}, figure
        assert isinstance(figure["what"], str), figure
        assert figure["what"].strip(), figure
        assert isinstance(figure["value"], int | float | str), figure
        assert str(figure["value"]).strip(), figure
        assert figure["where"] in {"measured", "read", "published"}, figure
        assert figure["where"] != "measured" or figure.get("machine"), f"measured on what? {figure}"


def test_nothing_in_use_has_an_unread_licence(entry: dict[str, Any]) -> None:
    assert entry["decision"] not in IN_USE or "not checked" not in entry["licence"]


def test_files_are_named_so_that_they_can_be_found() -> None:
    assert len(FILES) >= 28
    assert [path.name for path in FILES if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.yaml", path.name)] == []
    names = [read(path)["name"] for path in FILES]
    assert len(names) == len(set(names))


def test_the_guide_explains_every_role_and_decision() -> None:
    guide = (LEDGER / "README.md").read_text(encoding="utf-8")
    assert [word for word in sorted(ROLES | DECISIONS | KEYS) if f"`{word}`" not in guide] == []
