"""Where torch computes, and with what numbers."""

from __future__ import annotations

import torch

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def device(setting: str) -> torch.device:
    """ "auto" takes the best there is; raises ValueError for a device that this machine does not have."""
    if setting == "auto":
        setting = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind = setting.partition(":")[0]
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(kind, False):
        raise ValueError(
            f"MODELS_DEVICE is {setting!r}; here there is {', '.join(k for k, yes in there.items() if yes)}"
        )
    return torch.device(setting)


def dtype(setting: str, where: torch.device) -> torch.dtype:
    """ "auto" is bfloat16 on CUDA and float32 elsewhere: processors without bfloat16 units are slower with it.

    "float8" is a way to store weights, not to compute: what computes is bfloat16.
    """
    if setting == "auto":
        return torch.bfloat16 if where.type == "cuda" else torch.float32
    if setting == "float8":
        return torch.bfloat16
    if setting not in DTYPES:
        raise ValueError(f"MODELS_DTYPE is {setting!r}; it is auto, float8 or one of {', '.join(DTYPES)}")
    return DTYPES[setting]
