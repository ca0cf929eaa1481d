"""The walls that import-linter cannot see: string foreign keys, and what a process really loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# From the bottom up; a chapter's tables may point only at its own and at those before it.
ORDER = ["serving", "sources", "articles", "topics", "engagement", "ranking", "analytics", "sample"]
UPPER = ["illustrate", "accounts"]


def _allowed(label: str) -> set[str]:
    if label in ORDER:
        return set(ORDER[: ORDER.index(label) + 1])
    if label == "illustrate":
        return {"illustrate", "articles", "topics"}
    return {label, *ORDER}


@pytest.mark.parametrize("label", [*ORDER, *UPPER])
def test_a_chapters_tables_point_only_downwards(label: str) -> None:
    wrong = []
    for model in apps.get_app_config(label).get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not getattr(field, "concrete", False) or target is None or isinstance(target, str):
                continue
            is_reader = target._meta.label == settings.AUTH_USER_MODEL
            if not is_reader and target._meta.app_label in {*ORDER, *UPPER} - _allowed(label):
                wrong.append(f"{model.__name__}.{field.name} -> {target._meta.label}")
    assert wrong == []


HEAVY = ("torch", "transformers", "diffusers", "sentence_transformers", "openvino", "kiwipiepy")
PROBE = """
import json, sys
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
{load}
print(json.dumps(sorted(set({heavy!r}) & set(sys.modules))))
"""


def _loaded_by(load: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", PROBE.format(load=load, heavy=HEAVY)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    loaded: list[str] = json.loads(result.stdout.splitlines()[-1])
    return loaded


def test_the_web_process_never_imports_a_model_library() -> None:
    load = "import frontend.wsgi; from django.urls import get_resolver; get_resolver().url_patterns"
    assert _loaded_by(load) == []


def test_worker_and_beat_never_import_a_model_library() -> None:
    load = (
        "import django; django.setup(); from curation.celery import app; app.loader.import_default_modules(); "
        "assert any(name.startswith('illustrate.') for name in app.tasks), sorted(app.tasks)"
    )
    assert _loaded_by(load) == []


def test_the_probe_would_notice() -> None:
    assert "torch" in _loaded_by("import torch")
