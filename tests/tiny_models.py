"""Tiny models with random weights, made from their configurations and saved as published ones are.

They load through the same calls as the real ones and draw noise: nothing that they answer is a quality result. Each
takes under two seconds to make; the same folder name and seed give the same weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PIXELS = 64  # a side of what the image models draw
START, END = "<|startoftext|>", "<|endoftext|>"
CHAT = (  # as the Qwen family's templates are read: thinking is closed at once unless it is asked for
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def stable_diffusion(folder: Path, *, seed: int = 0, prediction: str = "epsilon") -> Path:
    """A Stable Diffusion pipeline; `prediction` is epsilon | v_prediction."""
    from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    with _made(seed):
        pipeline = StableDiffusionPipeline(
            vae=_vae(channels=4, scaling=0.18215),
            text_encoder=_clip_text(32),
            tokenizer=clip_tokenizer(),
            unet=UNet2DConditionModel(
                sample_size=PIXELS // 2,
                block_out_channels=(16, 32),
                layers_per_block=1,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
                cross_attention_dim=32,
                attention_head_dim=2,
                norm_num_groups=8,
            ),
            scheduler=DDIMScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
                set_alpha_to_one=False, steps_offset=1, prediction_type=prediction,
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )  # fmt: skip
        pipeline.save_pretrained(folder)
    return folder


def sdxl(folder: Path, *, seed: int = 0) -> Path:
    """A Stable Diffusion XL pipeline, with both text encoders."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

    with _made(seed):
        pipeline = StableDiffusionXLPipeline(
            vae=_vae(channels=4, scaling=0.13025),
            text_encoder=_clip_text(32),
            text_encoder_2=_clip_text(32, projected=True),
            tokenizer=clip_tokenizer(),
            tokenizer_2=clip_tokenizer(),
            unet=UNet2DConditionModel(
                sample_size=PIXELS // 2,
                block_out_channels=(16, 32),
                layers_per_block=1,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
                cross_attention_dim=64,
                attention_head_dim=(2, 4),
                use_linear_projection=True,
                addition_embed_type="text_time",
                addition_time_embed_dim=8,
                transformer_layers_per_block=(1, 1),
                projection_class_embeddings_input_dim=6 * 8 + 32,
                norm_num_groups=8,
            ),
            scheduler=EulerDiscreteScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
                timestep_spacing="leading",
            ),
            add_watermarker=False,
        )  # fmt: skip
        pipeline.save_pretrained(folder)
    return folder


def klein(folder: Path, *, seed: int = 0) -> Path:
    """A FLUX.2-klein pipeline; its text encoder has four layers, so that prompts take layers (1, 2, 3)."""
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )  # fmt: skip
    from transformers import Qwen3Config, Qwen3ForCausalLM

    with _made(seed):
        pipeline = Flux2KleinPipeline(
            vae=AutoencoderKLFlux2(
                down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                block_out_channels=(8, 16), layers_per_block=1, latent_channels=4, norm_num_groups=4,
                sample_size=PIXELS,
            ),
            text_encoder=Qwen3ForCausalLM(Qwen3Config(**_qwen())),
            tokenizer=qwen_tokenizer(),
            transformer=Flux2Transformer2DModel(
                in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
                joint_attention_dim=3 * _qwen()["hidden_size"], timestep_guidance_channels=32,
                axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
            ),
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
            is_distilled=True,
        )  # fmt: skip
        pipeline.save_pretrained(folder)
    return folder


def z_image(folder: Path, *, seed: int = 0) -> Path:
    """A Z-Image pipeline."""
    from diffusers import FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model

    with _made(seed):
        transformer = ZImageTransformer2DModel(
            in_channels=4, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2, n_kv_heads=2,
            cap_feat_dim=_qwen()["hidden_size"], axes_dims=[4, 6, 6], axes_lens=[1024, 64, 64],
        )  # fmt: skip
        for pad in (transformer.x_pad_token, transformer.cap_pad_token):
            pad.data.normal_(std=0.02)
        pipeline = ZImagePipeline(
            vae=_vae(channels=4, scaling=0.3611, shift=0.1159),
            text_encoder=Qwen3Model(Qwen3Config(**_qwen())),
            tokenizer=qwen_tokenizer(),
            transformer=transformer,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=False),
        )
        pipeline.save_pretrained(folder)
    return folder


def clip(folder: Path, *, seed: int = 0) -> Path:
    """A CLIP model with its processor: texts and pictures to vectors of 16."""
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = clip_tokenizer()
    with _made(seed):
        CLIPModel(
            CLIPConfig(
                text_config=_clip_text_config(32),
                vision_config={
                    "hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4,
                    "image_size": 32, "patch_size": 8,
                },
                projection_dim=16,
            )
        ).save_pretrained(folder)  # fmt: skip
        CLIPProcessor(
            image_processor=CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
            tokenizer=tokenizer,
        ).save_pretrained(folder)
    return folder


# -- Their parts ---------------------------------------------------------------------------------------------


def image_classifier(folder: Path, *, always: str, other: str = "normal", seed: int = 0) -> Path:
    """A ViT with two labels that gives every picture the label `always`."""
    from transformers import ViTConfig, ViTForImageClassification
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    labels = {0: always, 1: other if other != always else "nsfw"}
    with _made(seed):
        model = ViTForImageClassification(
            ViTConfig(
                hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32,
                patch_size=16, id2label=labels, label2id={label: number for number, label in labels.items()},
            )
        )  # fmt: skip
        model.classifier.weight.data.zero_()
        model.classifier.bias.data.copy_(model.classifier.bias.data.new_tensor([5.0, -5.0]))
        model.save_pretrained(folder)
        ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def clip_tokenizer() -> Any:
    """Every byte is a token, and every byte at a word's end."""
    from transformers import CLIPTokenizer

    letters = _bytes()
    words = [*letters, *(letter + "</w>" for letter in letters), START, END]
    return CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=77)


def qwen_tokenizer() -> Any:
    """Every byte is a token; takes a chat."""
    from transformers import Qwen2Tokenizer

    words = [*_bytes(), END, "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
    return Qwen2Tokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=[],
        extra_special_tokens=words[257:259],
        chat_template=CHAT,
    )


def _bytes() -> list[str]:
    """The 256 bytes as a byte-level tokenizer writes them."""
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _vae(*, channels: int, scaling: float, shift: float | None = None) -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1, latent_channels=channels, norm_num_groups=4,
        sample_size=PIXELS, scaling_factor=scaling, shift_factor=shift,
    )  # fmt: skip


def _clip_text_config(width: int) -> dict[str, Any]:
    return {
        "vocab_size": 514, "bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 513, "hidden_size": width,
        "intermediate_size": 37, "num_hidden_layers": 3, "num_attention_heads": 4, "max_position_embeddings": 77,
        "projection_dim": width,
    }  # fmt: skip


def _clip_text(width: int, *, projected: bool = False) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(CLIPTextConfig(**_clip_text_config(width)))


def _qwen() -> dict[str, Any]:
    return {
        "vocab_size": 264, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 4,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 1024,
        "bos_token_id": None, "eos_token_id": 258, "pad_token_id": 256,
    }  # fmt: skip


@contextmanager
def _made(seed: int) -> Iterator[None]:
    """The same weights each time, and the caller's own dice untouched; what libraries say of odd sizes is not heard."""
    import torch

    # Sums so small gain nothing from a second thread, and on a busy machine two that wait for each other take ten
    # times as long.
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        yield


def ip_adapter(folder: Path, unet: Any, *, tokens: int = 4, seed: int = 0) -> Path:
    """An IP-Adapter for the U-Net of a Stable Diffusion pipeline, with its image encoder beside it; the file."""
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    width, seen = unet.config.cross_attention_dim, 16
    with _made(seed):
        weights = {
            "image_proj.proj.weight": torch.randn(tokens * width, seen),
            "image_proj.proj.bias": torch.zeros(tokens * width),
            "image_proj.norm.weight": torch.ones(width),
            "image_proj.norm.bias": torch.zeros(width),
        }
        crossing = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
        for number, name in enumerate(crossing):
            layer = unet.get_submodule(name.removesuffix(".processor"))
            for part in ("to_k_ip", "to_v_ip"):
                # Numbered among all attention layers, of which every second one crosses.
                weights[f"ip_adapter.{2 * number + 1}.{part}.weight"] = torch.randn(layer.inner_dim, width)
        CLIPVisionModelWithProjection(
            CLIPVisionConfig(
                hidden_size=32, intermediate_size=37, num_hidden_layers=1, num_attention_heads=4, image_size=32,
                patch_size=8, projection_dim=seen,
            )
        ).save_pretrained(folder / "image_encoder")  # fmt: skip
    save_file(weights, folder / "ip_adapter.safetensors")
    return folder / "ip_adapter.safetensors"
