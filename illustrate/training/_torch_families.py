"""What each family of image models asks of training: its text, its latents, how they are noised, what is predicted.

A family is known by its pipeline's class. Its four differences stand side by side here, so that the training itself
(`_torch_lora`) has none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

Text = Mapping[str, Tensor]  # what one prompt is turned into, without a batch dimension


class Family:
    """One pipeline, seen from training.

    `latents` are what the denoiser works in, unpacked: (n, channels, height, width), float32.
    """

    denoiser_name: ClassVar[str]  # of the pipeline's component that an adapter is trained for
    targets: ClassVar[str]  # a regular expression: the layers of it that the adapter changes
    steps: ClassVar[int]  # of a sample picture, where none are asked for

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline
        self.denoiser: Any = getattr(pipeline, self.denoiser_name)

    @property
    def multiple(self) -> int:
        """What a picture's sides must be multiples of, in pixels."""
        return int(self.pipeline.vae_scale_factor) * 2

    def text(self, prompts: Sequence[str], device: torch.device) -> list[Text]:
        """The prompts as the denoiser reads them. The text encoders are on `device`."""
        raise NotImplementedError

    def latents(self, pixels: Tensor) -> Tensor:
        """(n, 3, height, width) from -1 to 1, on the device and in the numbers of the image encoder."""
        raise NotImplementedError

    def loss(self, latents: Tensor, texts: Sequence[Text], dice: torch.Generator, level: float | None = None) -> Tensor:
        """Mean square of what the denoiser predicts less what it should, one number.

        `dice` (on the CPU, so that every device throws alike) choose the noise and how much of it; `level`, from 0
        clean to 1 noise alone, fixes how much.
        """
        raise NotImplementedError

    def drawing(self) -> dict[str, Any]:
        """Arguments that the pipeline needs for every picture."""
        return {}

    def save_adapter(self, folder: Path, weights: Mapping[str, Tensor]) -> None:
        """The adapter's file in diffusers' format, for `load_lora_weights`."""
        self.pipeline.save_lora_weights(folder, **{f"{self.denoiser_name}_lora_layers": dict(weights)})

    def _thrown(self, latents: Tensor, dice: torch.Generator) -> Tensor:
        return torch.randn(latents.shape, generator=dice).to(latents.device)


# -- UNets: predict the noise, or the velocity between picture and noise --------------------------------------


class StableDiffusion(Family):
    denoiser_name = "unet"
    targets = r".*\.attn[12]\.(to_q|to_k|to_v|to_out\.0)"
    steps = 25

    def __init__(self, pipeline: Any) -> None:
        from diffusers import DDPMScheduler

        super().__init__(pipeline)
        # Whichever scheduler draws, training adds noise by the schedule that all of the family share.
        self.schedule = DDPMScheduler.from_config(pipeline.scheduler.config)

    def text(self, prompts: Sequence[str], device: torch.device) -> list[Text]:
        embeds, _ = self.pipeline.encode_prompt(list(prompts), device, 1, False)
        return [{"embeds": each} for each in embeds]

    def latents(self, pixels: Tensor) -> Tensor:
        return _encoded(self.pipeline.vae, pixels).float() * self.pipeline.vae.config.scaling_factor

    def loss(self, latents: Tensor, texts: Sequence[Text], dice: torch.Generator, level: float | None = None) -> Tensor:
        noise = self._thrown(latents, dice)
        last = self.schedule.config.num_train_timesteps - 1
        if level is None:
            times = torch.randint(0, last + 1, (len(latents),), generator=dice).to(latents.device)
        else:
            times = torch.full((len(latents),), round(level * last), device=latents.device)
        noisy = self.schedule.add_noise(latents, noise, times)
        kind = self.schedule.config.prediction_type
        if kind == "epsilon":
            target = noise
        elif kind == "v_prediction":
            target = self.schedule.get_velocity(latents, noise, times)
        elif kind == "sample":
            target = latents
        else:
            raise ValueError(f"a scheduler that predicts {kind!r} is not known")
        predicted = self.denoiser(
            noisy,
            times,
            encoder_hidden_states=torch.stack([text["embeds"] for text in texts]),
            added_cond_kwargs=self._conditions(latents, texts),
            return_dict=False,
        )[0]
        return _mean_square(predicted, target)

    def _conditions(self, latents: Tensor, texts: Sequence[Text]) -> dict[str, Tensor] | None:
        return None


class StableDiffusionXL(StableDiffusion):
    def text(self, prompts: Sequence[str], device: torch.device) -> list[Text]:
        embeds, _, pooled, _ = self.pipeline.encode_prompt(
            list(prompts), device=device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        return [{"embeds": one, "pooled": whole} for one, whole in zip(embeds, pooled, strict=True)]

    def _conditions(self, latents: Tensor, texts: Sequence[Text]) -> dict[str, Tensor] | None:
        """The sizes that the model is told: as drawn, nothing cut off."""
        size = [side * self.pipeline.vae_scale_factor for side in latents.shape[-2:]]
        pooled = torch.stack([text["pooled"] for text in texts])
        sizes = torch.tensor([[*size, 0, 0, *size]] * len(texts), device=latents.device, dtype=pooled.dtype)
        return {"text_embeds": pooled, "time_ids": sizes}


# -- Transformers with flow matching: predict the way from picture to noise ------------------------------------


class Flow(Family):
    """x = (1 - s) picture + s noise; the transformer predicts noise - picture (Lipman et al. 2023, Flow Matching)."""

    denoiser_name = "transformer"

    def loss(self, latents: Tensor, texts: Sequence[Text], dice: torch.Generator, level: float | None = None) -> Tensor:
        noise = self._thrown(latents, dice)
        if level is None:
            # Middling noise most often, as Esser et al. 2024 (Stable Diffusion 3) found best.
            drawn = torch.sigmoid(torch.randn(len(latents), generator=dice))
        else:
            drawn = torch.full((len(latents),), level)
        sigmas = self._shifted(drawn.clamp(1e-4, 1.0), latents).to(latents.device)
        share = sigmas.view(-1, 1, 1, 1)
        predicted = self._velocity((1 - share) * latents + share * noise, sigmas, texts)
        return _mean_square(predicted, noise - latents)

    def _shifted(self, sigmas: Tensor, latents: Tensor) -> Tensor:
        """The same shift towards more noise that the scheduler makes when it draws, by the picture's size."""
        config = self.pipeline.scheduler.config
        shift = float(config.shift)
        if config.use_dynamic_shifting:
            tokens = latents.shape[-2] * latents.shape[-1] * self._tokens_a_latent
            few, many = config.base_image_seq_len, config.max_image_seq_len
            slope = (config.max_shift - config.base_shift) / (many - few)
            shift = math.exp(config.base_shift + (tokens - few) * slope)
        return shift * sigmas / (1 + (shift - 1) * sigmas)

    _tokens_a_latent: ClassVar[float]  # of the transformer, for each place of the latents

    def _velocity(self, noisy: Tensor, sigmas: Tensor, texts: Sequence[Text]) -> Tensor:
        raise NotImplementedError


class Klein(Flow):
    """FLUX.2-klein. Its latents hold 2 x 2 places of the encoder's in one, so that each is a token."""

    targets = (
        r"(transformer_blocks\.\d+\.attn\.(to_q|to_k|to_v|to_out\.0|add_q_proj|add_k_proj|add_v_proj|to_add_out))"
        r"|(single_transformer_blocks\.\d+\.attn\.(to_qkv_mlp_proj|to_out))"
    )
    steps = 4
    _tokens_a_latent = 1.0

    @property
    def layers(self) -> tuple[int, int, int]:
        """The text encoder's layers that a prompt is read from: a quarter, half and three quarters of its depth.

        For the 36 layers of the published ones these are 9, 18 and 27, the pipeline's own.
        """
        deep = self.pipeline.text_encoder.config.num_hidden_layers
        return deep // 4, deep // 2, deep * 3 // 4

    def text(self, prompts: Sequence[str], device: torch.device) -> list[Text]:
        embeds, _ = self.pipeline.encode_prompt(list(prompts), device=device, text_encoder_out_layers=self.layers)
        return [{"embeds": each} for each in embeds]

    def latents(self, pixels: Tensor) -> Tensor:
        vae = self.pipeline.vae
        folded = torch.nn.functional.pixel_unshuffle(_encoded(vae, pixels).float(), 2)
        mean, variance = (each.float().view(1, -1, 1, 1) for each in (vae.bn.running_mean, vae.bn.running_var))
        return (folded - mean) / torch.sqrt(variance + vae.config.batch_norm_eps)

    def _velocity(self, noisy: Tensor, sigmas: Tensor, texts: Sequence[Text]) -> Tensor:
        embeds = torch.stack([text["embeds"] for text in texts])
        one, high, wide = torch.arange(1), torch.arange(noisy.shape[-2]), torch.arange(noisy.shape[-1])
        places = torch.cartesian_prod(one, high, wide, one).to(noisy.device)
        words = torch.cartesian_prod(one, one, one, torch.arange(embeds.shape[1])).to(noisy.device)
        predicted = self.denoiser(
            hidden_states=noisy.flatten(2).transpose(1, 2).to(embeds.dtype),
            timestep=sigmas,
            guidance=None,
            encoder_hidden_states=embeds,
            img_ids=places.expand(len(noisy), -1, -1),
            txt_ids=words.expand(len(noisy), -1, -1),
            return_dict=False,
        )[0]
        return predicted.transpose(1, 2).unflatten(2, noisy.shape[-2:])

    def drawing(self) -> dict[str, Any]:
        return {"text_encoder_out_layers": self.layers}


class ZImage(Flow):
    """Z-Image. Its clock runs from noise to picture, and what it predicts points there."""

    targets = r".*\.attention\.(to_q|to_k|to_v|to_out\.0)"
    steps = 8
    _tokens_a_latent = 0.25  # 2 x 2 places are one

    def text(self, prompts: Sequence[str], device: torch.device) -> list[Text]:
        embeds, _ = self.pipeline.encode_prompt(list(prompts), device=device, do_classifier_free_guidance=False)
        return [{"embeds": each} for each in embeds]  # as long as each prompt is

    def latents(self, pixels: Tensor) -> Tensor:
        config = self.pipeline.vae.config
        return (_encoded(self.pipeline.vae, pixels).float() - config.shift_factor) * config.scaling_factor

    def _velocity(self, noisy: Tensor, sigmas: Tensor, texts: Sequence[Text]) -> Tensor:
        embeds = [text["embeds"] for text in texts]
        predicted = self.denoiser(
            list(noisy.unsqueeze(2).to(embeds[0].dtype).unbind(0)), 1 - sigmas, embeds, return_dict=False
        )[0]
        return -torch.stack(list(predicted)).squeeze(2)


FAMILIES: Mapping[str, type[Family]] = {
    "StableDiffusionPipeline": StableDiffusion,
    "StableDiffusionXLPipeline": StableDiffusionXL,
    "Flux2KleinPipeline": Klein,
    "ZImagePipeline": ZImage,
}


def family_of(pipeline: Any) -> Family:
    """How to train this pipeline; raises ValueError for one of a family that is not known here."""
    name = type(pipeline).__name__
    if name not in FAMILIES:
        raise ValueError(f"no training is known for a {name}; there is: {', '.join(FAMILIES)}")
    return FAMILIES[name](pipeline)


def _encoded(vae: Any, pixels: Tensor) -> Tensor:
    """What the image encoder makes of the pixels; its mean, so that a picture has the same latents each time."""
    return vae.encode(pixels).latent_dist.mode()


def _mean_square(predicted: Tensor, target: Tensor) -> Tensor:
    return torch.nn.functional.mse_loss(predicted.float(), target.float())
