"""The production training on tiny models with random weights: right, resumable, safe. Nothing in it shows quality."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from illustrate.render.presets import latest
from illustrate.training import lora
from illustrate.training.examples import write_examples
from illustrate.training.lora import Control, LoraOptions, Sample, TrainingError, samples_for
from tests import tiny_models

# diffusers' Euler scheduler says so of its own call to numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FAMILIES = ("stable_diffusion", "sdxl", "klein", "z_image")
PIXELS = 32
STEPS = 40
SAMPLES = [Sample("a gavel on a table, calm mood, daylight", 7)]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training") / "examples"
    write_examples(folder, count=3, preset=latest("grain"), size=PIXELS, shapes=("square",))
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("bases")

    def made(family: str) -> Path:
        if not (folder / family).exists():
            getattr(tiny_models, family)(folder / family)
        return folder / family

    return made


@pytest.fixture(scope="module")
def short(base, examples, tmp_path_factory) -> LoraOptions:
    """A short training of the quickest family."""
    return LoraOptions(
        str(base("z_image")), examples, rank=4, batch=2, rate=1e-2, resolution=PIXELS,
        out=tmp_path_factory.mktemp("unbroken"), steps=8, every=4, samples=0, sample_steps=1,
    )  # fmt: skip


@pytest.fixture
def asked(short, tmp_path) -> LoraOptions:
    """The same in a folder of its own."""
    return replace(short, out=tmp_path / "adapter")


def train(options: LoraOptions, say: Callable[[str], None] = lambda line: None, **changes: Any) -> dict[str, Any]:
    from illustrate.training._torch_lora import train

    options = replace(options, **changes)
    return train(options, SAMPLES[: options.samples], Control(say))


def loss_curve(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "loss.jsonl").read_text().splitlines()]


def adapter(out: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return load_file(out / lora.ADAPTER)


@pytest.fixture(scope="module")
def unbroken(short) -> Path:
    """The folder of that training, done at one go, with samples."""
    train(short, samples=1)
    return short.out


# -- It learns, and what it learns is what the pipeline draws with -------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_the_loss_falls_over_forty_steps_and_the_adapter_changes_what_is_drawn(family, base, examples, tmp_path):
    import torch
    from diffusers import AutoPipelineForText2Image

    from illustrate.training import _torch_lora as training
    from illustrate.training._torch_families import family_of

    options = LoraOptions(
        str(base(family)), examples, rank=8, batch=1, rate=2e-2, resolution=PIXELS, overfit=True,
        out=tmp_path / "adapter", steps=STEPS, every=STEPS, samples=0,
    )  # fmt: skip
    report = train(options)
    curve = [line["loss"] for line in loss_curve(options.out)]
    assert len(curve) == STEPS
    assert np.mean(curve[-5:]) < 0.95 * np.mean(curve[:5])
    assert report["loss"]["last"] < report["loss"]["first"]
    assert "Not for use" in (options.out / "README.md").read_text()

    pipeline = AutoPipelineForText2Image.from_pretrained(base(family))
    pipeline.set_progress_bar_config(disable=True)

    def draw() -> np.ndarray:
        drawn = pipeline(
            prompt=SAMPLES[0].prompt, width=PIXELS, height=PIXELS, num_inference_steps=2,
            generator=torch.Generator().manual_seed(7), **family_of(pipeline).drawing(),
        )  # fmt: skip
        return np.asarray(drawn.images[0], dtype=float)

    plain = draw()
    pipeline.load_lora_weights(options.out)
    assert np.abs(draw() - plain).max() > 2  # of 255
    # What was loaded predicts what the model predicted when its training ended.
    run = training.Run(options, family_of(pipeline), torch.device("cpu"), torch.float32)
    pool = training.Pool(run.family, training.read_examples(examples), options, run.device, Control(print))
    assert run.fixed_loss(pool) == pytest.approx(report["loss"]["fixed_after"], rel=1e-4)
    pipeline.unload_lora_weights()
    assert np.abs(draw() - plain).max() == 0


@pytest.mark.parametrize("family", [*FAMILIES, "stable_diffusion:v_prediction"])
def test_what_training_aims_at_is_what_the_pipeline_follows(family, base, tmp_path):
    """An oracle stands in for the denoiser: it knows the picture. By it the pipeline must draw that picture, and
    training must find nothing wrong; one sign, scale, clock or order of latents astray, and one of the two fails."""
    import torch
    from diffusers import AutoPipelineForText2Image, DDIMScheduler

    from illustrate.training._torch_families import family_of

    name, _, prediction = family.partition(":")
    folder = tiny_models.stable_diffusion(tmp_path / "v", prediction=prediction) if prediction else base(name)
    pipeline = AutoPipelineForText2Image.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    if name == "stable_diffusion":  # its scheduler would leave a last little noise
        pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, set_alpha_to_one=True)
    trained = family_of(pipeline)
    dice = torch.Generator().manual_seed(3)
    pixels = torch.rand((1, 3, PIXELS, PIXELS), generator=dice) * 2 - 1
    heard: list[dict[str, torch.Tensor]] = []
    with torch.no_grad():
        latents = trained.latents(pixels)
        trained.denoiser.forward = _ORACLES[name](pipeline, latents, heard)
        text = trained.text([SAMPLES[0].prompt], torch.device("cpu"))
        assert float(trained.loss(latents, text, torch.Generator().manual_seed(1))) < 1e-4
        drawn = pipeline(
            prompt=SAMPLES[0].prompt, width=PIXELS, height=PIXELS, num_inference_steps=4, output_type="pt",
            guidance_scale=1.0, generator=torch.Generator().manual_seed(5), **trained.drawing(),
        ).images  # fmt: skip
        encoded = pipeline.vae.encode(pixels).latent_dist.mode()
        expected = (pipeline.vae.decode(encoded).sample / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(drawn, expected, atol=2e-3, rtol=0)
    by_training, by_pipeline = heard[0], heard[-1]
    for key, value in by_training.items():
        torch.testing.assert_close(value.float(), by_pipeline[key].float(), msg=key)


def _unet_oracle(pipeline: Any, latents: Any, heard: list[dict[str, Any]]) -> Callable[..., tuple[Any]]:
    kind = pipeline.scheduler.config.prediction_type
    kept = pipeline.scheduler.alphas_cumprod

    def forward(sample: Any, timestep: Any, encoder_hidden_states: Any, **rest: Any) -> tuple[Any]:
        heard.append({"text": encoder_hidden_states} | (rest.get("added_cond_kwargs") or {}))
        share = kept[timestep.long()].reshape(-1, 1, 1, 1)
        noise = (sample - share.sqrt() * latents) / (1 - share).sqrt()
        return (noise if kind == "epsilon" else share.sqrt() * noise - (1 - share).sqrt() * latents,)

    return forward


def _klein_oracle(pipeline: Any, latents: Any, heard: list[dict[str, Any]]) -> Callable[..., tuple[Any]]:
    packed = pipeline._pack_latents(latents)

    def forward(hidden_states: Any, timestep: Any, **rest: Any) -> tuple[Any]:
        heard.append({name: rest[name] for name in ("encoder_hidden_states", "img_ids", "txt_ids")})
        return ((hidden_states - packed) / timestep.reshape(-1, 1, 1),)

    return forward


def _z_oracle(pipeline: Any, latents: Any, heard: list[dict[str, Any]]) -> Callable[..., tuple[Any]]:
    def forward(x: Any, t: Any, cap_feats: Any, **rest: Any) -> tuple[Any]:
        heard.append({"text": cap_feats[0]})
        return ([(latents.transpose(0, 1) - each) / (1 - clock) for each, clock in zip(x, t, strict=True)],)

    return forward


_ORACLES = {"stable_diffusion": _unet_oracle, "sdxl": _unet_oracle, "klein": _klein_oracle, "z_image": _z_oracle}


# -- It goes on ----------------------------------------------------------------------------------------------


def test_a_training_killed_between_checkpoints_gives_what_an_unbroken_one_gives(asked, unbroken, monkeypatch):
    from illustrate.training._torch_lora import Run

    step = Run.take_step

    def dies(self: Any, pool: Any) -> float:
        if self.step == 6:
            raise KeyboardInterrupt  # as a kill leaves it: nothing is put in order
        return step(self, pool)

    monkeypatch.setattr(Run, "take_step", dies)
    with pytest.raises(KeyboardInterrupt):
        train(asked)
    monkeypatch.undo()
    (asked.out / "loss.jsonl").write_bytes((asked.out / "loss.jsonl").read_bytes() + b'{"step": 7, "lo')
    said: list[str] = []
    report = train(asked, said.append)
    assert "goes on after step 4" in said
    assert loss_curve(asked.out) == loss_curve(unbroken)
    assert [line["step"] for line in loss_curve(asked.out)] == list(range(1, 9))
    for name, weights in adapter(unbroken).items():
        np.testing.assert_allclose(adapter(asked.out)[name], weights, rtol=1e-5, atol=1e-7)
    assert report["finished"]


def test_a_training_that_is_asked_to_stop_keeps_its_step_and_goes_on_to_more_steps_too(asked, unbroken):
    from illustrate.training._torch_lora import Run, train

    stopping = threading.Event()
    step = Run.take_step

    def stops(self: Any, pool: Any) -> float:
        if self.step == 2:
            stopping.set()
        return step(self, pool)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Run, "take_step", stops)
        told = train(asked, [], Control(lambda line: None, stopping))
    assert told == {"finished": False, "step": 3, "steps": 8, "out": str(asked.out)}
    assert not (asked.out / lora.ADAPTER).exists()
    assert train(replace(asked, steps=5), [], Control(print))["steps"] == 5
    report = train(asked, [], Control(print))
    assert report["steps"] == 8
    assert loss_curve(asked.out) == loss_curve(unbroken)
    assert {name: weights.tolist() for name, weights in adapter(asked.out).items()} == {
        name: weights.tolist() for name, weights in adapter(unbroken).items()
    }


def test_a_finished_training_has_all_its_papers_and_is_not_done_again(asked, unbroken, monkeypatch):
    from illustrate.training import _torch_lora

    report = json.loads((unbroken / "report.json").read_text())
    assert {"base", "fingerprint", "options", "loss", "style", "seconds", "peak_memory_bytes"} <= set(report)
    assert report["family"] == "ZImagePipeline"
    assert report["loss"]["fixed_before"] != report["loss"]["fixed_after"]
    assert [each["step"] for each in report["style"]["over_time"]] == [0, 4, 8]
    assert sorted(path.name for path in (unbroken / "samples").glob("*.webp")) == [
        f"step-0000{step}.webp" for step in (0, 4, 8)
    ]
    card = (unbroken / "README.md").read_text()
    assert "rank 4" in card
    assert "The composer drew all examples" in card
    assert "Not for use" not in card
    monkeypatch.setattr(_torch_lora, "_loaded", lambda *arguments: pytest.fail("the base was loaded"))
    said: list[str] = []
    assert train(asked, said.append, out=unbroken) == report | {"already": True}
    assert said == ["all 8 steps were done before; nothing to do"]


def test_each_step_throws_other_noise_and_overfitting_always_the_same(asked):
    import torch

    from illustrate.training._torch_lora import _dice

    def thrown(options: LoraOptions, step: int) -> list[float]:
        return torch.rand(4, generator=_dice(options, step)).tolist()

    assert thrown(asked, 1) == thrown(asked, 1)
    assert len({tuple(thrown(replace(asked, seed=seed), step)) for seed in (1, 2) for step in range(3)}) == 6
    assert thrown(replace(asked, overfit=True), 1) == thrown(replace(asked, overfit=True), 2)


def test_every_example_has_its_turn_in_an_epoch_and_sizes_are_never_mixed(asked, base, tmp_path, monkeypatch):
    from diffusers import AutoPipelineForText2Image

    from illustrate.training import _torch_lora as training
    from illustrate.training._torch_families import family_of

    write_examples(tmp_path / "mixed", count=7, preset=latest("grain"), size=PIXELS, shapes=("square", "wide"))
    import torch

    family = family_of(AutoPipelineForText2Image.from_pretrained(base("z_image")))
    listed = training.read_examples(tmp_path / "mixed")
    pool = training.Pool(family, listed, asked, torch.device("cpu"), Control(print))
    assert len(set(pool.sizes)) == 2
    per_epoch = sum(-(-len(numbers) // 2) for numbers in pool.by_size.values())
    epochs = [[pool.batch(epoch * per_epoch + step) for step in range(per_epoch)] for epoch in range(2)]
    for epoch in epochs:
        assert {number for batch in epoch for number in batch} == set(range(7))
        assert all(len({pool.sizes[number] for number in batch}) == 1 and len(batch) == 2 for batch in epoch)
    assert epochs[0] != epochs[1]
    # Of many, the last few are never trained on: the fixed loss is taken from them.
    monkeypatch.setattr(training, "HELD_OUT_FROM", 7)
    monkeypatch.setattr(training, "HELD_OUT", 2)
    pool = training.Pool(family, listed, asked, torch.device("cpu"), Control(print))
    assert {number for step in range(12) for number in pool.batch(step)} == {0, 1, 2, 3, 4}
    assert list(pool.fixed) == [5, 6]


def test_prompts_too_many_to_keep_are_encoded_for_each_step_with_the_same_outcome(asked, unbroken, monkeypatch):
    from illustrate.training import _torch_lora

    monkeypatch.setattr(_torch_lora, "TEXTS", 0)
    said: list[str] = []
    train(asked, said.append, steps=2)
    assert "the prompts are too many to keep encoded: the text encoder stays" in said
    assert loss_curve(asked.out) == loss_curve(unbroken)[:2]


def test_the_card_says_what_the_composer_did_not_draw(asked, examples, tmp_path):
    shutil.copytree(examples, tmp_path / "brought")
    listed = [json.loads(line) for line in (examples / "metadata.jsonl").read_text().splitlines()]
    listed[1]["brief"] = None
    (tmp_path / "brought" / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in listed))
    train(asked, steps=1, examples=tmp_path / "brought")
    card = (asked.out / "README.md").read_text()
    assert "1 of the examples were not drawn by the composer" in card
    assert "no photograph" not in card


# -- It loses nothing ----------------------------------------------------------------------------------------


@pytest.fixture
def own_base(asked, tmp_path) -> LoraOptions:
    shutil.copytree(asked.base, tmp_path / "base")
    return replace(asked, base=str(tmp_path / "base"))


@pytest.mark.parametrize("harm", ["cut", "nonsense", "gone"])
def test_weights_that_cannot_be_read_are_told_and_leave_an_empty_folder_for_the_next_try(own_base, harm):
    weights = Path(own_base.base) / "transformer" / "diffusion_pytorch_model.safetensors"
    body = weights.read_bytes()
    if harm == "gone":
        weights.unlink()
    else:
        weights.write_bytes(body[: len(body) // 2] if harm == "cut" else b"\xff" * 64)
    with pytest.raises(TrainingError, match="cannot be loaded") as error:
        train(own_base)
    assert "\n" not in str(error.value)
    assert [path.name for path in own_base.out.iterdir() if not path.name.startswith(".")] == []
    weights.write_bytes(body)
    assert train(own_base, steps=1)["finished"]


def test_weights_that_compute_nonsense_stop_the_training_before_it_is_kept(own_base):
    from safetensors.numpy import load_file, save_file

    weights = Path(own_base.base) / "transformer" / "diffusion_pytorch_model.safetensors"
    save_file({name: each * np.nan for name, each in load_file(weights).items()}, weights)
    with pytest.raises(TrainingError, match="the loss is no number"):
        train(own_base)
    assert not (own_base.out / "checkpoint.pt").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base": "/nowhere/at/all"}, "there is no pipeline at /nowhere/at/all"),
        ({"base": "."}, "is no diffusers pipeline"),
        ({"rank": 0}, "rank is 1 at least"),
        ({"rate": 3.0}, "rate lies between"),
        ({"dtype": "float16"}, "float32 or bfloat16"),
        ({"device": "cuda"}, "cuda"),
    ],
)
def test_what_cannot_be_trained_is_told_in_one_line(asked, changes, told):
    import torch

    if changes.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(TrainingError, match=told) as error:
        train(asked, **changes)
    assert "\n" not in str(error.value)


def test_a_pipeline_of_an_unknown_family_is_told_with_those_that_are_known():
    from illustrate.training._torch_families import family_of

    class SanaPipeline:
        pass

    with pytest.raises(ValueError, match=r"no training is known for a SanaPipeline; there is: .*ZImagePipeline"):
        family_of(SanaPipeline())


def test_another_training_does_not_go_on_in_the_same_folder(asked, unbroken, examples, tmp_path):
    before = {path: path.read_bytes() for path in unbroken.rglob("*") if path.is_file()}
    with pytest.raises(TrainingError, match="rank was 4 and is 8"):
        train(asked, out=unbroken, rank=8)
    shutil.copytree(examples, tmp_path / "fewer")
    listed = (tmp_path / "fewer" / "metadata.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "fewer" / "metadata.jsonl").write_text("".join(listed[:2]))
    with pytest.raises(TrainingError, match="examples_count was 3 and is 2"):
        train(asked, out=unbroken, examples=tmp_path / "fewer")
    assert {path: path.read_bytes() for path in unbroken.rglob("*") if path.is_file()} == before
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    with pytest.raises(TrainingError, match="holds something else"):
        train(asked, out=tmp_path / "home")


def test_a_disk_that_fills_up_keeps_the_last_checkpoint_and_the_training_goes_on_later(asked, unbroken):
    assert train(asked, steps=4)["finished"]
    kept = (asked.out / "checkpoint.pt").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept) // 2, hard))  # no file may grow beyond that
    try:
        with pytest.raises(TrainingError, match="the same command goes on"):
            train(asked)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (asked.out / "checkpoint.pt").read_bytes() == kept
    assert not list(asked.out.glob("*.unfinished"))
    train(asked)
    assert loss_curve(asked.out) == loss_curve(unbroken)


def test_a_broken_checkpoint_is_told_and_left_where_it_is(asked):
    train(asked, steps=4)
    checkpoint = asked.out / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(TrainingError, match=r"checkpoint.pt is broken") as error:
        train(asked)
    assert "\n" not in str(error.value)
    assert checkpoint.stat().st_size == 1000


def test_the_samples_news_is_told_by_no_example_and_is_always_the_same(examples):
    preset = latest("grain")
    samples = samples_for(preset, 4)
    assert samples == samples_for(preset, 4)
    assert len({sample.prompt for sample in samples}) == 4
    assert len({sample.seed for sample in samples}) == 4


# -- In its own process --------------------------------------------------------------------------------------


def stopped(connection: Any, *arguments: object) -> None:
    connection.send(("said", "at work"))
    connection.send(("done", {"finished": False, "heard": connection.recv()}))


def deaf(connection: Any, *arguments: object) -> None:
    connection.send(("said", "at work"))
    time.sleep(600)


def test_an_interrupt_asks_the_training_process_to_stop_and_a_second_one_kills_it_which_is_told(asked, monkeypatch):
    monkeypatch.setattr(lora, "_child", stopped)
    before = signal.getsignal(signal.SIGINT)
    told = lora.train_lora(asked, latest("grain"), say=lambda line: signal.raise_signal(signal.SIGINT))
    assert told == {"finished": False, "heard": "stop"}
    assert signal.getsignal(signal.SIGINT) is before

    def twice(line: str) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(lora, "_child", deaf)
    with pytest.raises(TrainingError, match=r"ended by signal 9 .*no memory left.* goes on from its last checkpoint"):
        lora.train_lora(asked, latest("grain"), say=twice)


# What an operator's shell starts; it also says whether torch came into the command's own process.
COMMAND = """
import sys
from django.core.management import execute_from_command_line
if __name__ == "__main__":
    execute_from_command_line(sys.argv)
    print("torch" in sys.modules, file=sys.stderr)
"""


@pytest.mark.slow
def test_a_command_stopped_by_a_signal_ends_cleanly_without_torch_and_can_be_gone_on_with(asked, unbroken, tmp_path):
    (tmp_path / "command.py").write_text(COMMAND)
    options = {
        "examples": asked.examples, "base": asked.base, "out": asked.out, "rank": 4, "batch": 2, "rate": 0.01,
        "resolution": PIXELS, "samples": 0, "every": 100_000, "steps": 100_000,
    }  # fmt: skip
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "command.py"), "train_style", *arguments],
        # One thread: two that wait for each other on a busy machine are slow.
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    losses, until = asked.out / "loss.jsonl", time.monotonic() + 200
    while not (losses.exists() and losses.stat().st_size) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGTERM)  # as a service manager does: parent and child both get it
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    told = json.loads(printed)
    assert told["finished"] is False
    assert said.rstrip().endswith("False")
    # What that process did is what this one does, step by step; and it goes on from there.
    assert len(loss_curve(asked.out)) == told["step"] >= 1
    assert loss_curve(asked.out)[:8] == loss_curve(unbroken)[: told["step"]]
    said_now: list[str] = []
    train(asked, said_now.append, steps=told["step"] + 1)
    assert f"goes on after step {told['step']}" in said_now
    assert [line["step"] for line in loss_curve(asked.out)] == list(range(1, told["step"] + 2))
