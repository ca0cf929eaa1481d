"""The `describe` command: one JSON line for each file on standard output, whatever the file is."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

KEYS = {"file", "faces", "faces_class", "caption", "palette", "facts", "source", "rejected"}


def run(*arguments: object) -> list[dict]:
    out = io.StringIO()
    try:
        call_command("describe", *map(str, arguments), stdout=out, stderr=io.StringIO())
    finally:
        run.last = [json.loads(line) for line in out.getvalue().splitlines()]
    return run.last


def test_each_file_has_its_line_also_those_that_cannot_be_used(tmp_path):
    photo, broken, missing = tmp_path / "photo.png", tmp_path / "broken.jpg", tmp_path / "missing.jpg"
    Image.new("RGB", (200, 150), "#204060").save(photo)
    broken.write_bytes(b"\xff\xd8 no photo")
    lines = run(photo, broken, missing, tmp_path)
    assert [line["file"] for line in lines] == [str(photo), str(broken), str(missing), str(tmp_path)]
    assert all(set(line) >= KEYS for line in lines)
    good, *bad = lines
    assert (good["faces"], good["faces_class"], good["rejected"]) == (0, "none", None)
    assert good["palette"] == ["#204060"]
    assert (good["caption"], good["facts"], good["source"]) == ("", {}, "default")
    for line in bad:
        assert line["faces"] is None
        assert line["palette"] == []
        assert line["rejected"]
    assert "No such file" in lines[2]["rejected"]


def test_a_file_that_is_refused_is_an_answer_and_no_failure(tmp_path):
    print_colours = tmp_path / "print.jpg"
    Image.new("CMYK", (100, 100)).save(print_colours)
    assert "printing" in run(print_colours)[0]["rejected"]


def test_a_file_beyond_the_limit_is_not_read_whole(tmp_path, monkeypatch):
    from frontend.management.commands import describe

    monkeypatch.setattr(describe, "MAX_BYTES", 100)
    monkeypatch.setattr("illustrate.describe._decode.MAX_BYTES", 100)
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * 5000)
    assert "larger than" in run(large)[0]["rejected"]
    assert len(describe._read(large)) == 101


def test_nothing_that_could_be_read_is_a_failure_after_the_lines(tmp_path):
    with pytest.raises(CommandError, match="no file could be read"):
        run(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert [line["faces"] for line in run.last] == [None, None]
