"""`manage.py train_style`: examples are made, JSON is printed, bad arguments end in one line."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from illustrate.render.presets import latest
from illustrate.training.examples import look_of


def run(*arguments: object) -> Any:
    out = io.StringIO()
    call_command("train_style", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def test_examples_are_made_once_and_told_in_json(tmp_path):
    asked = ("--examples", tmp_path / "examples", "--make", 2, "--size", 32, "--preset", "pen", "--shapes", "square")
    assert run(*asked)["made"] == {
        "folder": str(tmp_path / "examples"), "count": 2, "drawn": 2, "preset": "pen",
    }  # fmt: skip
    assert run(*asked)["made"]["drawn"] == 0
    # A folder has one look: it need not be named again.
    assert run(*asked[:6], "--shapes", "square")["made"]["preset"] == "pen"
    assert look_of(tmp_path / "examples") == latest("pen")
    assert look_of(tmp_path) is None
    with pytest.raises(CommandError, match="made in another way: size was 32 and is 64"):
        run(*asked, "--size", 64)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "nothing to do"),
        (["--base", "somewhere"], "--out names the adapter's folder"),
        (["--make", "2", "--preset", "nosuch"], "no look is called 'nosuch'; there is: grain"),
        (["--make", "2", "--shapes", "round"], "no frame is called 'round'"),
        (["--make", "0"], "a number from 1"),
        (["--base", "somewhere", "--out", "adapter"], "no examples in"),
        (["--base", "somewhere", "--out", "adapter", "--dtype", "float16"], "invalid choice"),
        (["--base", "somewhere", "--out", "adapter", "--batch", "0"], "batch is 1 at least"),
    ],
)
def test_bad_arguments_end_in_one_clear_line(tmp_path, arguments, told):
    with pytest.raises(CommandError, match=told) as error:
        run("--examples", tmp_path / "examples", *arguments)
    assert "\n" not in str(error.value)
