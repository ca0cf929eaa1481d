"""A setting that cannot be read is named in one line, before anything starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("name", "value"), [("DIFFUSION_STEPS", "four"), ("FACE_LIKENESS_FROM", "much")], ids=lambda each: each
)
def test_a_number_that_is_none_is_said_with_the_name_of_its_setting(name: str, value: str) -> None:
    told = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=os.environ | {name: value}, capture_output=True, text=True
    )
    assert told.returncode == 1
    assert told.stderr.startswith(f"gyeol: {name} is {value!r}: ")
    assert told.stderr.count("\n") == 1
