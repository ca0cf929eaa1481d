"""Examples for training: made by the composer, gone on with where they stopped, and read back line by line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from illustrate._whole_files import FolderInUseError, alone_in
from illustrate.render.presets import latest
from illustrate.render.prompt import prompt_of
from illustrate.styles import example_brief
from illustrate.training import examples
from illustrate.training.examples import ExamplesError, read_examples, write_examples

PRESET = latest("grain")


def made(folder: Path, count: int = 3, **options: object) -> int:
    return write_examples(folder, count=count, **({"preset": PRESET, "size": 64} | options))  # type: ignore[arg-type]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples") / "three"
    made(folder)
    return folder


@pytest.fixture
def copied(three: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copied"
    folder.mkdir()
    for name, body in contents(three).items():
        (folder / name).write_bytes(body)
    return folder


def test_an_example_is_a_picture_with_the_prompt_and_the_brief_that_it_was_drawn_from(three):
    first, second, _ = read_examples(three)
    assert first.brief == example_brief(0, PRESET)
    assert second.prompt == prompt_of(example_brief(1, PRESET))
    image = second.image()
    assert image.mode == "RGB"
    assert abs(image.width * image.height - 64 * 64) < 64 * 3  # so many pixels, in the frame's own ratio
    assert abs(image.width / image.height - 16 / 9) < 0.05


def test_frames_may_be_mixed_and_a_small_one_is_not_enlarged(tmp_path):
    made(tmp_path / "mixed", 4, shapes=("square", "tall"), size=5000)
    sizes = {example.image().size for example in read_examples(tmp_path / "mixed")}
    assert sizes == {(640, 640), (640, 800)}


def test_making_them_again_draws_nothing_and_more_of_them_adds_only_those(copied, monkeypatch):
    before = contents(copied)
    assert made(copied) == 0
    assert contents(copied) == before
    assert made(copied, 4) == 1
    assert {name: body for name, body in contents(copied).items() if name in before and name != "metadata.jsonl"} == {
        name: body for name, body in before.items() if name != "metadata.jsonl"
    }
    assert len(read_examples(copied)) == 4


@pytest.mark.parametrize("written", [0, 1, 40])
def test_a_folder_whose_making_was_killed_in_a_line_goes_on_to_the_same_examples(copied, three, written):
    lines = (three / "metadata.jsonl").read_bytes().splitlines(keepends=True)
    (copied / "metadata.jsonl").write_bytes(lines[0] + lines[1][:written])
    (copied / "000001.webp.unfinished").write_bytes(b"half a pic")  # never listed, replaced when it is drawn
    (copied / "000002.webp").unlink()
    assert made(copied) == 2
    assert contents(copied) == contents(three)


def test_a_listed_picture_that_is_gone_is_drawn_again(copied, three):
    (copied / "000000.webp").unlink()
    assert made(copied) == 1
    assert contents(copied) == contents(three)


def test_a_picture_that_cannot_be_stored_leaves_what_was_there(copied, three, monkeypatch):
    def full(path: Path, body: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(examples, "write_whole", full)
    with pytest.raises(OSError, match="No space left"):
        made(copied, 4)
    monkeypatch.undo()
    assert contents(copied) == contents(three)
    assert made(copied, 4) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [({"size": 32}, "size was 64 and is 32"), ({"preset": latest("pen")}, "preset was 'grain' and is 'pen'")],
)
def test_a_folder_that_was_made_in_another_way_is_refused_and_kept(copied, three, options, told):
    with pytest.raises(ExamplesError, match=told) as error:
        made(copied, 4, **options)
    assert "\n" not in str(error.value)
    assert contents(copied) == contents(three)


def test_a_folder_with_other_things_in_it_is_refused(tmp_path):
    (tmp_path / "novel.txt").write_text("Chapter one")
    with pytest.raises(ExamplesError, match="holds something else"):
        made(tmp_path)
    assert "examples.json" not in contents(tmp_path)


def test_two_processes_do_not_draw_into_one_folder(copied):
    with alone_in(copied), pytest.raises(FolderInUseError, match="another process"):
        made(copied, 4)


def _line(**changes: object) -> bytes:
    return json.dumps({"file": "000001.webp", "prompt": "a gavel", "brief": None, "seed": 1} | changes).encode()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{nonsense", "no JSON object"),
        (b"[1, 2]", "no JSON object"),
        (_line(file="../000001.webp"), "name of a picture in the same folder"),
        (_line(file=None), "name of a picture in the same folder"),
        (_line(file="gone.webp"), "there is no picture gone.webp"),
        (_line(prompt="  "), "`prompt` is empty"),
        (_line(brief={"mood": "joy"}), "`brief` is no brief"),
        (_line(seed="one"), "`seed` is a whole number"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_changed(copied, line, told):
    lines = (copied / "metadata.jsonl").read_bytes().splitlines()
    (copied / "metadata.jsonl").write_bytes(b"\n".join([lines[0], line, lines[2]]) + b"\n")
    before = contents(copied)
    with pytest.raises(ExamplesError, match="line 2 of ") as error:
        read_examples(copied)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert contents(copied) == before


@pytest.mark.parametrize(("body", "told"), [(b"no picture at all", "is no picture"), (b"", "is no picture")])
def test_a_file_that_is_no_picture_is_told_with_its_line(copied, body, told):
    (copied / "000002.webp").write_bytes(body)
    with pytest.raises(ExamplesError, match=f"line 3 of .*000002.webp {told}"):
        read_examples(copied)


def test_a_picture_that_ends_early_or_is_a_bomb_is_told_when_it_is_opened(copied, monkeypatch):
    picture = copied / "000001.webp"
    whole = picture.read_bytes()
    picture.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ExamplesError, match=r"line 2 of .*000001.webp is (broken|no picture)"):
        read_examples(copied)[1].image()
    Image.new("1", (9000, 9000)).save(picture, "PNG")
    with pytest.raises(ExamplesError, match=r"line 2 of .*more than 40000000 pixels"):
        read_examples(copied)[1].image()


def test_pairs_made_by_hand_need_neither_brief_nor_seed(tmp_path):
    Image.new("RGB", (20, 10), "teal").save(tmp_path / "mine.png")
    (tmp_path / "metadata.jsonl").write_text('\n{"file": "mine.png", "prompt": "a teal sheet"}\n')
    (only,) = read_examples(tmp_path)
    assert (only.line, only.prompt, only.brief, only.seed) == (2, "a teal sheet", None, None)
    assert only.image().getpixel((0, 0)) == (0, 128, 128)


@pytest.mark.parametrize("body", [None, b"", b"\n\n"])
def test_a_folder_without_examples_is_told(tmp_path, body):
    if body is not None:
        (tmp_path / "metadata.jsonl").write_bytes(body)
    with pytest.raises(ExamplesError, match="no examples in"):
        read_examples(tmp_path)


def test_the_same_number_is_the_same_news_in_another_look():
    assert replace(example_brief(5, latest("pen")), preset="grain", preset_version=PRESET.version) == example_brief(
        5, PRESET
    )
