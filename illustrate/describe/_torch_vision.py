"""Models that look at a photo and say what they see, by `transformers`: captions, and answers to questions.

Any `image-text-to-text` model takes both roles (Qwen3-VL, SmolVLM2, Idefics3, Llava and their relatives); Florence-2
writes captions only. Pictures are prepared by Pillow: torchvision is not needed.
"""

from __future__ import annotations

import base64
import binascii
import copy
import gc
import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import torch
from PIL import Image
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageTextToText, StoppingCriteria, StoppingCriteriaList
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
from transformers.utils.logging import disable_progress_bar

from curation.serving.types import Compute, InferRequest, InvalidRequest, OutOfMemory, Running, Tensor
from illustrate import _torch_device

logger = logging.getLogger(__name__)

CAPTION = (
    "Describe this news photograph in one plain sentence: who or what is there, what happens, and where. "
    "Do not name anybody and do not guess."
)
FLORENCE = "florence2"
FLORENCE_TASK = "<MORE_DETAILED_CAPTION>"
CAPTION_TOKENS, ANSWER_TOKENS = 96, 48
TOGETHER = 8  # pictures in one computation
CHOICES_TOGETHER = 16  # answers weighed in one computation; each needs a copy of what was read of the picture
MOST_OPTIONS = 64
FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 4_194_304
# What a processor gives that is as long as the text.
_PER_TOKEN = frozenset(("input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids"))


def load_captioner(source: str, *, device: str = "auto", dtype: str = "auto") -> Compute:
    """From a folder or hub id. Raises ValueError with the reason when its files are not whole, or no such model.

    In: BYTES `image` (n), each the base64 of an encoded picture. Out: BYTES `caption` (n), FP32 `confidence` (n), the
    mean probability of the caption's tokens.
    """
    return Captioner(_loaded(source, device, dtype))


def load_questions(source: str, *, device: str = "auto", dtype: str = "auto") -> Compute:
    """From a folder or hub id. Raises ValueError as `load_captioner` does, and for a model that takes no questions.

    In: BYTES `image`, BYTES `question`, BYTES `options` (n): a JSON list of the answers allowed, or "" for free words.
    Out: BYTES `answer` (n); FP32 `confidence` (n): of an allowed answer its share of the probability of all of them, of
    free words the mean probability of their tokens. Rows that show the same picture share the work of looking at it.
    """
    looker = _loaded(source, device, dtype)
    if not isinstance(looker, _Talker):
        raise ValueError(f"{source}: Florence-2 does fixed tasks and takes no questions; it can be the captioner")
    return Questioner(looker)


# -- At the door ---------------------------------------------------------------------------------------------


@dataclass
class Captioner:
    looker: _Looker

    def __call__(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        images = [_decoded(text) for text in request.input("image").texts()]
        parts = list(_chunks(range(len(images)), TOGETHER))
        said: list[tuple[str, float]] = []
        for turn, rows in enumerate(parts):
            part = _Part(running, turn, len(parts))

            def caption(rows: Sequence[int], part: _Part = part) -> list[tuple[str, float]]:
                return self.looker.caption([images[row] for row in rows], part)

            said += self.looker.halving(caption, rows)
        return _told("caption", said)

    def close(self) -> None:
        self.looker.close()


@dataclass
class Questioner:
    looker: _Talker

    def __call__(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        texts = request.input("image").texts()
        questions = request.input("question").texts()
        options = [_options(text) for text in request.input("options").texts()]
        images = {text: _decoded(text) for text in dict.fromkeys(texts)}
        groups: dict[str, list[int]] = {}  # questions with a choice, by picture
        for row, text in enumerate(texts):
            if options[row]:
                groups.setdefault(text, []).append(row)
        free = list(_chunks([row for row in range(len(texts)) if not options[row]], TOGETHER))
        steps = len(groups) + len(free)
        said: dict[int, tuple[str, float]] = {}
        for turn, (text, rows) in enumerate(groups.items()):
            asked = [(questions[row], options[row]) for row in rows]
            said |= zip(rows, self.looker.choose(images[text], asked, _Part(running, turn, steps)), strict=True)
        for turn, alike in enumerate(free, len(groups)):
            part = _Part(running, turn, steps)

            def say(rows: Sequence[int], part: _Part = part) -> list[tuple[str, float]]:
                shown, asked = [images[texts[row]] for row in rows], [questions[row] for row in rows]
                return self.looker.say(shown, asked, ANSWER_TOKENS, part)

            said |= zip(alike, self.looker.halving(say, alike), strict=True)
        return _told("answer", [said[row] for row in range(len(texts))])

    def close(self) -> None:
        self.looker.close()


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of a computation that is one of several."""

    running: Running
    turn: int
    parts: int

    def step(self, done: int, of: int) -> None:
        self.running.step(self.turn * of + min(done, of), self.parts * of)


def _decoded(text: str) -> Image.Image:
    try:
        body = base64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(body), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidRequest(f"a picture is too large: {image.width}x{image.height}")
            return image.convert("RGB")
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidRequest(f"a picture cannot be read: {error}") from None


def _options(text: str) -> list[str]:
    if not text:
        return []
    try:
        options = orjson.loads(text)
    except ValueError:
        options = None
    if not isinstance(options, list) or not all(isinstance(option, str) and option for option in options):
        raise InvalidRequest(f"options are a JSON list of words, or nothing: {text[:80]!r}")
    if len(options) > MOST_OPTIONS:
        raise InvalidRequest(f"at most {MOST_OPTIONS} options, not {len(options)}")
    return options


def _told(name: str, said: Sequence[tuple[str, float]]) -> tuple[Tensor, ...]:
    return (
        Tensor.of_text(name, [words for words, _ in said]),
        Tensor.of_floats("confidence", np.array([sure for _, sure in said], np.float32)),
    )


def _chunks(rows: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


# -- The models ----------------------------------------------------------------------------------------------


@dataclass
class _Looker:
    """A model with what prepares its pictures and words. One thread uses it."""

    model: Any
    processor: Any

    def caption(self, images: Sequence[Image.Image], running: _Part) -> list[tuple[str, float]]:
        raise NotImplementedError

    def close(self) -> None:
        """Gives the memory back."""
        where = self.model.device.type
        del self.model, self.processor
        gc.collect()
        if where == "cuda":
            torch.cuda.empty_cache()

    def halving(
        self, compute: Callable[[Sequence[int]], list[tuple[str, float]]], rows: Sequence[int]
    ) -> list[tuple[str, float]]:
        """All rows together, or in halves while they do not fit into memory. Raises OutOfMemory when not one fits."""
        try:
            return compute(rows)
        except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            reason = str(error).splitlines()[0] if str(error) else "no memory left"
        # Outside the handler: the traceback holds the frames, and they hold what filled the memory.
        gc.collect()
        if self.model.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(rows) == 1:
            raise OutOfMemory(f"a picture does not fit into memory: {reason}")
        logger.warning("%s pictures do not fit into memory together; halved", len(rows))
        half = len(rows) // 2
        return [*self.halving(compute, rows[:half]), *self.halving(compute, rows[half:])]

    def _generate(self, inputs: Mapping[str, Any], tokens: int, running: _Part) -> list[tuple[str, float]]:
        """The likeliest word each time, without chance: the same picture is described the same way."""
        how = copy.deepcopy(self.model.generation_config)
        how.update(
            do_sample=False, num_beams=1, temperature=None, top_p=None, top_k=None, max_new_tokens=tokens,
            max_length=None, return_dict_in_generate=True, output_scores=True, use_cache=True,
        )  # fmt: skip
        if how.pad_token_id is None:
            how.pad_token_id = self.processor.tokenizer.pad_token_id
        told = StoppingCriteriaList([_Telling(running, tokens)])
        with torch.inference_mode():
            made = self.model.generate(**inputs, generation_config=how, stopping_criteria=told)
        said = made.sequences[:, -len(made.scores) :]
        # Of the model's own distribution, not of one that a penalty for repeating has bent.
        scores = torch.stack(made.scores, dim=1).float().log_softmax(-1)
        likely = scores.gather(-1, said[..., None])[..., 0].exp()
        is_word = self._until_end(said)
        sure = (likely * is_word).sum(1) / is_word.sum(1).clamp(min=1)
        words = self.processor.tokenizer.batch_decode(said, skip_special_tokens=True)
        return [(" ".join(text.split()), float(each)) for text, each in zip(words, sure, strict=True)]

    def _until_end(self, said: torch.Tensor) -> torch.Tensor:
        """1 for every token up to the one that ends the text, it included; 0 for the padding after it."""
        ends = torch.tensor(self.ends, device=said.device, dtype=said.dtype)
        is_end = torch.isin(said, ends).long()
        return (is_end.cumsum(1) - is_end == 0).float()

    @property
    def ends(self) -> list[int]:
        ends = self.model.generation_config.eos_token_id
        if ends is None:
            ends = self.processor.tokenizer.eos_token_id
        return [] if ends is None else list(ends) if isinstance(ends, list | tuple) else [ends]


class _Telling(StoppingCriteria):
    """Tells each token as a step, which ends the computation once nobody waits for it."""

    def __init__(self, running: _Part, tokens: int) -> None:
        self._running, self._tokens, self._done = running, tokens, 0

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        self._done += 1
        self._running.step(self._done, self._tokens)
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


class _Florence(_Looker):
    """Florence-2: told a task, it writes. Tags of places in the picture are special tokens and fall away."""

    def caption(self, images: Sequence[Image.Image], running: _Part) -> list[tuple[str, float]]:
        inputs = self.processor(
            images=list(images), text=[FLORENCE_TASK] * len(images), padding=True, return_tensors="pt"
        )
        return self._generate(inputs.to(self.model.device, self.model.dtype), CAPTION_TOKENS, running)


class _Talker(_Looker):
    """A model that is shown a picture and told what to do in its own chat's form."""

    def caption(self, images: Sequence[Image.Image], running: _Part) -> list[tuple[str, float]]:
        return self.say(images, [CAPTION] * len(images), CAPTION_TOKENS, running)

    def say(
        self, images: Sequence[Image.Image], prompts: Sequence[str], tokens: int, running: _Part
    ) -> list[tuple[str, float]]:
        """Free words, and how sure the model is of them: one picture and one prompt a row."""
        texts = [self._chat(prompt) for prompt in prompts]
        inputs = self.processor(images=list(images), text=texts, padding=True, padding_side="left", return_tensors="pt")
        return self._generate(inputs.to(self.model.device, self.model.dtype), tokens, running)

    def choose(
        self, image: Image.Image, asked: Sequence[tuple[str, Sequence[str]]], running: _Part
    ) -> list[tuple[str, float]]:
        """For each question the likeliest of its options and that one's share of the probability of them all.

        What all questions begin with, the picture above all, is computed once; each question with each of its options
        then continues from there.
        """
        prompts = [self._read(image, self._chat(_with_options(question, options))) for question, options in asked]
        ids = [prompt["input_ids"][0].tolist() for prompt in prompts]
        shared = _shared(ids)
        if self._image_ends(ids[0]) > shared:  # a chat form with the question before the picture
            return [answer for each in asked for answer in self.choose(image, [each], running)]
        scores = self._score(
            self._begun(prompts[0], shared),
            [(number, self._option(option)) for number, (_, options) in enumerate(asked) for option in options],
            [tokens[shared:] for tokens in ids],
            running,
        )  # fmt: skip
        chosen = []
        for _, options in asked:
            share = torch.softmax(torch.tensor([next(scores) for _ in options], dtype=torch.float64), 0)
            best = int(share.argmax())
            chosen.append((options[best], float(share[best])))
        return chosen

    # -- Weighing options ------------------------------------------------------------------------------------

    def _begun(self, prompt: Any, length: int) -> Any:
        """The state of the model after the first tokens of a prompt, its picture included."""
        begun = {name: value[:, :length] if name in _PER_TOKEN else value for name, value in prompt.items()}
        with torch.inference_mode():
            return self.model(**begun, use_cache=True, logits_to_keep=1).past_key_values

    def _score(
        self, begun: Any, choices: Sequence[tuple[int, list[int]]], endings: Sequence[list[int]], running: _Part
    ) -> Iterator[float]:
        """The log-probability of each choice's tokens after its question, in the order given."""
        for part in _chunks(range(len(choices)), CHOICES_TOGETHER):
            running.step(part[0], len(choices))
            rows = [(endings[choices[row][0]], choices[row][1]) for row in part]
            longest = max(len(ending) + len(option) for ending, option in rows)
            tokens = torch.zeros((len(rows), longest), dtype=torch.long)
            for number, (ending, option) in enumerate(rows):
                tokens[number, : len(ending) + len(option)] = torch.tensor(ending + option)
            state = copy.deepcopy(begun)
            state.batch_repeat_interleave(len(rows))
            # No mask: what fills a row up comes after all that is read from it.
            with torch.inference_mode():
                logits = self.model(
                    input_ids=tokens.to(self.model.device), past_key_values=state, use_cache=True
                ).logits.float()
            likely = torch.log_softmax(logits, -1).cpu()
            for number, (ending, option) in enumerate(rows):
                places = torch.arange(len(ending) - 1, len(ending) + len(option) - 1)
                yield float(likely[number, places, torch.tensor(option)].sum())

    def _option(self, option: str) -> list[int]:
        """Its tokens, and the one that ends an answer: "one person" is not the beginning of a longer answer."""
        begins = option if self._chat("")[-1:].isspace() else f" {option}"  # some forms end in "Assistant:"
        tokens = self.processor.tokenizer(begins, add_special_tokens=False)["input_ids"]
        return [*tokens, *self.ends[:1]]

    def _read(self, image: Image.Image, text: str) -> Any:
        return self.processor(images=[image], text=[text], return_tensors="pt").to(self.model.device, self.model.dtype)

    def _image_ends(self, ids: Sequence[int]) -> int:
        """The place after the picture's last token."""
        config = self.model.config
        image = getattr(config, "image_token_id", None) or getattr(config, "image_token_index", None)
        return len(ids) - ids[::-1].index(image) if image in ids else 0

    def _chat(self, prompt: str) -> str:
        if self.processor.chat_template is None:
            return f"{self.processor.image_token}\n{prompt}\n"
        message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}
        return str(self.processor.apply_chat_template([message], add_generation_prompt=True))


def _with_options(question: str, options: Sequence[str]) -> str:
    """Told what it may say, a model spends its probability there and not on wordings of its own."""
    return f"{question} Answer with one of these and nothing else: {'; '.join(options)}."


def _shared(sequences: Sequence[Sequence[int]]) -> int:
    """How many tokens all begin with; at least one of each is left, for something must be computed after them."""
    most = min(len(sequence) for sequence in sequences) - 1
    return next((place for place in range(most) if len({sequence[place] for sequence in sequences}) > 1), most)


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)


# -- Loading -------------------------------------------------------------------------------------------------


def _loaded(source: str, device: str, dtype: str) -> _Looker:
    """Weights are read without unpickling, and code that comes with them is not run."""
    where = _torch_device.device(device)
    disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(source)
        load: Callable[..., Any] = AutoModelForImageTextToText.from_pretrained
        model, told = load(
            source, config=config, dtype=_torch_device.dtype(dtype, where), use_safetensors=True,
            output_loading_info=True,
        )  # fmt: skip
        processor = _processor(source, config)
    except (OSError, SafetensorError, KeyError, TypeError, RuntimeError, ValueError, ImportError) as error:
        raise ValueError(f"{source} cannot be loaded: {' '.join(str(error).split())[:400]}") from error
    if missing := sorted(told["missing_keys"]):
        raise ValueError(f"{source} is not whole: weights are missing, {missing[0]} for one ({len(missing)} in all)")
    if processor.tokenizer.pad_token_id is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    # Tiles multiply the work of looking by ten and more, for print too small to matter here.
    if hasattr(processor.image_processor, "do_image_splitting"):
        processor.image_processor.do_image_splitting = False
    kind = _Florence if config.model_type == FLORENCE else _Talker
    return kind(model.eval().to(where), processor)


def _processor(source: str, config: Any) -> Any:
    """What turns pictures and words into tensors, without its part for films: that needs torchvision, and more."""
    from transformers import Idefics3Processor

    # SmolVLM's differs from Idefics3's in films only.
    known: Any = Idefics3Processor if config.model_type == "smolvlm" else PROCESSOR_MAPPING[type(config)]
    if "video_processor" in known.get_attributes():
        known = type(known.__name__, (known,), {"get_attributes": classmethod(_without_films)})
    return known.from_pretrained(source, backend="pil")


def _without_films(kind: Any) -> list[str]:
    return [name for name in super(kind, kind).get_attributes() if name != "video_processor"]
