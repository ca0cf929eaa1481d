"""Settings that do not go together are told of before anything is drawn."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks

from frontend._supervisor import StartError
from frontend.management.commands import up
from illustrate.checks import PICTURES


def told() -> list[str]:
    return [message.id for message in run_checks(tags=[PICTURES])]


@pytest.mark.parametrize(
    ("renderer", "model", "ids"),
    [
        ("composer", "", []),
        ("diffusion", "some/painter", []),
        ("diffusion", "", ["illustrate.W002"]),
        ("composer", "some/painter", ["illustrate.W003"]),
        ("crayon", "", ["illustrate.E001"]),
    ],
)
def test_a_renderer_and_its_model_go_together(settings, renderer, model, ids):
    settings.MODELS_URL, settings.MODELS_EXTRA = "", []
    settings.PICTURE_RENDERER, settings.DIFFUSION_MODEL = renderer, model
    assert told() == ids


@pytest.mark.parametrize("change", [{"MODELS_URL": "http://models:8001"}, {"MODELS_EXTRA": ["mine:models"]}])
def test_a_model_that_may_stand_elsewhere_is_not_missed(settings, change):
    settings.MODELS_URL, settings.MODELS_EXTRA = "", []
    settings.PICTURE_RENDERER, settings.DIFFUSION_MODEL = "diffusion", ""
    for name, value in change.items():
        setattr(settings, name, value)
    assert told() == []


def test_up_says_so_at_its_start_and_does_not_begin_what_cannot_draw(settings, capsys):
    settings.MODELS_URL, settings.MODELS_EXTRA = "", []
    settings.PICTURE_RENDERER, settings.DIFFUSION_MODEL = "diffusion", ""
    up._check_settings()
    assert "gyeol: PICTURE_RENDERER is diffusion, and DIFFUSION_MODEL names no model" in capsys.readouterr().out
    settings.PICTURE_RENDERER = "crayon"
    with pytest.raises(StartError, match="crayon"):
        up._check_settings()
