"""How near pictures are to a look: the look's own are nearest, and `style_report --images` says so."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from illustrate.render.presets import latest
from illustrate.training.nearness import FARTHEST, drawn, fitted, house_of, nearness

SIZE = (320, 180)


@pytest.fixture(scope="module")
def grain() -> list[Image.Image]:
    return list(drawn(latest("grain"), 7, SIZE))


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("style_report", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_pictures_of_the_look_are_nearer_than_another_looks_and_noise_is_farthest(grain):
    house = house_of(grain[:5])
    own = nearness(grain[5:], house)
    other = nearness(drawn(latest("pen"), 2, SIZE), house)
    noise = nearness([Image.effect_noise(SIZE, 90).convert("RGB")], house)
    assert own.distance < 2 * house.inside
    assert own.distance < other.distance < noise.distance <= FARTHEST
    assert own.inside == house.inside
    assert set(own.figures["ink"]) == {"house", "spread", "images"}


def test_pictures_too_small_to_have_a_texture_are_enlarged_like_the_houses(grain):
    small = [fitted(image, (48, 32)) for image in grain[:4]]
    assert nearness(small[3:], house_of(small[:3])).distance < FARTHEST


def test_a_look_takes_three_pictures_and_something_to_measure(grain):
    with pytest.raises(ValueError, match="three pictures"):
        house_of(grain[:2])
    with pytest.raises(ValueError, match="no picture"):
        nearness([], house_of(grain[:3]))


def test_a_picture_is_cut_alike_on_both_sides_never_stretched():
    wide = Image.new("RGB", (300, 100), "white")
    wide.paste("black", (0, 0, 100, 100))
    wide.paste("red", (200, 0, 300, 100))
    square = fitted(wide, (50, 50))
    assert square.size == (50, 50)
    assert square.getpixel((25, 25)) == (255, 255, 255)
    assert square.getpixel((1, 25))[0] > 200  # the black third is cut away
    assert square.getpixel((48, 25))[1] > 200


def test_a_folder_of_images_is_measured_against_a_look(tmp_path, grain):
    for number, image in enumerate(grain[:3]):
        image.save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    told = json.loads(run("--images", tmp_path, "--preset", "grain", "--pictures", 4, "--json"))
    assert (told["preset"], told["pictures"], told["size"]) == ("grain", 3, list(SIZE))
    table = run("--images", tmp_path, "--preset", "pen", "--pictures", 4)
    assert "line_width" in table
    (farther,) = re.findall(r"3 pictures are ([0-9.]+) from the look", table)
    assert float(farther) > told["distance"]


@pytest.mark.parametrize(
    ("files", "arguments", "told"),
    [
        ({}, ["--preset", "grain"], "no pictures in"),
        ({"a.png": b"nonsense"}, ["--preset", "grain"], "a.png is no picture"),
        ({"a.png": b"nonsense"}, ["--preset", "nosuch"], "no look is called 'nosuch'"),
        ({"a.png": b"nonsense"}, [], "--preset names the look"),
    ],
)
def test_bad_folders_and_looks_end_in_one_clear_line(tmp_path, files, arguments, told):
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    with pytest.raises(CommandError, match=told) as error:
        run("--images", tmp_path, *arguments)
    assert "\n" not in str(error.value)
