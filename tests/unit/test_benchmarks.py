"""`python -m benchmarks` on benchmarks made for the test: real processes, and a real cluster for the one that asks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = {
    "plain": "def run():\n    return {'figure': 2}\n",
    "counting": (
        "NEEDS_DATABASE = True\n"
        "def run():\n"
        "    from django.conf import settings\n"
        "    from accounts.models import User\n"
        "    return {'readers': User.objects.count(), 'thrown_away': 'gyeol-bench-' in str(settings.GYEOL_HOME)}\n"
    ),
    "broken": "def run():\n    raise ValueError('it cannot be measured')\n",
    "_workshop": "raise RuntimeError('no benchmark')\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package `benchmarks` with the real runner and benchmarks of the test's own."""
    package = tmp_path / "benchmarks"
    package.mkdir()
    for name in ("__init__.py", "__main__.py", "_measure.py"):
        shutil.copy(ROOT / "benchmarks" / name, package)
    for name, code in BENCHMARKS.items():
        (package / f"{name}.py").write_text(code)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_figures_go_to_people_as_a_table_and_to_programs_as_json(folder: Path) -> None:
    result = run(folder, "plain", "--json", "out.json")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["plain", "figure", "2.00"]
    assert json.loads((folder / "out.json").read_text()) == {"plain": {"figure": 2.0}}


def test_a_benchmark_that_needs_a_database_gets_an_empty_one_of_its_own(folder: Path) -> None:
    result = run(folder, "counting", "--json", "out.json")
    assert result.returncode == 0, result.stderr
    assert json.loads((folder / "out.json").read_text()) == {"counting": {"readers": 0.0, "thrown_away": 1.0}}


def test_a_benchmark_that_fails_is_named_and_the_others_are_measured(folder: Path) -> None:
    result = run(folder, "broken", "plain", "--json", "out.json")
    assert result.returncode == 1
    assert "it cannot be measured" in result.stderr
    assert result.stderr.splitlines()[-1] == "failed: broken"
    assert json.loads((folder / "out.json").read_text()) == {"plain": {"figure": 2.0}}


def test_an_unknown_name_is_said_with_the_known_ones(folder: Path) -> None:
    result = run(folder, "nope")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].endswith("no benchmark is called nope; there are broken, counting, plain")
