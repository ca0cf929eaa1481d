"""The text model that reads articles: production loading, form and batching, on real classes with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from curation.serving.types import Cancelled, InferRequest, OutOfMemory, Running, Tensor
from illustrate.brief import _torch_writer
from illustrate.brief._torch_writer import LETTERS, MAX_TOKENS, load_writer
from illustrate.brief.writer import answer_type
from tests.tiny_models import qwen_tokenizer

TEXTS = ["a president opens a lighthouse museum", "the ferry strike ends", "국회, 새 예산안 통과"]


def saved(folder: Path, family: str, seed: int) -> Path:
    """Weights wide enough apart that what is read changes what is written."""
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    config, model = {"qwen2": (Qwen2Config, Qwen2ForCausalLM), "llama": (LlamaConfig, LlamaForCausalLM)}[family]
    tokenizer = qwen_tokenizer()
    if family == "llama":
        tokenizer.chat_template = None  # a model that was never taught to chat
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model(
        config(
            vocab_size=len(tokenizer) + 11,  # as published ones are rounded up
            hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
            max_position_embeddings=4096, initializer_range=0.6, bos_token_id=None, eos_token_id=None,
        )
    ).save_pretrained(folder)  # fmt: skip
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["qwen2", "llama"])
def writer(request, tmp_path_factory):
    folder = saved(tmp_path_factory.mktemp(request.param), request.param, seed=5)
    return load_writer(str(folder), device="cpu", dtype="float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return saved(tmp_path_factory.mktemp("whole"), "qwen2", seed=1)


def asked(*texts: str) -> InferRequest:
    return InferRequest((Tensor.of_text("text", texts), Tensor.of_text("language", ["en"] * len(texts))))


def write(writer, *texts: str, running: Running | None = None):
    brief, confidence = writer(asked(*texts), running or Running())
    return brief.texts(), confidence.array()


def test_every_answer_has_the_form_and_batch_and_single_agree(writer):
    together, sure = write(writer, *TEXTS)
    form = answer_type()
    for text in together:
        form.model_validate_json(text)
        assert max(map(len, " ".join(json.loads(text)["phrases"]).split()), default=0) <= LETTERS
    assert ((sure > 0) & (sure < 1)).all()
    alone, alone_sure = write(writer, TEXTS[0])
    assert alone == together[:1]
    assert alone_sure[0] == pytest.approx(sure[0], rel=1e-3)


def test_the_answer_depends_on_what_is_read(writer):
    texts, sure = write(writer, *TEXTS[:2])
    assert texts[0] != texts[1] or sure[0] != pytest.approx(sure[1], rel=1e-6)


def test_each_token_is_told_as_a_step_and_nobody_waiting_ends_it(writer):
    class Leaving(Running):
        steps: list[tuple[int, int]] = []

        def step(self, done, of):
            self.steps.append((done, of))
            if len(self.steps) == 5:
                raise Cancelled("gone")

    with pytest.raises(Cancelled):
        write(writer, TEXTS[0], running=Leaving())
    assert Leaving.steps == [(done, MAX_TOKENS) for done in range(5)]


def test_what_does_not_fit_into_memory_is_halved_and_one_alone_is_refused(writer, monkeypatch):
    seen = []

    def generate(prompts, running, turn, turns, most=1):
        seen.append(len(prompts))
        if len(prompts) > most:
            raise torch.OutOfMemoryError("out of memory")
        return [("{}", 0.5)] * len(prompts)

    monkeypatch.setattr(writer, "_generate", generate)
    assert write(writer, *TEXTS)[0] == ["{}"] * 3
    assert seen == [3, 1, 2, 1, 1]
    monkeypatch.setattr(writer, "_generate", lambda *args: generate(*args, most=0))
    with pytest.raises(OutOfMemory, match="does not fit"):
        write(writer, TEXTS[0])


def test_more_articles_than_fit_together_come_back_in_their_order(writer, monkeypatch):
    monkeypatch.setattr(_torch_writer, "TOGETHER", 2)
    monkeypatch.setattr(writer, "_generate", lambda prompts, *rest: [(prompt, 0.5) for prompt in prompts])
    texts = [
        "zebra",
        "a much longer article about a gondola",
        "yacht",
        "another long article about xylophones",
        "quince",
    ]
    answers, _ = write(writer, *texts)
    assert all(text in answer for text, answer in zip(texts, answers, strict=True))


# -- What cannot be loaded says why --------------------------------------------------------------------------


def broken(folder: Path, where: Path) -> Path:
    where.mkdir()
    for file in folder.iterdir():
        (where / file.name).write_bytes(file.read_bytes())
    return where


def test_corrupt_weights_are_a_clear_error(folder, tmp_path):
    copy = broken(folder, tmp_path / "cut")
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4000])
    with pytest.raises(ValueError, match="cut cannot be loaded"):
        load_writer(str(copy), device="cpu")


def test_missing_weights_are_a_clear_error(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = broken(folder, tmp_path / "part")
    weights = load_file(copy / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"is not whole: weights are missing, model\.layers\.1\.mlp\.up_proj"):
        load_writer(str(copy), device="cpu")


def test_no_model_at_all_is_a_clear_error(tmp_path):
    with pytest.raises(ValueError, match="cannot be loaded"):
        load_writer(str(tmp_path), device="cpu")


def test_a_tokenizer_that_cannot_write_the_form_is_a_clear_error(folder, tmp_path):
    copy = broken(folder, tmp_path / "mute")
    for name in ("vocab.json", "tokenizer.json"):
        if (copy / name).exists():
            (copy / name).write_text((copy / name).read_text("utf-8").replace('"{":', '"\u0120{":'), "utf-8")
    with pytest.raises(ValueError, match="cannot write the form"):
        load_writer(str(copy), device="cpu")
