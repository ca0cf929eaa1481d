"""The `style_report` command: one JSON object or tables on standard output, sheets where they were asked for."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from PIL import Image


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("style_report", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_every_look_is_compared_in_one_json_object():
    answer = json.loads(run("--json", "--pictures", 2))
    assert set(answer) == {"presets", "classification", "consistency", "personas"}
    assert list(answer["presets"]) == ["grain", "cut-paper", "pen", "riso", "night-poster"]
    assert answer["presets"]["pen"]["pictures"] == 2
    assert set(answer["presets"]["pen"]["centroid"]) == set(answer["presets"]["pen"]["spread"])
    assert 0 <= answer["classification"]["accuracy"] <= 1
    assert sum(answer["classification"]["confusion"]["riso"].values()) == 2
    assert answer["consistency"]["inside"] < answer["consistency"]["across"]
    assert answer["personas"]["by_parameters"]["share"] == 1


def test_sheets_are_written_and_tables_printed(tmp_path):
    told = run("--pictures", 2, "--presets", "pen,grain", "--out", tmp_path / "sheets")
    assert "told right by all figures" in told
    assert "12 correspondents in 10 moods" in told
    page = (tmp_path / "sheets" / "index.html").read_text("utf-8")
    files = sorted(file.name for file in (tmp_path / "sheets").glob("*.webp"))
    assert files == [f"{kind}-{look}.webp" for kind in ("examples", "nights", "personas") for look in ("grain", "pen")]
    assert all(f'src="{file}"' in page for file in files)
    with Image.open(tmp_path / "sheets" / "personas-pen.webp") as people:
        assert people.format == "WEBP"
        assert people.height > people.width  # twelve rows of ten


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--presets", "grain,nosuch"], "no look is called 'nosuch'; there is: grain"),
        (["--presets", "grain"], "two at least"),
        (["--pictures", "1"], "two pictures of each look at least"),
        (["--pictures", "some"], "invalid"),
    ],
)
def test_bad_arguments_end_in_one_clear_line(arguments, reason):
    with pytest.raises(CommandError, match=reason) as error:
        run(*arguments)
    assert "\n" not in str(error.value)
