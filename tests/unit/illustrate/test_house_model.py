"""The house's own small model is an ordinary pipeline that learns, keeps to its clock, and can be saved and loaded."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoPipelineForText2Image

from illustrate.training import _torch_house
from illustrate.training._torch_house import Curve, Pace, Size

TINY = Size(
    autoencoder=(8, 8, 8), autoencoder_groups=4, latents=4, unet=(8, 16), unet_layers=1, unet_groups=4, text=16,
    text_layers=1, head=8,
)  # fmt: skip
CAPTIONS = ("A gavel on a table, calm mood.", "A red crab by the sea, calm mood.", "a gavel by the sea")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny matrices: threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def pictures() -> torch.Tensor:
    """Flat fields of a few colours with a lighter square, uint8 (12, 32, 64, 3)."""
    made = np.full((12, 32, 64, 3), 200, np.uint8)
    for number, colour in enumerate(((30, 40, 90), (190, 60, 50), (60, 130, 70), (230, 180, 60)) * 3):
        made[number] = colour
        made[number, 8:24, 8 + number : 24 + number] = 245
    return torch.from_numpy(made)


@pytest.fixture(scope="module")
def house() -> Any:
    return _torch_house.new_house(CAPTIONS, 64, 32, size=TINY, seed=3)


def test_every_word_of_the_captions_is_one_token_and_no_other_word_is_known() -> None:
    tokenizer = _torch_house.vocabulary(CAPTIONS)
    said = tokenizer("a RED crab, whales").input_ids
    assert said[0] == tokenizer.bos_token_id
    assert said[-1] == tokenizer.eos_token_id
    assert tokenizer.convert_ids_to_tokens(said[1:-1]) == ["a", "red", "crab", ",", "<|unknown|>"]
    assert tokenizer.unk_token_id not in {each for caption in CAPTIONS for each in tokenizer(caption).input_ids}


def test_no_caption_is_cut_off() -> None:
    tokenizer = _torch_house.vocabulary(CAPTIONS)
    assert all(len(tokenizer(caption).input_ids) <= tokenizer.model_max_length for caption in CAPTIONS)


def test_a_size_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ValueError, match="halved"):
        _torch_house.new_house(CAPTIONS, 60, 32, size=TINY)


def test_the_autoencoder_learns_and_its_latents_are_standard(house: Any) -> None:
    shown = pictures()
    before = _error(house, shown)
    curve = _torch_house.teach_autoencoder(house, shown, Pace(5, 4, 2e-2, average=0.9, steps=40))
    assert curve.steps == 40
    assert curve.examples == 4 * 40
    # Standardising is a change of units: it would spoil the picture if both ends did not follow.
    assert _error(house, shown) < 0.75 * before
    latents = _torch_house.encode(house.vae, shown)
    assert latents.shape == (12, 4, 8, 16)
    assert float(latents.mean()) == pytest.approx(0, abs=0.05)
    assert float((latents - latents.mean(dim=(0, 2, 3), keepdim=True)).std()) == pytest.approx(1, abs=0.05)


def _error(house: Any, shown: torch.Tensor) -> float:
    return float(np.abs(_torch_house.rebuilt(house, shown).astype(int) - shown.numpy()).mean())


def test_the_painter_learns_one_batch_by_heart() -> None:
    house = _torch_house.new_house(CAPTIONS, 64, 32, size=TINY, seed=3)
    latents = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(1)).repeat(3, 1, 1, 1)
    tokens = _torch_house.tokens_of(house, CAPTIONS)
    torch.manual_seed(1)
    curve = _torch_house.teach_painter(house, latents, tokens, Pace(5, 4, 2e-2, average=0.9, steps=75))
    losses = [loss for _, _, loss in curve.points]
    assert losses[-1] < 0.7 * losses[0]
    assert not house.unet.training
    assert not any(weight.requires_grad for weight in house.unet.parameters())


def test_the_minutes_are_kept() -> None:
    house = _torch_house.new_house(CAPTIONS, 64, 32, size=TINY)
    started = time.monotonic()
    _torch_house.teach_painter(
        house, torch.randn(2, 4, 8, 16), _torch_house.tokens_of(house, CAPTIONS[:2]), Pace(0.01, 2, 1e-3)
    )
    assert time.monotonic() - started < 5


def test_what_is_drawn_in_between_wears_the_average_and_takes_no_time_of_learning() -> None:
    house = _torch_house.new_house(CAPTIONS, 64, 32, size=TINY)
    worn: list[torch.Tensor] = []

    def noted(curve: Curve) -> None:
        time.sleep(0.4)
        worn.append(next(house.unet.parameters()).clone())

    started = time.monotonic()
    curve = _torch_house.teach_painter(
        house, torch.randn(2, 4, 8, 16), _torch_house.tokens_of(house, CAPTIONS[:2]),
        Pace(5, 2, 1e-2, average=0.9, steps=2), noted=noted,
    )  # fmt: skip
    assert len(worn) == 2
    assert curve.seconds <= time.monotonic() - started - 2 * 0.4
    assert not torch.equal(worn[0], worn[1])
    assert torch.equal(worn[1], next(house.unet.parameters()))  # which is what it keeps in the end


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    house = _torch_house.new_house(CAPTIONS, 64, 32, size=TINY)
    with pytest.raises(FloatingPointError, match="nan"):
        _torch_house.teach_painter(
            house,
            torch.full((2, 4, 8, 16), math.nan),
            _torch_house.tokens_of(house, CAPTIONS[:2]),
            Pace(5, 2, 1e-3, steps=2),
        )


def test_it_is_saved_and_loaded_as_any_pipeline_and_paints_the_same(house: Any, tmp_path: Path) -> None:
    painted = _torch_house.paint(house, CAPTIONS, seed=4, steps=2)
    house.save_pretrained(tmp_path)
    again = AutoPipelineForText2Image.from_pretrained(tmp_path, local_files_only=True)
    again.set_progress_bar_config(disable=True)
    assert painted[0].size == (64, 32)
    for one, other in zip(painted, _torch_house.paint(again, CAPTIONS, seed=4, steps=2), strict=True):
        assert np.abs(np.asarray(one).astype(int) - np.asarray(other)).max() <= 1


def test_a_seed_belongs_to_its_picture_whatever_the_batch(house: Any) -> None:
    together = _torch_house.paint(house, CAPTIONS, seed=4, steps=2, batch=3)
    alone = _torch_house.paint(house, CAPTIONS, seed=4, steps=2, batch=1)
    for one, other in zip(together, alone, strict=True):
        assert np.abs(np.asarray(one).astype(int) - np.asarray(other)).max() <= 2


def test_the_first_step_is_noise_alone_so_that_a_night_can_be_dark(house: Any) -> None:
    assert float(house.scheduler.alphas_cumprod[-1]) == pytest.approx(0, abs=1e-6)
    assert house.scheduler.config.prediction_type == "v_prediction"
