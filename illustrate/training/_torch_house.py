"""A small text-to-image model of the house's own hand, trained from nothing on pictures that the composer drew.

It is a Stable Diffusion pipeline in small, so that whatever loads such pipelines loads it: an autoencoder that makes a
picture four times smaller each way, a text encoder with a vocabulary of the house's own words, and a U-Net that
denoises. The autoencoder learns first; then encoder and U-Net learn together. Every part is trained against the clock:
the learning rate falls to nothing as the minutes run out, whatever the machine manages in them.

Pictures are uint8 (n, height, width, 3), before the press: grain is laid on afterwards, as on the composer's own.
"""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

logger = logging.getLogger(__name__)

House = Any  # a StableDiffusionPipeline, whose parts the library leaves untyped

TRAIN_STEPS = 1000  # of noise
UNCONDITIONED = 0.1  # share of captions left empty, so that guidance has something to lead away from
KL_WEIGHT = 1e-4  # of the autoencoder's latents, beside a mean absolute error of the pixels
EDGE_WEIGHT = 0.5  # of the same error between neighbouring pixels: lines stay lines
WARM_UP = 0.04  # share of the minutes
NOTED_EVERY = 25  # steps between two looks at the clock and the loss
MOST_WORDS = 128


@dataclass(frozen=True, slots=True)
class Size:
    """Widths in channels. A picture's sides are multiples of 4 times 2 for each U-Net level after the first."""

    autoencoder: tuple[int, ...] = (32, 96, 192)
    autoencoder_layers: int = 1  # in each level
    autoencoder_groups: int = 8  # of a normalisation: few, because one for each channel would forget flat colours
    latents: int = 8
    unet: tuple[int, ...] = (96, 192, 320)
    unet_layers: int = 2
    unet_groups: int = 16
    text: int = 384
    text_layers: int = 4
    head: int = 64  # width of an attention head


HOUSE = Size()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a part is taught: for so many minutes, or steps where those are over sooner."""

    minutes: float
    batch: int
    rate: float
    average: float = 0.999  # of the weights, over the steps
    steps: int | None = None


@dataclass
class Curve:
    """How a training went: mean loss of each NOTED_EVERY steps, by step and seconds."""

    steps: int = 0
    examples: int = 0
    seconds: float = 0.0
    points: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Examples a second, the first notes left out: they hold what is made ready once."""
        done = self.points[len(self.points) // 10 :]
        if len(done) < 2 or done[-1][1] == done[0][1]:
            return self.examples / self.seconds if self.seconds else 0.0
        return (done[-1][0] - done[0][0]) / (done[-1][1] - done[0][1]) * self.examples / self.steps

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "steps": self.steps, "examples": self.examples, "seconds": round(self.seconds, 1),
            "examples_per_second": round(self.rate, 1),
            "loss": [[step, round(seconds, 1), round(loss, 5)] for step, seconds, loss in self.points],
        }  # fmt: skip


# -- The model -----------------------------------------------------------------------------------------------


def vocabulary(captions: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words, every word of the captions; an unknown one is as good as none."""
    words = sorted({word for caption in captions for word in _words(caption)})
    special = start, end, unknown = "<|startoftext|>", "<|endoftext|>", "<|unknown|>"
    numbered = {word: index for index, word in enumerate([*special, *words])}
    tokenizer = Tokenizer(models.WordLevel(numbered, unk_token=unknown))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(each, numbered[each]) for each in (start, end)]
    )
    longest = max((sum(1 for _ in _words(caption)) for caption in captions), default=0) + 2
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=start, eos_token=end, pad_token=end, unk_token=unknown,
        model_max_length=min(MOST_WORDS, -(-longest // 8) * 8),
    )  # fmt: skip


def _words(caption: str) -> Iterator[str]:
    """As the tokenizer splits them."""
    return (match.group() for match in re.finditer(r"\w+|[^\w\s]+", caption.lower()))


def new_house(captions: Sequence[str], width: int, height: int, *, size: Size = HOUSE, seed: int = 0) -> House:
    """The pipeline with random weights, for pictures of that many pixels, float32 on the processor.

    Raises ValueError where the sides do not divide.
    """
    fold = 2 ** (len(size.autoencoder) - 1)
    if width % (fold * 2 ** (len(size.unet) - 1)) or height % (fold * 2 ** (len(size.unet) - 1)):
        raise ValueError(f"{width} x {height} pixels cannot be halved as often as this size asks")
    torch.manual_seed(seed)
    tokenizer = vocabulary(captions)
    levels, depth = len(size.autoencoder), len(size.unet)
    autoencoder = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=size.autoencoder, layers_per_block=size.autoencoder_layers, latent_channels=size.latents,
        norm_num_groups=size.autoencoder_groups, sample_size=width, scaling_factor=1.0, mid_block_add_attention=False,
    )  # fmt: skip
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer), hidden_size=size.text, intermediate_size=4 * size.text,
            projection_dim=size.text, num_hidden_layers=size.text_layers,
            num_attention_heads=max(1, size.text // size.head),
            max_position_embeddings=tokenizer.model_max_length,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=(height // fold, width // fold), in_channels=size.latents, out_channels=size.latents,
        block_out_channels=size.unet, layers_per_block=size.unet_layers, norm_num_groups=size.unet_groups,
        # Attention over the finest grid would cost more than all the rest.
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * (depth - 1),
        up_block_types=("CrossAttnUpBlock2D",) * (depth - 1) + ("UpBlock2D",),
        cross_attention_dim=size.text, use_linear_projection=True,
        attention_head_dim=tuple(max(1, width // size.head) for width in size.unet),
    )  # fmt: skip
    scheduler = DDIMScheduler(
        num_train_timesteps=TRAIN_STEPS, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, steps_offset=1, set_alpha_to_one=True, prediction_type="v_prediction",
        # The last step is noise alone, or nights would come out grey.
        rescale_betas_zero_snr=True, timestep_spacing="trailing",
    )  # fmt: skip
    house: House = StableDiffusionPipeline(
        vae=autoencoder, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    house.set_progress_bar_config(disable=True)
    return house


def parameters(module: nn.Module) -> int:
    """How many numbers it holds."""
    return sum(each.numel() for each in module.parameters())


# -- Teaching ------------------------------------------------------------------------------------------------


class _Pupil:
    """Modules that compute in `dtype` while float32 copies of their weights are what learns, and an average of those
    is what is kept in the end.
    """

    def __init__(self, modules: Sequence[nn.Module], pace: Pace, dtype: torch.dtype) -> None:
        self.pace = pace
        self.live: list[torch.Tensor] = [weight for module in modules for weight in module.parameters()]
        self.exact = [weight.detach().float().clone() for weight in self.live]
        self.average = [weight.clone() for weight in self.exact]
        for module in modules:
            module.to(dtype).train().requires_grad_(True)
        for weight in self.exact:
            weight.grad = torch.zeros_like(weight)
        self.optimiser = torch.optim.AdamW(
            self.exact, lr=pace.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=self.exact[0].is_cuda
        )
        self.steps = 0

    @torch.no_grad()
    def step(self, share: float) -> None:
        """One step after a backward pass; `share` of the time is gone."""
        rate = self.pace.rate * min(1.0, share / WARM_UP + 0.02, (self.steps + 1) / 50)
        rate *= 0.5 * (1 + math.cos(math.pi * min(1.0, share))) + 0.01
        self.optimiser.param_groups[0]["lr"] = rate
        learnt = [
            (exact.grad, weight.grad)
            for exact, weight in zip(self.exact, self.live, strict=True)
            if exact.grad is not None and weight.grad is not None
        ]
        torch._foreach_copy_([into for into, _ in learnt], [gradient for _, gradient in learnt])
        torch.nn.utils.clip_grad_norm_(self.exact, 1.0)
        self.optimiser.step()
        torch._foreach_copy_(self.live, self.exact)
        self.steps += 1
        decay = min(self.pace.average, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(self.average, self.exact, 1 - decay)
        for weight in self.live:
            weight.grad = None

    @torch.no_grad()
    def wear(self, weights: Sequence[torch.Tensor]) -> None:
        """Put other weights on: `average` to draw with, `exact` to go on learning."""
        torch._foreach_copy_(self.live, list(weights))

    def graduate(self, modules: Sequence[nn.Module]) -> None:
        """The average for good, in float32."""
        for module in modules:
            module.float().eval().requires_grad_(False)
        self.wear(self.average)


def _until_the_clock(
    pupil: _Pupil, loss_of: Callable[[int], torch.Tensor], curve: Curve, noted: Callable[[Curve], None]
) -> None:
    """Steps until the pace's minutes are over. `loss_of(batch)` draws a batch and returns its loss, a scalar."""
    device = pupil.live[0].device
    batch, started, since = pupil.pace.batch, time.monotonic(), torch.zeros((), device=device)
    share, last = 0.0, 0
    while share < 1.0:
        try:
            loss = loss_of(batch)
            loss.backward()
        except torch.OutOfMemoryError:
            if batch == 1:
                raise
            batch //= 2
            logger.warning("a batch does not fit into memory; %s from here on", batch)
            torch.cuda.empty_cache()
            continue
        pupil.step(share)
        since += loss.detach().float()
        curve.steps, curve.examples = curve.steps + 1, curve.examples + batch
        if curve.steps % NOTED_EVERY == 0 or curve.steps <= 2:
            mean = float(since) / (curve.steps - last)  # waits for the device, so that the clock tells the truth
            curve.seconds = time.monotonic() - started
            curve.points.append((curve.steps, curve.seconds, mean))
            last = curve.steps
            since.zero_()
            if not math.isfinite(mean):
                raise FloatingPointError(f"the loss is {mean} after {curve.steps} steps")
            before = time.monotonic()
            noted(curve)
            started += time.monotonic() - before  # what is shown in between costs no time of learning
        share = (time.monotonic() - started) / (60 * pupil.pace.minutes)
        if pupil.pace.steps:
            share = max(share, curve.steps / pupil.pace.steps)
    curve.seconds = time.monotonic() - started


def teach_autoencoder(
    house: House,
    pictures: torch.Tensor,
    pace: Pace,
    *,
    dtype: torch.dtype = torch.float32,
    noted: Callable[[Curve], None] = lambda curve: None,
) -> Curve:
    """Teaches the autoencoder the pictures, uint8 (n, h, w, 3) on the device that computes.

    Afterwards its latents are about standard normal, so that the pipeline's scaling factor stays 1.
    """
    autoencoder = house.vae
    autoencoder.to(pictures.device, memory_format=torch.channels_last)
    pupil = _Pupil([autoencoder], pace, dtype)

    def loss_of(batch: int) -> torch.Tensor:
        chosen = torch.randint(len(pictures), (batch,), device=pictures.device)
        wanted = as_input(pictures[chosen], torch.float32)
        posterior = autoencoder.encode(wanted.to(dtype)).latent_dist
        drawn = autoencoder.decode(posterior.sample()).sample
        error = drawn.float() - wanted
        edges = (error[..., 1:, :] - error[..., :-1, :]).abs().mean() + (error[..., 1:] - error[..., :-1]).abs().mean()
        kl = 0.5 * (posterior.mean.float() ** 2 + posterior.var.float() - 1 - posterior.logvar.float()).mean()
        return error.abs().mean() + EDGE_WEIGHT * edges + KL_WEIGHT * kl

    curve = Curve()
    _until_the_clock(pupil, loss_of, curve, noted)
    pupil.graduate([autoencoder])
    _standardise(autoencoder, pictures[torch.randperm(len(pictures), device=pictures.device)[:512]])
    return curve


def as_input(pictures: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """uint8 (n, h, w, 3) → -1 to 1 (n, 3, h, w)."""
    return (pictures.permute(0, 3, 1, 2).to(dtype) / 127.5 - 1).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _standardise(autoencoder: Any, pictures: torch.Tensor) -> None:
    """Shifts and scales the latents within the weights that make and read them: mean 0 in each channel, deviation 1
    over all. Channels keep their proportions: one that says little must not be blown up to noise.
    """
    means = encode(autoencoder, pictures)
    middle, scale = means.mean(dim=(0, 2, 3)), (means - means.mean(dim=(0, 2, 3), keepdim=True)).std()
    count = len(middle)
    out, back = autoencoder.quant_conv, autoencoder.post_quant_conv
    back.bias += back.weight[:, :, 0, 0] @ middle
    back.weight *= scale
    out.weight[:count] /= scale
    out.bias[:count] = (out.bias[:count] - middle) / scale
    out.bias[count:] -= 2 * scale.log()


@torch.no_grad()
def encode(autoencoder: Any, pictures: torch.Tensor, batch: int = 128) -> torch.Tensor:
    """Latent means of pictures, (n, channels, h / 4, w / 4)."""
    parts = [
        autoencoder.encode(as_input(pictures[start : start + batch], autoencoder.dtype)).latent_dist.mean
        for start in range(0, len(pictures), batch)
    ]
    return torch.cat(parts)


def tokens_of(house: House, captions: Sequence[str]) -> torch.Tensor:
    """int64 (n, words), filled up as the pipeline fills them."""
    tokenizer = house.tokenizer
    return tokenizer(
        list(captions), padding="max_length", max_length=tokenizer.model_max_length, truncation=True,
        return_tensors="pt",
    ).input_ids  # fmt: skip


def teach_painter(
    house: House,
    latents: torch.Tensor,
    tokens: torch.Tensor,
    pace: Pace,
    *,
    dtype: torch.dtype = torch.float32,
    unet: Callable[..., tuple[torch.Tensor, ...]] | None = None,
    noted: Callable[[Curve], None] = lambda curve: None,
) -> Curve:
    """Teaches text encoder and U-Net together: latents (n, c, h, w) and tokens (n, words), both on the device.

    `unet`: a compiled stand-in for the pipeline's own, sharing its weights. `noted` may draw with the pipeline: it
    wears the averaged weights meanwhile.
    """
    device = latents.device
    house.unet.to(device, memory_format=torch.channels_last)
    house.text_encoder.to(device)
    pupil = _Pupil([house.unet, house.text_encoder], pace, dtype)
    loss_of = painter_loss(house, latents, tokens, dtype, house.unet if unet is None else unet)

    def shown(curve: Curve) -> None:
        pupil.wear(pupil.average)
        noted(curve)
        pupil.wear(pupil.exact)

    curve = Curve()
    _until_the_clock(pupil, loss_of, curve, shown)
    pupil.graduate([house.unet, house.text_encoder])
    return curve


def painter_loss(
    house: House,
    latents: torch.Tensor,
    tokens: torch.Tensor,
    dtype: torch.dtype,
    unet: Callable[..., tuple[torch.Tensor, ...]],
) -> Callable[[int], torch.Tensor]:
    """Draws a batch of so many and returns the mean squared error of the velocity that the U-Net tells."""
    device = latents.device
    kept = house.scheduler.alphas_cumprod.to(device)
    signals, noises = kept.sqrt(), (1 - kept).sqrt()
    empty = tokens_of(house, [""]).to(device)

    def loss_of(batch: int) -> torch.Tensor:
        chosen = torch.randint(len(latents), (batch,), device=device)
        clean = latents[chosen].float()
        noise = torch.randn_like(clean)
        times = torch.randint(TRAIN_STEPS, (batch,), device=device)
        signal, loud = signals[times].view(-1, 1, 1, 1), noises[times].view(-1, 1, 1, 1)
        said = torch.where(torch.rand(batch, 1, device=device) < UNCONDITIONED, empty, tokens[chosen])
        words = house.text_encoder(said).last_hidden_state
        noisy = (signal * clean + loud * noise).to(dtype).contiguous(memory_format=torch.channels_last)
        told = unet(noisy, times, words, return_dict=False)[0]
        return ((told.float() - (signal * noise - loud * clean)) ** 2).mean()

    return loss_of


# -- Drawing -------------------------------------------------------------------------------------------------


@torch.no_grad()
def paint(
    house: House,
    captions: Sequence[str],
    *,
    seed: int = 0,
    steps: int = 30,
    guidance: float = 4.0,
    batch: int = 64,
) -> list[Image.Image]:
    """One picture for each caption; the n-th of them has the seed `seed` + n, whatever the batch."""
    painted: list[Image.Image] = []
    height, width = house.unet.config.sample_size
    for start in range(0, len(captions), batch):
        part = list(captions[start : start + batch])
        noise = torch.stack([
            torch.randn(
                (house.unet.config.in_channels, height, width), generator=torch.Generator().manual_seed(seed + row)
            )
            for row in range(start, start + len(part))
        ])  # fmt: skip
        latents = house(
            part, num_inference_steps=steps, guidance_scale=guidance, output_type="latent",
            latents=noise.to(house.unet.device, house.unet.dtype),
        ).images  # fmt: skip
        # While the painter learns, it may compute in another type than the autoencoder that has learnt.
        pixels = house.vae.decode(latents.to(house.vae.dtype)).sample
        painted += house.image_processor.postprocess(pixels, output_type="pil")
    return painted


@torch.no_grad()
def rebuilt(house: House, pictures: torch.Tensor) -> np.ndarray:
    """The pictures through the autoencoder and back, uint8 (n, h, w, 3)."""
    parts = [
        house.vae.decode(encode(house.vae, pictures[start : start + 64])).sample
        for start in range(0, len(pictures), 64)
    ]
    pixels = ((torch.cat(parts).float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).cpu().numpy())
