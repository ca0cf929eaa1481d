"""The command for a Ray cluster where there is none to be had; with one, the contract tests run against it."""

from __future__ import annotations

import os
import sys
from unittest import mock

import pytest

from curation.serving import ray as command


@pytest.fixture(autouse=True)
def environment():
    """The command sets variables for the processes that it starts."""
    with mock.patch.dict(os.environ):
        yield


def test_without_ray_one_line_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert command.main([]) == 1
    assert capsys.readouterr().err == 'Ray is not installed here: pip install "ray[serve]"\n'


def test_a_model_that_there_is_not_is_said_before_anything_starts(capsys):
    assert command.main(["--models", "tokens", "nobody"]) == 1
    assert "no model is called 'nobody'" in capsys.readouterr().err
