"""A diffusion pipeline with random weights, small and always the same: what the door costs is measured around it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from curation.serving.types import (
    Batching,
    Compute,
    InferRequest,
    Model,
    ModelSpec,
    Running,
    Tensor,
    TensorSpec,
)

SIZE = 32  # pixels a side
MAX_ROWS = 8


def load_pipeline() -> Callable[[Sequence[int], int], list[str]]:
    """From seeds and a number of steps to base64 of raw pixels, a picture a seed."""
    import torch
    from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel

    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
    unet = UNet2DModel(sample_size=SIZE, block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8, **blocks)
    pipeline: Any = DDIMPipeline(unet=unet.eval(), scheduler=DDIMScheduler())
    pipeline.set_progress_bar_config(disable=True)

    def draw(seeds: Sequence[int], steps: int) -> list[str]:
        pictures = pipeline(
            batch_size=len(seeds),
            generator=[torch.Generator().manual_seed(int(seed)) for seed in seeds],
            num_inference_steps=steps,
            output_type="np",
        ).images
        return [base64.b64encode((255 * picture).astype(np.uint8).tobytes()).decode() for picture in pictures]

    return draw


def _load() -> Compute:
    draw = load_pipeline()

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        seeds = request.input("seed").array()
        return (Tensor.of_text("image", draw(seeds, int(request.parameters["steps"]))),)

    return compute


def models() -> list[Model]:
    """The same pipeline batched, and one picture at a time."""
    signature = (TensorSpec("seed", "INT64", (-1,)),), (TensorSpec("image", "BYTES", (-1,)),)
    return [
        Model(ModelSpec(name, "1", "diffusers", *signature), _load, Batching(max_rows=rows))
        for name, rows in (("batched", MAX_ROWS), ("alone", 1))
    ]
