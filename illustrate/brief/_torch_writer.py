"""A small text model that reads an article for its brief, by `transformers`; `outlines` holds it to the form.

Any causal language model by folder or hub id. It is greedy, so that the same article is read the same way, and it
cannot answer anything but one JSON object of the form: the form is a regular expression, and of each next token only
those that can still end well are left.
"""

from __future__ import annotations

import copy
import gc
import json
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from outlines import from_transformers
from outlines.backends.outlines_core import Guide, Index, OutlinesCoreBackend
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, LogitsProcessor, LogitsProcessorList

from curation.serving.types import Compute, InferRequest, OutOfMemory, Running, Tensor
from illustrate import _torch_device
from illustrate.brief.phrases import PHRASES, WORDS
from illustrate.brief.writer import answer_type, settings, verbs
from illustrate.types import MOODS

logger = logging.getLogger(__name__)

PROMPT_VERSION = 1
TOGETHER = 8  # articles in one computation
TEXT_CHARACTERS = 800
LETTERS = 16  # of one word of a phrase, after which it must end: nothing else bounds it
MAX_TOKENS = PHRASES * WORDS * (LETTERS + 1) + 256  # more than the longest answer has, a letter a token
PROMPT = """\
You prepare briefs for the illustrator of a newspaper. Read the article and answer with one JSON object:
"mood": how it feels to the people in it;
"verb": what happens, "" if nothing in particular;
"setting": where it plays, "" if unknown;
"time_of_day";
"season", "" if unknown;
"phrases": up to {phrases} English phrases of at most {words} words in small letters that say what could be drawn,
the most telling first. Never write the name of a person, a firm or a place: write what they are ("a president",
"a bank", "a harbour town").
Moods: {moods}. Verbs: {verbs}. Settings: {settings}.

Article ({language}):
{text}
"""
LANGUAGES = {"en": "English", "ko": "Korean"}


def load_writer(source: str, *, device: str = "auto", dtype: str = "auto") -> Compute:
    """From a folder or hub id. Raises ValueError with the reason when its files are not whole, or no such model.

    In: BYTES `text` (n), an article in English without names; BYTES `language` (n), "en". Out: BYTES `brief` (n), a
    JSON object as `writer.answer_type` has it; FP32 `confidence` (n): the mean probability of the tokens chosen, among
    those that the form allowed, where it allowed more than one.
    """
    where = _torch_device.device(device)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            source, dtype=_torch_device.dtype(dtype, where), use_safetensors=True, output_loading_info=True
        )
    except (OSError, SafetensorError, KeyError, TypeError, RuntimeError, ValueError, ImportError) as error:
        raise ValueError(f"{source} cannot be loaded: {' '.join(str(error).split())[:400]}") from error
    model, told = loaded
    if missing := sorted(told["missing_keys"]):
        raise ValueError(f"{source} is not whole: weights are missing, {missing[0]} for one ({len(missing)} in all)")
    if tokenizer.eos_token_id is None:
        raise ValueError(f"{source} has no token that ends a text")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return Writer(model.eval().to(where), tokenizer)


class Writer:
    """One thread uses it."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer
        told = from_transformers(model, tokenizer)  # pads on the left from here on
        schema = json.dumps(answer_type().model_json_schema())
        try:
            self._form: Index = OutlinesCoreBackend(told).get_json_schema_logits_processor(schema).index
        except ValueError as error:
            raise ValueError(f"the model's tokens cannot write the form of a brief: {error}") from error
        self._words = [told.tokenizer.convert_token_to_string(each) for each in _tokens(tokenizer)]

    def __call__(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        prompts = [
            self._prompt(text, language)
            for text, language in zip(request.input("text").texts(), request.input("language").texts(), strict=True)
        ]
        briefs: list[str] = []
        sure: list[float] = []
        # Longest beside longest: what fills a row up is computed too.
        order = sorted(range(len(prompts)), key=lambda row: len(prompts[row]))
        parts = [order[start : start + TOGETHER] for start in range(0, len(order), TOGETHER)]
        for turn, rows in enumerate(parts):
            answers = self._answers([prompts[row] for row in rows], running, turn, len(parts))
            briefs += [text for text, _ in answers]
            sure += [confidence for _, confidence in answers]
        back = np.argsort(order)
        return (
            Tensor.of_text("brief", [briefs[place] for place in back]),
            Tensor.of_floats("confidence", np.array(sure, np.float32)[back]),
        )

    def close(self) -> None:
        """Gives the memory back."""
        where = self._model.device.type
        del self._model, self._tokenizer, self._form
        gc.collect()
        if where == "cuda":
            torch.cuda.empty_cache()

    def _prompt(self, text: str, language: str) -> str:
        asked = PROMPT.format(
            phrases=PHRASES, words=WORDS, moods=", ".join(MOODS), verbs=", ".join(filter(None, verbs())),
            settings=", ".join(filter(None, settings())), language=LANGUAGES.get(language, language),
            text=" ".join(text.split())[:TEXT_CHARACTERS],
        )  # fmt: skip
        if not self._tokenizer.chat_template:
            return f"{asked}\nJSON:\n"
        # A model that thinks aloud first is asked not to; other templates do not know the word.
        return str(
            self._tokenizer.apply_chat_template(
                [{"role": "user", "content": asked}], tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        )

    def _answers(self, prompts: Sequence[str], running: Running, turn: int, turns: int) -> list[tuple[str, float]]:
        try:
            return self._generate(prompts, running, turn, turns)
        except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
            if not isinstance(error, torch.OutOfMemoryError | MemoryError) and "allocate memory" not in str(error):
                raise
            reason = str(error).splitlines()[0] if str(error) else "no memory left"
        # Outside the handler: the traceback holds the frames, and they hold what filled the memory.
        gc.collect()
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(prompts) == 1:
            raise OutOfMemory(f"an article does not fit into memory: {reason}")
        logger.warning("%s articles do not fit into memory together; halved", len(prompts))
        half = len(prompts) // 2
        return [
            *self._answers(prompts[:half], running, turn, turns),
            *self._answers(prompts[half:], running, turn, turns),
        ]

    def _generate(self, prompts: Sequence[str], running: Running, turn: int, turns: int) -> list[tuple[str, float]]:
        # A chat's form has its own beginning already.
        is_chat = bool(self._tokenizer.chat_template)
        inputs = self._tokenizer(list(prompts), return_tensors="pt", padding=True, add_special_tokens=not is_chat)
        inputs = {key: inputs[key].to(self._model.device) for key in ("input_ids", "attention_mask")}
        form = _Form(self._form, self._words, self._tokenizer.eos_token_id, len(prompts), running, turn, turns)
        how = copy.deepcopy(self._model.generation_config)
        how.update(
            do_sample=False, num_beams=1, temperature=None, top_p=None, top_k=None, repetition_penalty=None,
            max_new_tokens=MAX_TOKENS, max_length=None, use_cache=True, eos_token_id=self._tokenizer.eos_token_id,
            pad_token_id=self._tokenizer.pad_token_id,
        )  # fmt: skip
        with torch.inference_mode():
            made = self._model.generate(**inputs, generation_config=how, logits_processor=LogitsProcessorList([form]))
        said = made[:, inputs["input_ids"].shape[1] :]
        texts = self._tokenizer.batch_decode(said, skip_special_tokens=True)
        return list(zip(texts, form.confidence(), strict=True))


def _tokens(tokenizer: Any) -> list[str]:
    """By number; "" where a number has none."""
    vocabulary = tokenizer.get_vocab()
    tokens = [""] * (max(vocabulary.values()) + 1)
    for token, number in vocabulary.items():
        tokens[number] = token
    return tokens


@dataclass
class _Row:
    guide: Guide
    letters: int = 0  # at the end of what is written
    sure: float = 0.0
    choices: int = 0
    is_over: bool = False


class _Form(LogitsProcessor):
    """Of each next token, leaves those that the form allows, and notes how sure the model is of the one it takes."""

    def __init__(
        self, index: Index, words: Sequence[str], end: int, rows: int, running: Running, turn: int, turns: int
    ) -> None:
        self._rows = [_Row(Guide(index)) for _ in range(rows)]
        self._words, self._end = words, end
        self._running, self._turn, self._turns = running, turn, turns
        self._begins = torch.tensor([word[:1].isalpha() for word in words])
        self._step = 0

    def confidence(self) -> list[float]:
        return [row.sure / row.choices if row.choices else 0.0 for row in self._rows]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> Any:
        self._running.step(self._turn * MAX_TOKENS + self._step, self._turns * MAX_TOKENS)
        if self._step:
            for row, token in zip(self._rows, input_ids[:, -1].tolist(), strict=True):
                self._advance(row, token)
        self._step += 1
        allowed = torch.stack([self._allowed(row, scores.shape[1]) for row in self._rows]).to(scores.device)
        left = torch.where(allowed, scores.float(), -math.inf)
        likely = left.softmax(-1).max(-1).values.tolist()
        choices = allowed.sum(-1).tolist()
        for row, sure, count in zip(self._rows, likely, choices, strict=True):
            if count > 1 and not row.is_over:
                row.sure += sure
                row.choices += 1
        return left

    def _advance(self, row: _Row, token: int) -> None:
        if row.is_over:
            return
        if token == self._end:
            row.is_over = True
            return
        row.guide.advance(token, return_tokens=False)
        word = self._words[token]
        tail = len(word) - len(word.rstrip("abcdefghijklmnopqrstuvwxyz"))
        row.letters = row.letters + tail if tail == len(word) else tail

    def _allowed(self, row: _Row, size: int) -> torch.Tensor:
        """bool (size,)."""
        allowed = torch.zeros(size, dtype=torch.bool)
        if row.is_over:
            allowed[self._end] = True  # what is written after the end is padding
            return allowed
        # What outlines brings for this imports the whole compiler of torch.
        mask = torch.zeros((size + 31) // 32, dtype=torch.int32)
        row.guide.write_mask_into(mask.data_ptr(), mask.numel(), mask.element_size())
        bits = torch.bitwise_right_shift(mask[:, None], torch.arange(32, dtype=torch.int32)) & 1
        allowed |= bits.bool().view(-1)[:size]
        if row.letters >= LETTERS:
            shorter = allowed.clone()
            shorter[: len(self._begins)] &= ~self._begins[:size]
            allowed = shorter if shorter.any() else allowed
        return allowed
