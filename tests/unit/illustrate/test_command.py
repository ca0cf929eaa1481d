"""The `illustrate` command: JSON alone on standard output, files where they were asked for, one line of error."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command, load_command_class
from PIL import Image

from illustrate import painting
from illustrate.render.diffusion import Refused, Unanswered

KEYS = {"brief", "provenance", "evaluation", "alt_text", "attempts", "seconds"}


def run(*arguments: object) -> object:
    out = io.StringIO()
    call_command("illustrate", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def test_one_title_becomes_a_webp_and_an_answer(tmp_path):
    file = tmp_path / "new" / "whale.webp"
    answer = run("--title", "Whales return to the bay", "--out", file, "--seed", 7, "--preset", "grain")
    assert set(answer) == KEYS
    assert answer["provenance"]["seed"] == 7
    with Image.open(file) as image:
        assert (image.format, image.size) == ("WEBP", (1200, 675))


def test_korean_is_recognised_and_described_in_korean(tmp_path):
    answer = run("--title", "버스 노선 개편으로 출근길 빨라진다", "--out", tmp_path / "bus.webp")
    assert answer["brief"]["language"] == "ko"
    assert any("가" <= letter <= "힣" for letter in answer["alt_text"])


def test_a_table_becomes_a_contact_sheet(tmp_path):
    table = tmp_path / "titles.tsv"
    table.write_text(
        "title\tlang\ttext\nWhales <b>return</b>\ten\tForty of them.\n\n버스 노선 개편\tko\nBare title\n", "utf-8"
    )
    answer = run("--batch", table, "--out", tmp_path / "sheet")
    entries = json.loads((tmp_path / "sheet" / "index.json").read_text("utf-8"))
    assert answer == entries
    assert [entry["title"] for entry in entries] == ["Whales <b>return</b>", "버스 노선 개편", "Bare title"]
    assert all(set(entry) == KEYS | {"title", "file"} for entry in entries)
    assert all((tmp_path / "sheet" / entry["file"]).exists() for entry in entries)
    page = (tmp_path / "sheet" / "index.html").read_text("utf-8")
    assert "Whales &lt;b&gt;return&lt;/b&gt;" in page
    assert page.count("<figure>") == 3


def test_a_table_without_a_header_is_read_from_its_first_line(tmp_path):
    table = tmp_path / "titles.tsv"
    table.write_text("Whales return to the bay\ten\n", "utf-8")
    assert len(run("--batch", table, "--out", tmp_path / "sheet")) == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--title", "  "], "empty"),
        (["--title", "Whales", "--preset", "nosuch"], "nosuch"),
        (["--title", "Whales", "--photo", "/nowhere/photo.jpg"], "nowhere"),
        (["--batch", "/nowhere/titles.tsv"], "nowhere"),
        (["--title", "Whales", "--seed", "9" * 30], "a seed is a number from 0"),
        (["--title", "Whales", "--seed", "-1"], "a seed is a number from 0"),
        (["--title", "Whales", "--lang", "fr"], "invalid choice: 'fr'"),
    ],
)
def test_bad_arguments_end_in_one_clear_line(arguments, reason, tmp_path):
    with pytest.raises(CommandError, match=reason) as error:
        run(*arguments, "--out", tmp_path / "x.webp")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_only_webp_is_written(tmp_path):
    with pytest.raises(CommandError, match=r"a \.webp file, not b\.png"):
        run("--title", "Whales", "--out", tmp_path / "b.png")
    assert not list(tmp_path.iterdir())


def test_a_photo_that_is_no_image_is_named_in_the_answer(tmp_path):
    (tmp_path / "photo.jpg").write_text("no image")
    answer = run("--title", "Whales", "--photo", tmp_path / "photo.jpg", "--out", tmp_path / "a.webp")
    assert answer["provenance"]["photo"]["rejected"]


def test_a_model_that_is_written_like_a_path_and_is_no_folder_ends_it_at_once(tmp_path):
    for path in (tmp_path / "nowhere", "./nowhere", "~/nowhere/at-all"):
        with pytest.raises(CommandError, match=f"there is no file or folder {path}"):
            run("--title", "Whales", "--model", path, "--out", tmp_path / "a.webp")
    assert not list(tmp_path.iterdir())


def test_nobody_is_asked_to_paint_without_a_model(tmp_path, settings):
    settings.DIFFUSION_MODEL = settings.MODELS_URL = ""
    settings.MODELS_EXTRA = []
    with pytest.raises(CommandError, match="set DIFFUSION_MODEL, or give --model"):
        run("--title", "Whales", "--renderer", "diffusion", "--out", tmp_path / "a.webp")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("unfit", [False, True])
def test_a_painting_that_no_model_gave_is_missed_and_the_composers_picture_written(
    unfit, tmp_path, settings, monkeypatch
):
    def paint(*args, **kwargs):
        raise (Refused if unfit else Unanswered)("it would not")

    settings.DIFFUSION_MODEL = "some/painter"
    monkeypatch.setattr(painting, "paint", paint)
    arguments = ("--title", "Whales", "--renderer", "diffusion", "--out", tmp_path / "a.webp")
    if unfit:  # it was painted, and rightly not shown
        assert run(*arguments)["provenance"]["instead_of"]["reason"] == "it would not"
    else:
        with pytest.raises(CommandError, match="not painted: it would not"):
            run(*arguments)
    assert (tmp_path / "a.webp").exists()


def test_help_shows_no_empty_choice():
    words = load_command_class("frontend", "illustrate").create_parser("manage.py", "illustrate").format_help()
    assert "--lang {en,ko}" in words
    assert "--renderer {composer,diffusion}" in words


def test_a_table_that_is_not_text_is_refused(tmp_path):
    table = tmp_path / "titles.tsv"
    table.write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(CommandError, match="UTF-8"):
        run("--batch", table, "--out", tmp_path / "sheet")
