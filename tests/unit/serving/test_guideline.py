"""The worked example of docs/serving.md runs as it stands there, and answers what it says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from curation.serving import _registry
from curation.serving._local import LocalDriver
from curation.serving._metrics import Metrics
from curation.serving._registry import Registry
from curation.serving._server import Application

TEXT = (Path(settings.BASE_DIR) / "docs" / "serving.md").read_text(encoding="utf-8")


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings) -> Iterator[LocalDriver]:  # type: ignore[no-untyped-def]
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if "def models" in code]
    (tmp_path / "shouting.py").write_text(example, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    settings.MODELS_EXTRA = re.findall(r"`MODELS_EXTRA=(\S+)", TEXT)
    monkeypatch.setattr(_registry, "MODELS", Registry())
    _registry.models.cache_clear()
    driver = LocalDriver(watcher=Metrics())
    yield driver
    driver.close()
    _registry.models.cache_clear()
    sys.modules.pop("shouting", None)


def told() -> list[tuple[list[str], dict[str, object]]]:
    """The curl commands of the guideline, each with the answer that stands below it."""
    pairs = re.findall(r"^(curl .*?)\n# (\{.*?\})$", TEXT, re.DOTALL | re.MULTILINE)
    return [(shlex.split(command), json.loads(answer)) for command, answer in pairs]


def test_the_guidelines_commands_answer_what_stands_below_them(driver: LocalDriver) -> None:
    async def scene() -> None:
        transport = httpx.ASGITransport(Application(driver))
        async with httpx.AsyncClient(transport=transport, base_url="http://models.invalid") as door:
            for command, answer in told():
                (address,) = [word for word in command if word.startswith("localhost:8001")]
                body = command[command.index("-d") + 1]
                said = await door.post(address.removeprefix("localhost:8001"), content=body)
                assert _rounded(said.json()) == answer, command

    assert len(told()) == 4
    asyncio.run(scene())


def test_every_metric_that_is_told_of_is_counted(driver: LocalDriver) -> None:
    driver.start()
    driver.worker("shouting", "2").wait_until_loaded(5)
    text = driver.metrics().decode()
    names = set(re.findall(r"`(gyeol_model_\w+)", TEXT))
    assert len(names) >= 7
    assert [name for name in names if f"# HELP {name.removesuffix('_total')}" not in text] == []


def _rounded(document: dict) -> dict:  # type: ignore[type-arg]
    for output in document.get("outputs", []):
        output["data"] = [round(value, 3) for value in output["data"]]
    return document
