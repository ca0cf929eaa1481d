"""A painted picture is shown only when nothing speaks against it; whatever happens, there is a picture."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from curation.serving import _registry, queries
from curation.serving.types import (
    Cancelled,
    Compute,
    InferRequest,
    Model,
    ModelUnavailable,
    OutOfMemory,
    Running,
    Tensor,
)
from illustrate import _models, painting, pipeline
from illustrate.evaluate import likeness, painted
from illustrate.evaluate._image import perceptual_hash
from illustrate.render import composer, diffusion
from illustrate.render.frames import SHAPES
from illustrate.render.motifs import all_motifs, get_motif
from illustrate.render.presets import GRAIN
from illustrate.render.prompt import prompt_of
from illustrate.styles import example_brief
from illustrate.types import Subject

WHALES = Subject("Whales return to the bay", "Biologists counted forty whales.")


@dataclass
class Brush:
    """Stands where a pipeline would, behind the real door: paints its layout a little darker, unless told otherwise."""

    spoil: Callable[[Image.Image], Image.Image] = lambda image: image
    unsafe: bool = False
    raises: Exception | None = None
    told: Any = field(default_factory=lambda: {"model": "brush", "revision": "abc"})
    asked: list[InferRequest] = field(default_factory=list)

    def __call__(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        self.asked.append(request)
        if self.raises:
            raise self.raises
        out = []
        for text in request.input("layout").texts():
            with Image.open(io.BytesIO(base64.b64decode(text))) as layout:
                out.append(self.spoil(ImageEnhance.Brightness(layout.convert("RGB")).enhance(0.9)))
        running.step(1, 1)
        rows = len(out)
        return (
            Tensor.of_text("image", [png(image) for image in out]),
            Tensor("unsafe", "BOOL", (rows,), np.array([self.unsafe] * rows)),
            Tensor.of_text("provenance", [orjson.dumps(self.told).decode()] * rows),
        )

    @property
    def prompts(self) -> list[str]:
        return [request.input("prompt").texts()[0] for request in self.asked]


def png(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.fixture
def at_the_door(monkeypatch, settings):
    """Brings models to the door for one test; the house's own stay."""
    settings.MODELS_URL = ""
    known = {name: dict(versions) for name, versions in _registry.models()._models.items()}
    monkeypatch.setattr(_registry.models(), "_models", known)
    workers = queries._driver("")._workers
    names = {role.name: role for role in _models.ROLES}

    def bring(**computes: Compute | Exception) -> None:
        for name, compute in computes.items():

            def load(compute: Any = compute) -> Compute:
                if isinstance(compute, Exception):
                    raise compute
                return compute

            spec = _models.model(names[name], "1", "").spec
            if worker := workers.pop((name, "1"), None):
                worker.close()
            _registry.models().register(Model(spec, load, names[name].batching()))

    yield bring
    for name in names:
        if worker := workers.pop((name, "1"), None):
            worker.close()


def faces(*embeddings: list[float]) -> Compute:
    """A face model that finds these in the photo, which it is asked about first, and the last of them in paintings."""
    answers = iter(embeddings)
    last: list[list[float]] = []

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        found = next(answers, None)
        if found is not None:
            last[:] = [found]
        rows = len(request.input("image").texts())
        document = orjson.dumps([{"box": [0, 0, 1, 1], "embedding": each} for each in last]).decode()
        return (Tensor.of_text("faces", [document] * rows),)

    return compute


@pytest.fixture(scope="module")
def plain() -> pipeline.Drawing:
    """The same picture as the composer draws it."""
    return pipeline.make(WHALES, preset="", seed=3)


def make(**options: Any) -> pipeline.Drawing:
    return pipeline.make(options.pop("subject", WHALES), preset="", seed=3, renderer="diffusion", **options)


def test_a_painting_is_attached_in_every_frame_with_its_record(at_the_door, plain):
    brush = Brush()
    at_the_door(diffusion=brush)
    drawing = make()
    assert [request.parameters["width"] for request in brush.asked] == [1024, 640, 640]
    assert drawing.rendered.image.size == plain.rendered.image.size
    assert drawing.rendered.image.tobytes() != plain.rendered.image.tobytes()
    assert [crop.image.size for crop in drawing.crops] == [crop.image.size for crop in plain.crops]
    told = drawing.provenance
    assert told["renderer"] == "diffusion"
    assert told["painting"]["model"] == "brush"
    assert told["painting"]["prompt"] == brush.prompts[0]
    assert told["painting"]["figures"]["layout_kept"] > 0.95
    assert told["seed"] == 3
    assert drawing.verdict.accepted


def test_a_file_says_composite_only_where_the_house_drew_people_into_the_painting(at_the_door):
    at_the_door(diffusion=Brush())
    laid_in, empty = make(), make(subject=Subject("Chef wins a prize for rye bread"))
    assert (laid_in.brief.persona, empty.brief.persona) == (True, False)
    assert laid_in.provenance["digital_source_type"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert empty.provenance["digital_source_type"].endswith("/trainedAlgorithmicMedia")
    at_the_door(diffusion=Brush(), faces=faces([1.0, 0.0]))
    assert make().provenance["digital_source_type"].endswith("/trainedAlgorithmicMedia")


def test_without_a_face_model_nobody_is_painted_and_the_composers_own_people_are_laid_in(at_the_door):
    brush = Brush()
    at_the_door(diffusion=brush)
    brief = next(
        b for b in (example_brief(n, GRAIN) for n in range(40)) if b.persona and get_motif(b.hero).kind != "person"
    )
    stage = composer.stage(brief, 1)
    made = diffusion.paint(stage, seed=1, people=False, patience=60)
    assert made.provenance["people"] == "laid in"
    assert "correspondent" not in brush.prompts[0]
    assert "face" in brush.asked[0].parameters["negative"]
    figures = np.asarray(composer.people(stage))
    theirs = figures[..., 3] == 255
    difference = np.abs(np.asarray(made.image).astype(int) - figures[..., :3].astype(int))[theirs]
    assert difference.mean() < 8, "the persona is the composer's, through the press's grain"
    sent = Image.open(io.BytesIO(base64.b64decode(brush.asked[0].input("layout").texts()[0])))
    whole = composer.layout(stage, people=True).resize(sent.size)
    assert np.abs(np.asarray(sent).astype(int) - np.asarray(whole).astype(int)).mean() > 1, "and it was not sent along"


def test_a_main_thing_that_is_a_person_is_left_to_the_composer(at_the_door):
    at_the_door(diffusion=Brush())
    person = next(motif.key for motif in all_motifs() if motif.kind == "person" and motif.role == "hero")
    stage = composer.stage(replace(example_brief(1, GRAIN), hero=person, supports=()), 1)
    with pytest.raises(diffusion.Refused, match="the main thing is a person"):
        diffusion.paint(stage, seed=1, people=False, patience=60)


def test_somebody_of_the_photo_in_the_painting_is_refused_and_somebody_else_is_not(at_the_door, settings):
    settings.FACE_LIKENESS_FROM = 0.5
    photo = io.BytesIO()
    Image.effect_noise((200, 200), 30).convert("RGB").save(photo, "JPEG")
    subject = Subject(WHALES.title, WHALES.text, photo=photo.getvalue())
    at_the_door(diffusion=Brush(), faces=faces([1.0, 0.0], [0.9, 0.43589]))
    refused = make(subject=subject)
    assert refused.provenance["renderer"] == "composer"
    assert "could be recognised" in refused.provenance["instead_of"]["reason"]
    at_the_door(diffusion=Brush(), faces=faces([1.0, 0.0], [0.0, 1.0]))
    accepted = make(subject=subject)
    assert accepted.provenance["renderer"] == "diffusion"
    assert accepted.provenance["painting"]["figures"]["likeness"] == 0.0
    assert accepted.provenance["painting"]["people"] == "painted"


def jpeg(mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.effect_noise((200, 200), 30).convert(mode).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    "subject",
    [
        Subject(WHALES.title, WHALES.text, photo=jpeg("CMYK"), has_photo=True),
        Subject(WHALES.title, WHALES.text, has_photo=True),
    ],
    ids=["a photo that cannot be read safely", "a photo that could not be fetched"],
)
def test_where_the_photo_cannot_be_looked_at_nobody_is_painted(at_the_door, subject):
    brush = Brush()
    at_the_door(diffusion=brush, faces=faces([1.0, 0.0]))
    painting = make(subject=subject).provenance["painting"]
    assert painting["people"] != "painted"
    assert "likeness" not in painting["figures"]
    assert all("people, face" in request.parameters["negative"] for request in brush.asked)


def test_a_likeness_is_recorded_only_where_faces_were_compared(at_the_door):
    at_the_door(diffusion=Brush(), faces=faces([1.0, 0.0]))
    painting = make().provenance["painting"]
    assert painting["people"] == "painted"
    assert "likeness" not in painting["figures"]


def test_in_a_picture_of_a_grief_nobody_is_painted_whoever_could_tell_faces(at_the_door):
    brush = Brush()
    at_the_door(diffusion=brush, faces=faces([1.0, 0.0]))
    drawing = make(subject=Subject("Forty schoolchildren killed as ferry sinks"))
    assert drawing.brief.register == "restrained"
    assert brush.asked
    assert all("people, face" in request.parameters["negative"] for request in brush.asked)
    assert drawing.provenance["painting"]["people"] != "painted"


def grey(image: Image.Image) -> Image.Image:
    return Image.new("RGB", image.size, "#777777")


def inverted(image: Image.Image) -> Image.Image:
    return ImageChops.invert(image)


def noisy(image: Image.Image) -> Image.Image:
    return Image.effect_noise(image.size, 120).convert("RGB")


@pytest.mark.parametrize(
    ("brush", "reason"),
    [
        (Brush(unsafe=True), "safety check"),
        (Brush(spoil=grey), "one even colour"),
        (Brush(spoil=noisy), "bare or cluttered"),
        (Brush(spoil=inverted), "nothing is left of the layout"),
        (Brush(told=[1]), "does not say how"),
        (Brush(told={"model": 5}), "AttributeError"),
        (Brush(told={"model": "brush", "steps": "many"}), "ValidationError"),
        (Brush(raises=OutOfMemory("a picture of 1024x576 does not fit into memory")), "does not fit into memory"),
        (Brush(raises=ValueError("a bug in the pipeline")), "a bug in the pipeline"),
        (Brush(raises=Cancelled("an editor called it off")), "called it off"),
        (OSError("the weights file is corrupt"), "the weights file is corrupt"),
    ],
)
def test_what_cannot_be_painted_or_shown_stays_as_the_composer_drew_it_and_says_why(at_the_door, plain, brush, reason):
    at_the_door(diffusion=brush)
    drawing = make()
    assert drawing.rendered.image.tobytes() == plain.rendered.image.tobytes()
    assert drawing.provenance["renderer"] == "composer"
    assert drawing.provenance["digital_source_type"].endswith("/algorithmicMedia")
    assert reason in drawing.provenance["instead_of"]["reason"]


def test_a_face_model_that_answers_nonsense_costs_nothing(at_the_door, plain):
    def nonsense(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        return (Tensor.of_text("faces", ['[{"box": [0, 0, 1, 1]}]'] * len(request.input("image").texts())),)

    at_the_door(diffusion=Brush(), faces=nonsense)
    drawing = make(subject=replace(WHALES, photo=jpeg(), has_photo=True))
    assert drawing.rendered.image.tobytes() == plain.rendered.image.tobytes()
    assert "KeyError" in drawing.provenance["instead_of"]["reason"]


def test_a_task_whose_time_is_up_while_it_paints_keeps_the_composers_picture(at_the_door, plain, monkeypatch):
    def too_long(*args: Any, **options: Any) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(diffusion, "infer", too_long)
    at_the_door(diffusion=Brush())
    drawing = make()
    assert drawing.rendered.image.tobytes() == plain.rendered.image.tobytes()
    assert "SoftTimeLimitExceeded" in drawing.provenance["instead_of"]["reason"]


def test_all_frames_and_tries_share_one_patience(at_the_door, settings, monkeypatch):
    settings.DIFFUSION_TIMEOUT_SECONDS = 180
    clock = [1000.0]
    monkeypatch.setattr(painting, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def slow(image: Image.Image) -> Image.Image:
        clock[0] += 70
        return image

    timeouts = []

    def infer(model: str, request: InferRequest) -> Any:
        timeouts.append(request.parameters["timeout"])
        return queries.infer(model, request)

    monkeypatch.setattr(diffusion, "infer", infer)
    at_the_door(diffusion=Brush(spoil=slow))
    drawing = make()
    assert timeouts == [180_000_000, 110_000_000, 40_000_000]
    assert "not painted within 180 seconds" not in str(drawing.provenance)
    clock[0], stubborn = 1000.0, Brush(spoil=lambda image: slow(noisy(image)))
    settings.DIFFUSION_TIMEOUT_SECONDS = 60
    at_the_door(diffusion=stubborn)
    assert "not painted within 60 seconds" in make().provenance["instead_of"]["reason"]
    assert len(stubborn.asked) == 1


def test_what_is_wanted_no_more_is_painted_no_further(at_the_door):
    brush = Brush()
    at_the_door(diffusion=brush)
    drawing = make(is_wanted=lambda: len(brush.asked) < 1)
    assert len(brush.asked) == 1
    assert drawing.provenance["renderer"] == "composer"
    assert "called off" in drawing.provenance["instead_of"]["reason"]


def test_a_painting_is_held_against_what_readers_saw_not_against_a_sketch(at_the_door, plain):
    def washed(image: Image.Image) -> Image.Image:
        """Its upper half much lighter: another picture to the eye, the same layout."""
        sky = Image.new("RGB", (image.width, image.height // 2), "white")
        image.paste(Image.blend(image.crop((0, 0, *sky.size)), sky, 0.5))
        return image

    at_the_door(diffusion=Brush(spoil=washed))
    shown = make()
    assert shown.provenance["renderer"] == "diffusion"
    assert shown.scores.perceptual_hash == perceptual_hash(shown.rendered.image)
    assert shown.scores.perceptual_hash != plain.scores.perceptual_hash
    stages = [composer.stage(shown.brief, 3, shape) for shape in SHAPES]
    with pytest.raises(diffusion.Refused, match="looks like another picture"):
        painting.paint(stages, plain.rendered, WHALES, seed=3, recent=[shown.scores.perceptual_hash])


def test_with_no_model_configured_the_composer_draws(at_the_door):
    drawing = make()
    assert drawing.provenance["renderer"] == "composer"
    assert "diffusion" in drawing.provenance["instead_of"]["reason"]


def test_a_door_that_is_away_is_no_refusal_but_waited_for(settings):
    """Without the embedder there is no picture at all: that is the whole door's trouble, not the painter's."""
    settings.MODELS_URL = "http://127.0.0.1:9"
    settings.MODELS_TIMEOUT_SECONDS = 0.2
    with pytest.raises(ModelUnavailable):
        make(subject=Subject("A headline that nobody asked about before"))


def test_a_second_seed_is_tried_before_the_composers_picture_stays(at_the_door):
    brush = Brush(spoil=once(noisy))
    at_the_door(diffusion=brush)
    drawing = make()
    assert drawing.provenance["renderer"] == "diffusion"
    assert drawing.provenance["painting"]["seed"] == 4
    assert len(brush.asked) == 4, "one refused, then three frames"
    stubborn = Brush(spoil=noisy)
    at_the_door(diffusion=stubborn)
    assert make().provenance["renderer"] == "composer"
    assert len(stubborn.asked) == 2


def once(spoil: Callable[[Image.Image], Image.Image]) -> Callable[[Image.Image], Image.Image]:
    turns = iter([spoil])
    return lambda image: next(turns, lambda same: same)(image)


def test_a_painting_can_be_followed_by_its_picture(at_the_door):
    followed = []

    def follow(image: Image.Image) -> Image.Image:
        frames = ("wide", "square", "tall")
        followed.append([frame for frame in frames if queries.progress("diffusion", f"picture-12-{frame}")])
        return image

    at_the_door(diffusion=Brush(spoil=follow))
    make(picture_id=12)
    assert followed == [["wide"], ["square"], ["tall"]]


def test_the_layout_is_kept_where_its_large_shapes_are():
    layout = Image.new("L", (320, 180), 40)
    ImageDraw.Draw(layout).ellipse((90, 20, 230, 160), 220)
    assert painted.kept(layout.convert("RGB"), layout.convert("RGB")) == pytest.approx(1)
    assert (
        painted.kept(layout.transpose(Image.Transpose.ROTATE_180).point(lambda v: 255 - v).convert("RGB"), layout) < 0
    )
    assert painted.kept(Image.new("RGB", (320, 180)), layout) == 0.0


def test_likeness_is_the_nearest_pair_of_faces():
    known, strangers = np.eye(3)[:2], np.array([[0, 0, 1.0], [0.6, 0, 0.8]])
    assert likeness.likeness(known, strangers) == pytest.approx(0.6)
    assert likeness.likeness(known, np.zeros((0, 3))) == -1
    with pytest.raises(ValueError, match="two models"):
        likeness.likeness(known, np.eye(2))


def test_a_prompt_has_the_thing_the_place_and_the_hand_and_only_words_of_the_house():
    brief = example_brief(6, GRAIN)
    prompt = prompt_of(brief)
    assert prompt == prompt_of(brief)
    assert "a red crab" in prompt
    assert "grain of paper" in prompt
    assert "woollen hat" in prompt
    assert "nobody in sight" in prompt_of(brief, people=False)
    assert "correspondent" not in prompt_of(brief, people=False)


@pytest.mark.parametrize(("asked", "found"), [
    ("", []), ("/srv/klein", [("1", "/srv/klein")]), ("org/model", [("1", "org/model")]),
    ("1=/srv/a 2=/srv/b", [("1", "/srv/a"), ("2", "/srv/b")]), ("/srv/a model", [("1", "/srv/a model")]),
    ("2=/srv/b 1=/srv/a", [("2", "/srv/b"), ("1", "/srv/a")]),
])  # fmt: skip
def test_a_setting_names_one_model_or_several_versions(asked, found):
    assert _models.versions(asked) == found


@pytest.mark.parametrize("role", _models.ROLES, ids=lambda role: role.name)
def test_a_folder_that_is_not_there_is_said_alike_for_every_model(role):
    with pytest.raises(FileNotFoundError, match="there is no file or folder /nowhere/at/all"):
        _models.model(role, "1", "/nowhere/at/all").load()


def test_a_version_named_twice_is_refused():
    with pytest.raises(ValueError, match="named twice"):
        _models.versions("1=/a 1=/b")
