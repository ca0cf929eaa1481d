"""The register's small head: one weight for each bucket of n-grams, and the file that they come in."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from illustrate._whole_files import replaced
from illustrate.brief._ngrams import hashed

SHIPPED = Path(__file__).with_name("register_head.npz")
VERSION = 1  # of the file, and of how a headline becomes n-grams: raise it when either changes
STEPS = 127  # on either side of zero
# Divided by the number of n-grams to this power, a word among ten weighs less than one among three, but more than
# it would in a mean.
DAMPING = 0.25


class BrokenWeights(ValueError):
    """The head's file is absent, cut short, altered or of another version."""


@dataclass(frozen=True, slots=True)
class Head:
    """`steps` are the weights as they are stored, int8 (2**bits,); `scale` is what one step weighs."""

    steps: np.ndarray
    scale: float
    bias: float
    threshold: float  # the chance from which a headline is called one of suffering
    trained_on: Mapping[str, Any]  # numbers of texts by kind, the digest of them and their labels, how well it did

    @classmethod
    def of(cls, weights: np.ndarray, bias: float, threshold: float, trained_on: Mapping[str, Any]) -> Head:
        scale = float(np.abs(weights).max()) / STEPS
        return cls(np.rint(weights / scale).astype(np.int8), scale, bias, threshold, trained_on)

    def chances(self, headlines: Sequence[str]) -> np.ndarray:
        """float64 (n,), each 0..1."""
        rows, buckets = hashed(headlines, bits_of(self.steps))
        counts = np.maximum(np.bincount(rows, minlength=len(headlines)), 1)
        sums = np.bincount(rows, weights=self.steps[buckets], minlength=len(headlines))
        return np.asarray(1 / (1 + np.exp(-(sums * self.scale / counts**DAMPING + self.bias))))


def bits_of(weights: np.ndarray) -> int:
    return weights.size.bit_length() - 1


def write(head: Head, path: Path = SHIPPED) -> None:
    header = {
        "version": VERSION,
        "scale": head.scale,
        "bias": head.bias,
        "threshold": head.threshold,
        "sha256": _digest(head.steps),
        "trained_on": head.trained_on,
    }
    with replaced(path) as file:
        np.savez_compressed(file, header=np.array(json.dumps(header, sort_keys=True)), weights=head.steps)


def read(path: Path = SHIPPED) -> Head:
    """Raises BrokenWeights, which says what is wrong with which file, and what to do."""
    try:
        with np.load(path, allow_pickle=False) as file:
            header, steps = json.loads(str(file["header"])), file["weights"]
        if header["version"] != VERSION:
            raise ValueError(f"it is of version {header['version']}, not {VERSION}")
        if steps.dtype != np.int8 or steps.shape != (1 << bits_of(steps),):
            raise ValueError(f"its weights are {steps.dtype} {steps.shape}")
        if header["sha256"] != _digest(steps):
            raise ValueError("its weights are not those that were written")
        scale, bias, threshold = (float(header[key]) for key in ("scale", "bias", "threshold"))
        return Head(steps, scale, bias, threshold, header["trained_on"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BrokenWeights(
            f"{path} cannot be used: {error}. Restore it, or train it anew: python manage.py distil_register"
        ) from error


def _digest(steps: np.ndarray) -> str:
    return hashlib.sha256(steps.tobytes()).hexdigest()
