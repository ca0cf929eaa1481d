"""The model that paints, on real pipelines of four families with random weights: what they draw is noise, how they are
loaded, batched, followed, cancelled and fitted into memory is what runs in production.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from curation.serving.types import Cancelled, InferRequest, InvalidRequest, OutOfMemory, Running, Tensor
from illustrate import _torch_device
from illustrate.render import _torch_diffusion
from illustrate.render._torch_diffusion import Painter, load_diffusion
from tests import tiny_models

# numpy's, of what diffusers' schedulers compute with.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:diffusers.*")

FAMILIES = ("stable_diffusion", "sdxl", "klein", "z_image")
# Two networks compute a row alone and beside others in another order; a step of 255 is what that may move.
ROUNDING = 2


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny layers on two threads wait for each other longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pipelines")
    for family in FAMILIES:
        getattr(tiny_models, family)(root / family)
    return root


@pytest.fixture(scope="module")
def painters(folder: Path) -> dict[str, Painter]:
    return {family: load_diffusion(str(folder / family), device="cpu") for family in FAMILIES}


class Steps(Running):
    def __init__(self, *, cancelled_at: int = 0) -> None:
        self.told: list[tuple[int, int]] = []
        self.cancelled_at = cancelled_at

    def step(self, done: int, of: int) -> None:
        self.told.append((done, of))
        if self.cancelled_at and done >= self.cancelled_at:
            raise Cancelled("nobody waits any more")


def asked(seeds: list[int], layout: str = "", prompt: str = "a lighthouse", **parameters: object) -> InferRequest:
    wanted = {"width": 64, "height": 64, "steps": 2} | parameters
    return InferRequest(
        (
            Tensor.of_text("prompt", [prompt] * len(seeds)),
            Tensor("seed", "INT64", (len(seeds),), np.array(seeds)),
            Tensor.of_text("layout", [layout] * len(seeds)),
        ),
        wanted,  # type: ignore[arg-type]
    )


def painted(painter: Painter, request: InferRequest, running: Running | None = None) -> list[np.ndarray]:
    texts = painter(request, running or Running())[0].texts()
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))).astype(int) for text in texts]


def a_layout(colour: str = "#c8452b") -> str:
    image = Image.new("RGB", (64, 64), colour)
    image.paste("#f4efe4", (16, 16, 48, 48))
    out = io.BytesIO()
    image.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_is_painted_alike_alone_and_beside_others(painters, family):
    (alone,) = painted(painters[family], asked([5]))
    together = painted(painters[family], asked([4, 5, 6]))
    assert np.abs(alone - together[1]).max() <= ROUNDING
    assert np.abs(together[0] - together[2]).mean() > 5, "another seed is another picture"


@pytest.mark.parametrize(("family", "way"), [("stable_diffusion", "image"), ("sdxl", "image"), ("klein", "reference"),
                                             ("z_image", "image")])  # fmt: skip
def test_each_family_takes_the_layout_in_its_own_way(painters, family, way):
    painter = painters[family]
    assert painter.layout_way == way
    bare, red, blue = (painted(painter, asked([5], layout))[0] for layout in ("", a_layout(), a_layout("#2b45c8")))
    # Whatever differs is the layout's doing: the same request gives the same pixels.
    assert (red == painted(painter, asked([5], a_layout()))[0]).all()
    assert (red != blue).any(), "another layout is another picture"
    assert (red != bare).any()


def test_rows_with_and_without_a_layout_come_back_in_their_order(painters):
    painter = painters["stable_diffusion"]
    request = asked([7, 8, 9])
    mixed = InferRequest(
        (*request.inputs[:2], Tensor.of_text("layout", [a_layout(), "", a_layout()])), request.parameters
    )
    steps = Steps()
    _, second, third = painted(painter, mixed, steps)
    assert np.abs(second - painted(painter, asked([8]))[0]).max() <= ROUNDING
    assert np.abs(third - painted(painter, asked([9], a_layout()))[0]).max() <= ROUNDING
    done = [step for step, _ in steps.told]
    assert done == sorted(set(done)), "progress only grows, over both groups"


def test_strength_says_how_far_the_layout_may_be_left(painters):
    painter, layout = painters["stable_diffusion"], a_layout()
    near, far = (painted(painter, asked([3], layout, steps=10, strength=s))[0] for s in (0.1, 1.0))
    kept = painted(painter, asked([4], layout, steps=10, strength=0.1))[0]
    other = painted(painter, asked([4], layout, steps=10, strength=1.0))[0]
    assert np.abs(near - kept).mean() < np.abs(far - other).mean(), "the less strength, the less the seed matters"


def test_the_size_asked_for_is_the_size_given(painters):
    (image,) = painted(painters["stable_diffusion"], asked([1], width=100, height=70))
    assert image.shape == (70, 100, 3)


def test_a_scheduler_is_chosen_by_request_and_leaves_the_next_one_alone(painters):
    painter = painters["stable_diffusion"]
    (before,) = painted(painter, asked([5]))
    (euler,) = painted(painter, asked([5], scheduler="EulerDiscreteScheduler"))
    (after,) = painted(painter, asked([5]))
    assert (before != euler).any()
    assert (before == after).all()
    with pytest.raises(InvalidRequest, match=r"no scheduler 'Nobody'.*DDIMScheduler"):
        painted(painter, asked([5], scheduler="Nobody"))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_step_is_told_and_a_cancelled_picture_stops_there(painters, family):
    steps = Steps()
    painted(painters[family], asked([1], steps=3), steps)
    assert steps.told == [(1, 3), (2, 3), (3, 3)]
    decoded = []
    hook = painters[family].pipeline.vae.decoder.register_forward_hook(lambda *_: decoded.append(1))
    stopped = Steps(cancelled_at=1)
    with pytest.raises(Cancelled):
        painted(painters[family], asked([1], steps=3), stopped)
    hook.remove()
    assert stopped.told == [(1, 3)]
    assert not decoded, "nothing is decoded for nobody"
    painted(painters[family], asked([1]))  # and the next one is painted as ever


def test_what_does_not_fit_into_memory_is_painted_in_halves(painters):
    painter = painters["stable_diffusion"]
    whole = painted(painter, asked([1, 2, 3, 4, 5]))
    with only_so_many_rows_fit(painter, 4):  # with guidance a picture is two rows
        halved = painted(painter, asked([1, 2, 3, 4, 5]))
    assert all(np.abs(a - b).max() <= ROUNDING for a, b in zip(whole, halved, strict=True))


def test_when_not_even_one_fits_the_caller_is_told(painters):
    painter = painters["stable_diffusion"]
    with only_so_many_rows_fit(painter, 1), pytest.raises(OutOfMemory, match="64x64 does not fit"):
        painted(painter, asked([1, 2]))
    assert len(painted(painter, asked([1]))) == 1, "and what fits is painted afterwards"


class only_so_many_rows_fit:
    """The network refuses larger batches as an accelerator's allocator does."""

    def __init__(self, painter: Painter, rows: int) -> None:
        def refuse(module: object, args: tuple, kwargs: dict) -> None:
            sample = args[0] if args else kwargs["sample"]
            if sample.shape[0] > rows:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

        self.painter, self.refuse = painter, refuse

    def __enter__(self) -> None:
        self.hook = self.painter.pipeline.unet.register_forward_pre_hook(self.refuse, with_kwargs=True)

    def __exit__(self, *unused: object) -> None:
        self.hook.remove()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"width": 8}, "a side is"), ({"height": 100_000}, "a side is"), ({"steps": 0}, "steps are"),
        ({"steps": 1000}, "steps are"), ({"strength": 0}, "strength"), ({"strength": "much"}, "not a number"),
        ({"guidance": float("nan")}, "no weight"), ({"adapter": "nobody"}, "no adapter is called 'nobody'"),
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_refused_in_words(painters, parameters, words):
    with pytest.raises(InvalidRequest, match=words):
        painted(painters["stable_diffusion"], asked([1], **parameters))


@pytest.mark.parametrize("layout", ["not base64!", base64.b64encode(b"GIF89a").decode(), a_layout()[:60]])
def test_a_layout_that_is_no_png_is_refused(painters, layout):
    with pytest.raises(InvalidRequest, match="not a PNG"):
        painted(painters["stable_diffusion"], asked([1], layout))


def test_the_provenance_names_model_revision_and_numbers(painters, folder):
    told = painters["klein"](asked([1], a_layout(), guidance=2.5), Running())[2].texts()[0]
    for words in (str(folder / "klein"), "Flux2KleinPipeline", '"layout":"reference"', '"steps":2', "diffusers 0."):
        assert words in told


def test_the_revision_changes_with_the_weights_and_with_nothing_else(folder, tmp_path):
    same, other = tmp_path / "same", tmp_path / "other"
    tiny_models.stable_diffusion(same)
    tiny_models.stable_diffusion(other, seed=1)
    first, second, third = (_torch_diffusion.fingerprint(path) for path in (folder / "stable_diffusion", same, other))
    assert first == second != third


def test_a_corrupt_or_missing_weights_file_is_an_error_at_loading(tmp_path):
    broken = tiny_models.stable_diffusion(tmp_path / "broken")
    (weights,) = (broken / "unet").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(Exception, match=r"(?i)safetensors|header|incomplete|corrupt|deserializ"):
        load_diffusion(str(broken), device="cpu")
    weights.unlink()
    with pytest.raises(OSError, match=r"(?i)no file|not found|error"):
        load_diffusion(str(broken), device="cpu")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        load_diffusion(str(tmp_path / "nowhere"), device="cpu")


def test_a_pickle_is_never_read(tmp_path):
    pickled = tiny_models.stable_diffusion(tmp_path / "pickled")
    (weights,) = (pickled / "unet").glob("*.safetensors")
    torch.save({}, weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(OSError, match="safetensors"):
        load_diffusion(str(pickled), device="cpu")


def test_float8_is_how_weights_are_kept_not_how_they_compute(folder):
    painter = load_diffusion(str(folder / "z_image"), device="cpu", dtype="float8")
    kept = [
        layer.weight.dtype
        for layer in painter.pipeline.transformer.layers.modules()
        if isinstance(layer, torch.nn.Linear)
    ]
    assert kept.count(torch.float8_e4m3fn) > len(kept) / 2
    assert len(painted(painter, asked([1]))) == 1
    assert painter.dtype == "float8"


def test_a_look_is_shown_through_the_ip_adapter_of_a_family_that_has_one(folder, painters, tmp_path):
    file = tiny_models.ip_adapter(tmp_path / "ip", painters["stable_diffusion"].pipeline.unet)
    painter = load_diffusion(
        str(folder / "stable_diffusion"), device="cpu", ip_adapter=str(file), sheet=SHEETS.__getitem__
    )
    plain, day, night = (painted(painter, asked([5], style=style))[0] for style in ("", "day", "night"))
    assert (plain == painted(painters["stable_diffusion"], asked([5]))[0]).all(), "without a look it does not listen"
    assert (day != night).any()
    assert (day != plain).any()
    with pytest.raises(InvalidRequest, match="no look is called 'noon'"):
        painted(painter, asked([5], style="noon"))
    with pytest.raises(ValueError, match="has no IP-Adapter"):
        load_diffusion(str(folder / "z_image"), device="cpu", ip_adapter=str(file))


SHEETS = {"day": Image.new("RGB", (96, 64), "white"), "night": Image.linear_gradient("L").convert("RGB")}


def test_a_look_is_shown_beside_the_layout_to_a_family_that_takes_references(folder):
    painter = load_diffusion(str(folder / "klein"), device="cpu", sheet=SHEETS.__getitem__)
    bare, day, night = (painted(painter, asked([5], a_layout(), style=style))[0] for style in ("", "day", "night"))
    assert (bare != day).any()
    assert (day != night).any()
    told = painter(asked([5], a_layout(), style="day"), Running())[2].texts()[0]
    assert '"style":"day"' in told


def test_an_unsafe_picture_is_flagged_by_the_configured_classifier(folder, tmp_path):
    for unsafe, label in ((True, "nsfw"), (False, "normal")):
        source = tiny_models.image_classifier(tmp_path / label, always=label)
        painter = load_diffusion(str(folder / "stable_diffusion"), device="cpu", safety=str(source))
        assert painter(asked([1]), Running())[1].array().tolist() == [unsafe]
    with pytest.raises(ValueError, match="knows none of the labels"):
        load_diffusion(
            str(folder / "stable_diffusion"), device="cpu",
            safety=str(tiny_models.image_classifier(tmp_path / "birds", always="robin", other="wren")),
        )  # fmt: skip


def test_closing_gives_the_pipeline_back(folder):
    painter = load_diffusion(str(folder / "stable_diffusion"), device="cpu")
    painter.close()
    assert not hasattr(painter, "pipeline")


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="MODELS_DEVICE is 'tpu'"):
        _torch_device.device("tpu")
    with pytest.raises(ValueError, match="MODELS_DTYPE is 'int3'"):
        _torch_device.dtype("int3", torch.device("cpu"))
