"""The half of the house benchmark that needs torch: teaching, drawing with what was taught, and measuring it."""

from __future__ import annotations

import argparse
import io
import itertools
import json
import logging
import os
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from torch import nn
from torch.nn import functional

from benchmarks import house
from benchmarks.house import SHOWN, Drawn, Task
from illustrate.evaluate.style import FIGURES, style_figures
from illustrate.training import _torch_house
from illustrate.training._torch_house import HOUSE, Curve, House, Pace, Size
from illustrate.types import SCENES, TIMES_OF_DAY

TINY = Size(
    autoencoder=(8, 8, 16), autoencoder_groups=4, latents=4, unet=(8, 16, 16), unet_layers=1, unet_groups=4, text=16,
    text_layers=1, head=8,
)  # fmt: skip
STEPS, GUIDANCE = 30, 4.0
MEASURING = 62  # seconds that are kept for what comes after teaching


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def dtype() -> torch.dtype:
    return torch.bfloat16 if torch.cuda.is_available() else torch.float32


def new_house(made: Sequence[Task], options: argparse.Namespace) -> House:
    width, height = house.WIDE.pixels
    return _torch_house.new_house(
        [task.caption for task in made], width, height, size=TINY if options.tiny else HOUSE, seed=7
    )


def compile_only(made: Sequence[Task], options: argparse.Namespace) -> None:
    """What the compiler makes of the U-Net is found in its cache later."""
    compiled_unet(new_house(made, options), options.batch)


def compiled_unet(new: House, batch: int) -> Callable[..., tuple[torch.Tensor, ...]]:
    """The U-Net compiled, and tried on noise there and back. Raises whatever the compiler raises."""
    started = time.monotonic()
    height, width = new.unet.config.sample_size
    latents = torch.randn(batch, new.unet.config.in_channels, height, width, device=device(), dtype=dtype())
    tokens = _torch_house.tokens_of(new, ["a gavel"] * batch).to(device())
    for module in (new.unet, new.text_encoder):
        module.to(device(), dtype()).train().requires_grad_(True)
    new.unet.to(memory_format=torch.channels_last)
    unet = torch.compile(new.unet)
    loss_of = _torch_house.painter_loss(new, latents, tokens, dtype(), unet)
    for _ in range(2):
        loss_of(batch).backward()
        print(f"compiling: {time.monotonic() - started:.1f} s", flush=True)
    for module in (new.unet, new.text_encoder):
        module.zero_grad(set_to_none=True)
    return unet


class Record:
    """figures.json, written whenever something is known; what fails is told and the rest goes on."""

    def __init__(self, out: Path) -> None:
        self.out, self.started = out, time.monotonic()
        self.figures: dict[str, Any] = {"failed": {}}

    @property
    def gone(self) -> float:
        return time.monotonic() - self.started

    def note(self, **figures: Any) -> None:
        self.figures |= figures | {"seconds_so_far": round(self.gone, 1)}
        house.keep(self.out / "figures.json", self.figures)

    def say(self, text: str) -> None:
        print(f"[house {self.gone:6.1f} s] {text}", flush=True)

    @contextmanager
    def guarded(self, name: str) -> Iterator[None]:
        before = time.monotonic()
        try:
            yield
            self.say(f"{name}: {time.monotonic() - before:.1f} s")
        except Exception as error:
            traceback.print_exc()
            self.figures["failed"][name] = f"{type(error).__name__}: {error}"[:500]
            self.note()


def teach(drawn: Drawn, options: argparse.Namespace) -> None:
    """Everything, in order; only what the rest stands on may fail it."""
    compiler = None if options.plain else house.compiling(options)
    try:
        _teach(drawn, options, compiler)
    finally:
        if compiler:
            compiler.kill()


def _teach(drawn: Drawn, options: argparse.Namespace, compiler: subprocess.Popen[bytes] | None) -> None:
    logging.basicConfig(level=logging.WARNING)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    record = Record(options.out)
    made = drawn.tasks
    new = new_house(made, options)
    where = device()
    record.note(
        device=torch.cuda.get_device_name() if where.type == "cuda" else "cpu", torch=torch.__version__,
        size={"picture": house.WIDE.pixels, **vars_of(TINY if options.tiny else HOUSE)},
        parameters={name: _torch_house.parameters(getattr(new, name)) for name in ("vae", "unet", "text_encoder")},
        words=len(new.tokenizer), longest=new.tokenizer.model_max_length, batch=options.batch,
    )  # fmt: skip
    held = np.arange(house.held_out(len(made)))
    steps = 2 if options.tiny else STEPS

    # -- The autoencoder, on what is drawn already
    found = drawn.wait(min(8_000, len(made)), 45)
    if len(found) < house.ENOUGH:
        found = drawn.wait(min(house.ENOUGH, len(made)), 120)
    first = np.setdiff1d(found, held)
    if not len(first):
        raise RuntimeError("nothing was drawn")
    record.say(f"{len(first)} pictures to begin with")
    pictures = torch.from_numpy(drawn.take(first)).to(where)
    curve = _torch_house.teach_autoencoder(
        new, pictures, Pace(options.minutes_autoencoder, 8 if options.tiny else 32, 8e-4, average=0.995),
        dtype=dtype(), noted=saying(record, "autoencoder"),
    )  # fmt: skip
    record.note(autoencoder={**curve.to_dict(), "pictures": len(first), "peak_gb": peak()})

    # -- All pictures as latents
    drawn.wait(len(made), max(0.0, options.seconds_drawing - record.gone))
    found = drawn.ready()
    learnt, held = np.setdiff1d(found, held), np.intersect1d(held, found)
    pictures = torch.from_numpy(drawn.take(learnt)).to(where)
    drawn.end()
    latents = torch.cat([
        _torch_house.encode(new.vae, pictures[start : start + 4096]).to(torch.bfloat16)
        for start in range(0, len(pictures), 4096)
    ])  # fmt: skip
    tokens = _torch_house.tokens_of(new, [made[number].caption for number in learnt]).to(where)
    record.say(f"{len(learnt)} pictures as latents, mean {float(latents.float().mean()):.3f}, "
               f"deviation {float(latents.float().std()):.3f}")  # fmt: skip
    record.note(pictures_learnt=len(learnt), pictures_held_out=len(held))
    own = drawn.take(held)
    with record.guarded("rebuilt"):
        again = _torch_house.rebuilt(new, torch.from_numpy(own).to(where))
        error = ((again.astype(np.float32) - own) ** 2).mean(axis=(1, 2, 3))
        record.note(rebuilt={"pictures": len(own), "psnr_db": round(float((10 * np.log10(255**2 / error)).mean()), 2)})
        pairs = [[Image.fromarray(own[row]), Image.fromarray(again[row])] for row in range(min(12, len(own)))]
        save(house.sheet(pairs, columns=3), options.out / "rebuilt.webp", lossless=True)

    # -- The painter
    unet = compiled(new, compiler, options.batch, record)
    minutes = options.minutes
    if options.seconds:
        minutes = max(0.05, min(minutes, (options.seconds - MEASURING - record.gone) / 60))
    record.say(f"{minutes:.2f} minutes for the painter")
    shown = captions(made, held[:8])
    strips: list[list[Image.Image]] = [[Image.fromarray(each) for each in own[:8]]]
    every, last = max(minutes * 60 / 5, 1), [0.0]

    def noted(curve: Curve) -> None:
        saying(record, "painter")(curve)
        if curve.seconds - last[0] >= every:
            last[0] = curve.seconds
            with record.guarded("strip"):
                strips.append(_torch_house.paint(new, shown, seed=0, steps=20, guidance=GUIDANCE))
                save(house.sheet(strips), options.out / "over-time.webp")

    curve = _torch_house.teach_painter(
        new, latents, tokens, Pace(minutes, options.batch, 4e-4, average=0.9993), dtype=dtype(), unet=unet,
        noted=noted,
    )  # fmt: skip
    record.note(painter={**curve.to_dict(), "compiled": unet is not None, "peak_gb": peak()})
    record.say("taught")
    with record.guarded("weights"):
        pack(new, options.out)

    # -- What it paints
    with record.guarded("sheet"):
        rows = held[:SHOWN]
        seeds = [_torch_house.paint(new, captions(made, rows), seed=seed, steps=steps, guidance=GUIDANCE)
                 for seed in (1000, 2000)]  # fmt: skip
        house.keep(options.out / "shown.json", captions(made, rows))
        beside = [[Image.fromarray(own[row]), *(seed[row] for seed in seeds)] for row in range(len(rows))]
        save(house.sheet(beside, columns=2), options.out / "sheet.webp")
    painted: list[Image.Image] = []
    with record.guarded("painting"):
        before = time.monotonic()
        painted = _torch_house.paint(new, captions(made, held), seed=5000, steps=steps, guidance=GUIDANCE, batch=128)
        record.note(painting={"pictures": len(painted), "steps": steps, "guidance": GUIDANCE,
                              "pictures_per_second": round(len(painted) / (time.monotonic() - before), 2)})  # fmt: skip
        many = [[image] for image in painted[:256]]
        save(house.sheet(many, columns=16, gap=0), options.out / "painted.webp")
        house.keep(options.out / "tasks.json", [{"caption": made[n].caption, "brief": made[n].brief.to_dict(),
                                                 "seed": made[n].seed} for n in held[:256].tolist()])  # fmt: skip
    with record.guarded("style"):
        record.note(style=style([Image.fromarray(each) for each in own[: len(painted)]], painted))
    with record.guarded("reader"):
        of_learnt, of_held = ([made[int(number)] for number in each] for each in (learnt, held))
        seconds = 0.5 if options.tiny else 14
        record.note(reader=read_back(pictures, of_learnt, own, painted, of_held, seconds=seconds))
    with record.guarded("guidance"):
        few = captions(made, held[:8])
        strengths = [
            _torch_house.paint(new, few, seed=0, steps=steps, guidance=strength) for strength in (1.0, 2.5, 4.0, 7.0)
        ]
        save(house.sheet([[Image.fromarray(each) for each in own[:8]], *strengths]), options.out / "guidance.webp")
    record.say("done")


def vars_of(size: Size) -> dict[str, Any]:
    return {name: getattr(size, name) for name in Size.__dataclass_fields__}


def captions(made: Sequence[Task], numbers: Sequence[int] | np.ndarray) -> list[str]:
    return [made[int(number)].caption for number in numbers]


def peak() -> float:
    """GB that torch held at most since the last look."""
    if not torch.cuda.is_available():
        return 0.0
    held = torch.cuda.max_memory_allocated() / 1e9
    torch.cuda.reset_peak_memory_stats()
    return round(held, 2)


def saying(record: Record, name: str) -> Callable[[Curve], None]:
    last = [-10.0]

    def say(curve: Curve) -> None:
        if curve.seconds - last[0] >= 10:
            last[0] = curve.seconds
            step, seconds, loss = curve.points[-1]
            record.say(f"{name}: step {step}, {seconds:.0f} s, loss {loss:.4f}, {curve.rate:.0f} examples/s")

    return say


def save(image: Image.Image, file: Path, *, lossless: bool = False) -> None:
    image.save(file, "WEBP", quality=85, method=4, lossless=lossless)


def compiled(
    new: House, compiler: subprocess.Popen[bytes] | None, batch: int, record: Record
) -> Callable[..., tuple[torch.Tensor, ...]] | None:
    """The U-Net compiled, where the other process has managed it by now; else None."""
    if compiler is None:
        return None
    try:
        code = compiler.wait(timeout=25)
    except subprocess.TimeoutExpired:
        compiler.kill()
        record.say("compiling takes too long; going on without")
        return None
    record.say(f"the compiler's process ended with {code}")
    if code:
        return None
    try:
        return compiled_unet(new, batch)
    except Exception as error:  # a compiler can fail in many ways; the U-Net runs without it
        traceback.print_exc()
        record.figures["failed"]["compiling"] = f"{type(error).__name__}: {error}"[:500]
        torch.compiler.reset()
        new.unet.zero_grad(set_to_none=True)
        return None


# -- Measuring -----------------------------------------------------------------------------------------------


def style(own: Sequence[Image.Image], painted: Sequence[Image.Image]) -> dict[str, Any]:
    """How far the painted pictures lie from the composer's in each figure of style, in spreads of the composer's; and,
    to compare, one half of the composer's own from the other.
    """
    points = [np.array([list(style_figures(image).values()) for image in images]) for images in (own, painted)]
    spread = points[0].std(axis=0)
    there = spread > 1e-9
    apart = np.where(there, (points[1].mean(axis=0) - points[0].mean(axis=0)) / np.where(there, spread, 1), 0)
    halves = points[0][::2].mean(axis=0) - points[0][1::2].mean(axis=0)
    noise = np.where(there, halves / np.where(there, spread, 1), 0)
    return {
        "pictures": len(painted),
        "rms": round(float(np.sqrt((apart[there] ** 2).mean())), 4),
        "rms_of_two_halves_of_the_composers": round(float(np.sqrt((noise[there] ** 2).mean())), 4),
        "apart": dict(zip(FIGURES, (round(float(each), 3) for each in apart), strict=True)),
        "own": dict(zip(FIGURES, points[0].mean(axis=0).round(4).tolist(), strict=True)),
        "own_spread": dict(zip(FIGURES, spread.round(4).tolist(), strict=True)),
        "painted": dict(zip(FIGURES, points[1].mean(axis=0).round(4).tolist(), strict=True)),
        "painted_spread": dict(zip(FIGURES, points[1].std(axis=0).round(4).tolist(), strict=True)),
    }


class Reader(nn.Module):
    """Tells from pixels what a picture was asked to show: one head for each question."""

    def __init__(self, answers: Sequence[int]) -> None:
        super().__init__()
        widths = (3, 48, 96, 192, 384)
        self.body = nn.Sequential(*(
            layer
            for before, width in itertools.pairwise(widths)
            for layer in (
                nn.Conv2d(before, width, 3, 2, 1), nn.BatchNorm2d(width), nn.ReLU(),
                nn.Conv2d(width, width, 3, 1, 1), nn.BatchNorm2d(width), nn.ReLU(),
            )
        ))  # fmt: skip
        self.heads = nn.ModuleList(nn.Linear(widths[-1] * 8, count) for count in answers)

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        seen = functional.adaptive_avg_pool2d(self.body(pixels), (2, 4)).flatten(1)
        return [head(seen) for head in self.heads]


def read_back(
    pictures: torch.Tensor,
    learnt: Sequence[Task],
    own: np.ndarray,
    painted: Sequence[Image.Image],
    held: Sequence[Task],
    *,
    seconds: float,
) -> dict[str, Any]:
    """Shares of held-out pictures, the composer's and the painted, in which a reader taught on the composer's finds
    what was asked for.
    """
    areas = sorted({task.brief.area for task in learnt})
    heroes = sorted({task.brief.hero for task in learnt})
    questions: dict[str, tuple[Sequence[str], Callable[[Task], str]]] = {
        "area": (areas, lambda task: task.brief.area),
        "scene": (SCENES, lambda task: task.brief.scene),
        "time_of_day": (TIMES_OF_DAY, lambda task: task.brief.time_of_day),
        "persona": (("no", "yes"), lambda task: "yes" if task.brief.persona and task.people else "no"),
        "hero": (heroes, lambda task: task.brief.hero),
    }

    def asked(of: Sequence[Task]) -> torch.Tensor:
        places = {name: {answer: index for index, answer in enumerate(known)} for name, (known, _) in questions.items()}
        return torch.tensor(
            [[places[name].get(tell(task), -1) for name, (_, tell) in questions.items()] for task in of]
        )

    where = pictures.device
    answers = asked(learnt).to(where)
    reader = Reader([len(known) for known, _ in questions.values()]).to(where)
    optimiser = torch.optim.AdamW(reader.parameters(), lr=2e-3, weight_decay=0.02)
    started, share, steps, batch = time.monotonic(), 0.0, 0, min(256, len(pictures))
    while share < 1:
        chosen = torch.randint(len(pictures), (batch,), device=where)
        with torch.autocast(where.type, torch.bfloat16):
            told = reader(_torch_house.as_input(pictures[chosen], torch.float32))
            loss = torch.stack([functional.cross_entropy(each.float(), answers[chosen, turn], ignore_index=-1)
                       for turn, each in enumerate(told)]).sum()  # fmt: skip
        optimiser.param_groups[0]["lr"] = 2e-3 * (1 - share) + 1e-5
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        steps += 1
        if steps % 10 == 0 or where.type == "cpu":
            if where.type == "cuda":
                torch.cuda.synchronize()
            share = (time.monotonic() - started) / seconds
    reader.eval()

    @torch.no_grad()
    def right(images: np.ndarray) -> dict[str, float]:
        wanted = asked(held).to(where)[: len(images)]
        hits = []
        for start in range(0, len(images), 128):
            pixels = _torch_house.as_input(torch.from_numpy(images[start : start + 128]).to(where), torch.float32)
            with torch.autocast(where.type, torch.bfloat16):
                told = reader(pixels)
            hits.append(torch.stack([each.argmax(1) for each in told], 1) == wanted[start : start + 128])
        shares = torch.cat(hits).float().mean(0).tolist()
        return {name: round(share, 4) for name, share in zip(questions, shares, strict=True)}

    return {
        "steps": steps,
        "loss": round(float(loss.detach()), 4),
        "answers": {name: len(known) for name, (known, _) in questions.items()},
        "composers": right(own),
        "painted": right(np.stack([np.asarray(image) for image in painted])),
    }


# -- Weights in eight bits -----------------------------------------------------------------------------------

PARTS = ("vae", "unet", "text_encoder")


def pack(new: House, out: Path) -> None:
    """The pipeline as weights.N files: matrices as int8 with a float16 scale for each row, the rest as float16, and
    the configurations. A quarter of float32, and 0.4 % of a weight at most is lost.
    """
    index: list[dict[str, Any]] = []
    body = io.BytesIO()
    for part in PARTS:
        for name, weight in getattr(new, part).state_dict().items():
            kind = "float16"
            values = weight.detach().float().cpu()
            written = [values.half().numpy().tobytes()]
            if values.ndim >= 2 and values.is_floating_point():
                kind = "int8"
                rows = values.flatten(1)
                scale = (rows.abs().amax(1, keepdim=True) / 127).clamp_min(1e-7).half().float()
                whole = (rows / scale).round().clamp(-127, 127).to(torch.int8)
                written = [scale.half().numpy().tobytes(), whole.numpy().tobytes()]
            index.append({"part": part, "name": name, "shape": list(values.shape), "kind": kind})
            for each in written:
                body.write(each)
    head = json.dumps({
        "tensors": index,
        "configs": {part: json.loads(getattr(new, part).config.to_json_string()) if part == "text_encoder"
                    else dict(getattr(new, part).config) for part in PARTS},
        "scheduler": dict(new.scheduler.config),
        "tokenizer": new.tokenizer.backend_tokenizer.to_str(),
        "longest": new.tokenizer.model_max_length,
    }, default=str).encode()  # fmt: skip
    whole = struct.pack("<Q", len(head)) + head + body.getvalue()
    for number, start in enumerate(range(0, len(whole), house.PART)):
        (out / f"weights.{number}").write_bytes(whole[start : start + house.PART])


def unpack(folder: Path) -> House:
    """The pipeline that `pack` wrote, float32."""
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from tokenizers import Tokenizer
    from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

    whole = b"".join(
        part.read_bytes() for part in sorted(folder.glob("weights.*"), key=lambda part: int(part.suffix[1:]))
    )
    (length,) = struct.unpack("<Q", whole[:8])
    head = json.loads(whole[8 : 8 + length])
    at = 8 + length

    def take(count: int, kind: Any) -> torch.Tensor:
        nonlocal at
        values = np.frombuffer(whole, kind, count, at)
        at += values.nbytes
        return torch.from_numpy(values.astype(np.float32))

    states: dict[str, dict[str, torch.Tensor]] = {part: {} for part in PARTS}
    for each in head["tensors"]:
        count = int(np.prod(each["shape"]))
        if each["kind"] == "int8":
            scale = take(each["shape"][0], np.float16)[:, None]
            values = take(count, np.int8).view(each["shape"][0], -1) * scale
        else:
            values = take(count, np.float16)
        states[each["part"]][each["name"]] = values.view(each["shape"])
    configs = head["configs"]
    made = {
        "vae": AutoencoderKL.from_config(configs["vae"]),
        "unet": UNet2DConditionModel.from_config(configs["unet"]),
        "text_encoder": CLIPTextModel(CLIPTextConfig.from_dict(configs["text_encoder"])),
    }
    for part, module in made.items():
        module.load_state_dict(states[part])
        module.eval()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(head["tokenizer"]), model_max_length=head["longest"],
        bos_token="<|startoftext|>", eos_token="<|endoftext|>", pad_token="<|endoftext|>", unk_token="<|unknown|>",
    )  # fmt: skip
    pipeline: House = StableDiffusionPipeline(
        **made, tokenizer=tokenizer, scheduler=DDIMScheduler.from_config(head["scheduler"]),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


if __name__ == "__main__":
    unpack(Path(sys.argv[1])).save_pretrained(sys.argv[2])
    os.sync()
