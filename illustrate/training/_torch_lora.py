"""Trains an adapter (LoRA, Hu et al. 2021) on examples, and goes on where it was stopped.

Every step's batch, noise and noise levels are thrown from (seed, step) alone, so a run that was killed a hundred
times gives what an unbroken one gives. The folder holds:

    run.json         what is trained on what
    checkpoint.pt    adapter, optimiser, step, all losses; replaced whole
    loss.jsonl       {"step", "loss", "rate"}, each step once
    samples/         step-00040.webp, the same briefs each time, and step-00040.json, what they measure
    pytorch_lora_weights.safetensors, report.json, README.md    when all steps are done
"""

from __future__ import annotations

import errno
import hashlib
import io
import math
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import orjson
import peft
import torch
from diffusers import AutoPipelineForText2Image
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from torch import Tensor
from transformers.utils import logging as transformers_logging

from illustrate import _torch_device as torch_device
from illustrate._whole_files import LOCK, FolderInUseError, alone_in, write_whole
from illustrate.styles import encode, tiled
from illustrate.training import _card as card
from illustrate.training._torch_families import Family, Text, family_of
from illustrate.training.examples import METADATA, Example, ExamplesError, read_examples
from illustrate.training.lora import ADAPTER, REPORT, Control, LoraOptions, Sample, TrainingError
from illustrate.training.nearness import House, fitted, house_of, nearness

RUN, CHECKPOINT, LOSSES, SAMPLES, CARD = "run.json", "checkpoint.pt", "loss.jsonl", "samples", "README.md"
WARM_UP = 10  # steps over which the rate rises: the optimiser's first estimates are poor
CLIP = 1.0  # longest gradient
HELD_OUT = 8  # examples that are never trained on, where there are at least HELD_OUT_FROM
HELD_OUT_FROM = 40
LEVELS = (0.15, 0.4, 0.65, 0.9)  # of noise at which the fixed loss is taken
HOUSE = 24  # examples that say what the house measures
TEXTS = 4 << 30  # bytes of encoded prompts that are kept; beyond it they are encoded for each step
ENDS = 65_536  # bytes of a file's beginning and end that tell it from another
LARGE = 500_000_000  # parameters from which activations are computed twice rather than kept
SHEET_COLUMNS, SHEET_WIDTH = 3, 320
SAID_EVERY = 5.0  # seconds between two lines of progress


def train(options: LoraOptions, samples: Sequence[Sample], control: Control) -> dict[str, Any]:
    """The whole training; returns its report. See `lora.train_lora`, which runs it in a child process."""
    options = options.checked()
    for logging in (diffusers_logging, transformers_logging):  # a hundred long prompts are a hundred warnings
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        with alone_in(options.out):
            return _train(options, samples, control)
    except (ExamplesError, FolderInUseError) as error:
        raise TrainingError(str(error)) from error
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            "memory ran out: a smaller --batch or --resolution needs less, in a folder of its own; "
            f"what was trained is kept in {options.out}"
        ) from error
    except OSError as error:
        full = "the disk is full" if error.errno == errno.ENOSPC else f"{error.strerror or error}"
        raise TrainingError(f"{full}; what was trained before is kept, and the same command goes on") from error


def _train(options: LoraOptions, samples: Sequence[Sample], control: Control) -> dict[str, Any]:
    examples = read_examples(options.examples)
    what = _what(options, examples)
    _check_folder(options.out, what)
    if (report := _finished(options)) is not None:
        control.say(f"all {options.steps} steps were done before; nothing to do")
        return report | {"already": True}

    device, dtype = _place(options)
    run = Run(options, _loaded(options.base, dtype, control), device, dtype)
    run.prepare()
    _resume(run, control)
    # Only now: a base that does not load must leave no trace in the folder.
    write_whole(options.out / RUN, orjson.dumps(what, option=orjson.OPT_INDENT_2))
    try:
        control.say(f"encoding {len(examples)} examples")
        pool = Pool(run.family, examples, options, device, control)
        house = pool.house() if samples else None
        _take_steps(run, pool, samples, house, control)
    except _StoppedError:
        control.say(f"stopped after step {run.step}; the same command goes on")
        return {"finished": False, "step": run.step, "steps": options.steps, "out": str(options.out)}
    return _write_results(run, what, pool)


def _take_steps(
    run: Run, pool: Pool, samples: Sequence[Sample], house: House | None, control: Control
) -> None:  # fmt: skip
    options, said = run.options, 0.0
    write_whole(options.out / LOSSES, b"".join(_line(options, *each) for each in enumerate(run.losses, 1)))
    with (options.out / LOSSES).open("ab") as losses:
        _take_stock(run, pool, samples, house, control)
        while run.step < options.steps:
            loss = run.take_step(pool)
            losses.write(_line(options, run.step, loss))
            losses.flush()
            if time.monotonic() - said > SAID_EVERY or run.step == options.steps:
                said = time.monotonic()
                control.say(f"step {run.step}/{options.steps}: loss {loss:.4f}")
            is_due = run.step % options.every == 0 or run.step == options.steps
            if is_due or control.stopping.is_set():
                run.keep()
            _heed(control)
            if is_due:
                _take_stock(run, pool, samples, house, control)


def _line(options: LoraOptions, step: int, loss: float) -> bytes:
    return orjson.dumps({"step": step, "loss": loss, "rate": _rate(options, step)}) + b"\n"


def _rate(options: LoraOptions, step: int) -> float:
    return round(options.rate * min(1.0, step / WARM_UP), 12)


class _StoppedError(Exception):
    """Somebody asked to stop."""


# -- What is trained on what, and whether that is so already -------------------------------------------------


def _what(options: LoraOptions, examples: Sequence[Example]) -> dict[str, Any]:
    """What makes this training another one, JSON-ready. Raises TrainingError for a folder without a pipeline."""
    listed = (options.examples / METADATA).read_bytes()
    fingerprint = _fingerprint(options.base)
    # A folder may be moved; what is in it may not change.
    return options.identity() | {
        "base": "" if fingerprint else options.base,
        "fingerprint": fingerprint,
        "examples": hashlib.sha256(listed).hexdigest()[:16],
        "examples_count": len(examples),
    }


def _fingerprint(base: str) -> str:
    """Of a folder's files: names, sizes and both ends of each; "" for a name on the hub, which has revisions.

    16 hex digits. Weights of many gigabytes are told apart in a moment, but not from a copy changed in its middle.
    """
    folder = Path(base)
    if not folder.exists():
        if folder.is_absolute() or base.startswith(".") or base.count("/") != 1:
            raise TrainingError(f"there is no pipeline at {base}")
        return ""
    if not (folder / "model_index.json").is_file():
        raise TrainingError(f"{base} is no diffusers pipeline: it has no model_index.json")
    told = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        size = path.stat().st_size
        told.update(f"{path.relative_to(folder)}:{size}:".encode())
        with path.open("rb") as file:
            told.update(file.read(ENDS))
            file.seek(max(0, size - ENDS))
            told.update(file.read(ENDS))
    return told.hexdigest()[:16]


def _check_folder(out: Path, what: Mapping[str, Any]) -> None:
    """Raises TrainingError for a folder that holds another training, or anything else."""
    run = out / RUN
    if not run.exists():
        if others := sorted(path.name for path in out.iterdir() if path.name not in (LOCK, f"{RUN}.unfinished")):
            raise TrainingError(f"{out} holds something else ({others[0]}): name an empty folder for the adapter")
        return
    earlier = _json(run)
    if not isinstance(earlier, dict):
        raise TrainingError(f"{run} is broken: name an empty folder for the adapter")
    if other := [name for name in what if earlier.get(name) != what[name]]:
        told = ", ".join(f"{name} was {earlier.get(name)!r} and is {what[name]!r}" for name in other)
        raise TrainingError(f"{out} holds another training: {told}. Name an empty folder for this one")


def _finished(options: LoraOptions) -> dict[str, Any] | None:
    """The report of a training of at least so many steps, where its adapter is still there."""
    report = _json(options.out / REPORT)
    if not isinstance(report, dict) or not (options.out / ADAPTER).exists():
        return None
    return report if report.get("finished") and report.get("steps", 0) >= options.steps else None


def _json(path: Path) -> Any:
    """None where there is no such file, or it is broken."""
    try:
        return orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None


def _resume(run: Run, control: Control) -> None:
    path = run.options.out / CHECKPOINT
    if not path.exists():
        return
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        run.resume(checkpoint)
    except OSError:
        raise
    except Exception as error:  # unpickling raises whatever it meets
        raise TrainingError(
            f"{path} is broken ({_first_line(error)}): take it away to begin again, or put back a copy"
        ) from error
    control.say(f"goes on after step {run.step}")


# -- Loading -------------------------------------------------------------------------------------------------


def _place(options: LoraOptions) -> tuple[torch.device, torch.dtype]:
    try:
        device = torch_device.device(options.device)
        return device, torch_device.dtype(options.dtype, device)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def _loaded(base: str, dtype: torch.dtype, control: Control) -> Family:
    """The base on the CPU, ready to be trained. Raises TrainingError where it cannot be read, or is not known."""
    control.say(f"loading {base}")
    try:
        pipeline = AutoPipelineForText2Image.from_pretrained(base, dtype=dtype, use_safetensors=True)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # every library below raises its own for what it cannot read
        raise TrainingError(f"{base} cannot be loaded: {_first_line(error)}") from error
    # A black picture in place of a sample would say nothing: the composer's own news is all that is asked for.
    if getattr(pipeline, "safety_checker", None) is not None:
        pipeline.safety_checker = None
    pipeline.set_progress_bar_config(disable=True)
    try:
        return family_of(pipeline)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


# -- One run -------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """A model, its adapter, and how far it is trained."""

    options: LoraOptions
    family: Family
    device: torch.device
    dtype: torch.dtype
    began: float = field(default_factory=time.monotonic)
    step: int = 0
    losses: list[float] = field(default_factory=list)
    earlier_seconds: float = 0.0  # of the runs that this one goes on with
    optimiser: torch.optim.AdamW = field(init=False)

    def prepare(self) -> None:
        """Puts a fresh adapter into the denoiser, which does nothing yet, and freezes all else."""
        for component in self.family.pipeline.components.values():
            if isinstance(component, torch.nn.Module):
                component.requires_grad_(False)
        denoiser = self.family.denoiser
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.options.seed)
            denoiser.add_adapter(
                peft.LoraConfig(
                    r=self.options.rank, lora_alpha=self.options.rank, init_lora_weights="gaussian",
                    target_modules=self.family.targets,
                )
            )  # fmt: skip
        for weights in self.trained():
            weights.data = weights.data.float()  # an update is smaller than the steps of bfloat16
        if self.device.type != "cpu" and sum(each.numel() for each in denoiser.parameters()) > LARGE:
            denoiser.enable_gradient_checkpointing()
        denoiser.to(self.device)
        denoiser.train()
        self.optimiser = torch.optim.AdamW(self.trained(), lr=self.options.rate, weight_decay=1e-2)

    def trained(self) -> list[torch.nn.Parameter]:
        return [each for each in self.family.denoiser.parameters() if each.requires_grad]

    def weights(self) -> dict[str, Tensor]:
        """The adapter's, by name, on the CPU."""
        state = peft.get_peft_model_state_dict(self.family.denoiser)
        return {name: each.detach().to("cpu", copy=True).contiguous() for name, each in state.items()}

    def take_step(self, pool: Pool) -> float:
        """One step; returns its loss. Raises TrainingError where that is no number."""
        batch = pool.batch(0 if self.options.overfit else self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = _rate(self.options, self.step + 1)
        with self.computing():
            loss = self.family.loss(*pool.encoded(batch), _dice(self.options, self.step))
        value = self._sound(float(loss.detach()))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained(), CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.losses.append(value)
        return value

    @torch.no_grad()
    def fixed_loss(self, pool: Pool) -> float:
        """The loss on the same few examples under the same noise: what can be compared from step to step."""
        levels = []
        for number, level in enumerate(LEVELS):
            for index in pool.fixed:
                dice = torch.Generator().manual_seed(_number("fixed", self.options.seed, number, index))
                with self.computing():
                    levels.append(float(self.family.loss(*pool.encoded([index]), dice, level)))
        return self._sound(sum(levels) / len(levels))

    def _sound(self, loss: float) -> float:
        """Rounded; raises TrainingError for a loss that is no number, before it reaches what is kept."""
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is no number after step {self.step}: the base's weights are broken, or a lower --rate is "
                f"needed, in a folder of its own; {self.options.out} keeps its last checkpoint"
            )
        return round(loss, 6)

    def computing(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

    def seconds(self) -> float:
        return round(self.earlier_seconds + time.monotonic() - self.began, 1)

    def keep(self) -> None:
        """The checkpoint; the one before stays until this one is whole."""
        body = io.BytesIO()
        torch.save(
            {
                "step": self.step, "losses": self.losses, "seconds": self.seconds(), "adapter": self.weights(),
                "optimiser": self.optimiser.state_dict(),
            },
            body,
        )  # fmt: skip
        write_whole(self.options.out / CHECKPOINT, body.getvalue())

    def resume(self, checkpoint: Mapping[str, Any]) -> None:
        outcome: Any = peft.set_peft_model_state_dict(self.family.denoiser, checkpoint["adapter"])
        if outcome.unexpected_keys:
            raise TrainingError(f"the checkpoint in {self.options.out} is of another model")
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        self.step, self.losses = checkpoint["step"], list(checkpoint["losses"])
        self.earlier_seconds = float(checkpoint["seconds"])


def _dice(options: LoraOptions, step: int) -> torch.Generator:
    return torch.Generator().manual_seed(_number("step", options.seed, 0 if options.overfit else step))


def _number(*parts: object) -> int:
    """A seed of 63 bits: neighbouring ones throw nothing alike."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big") >> 1


# -- The examples, encoded -----------------------------------------------------------------------------------


class Pool:
    """All examples as the denoiser reads them, encoded once, and which of them make which step's batch."""

    def __init__(
        self, family: Family, examples: Sequence[Example], options: LoraOptions, device: torch.device, control: Control
    ) -> None:
        self.family, self.examples, self.options, self.device = family, examples, options, device
        self.sizes: list[tuple[int, int]] = []  # (width, height) in pixels
        self.latents: list[Tensor] = []  # (channels, height, width) float32, on the CPU
        self.texts: dict[str, Text] | None = None  # by prompt; None where they would not fit
        self._encode_pictures(control)
        self._encode_texts(control)
        self.has_held_out = len(examples) >= HELD_OUT_FROM
        numbers = range(len(examples))
        self.fixed = numbers[-HELD_OUT:] if self.has_held_out else numbers[:HELD_OUT]
        trained = numbers[:-HELD_OUT] if self.has_held_out else numbers
        self.by_size = {
            size: [number for number in trained if self.sizes[number] == size]
            for size in sorted({self.sizes[number] for number in trained})
        }

    def batch(self, step: int) -> list[int]:
        """Numbers of the examples of one step, all of one size; over an epoch each has its turn."""
        count = sum(-(-len(numbers) // self.options.batch) for numbers in self.by_size.values())
        chooser = random.Random(f"{self.options.seed}:{step // count}")
        batches = []
        for numbers in self.by_size.values():
            shuffled = chooser.sample(numbers, len(numbers))
            for begin in range(0, len(shuffled), self.options.batch):
                chosen = shuffled[begin : begin + self.options.batch]
                batches.append(chosen + chooser.choices(shuffled, k=self.options.batch - len(chosen)))
        chooser.shuffle(batches)
        return batches[step % count]

    def encoded(self, numbers: Sequence[int]) -> tuple[Tensor, list[Text]]:
        """Latents (n, channels, height, width) and texts, on the device."""
        prompts = [self.examples[number].prompt for number in numbers]
        if self.texts is not None:
            texts = [self.texts[prompt] for prompt in prompts]
        else:
            with torch.no_grad():
                texts = self.family.text(prompts, self.device)
        latents = torch.stack([self.latents[number] for number in numbers]).to(self.device)
        return latents, [{name: each.to(self.device) for name, each in text.items()} for text in texts]

    def house(self) -> House | None:
        """What the look measures in pictures of the samples' size; None where there are too few."""
        alike = [number for number, size in enumerate(self.sizes) if size == self.size][:HOUSE]
        if len(alike) < 3:
            return None
        return house_of(fitted(self.examples[number].image(), self.size) for number in alike)

    @property
    def size(self) -> tuple[int, int]:
        """The commonest size."""
        return max(sorted(set(self.sizes)), key=self.sizes.count)

    @torch.no_grad()
    def _encode_pictures(self, control: Control) -> None:
        vae = self.family.pipeline.vae
        usual = vae.dtype
        vae.to(self.device, torch.float32)  # some encoders overflow in fewer bits
        for example in self.examples:
            _heed(control)
            image = example.image()
            size = _size_for(image, self.options.resolution, self.family.multiple)
            pixels = torch.from_numpy(np.asarray(fitted(image, size), dtype=np.float32) / 127.5 - 1)
            latents = self.family.latents(pixels.permute(2, 0, 1).unsqueeze(0).to(self.device))
            self.sizes.append(size)
            self.latents.append(latents[0].to("cpu", torch.float32))
        vae.to("cpu", usual)

    @torch.no_grad()
    def _encode_texts(self, control: Control) -> None:
        encoders = _encoders(self.family)
        for encoder in encoders:
            encoder.to(self.device)
        texts: dict[str, Text] = {}
        kept = 0
        for prompt in dict.fromkeys(example.prompt for example in self.examples):
            _heed(control)
            text = self.family.text([prompt], self.device)[0]
            kept += sum(each.numel() * each.element_size() for each in text.values())
            if kept > TEXTS:
                control.say("the prompts are too many to keep encoded: the text encoder stays")
                return
            texts[prompt] = {name: each.to("cpu") for name, each in text.items()}
        self.texts = texts
        for encoder in encoders:
            encoder.to("cpu")


def _size_for(image: Image.Image, resolution: int, multiple: int) -> tuple[int, int]:
    """(width, height): the picture's ratio, about resolution x resolution pixels, sides that the model takes."""
    ratio = image.width / image.height
    sides = resolution * ratio**0.5, resolution / ratio**0.5
    width, height = (max(multiple, round(side / multiple) * multiple) for side in sides)
    return width, height


def _encoders(family: Family) -> list[torch.nn.Module]:
    """What reads the prompts."""
    components = family.pipeline.components.items()
    return [each for name, each in components if name.startswith("text_encoder") and isinstance(each, torch.nn.Module)]


def _heed(control: Control) -> None:
    if control.stopping.is_set():
        raise _StoppedError


# -- How far it is -------------------------------------------------------------------------------------------


def _take_stock(
    run: Run, pool: Pool, samples: Sequence[Sample], house: House | None, control: Control
) -> None:  # fmt: skip
    """The fixed loss and the sample pictures of this step, where they are not there yet."""
    folder = run.options.out / SAMPLES
    folder.mkdir(exist_ok=True)
    stock = folder / f"step-{run.step:05d}.json"
    if stock.exists():
        return
    answer: dict[str, Any] = {"step": run.step, "fixed_loss": run.fixed_loss(pool)}
    if samples:
        control.say(f"drawing {len(samples)} samples")
        images = _draw(run, samples, pool, control)
        sheet = tiled(images, columns=min(SHEET_COLUMNS, len(images)), width=SHEET_WIDTH)
        write_whole(stock.with_suffix(".webp"), encode(sheet, sheet.width))
        if house:
            answer["style"] = nearness(images, house).to_dict()
    write_whole(stock, orjson.dumps(answer))


@torch.no_grad()
def _draw(run: Run, samples: Sequence[Sample], pool: Pool, control: Control) -> list[Image.Image]:
    pipeline, options = run.family.pipeline, run.options
    guests = [*_encoders(run.family), pipeline.vae]
    for guest in guests:
        guest.to(run.device)
    run.family.denoiser.eval()
    arguments = run.family.drawing()
    if options.guidance is not None:
        arguments["guidance_scale"] = options.guidance
    images = []
    for sample in samples:
        _heed(control)
        drawn = pipeline(
            prompt=sample.prompt,
            width=pool.size[0],
            height=pool.size[1],
            num_inference_steps=options.sample_steps or run.family.steps,
            generator=torch.Generator().manual_seed(sample.seed),
            **arguments,
        )
        images.append(drawn.images[0].convert("RGB"))
    run.family.denoiser.train()
    for guest in guests if pool.texts is not None else [pipeline.vae]:
        guest.to("cpu")
    return images


def _write_results(run: Run, what: Mapping[str, Any], pool: Pool) -> dict[str, Any]:
    """The adapter, its card and the report, in this order: the report says that all is there."""
    options = run.options
    with tempfile.TemporaryDirectory(dir=options.out, prefix=".adapter-") as folder:
        run.family.save_adapter(Path(folder), run.weights())
        body = (Path(folder) / ADAPTER).read_bytes()
    write_whole(options.out / ADAPTER, body)
    stocks = [_json(path) for path in sorted((options.out / SAMPLES).glob("step-*.json"))]
    over_time = [stock for stock in stocks if isinstance(stock, dict) and stock["step"] <= run.step]
    window = max(1, min(len(run.losses) // 4, 100))
    report = {
        "finished": True,
        "base": options.base,
        "revision": _revision(options.base),
        "fingerprint": what["fingerprint"],
        "family": type(run.family.pipeline).__name__,
        "examples": {
            "folder": str(options.examples),
            "count": what["examples_count"],
            "composed": sum(example.brief is not None for example in pool.examples),
            "digest": what["examples"],
        },
        "options": options.identity()
        | {"size": list(pool.size), "device": run.device.type, "dtype": _plain(run.dtype)},
        "parameters": sum(each.numel() for each in run.trained()),
        "steps": run.step,
        "loss": {
            "first": round(sum(run.losses[:window]) / window, 6),
            "last": round(sum(run.losses[-window:]) / window, 6),
            "window": window,
            "fixed_before": over_time[0]["fixed_loss"],
            "fixed_after": over_time[-1]["fixed_loss"],
            "fixed_on": "held out" if pool.has_held_out else "trained on",
        },
        "style": _style(over_time),
        "seconds": run.seconds(),
        "peak_memory_bytes": _peak_memory(run.device),
        "adapter": {"file": ADAPTER, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()},
        "versions": {"torch": torch.__version__, "diffusers": diffusers.__version__, "peft": peft.__version__},
    }
    write_whole(options.out / CARD, card.text(report).encode())
    write_whole(options.out / REPORT, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return report


def _style(over_time: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How far the samples are from the look, before, after and between; None where they were not measured."""
    measured = [stock for stock in over_time if "style" in stock]
    if not measured:
        return None
    return {
        "inside": measured[0]["style"]["inside"],
        "before": measured[0]["style"]["distance"],
        "after": measured[-1]["style"]["distance"],
        "over_time": [{"step": stock["step"], "distance": stock["style"]["distance"]} for stock in measured],
        "figures": {
            name: figures | {"images_before": measured[0]["style"]["figures"][name]["images"]}
            for name, figures in measured[-1]["style"]["figures"].items()
        },
    }


def _revision(base: str) -> str:
    """The commit of a base from the hub, "" for a folder."""
    if Path(base).exists():
        return ""
    from huggingface_hub import try_to_load_from_cache

    index = try_to_load_from_cache(base, "model_index.json")
    return Path(index).parent.name if isinstance(index, str) else ""


def _peak_memory(device: torch.device) -> int:
    """Bytes: of the accelerator where there is one, else of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
