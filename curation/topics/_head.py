"""From vectors and words to topics: one softmax over all topics, trained by `_training`, multiplied here with numpy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).parent / "head.npz"
_WORD = re.compile(r"[a-z][a-z0-9'-]+")


@dataclass(frozen=True)
class Head:
    """Weights of one language stand in `dense`, `words`, `bias` under its code; `ko` is trained for Korean sections."""

    slugs: list[str]
    vocabulary: dict[str, int]
    rarity: np.ndarray  # inverse document frequency of each word
    dense: dict[str, np.ndarray]  # language -> (384, topics)
    words: dict[str, np.ndarray]  # language -> (vocabulary, topics)
    bias: dict[str, np.ndarray]
    temperature: dict[str, float]
    background: np.ndarray  # (n, 384): headlines of every topic, to which a phrase is compared

    def probabilities(self, vector: np.ndarray, features: Sequence[str], language: str) -> np.ndarray:
        """P(topic) of one text, (topics,), summing to 1."""
        kind = "ko" if language == "ko" else "en"
        logits = vector @ self.dense[kind] + self.bias[kind]
        known, weights = bag(features, self.vocabulary, self.rarity)
        logits = logits + weights @ self.words[kind][known]
        logits = (logits - logits.max()) / self.temperature[kind]
        scores = np.exp(logits)
        return scores / scores.sum()


def features(bridged: str, tokens: Sequence[str], language: str) -> list[str]:
    """Words of the English that was embedded, and for Korean the morphemes too: the glossary does not know all."""
    words = [f"e:{word}" for word in _WORD.findall(bridged.lower())]
    return words + [f"k:{token}" for token in tokens] if language == "ko" else words


def bag(features: Sequence[str], vocabulary: dict[str, int], rarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the known words and their tf-idf weights, of unit length together."""
    known, counts = np.unique([vocabulary[word] for word in features if word in vocabulary], return_counts=True)
    known = known.astype(int)
    weights = (1 + np.log(np.maximum(counts, 1))) * rarity[known]
    return known, weights / max(float(np.linalg.norm(weights)), 1e-9)


@lru_cache(maxsize=1)
def load() -> Head:
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        vocabulary = {word: index for index, word in enumerate(str(stored["vocabulary"]).split("\n"))}
        return Head(
            slugs=str(stored["slugs"]).split("\n"),
            vocabulary=vocabulary,
            rarity=stored["rarity"].astype(np.float32),
            dense={kind: _whole(stored, f"dense_{kind}") for kind in ("en", "ko")},
            words={kind: _whole(stored, f"words_{kind}") for kind in ("en", "ko")},
            bias={kind: stored[f"bias_{kind}"].astype(np.float32) for kind in ("en", "ko")},
            temperature={kind: float(stored[f"temperature_{kind}"]) for kind in ("en", "ko")},
            background=stored["background"].astype(np.float32),
        )


def _whole(stored: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    """Weights are stored as bytes with one scale for each topic: a quarter of the room, no loss that shows."""
    return stored[name].astype(np.float32) * stored[f"{name}_scale"].astype(np.float32)
