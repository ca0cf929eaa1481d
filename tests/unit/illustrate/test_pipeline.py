"""One picture of one subject: always there, always the same, and honest about how it came to be."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from illustrate import pipeline
from illustrate.types import Subject

WHALES = Subject("Whales return to the bay", "Biologists counted forty whales.")


def test_the_same_subject_and_seed_give_the_same_picture():
    first, second = (pipeline.make(WHALES, preset="", seed=3) for _ in range(2))
    assert first.brief == second.brief
    assert first.rendered.image.tobytes() == second.rendered.image.tobytes()
    assert pipeline.make(WHALES, preset="grain/2", seed=4).rendered.svg != first.rendered.svg


def test_provenance_says_what_drew_it_and_that_no_camera_did():
    drawing = pipeline.make(WHALES, preset="grain", seed=3)
    provenance = drawing.provenance
    assert provenance["renderer"] == "composer"
    assert provenance["preset"] == "grain/2"
    assert provenance["seed"] == 3
    assert provenance["digital_source_type"].endswith("/algorithmicMedia")
    assert drawing.alt_en
    assert drawing.alt_ko


@pytest.mark.parametrize(
    "title", ["?", "zxqv wrrgl", "2026.07", "ㅋㅋㅋ", "🙂", "a" * 3000, "<script>alert(1)</script>"]
)
def test_every_title_gets_a_picture_in_every_frame(title):
    drawing = pipeline.make(Subject(title), preset="", seed=1)
    assert [crop.parts["shape"] for crop in drawing.crops] == ["square", "tall"]
    assert drawing.attempts <= 4
    if drawing.attempts == 4:  # nothing fitted: the emblem stands in, and the record does not call it fitting
        assert drawing.verdict.decision == "fallback"
        assert drawing.verdict.reasons[0].startswith("last resort")
    else:
        assert drawing.verdict.accepted


def test_a_broken_photo_does_not_stop_the_picture_and_is_told():
    drawing = pipeline.make(Subject(WHALES.title, photo=b"not a photo"), preset="", seed=1)
    assert "not a photo" in drawing.provenance["photo"]["rejected"]


def test_a_photos_words_set_the_scene():
    title = "A week of waiting"
    assert (
        pipeline.make(Subject(title, photo_alt="Fishing boats in a harbour"), preset="", seed=1).brief.setting == "sea"
    )


def test_an_unknown_look_is_refused_by_name():
    with pytest.raises(pipeline.UnknownPreset, match="nosuch"):
        pipeline.make(WHALES, preset="nosuch", seed=1)


def test_every_file_of_a_picture_is_encoded_under_its_variant():
    files = pipeline.encode(pipeline.make(WHALES, preset="", seed=3), WHALES.title)
    assert set(files) == {"1200", "800", "400", "square-640", "square-320", "tall-640", "card"}
    sizes = {variant: Image.open(io.BytesIO(body)).size for variant, body in files.items()}
    assert sizes["1200"] == (1200, 675)
    assert sizes["square-320"] == (320, 320)
    assert sizes["tall-640"] == (640, 800)
    assert sizes["card"] == (1200, 630)
    assert files["card"][:2] == b"\xff\xd8"
