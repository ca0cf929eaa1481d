"""The models that look at photos: production loading, batching and weighing, on real classes with random weights."""

from __future__ import annotations

import base64
import io
import json
import warnings
from pathlib import Path

import numpy as np
import orjson
import pytest
from PIL import Image

from curation.serving.types import Cancelled, InferRequest, InvalidRequest, OutOfMemory, Running, Tensor
from tests.unit.illustrate import tiny_vision

TALKERS = ("qwen3_vl", "smolvlm", "llava")
FAMILIES = (*TALKERS, "florence2")


def photo(seed: int, width: int = 96, height: int = 64) -> str:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return base64.b64encode(body.getvalue()).decode()


SHOWN = [photo(1), photo(2, 50, 90), photo(3, 64, 64)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Each family's folder, made when it is first asked for."""
    made: dict[str, Path] = {}

    def folder(family: str) -> Path:
        if family not in made:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made[family] = getattr(tiny_vision, family)(tmp_path_factory.mktemp(family))
        return made[family]

    return folder


@pytest.fixture(autouse=True)
def few_words(monkeypatch):
    from illustrate.describe import _torch_vision

    monkeypatch.setattr(_torch_vision, "CAPTION_TOKENS", 8)
    monkeypatch.setattr(_torch_vision, "ANSWER_TOKENS", 4)


@pytest.fixture(scope="module")
def loaded(saved):
    from illustrate.describe import _torch_vision

    made: dict[tuple[str, str], object] = {}

    def model(family: str, role: str):
        if (family, role) not in made:
            load = {"captioner": _torch_vision.load_captioner, "questions": _torch_vision.load_questions}[role]
            made[family, role] = load(str(saved(family)), device="cpu", dtype="float32")
        return made[family, role]

    return model


def caption(model, images, running=None):
    said, sure = model(InferRequest((Tensor.of_text("image", images),)), running or Running())
    return said.texts(), sure.array()


def ask(model, *rows: tuple[str, str, list[str]], running=None):
    images, questions, options = zip(*rows, strict=True)
    said, sure = model(
        InferRequest(
            (
                Tensor.of_text("image", images),
                Tensor.of_text("question", questions),
                Tensor.of_text("options", [orjson.dumps(each).decode() if each else "" for each in options]),
            )
        ),
        running or Running(),
    )
    return said.texts(), sure.array()


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_of_several_sizes_are_captioned_together_as_they_are_alone(loaded, family):
    model = loaded(family, "captioner")
    together, sure = caption(model, SHOWN)
    assert all(together)
    assert ((sure > 0) & (sure < 1)).all()
    for image, words, confidence in zip(SHOWN, together, sure, strict=True):
        alone, alone_sure = caption(model, [image])
        assert alone == [words]
        assert alone_sure[0] == pytest.approx(confidence, rel=1e-3)


def test_what_comes_after_a_captions_end_does_not_count(loaded, monkeypatch):
    model = loaded("llava", "captioner")
    tokenizer, said = type(model.looker.processor.tokenizer), []
    decode = tokenizer.batch_decode
    monkeypatch.setattr(
        tokenizer, "batch_decode", lambda self, ids, **how: said.append(ids) or decode(self, ids, **how)
    )
    caption(model, SHOWN)
    rows = said.pop().tolist()
    # Let one caption end where another goes on.
    lengths = {token: {row.index(token) if token in row else len(row) for row in rows} for row in rows for token in row}
    end = max(lengths, key=lambda token: len(lengths[token]))
    monkeypatch.setattr(model.looker.model.generation_config, "eos_token_id", end)
    together, sure = caption(model, SHOWN)
    assert len(lengths[end]) > 1
    for image, words, confidence in zip(SHOWN, together, sure, strict=True):
        alone, alone_sure = caption(model, [image])
        assert alone == [words]
        assert alone_sure[0] == pytest.approx(confidence, rel=1e-4)


def test_florence_says_what_its_own_processor_reads_out_of_it(loaded):
    from illustrate.describe._torch_vision import FLORENCE_TASK

    looker = loaded("florence2", "captioner").looker
    image = Image.open(io.BytesIO(base64.b64decode(SHOWN[0])))
    inputs = looker.processor(images=[image], text=[FLORENCE_TASK], return_tensors="pt")
    made = looker.model.generate(**inputs, do_sample=False, max_new_tokens=8)
    written = looker.processor.decode(made[0], skip_special_tokens=False)
    read = looker.processor.post_process_generation(written, task=FLORENCE_TASK)[FLORENCE_TASK]
    assert caption(loaded("florence2", "captioner"), SHOWN[:1])[0] == [" ".join(read.split())]
    # Places that it may name beside things are special tokens, and fall away.
    tokens = looker.processor.tokenizer("a boat<loc_3> at sea</s>", add_special_tokens=False)["input_ids"]
    assert looker.processor.tokenizer.decode(tokens, skip_special_tokens=True) == "a boat at sea"


def test_florence_is_not_asked_questions(saved):
    from illustrate.describe._torch_vision import load_questions

    with pytest.raises(ValueError, match="takes no questions"):
        load_questions(str(saved("florence2")), device="cpu")


@pytest.mark.parametrize("family", TALKERS)
def test_an_option_weighs_what_the_whole_text_with_it_weighs(loaded, family):
    """The shared beginning is computed once: the shares must be those of every text computed whole."""
    import torch

    model = loaded(family, "questions")
    looker = model.looker
    options = ["one person", "two people", "many faces"]  # as long as each other: a shorter one would win by that alone
    questions = ["How many?", "Who is there at all?"]
    said, sure = ask(model, *((SHOWN[0], question, options) for question in questions))
    image = Image.open(io.BytesIO(base64.b64decode(SHOWN[0]))).convert("RGB")
    from illustrate.describe._torch_vision import _with_options

    for question, words, confidence in zip(questions, said, sure, strict=True):
        scores = []
        for option in options:
            inputs = looker._read(image, looker._chat(_with_options(question, options)))
            begun = inputs["input_ids"].shape[1]
            tokens = torch.tensor([looker._option(option)])
            more = {"input_ids": torch.cat([inputs["input_ids"], tokens], 1)}
            for name in ("attention_mask", "mm_token_type_ids"):
                if name in inputs:
                    filler = torch.full_like(tokens, int(name == "attention_mask"))
                    more[name] = torch.cat([inputs[name], filler], 1)
            with torch.inference_mode():
                logits = looker.model(**{**inputs, **more}).logits.log_softmax(-1)[0]
            scores.append(sum(float(logits[begun - 1 + place, token]) for place, token in enumerate(tokens[0])))
        share = torch.softmax(torch.tensor(scores, dtype=torch.float64), 0)
        assert words == options[int(share.argmax())]
        assert confidence == pytest.approx(float(share.max()), abs=1e-5)
        assert confidence < 0.9  # else any weighing would do


@pytest.mark.parametrize(("family", "begins"), [("qwen3_vl", "one"), ("smolvlm", " one"), ("llava", "one")])
def test_an_option_is_weighed_as_the_whole_answer_after_the_chats_form(loaded, family, begins):
    looker = loaded(family, "questions").looker
    tokens = looker._option("one")
    assert looker.processor.tokenizer.decode(tokens[:-1]) == begins
    assert tokens[-1] in looker.ends


@pytest.mark.parametrize("family", TALKERS)
def test_questions_get_an_allowed_answer_or_free_words_and_keep_their_places(loaded, family):
    model = loaded(family, "questions")
    rows = [
        (SHOWN[0], "How many people?", ["nobody", "one person", "a crowd"]),
        (SHOWN[1], "What stands out?", []),
        (SHOWN[1], "Where is it?", ["indoors", "outdoors"]),
        (SHOWN[0], "What stands out?", []),
        (SHOWN[0], "When is it?", ["by day", "at night"]),
    ]
    said, sure = ask(model, *rows)
    for (_, _, options), words, confidence in zip(rows, said, sure, strict=True):
        assert not options or words in options
        assert not options or 1 / len(options) <= confidence <= 1
        assert 0 < confidence <= 1
    for row, words, confidence in zip(rows, said, sure, strict=True):
        alone, alone_sure = ask(model, row)
        assert alone == [words]
        assert alone_sure[0] == pytest.approx(confidence, rel=1e-3)


def test_the_fixed_questions_are_answered(loaded):
    from illustrate.describe.questions import QUESTIONS, Answer, decide

    said, sure = ask(
        loaded("qwen3_vl", "questions"), *((SHOWN[0], each.text, list(each.options)) for each in QUESTIONS)
    )
    for question, words in zip(QUESTIONS, said, strict=True):
        assert not question.options or words in question.options
    answers = {
        question.key: Answer(words, float(confidence))
        for question, words, confidence in zip(QUESTIONS, said, sure, strict=True)
    }
    assert decide(answers) is not None


class GoneAfter(Running):
    def __init__(self, steps: int) -> None:
        self.left = steps
        self.told: list[tuple[int, int]] = []

    def step(self, done: int, of: int) -> None:
        self.told.append((done, of))
        self.left -= 1
        if self.left < 0:
            raise Cancelled("nobody waits")


def test_a_caption_is_given_up_once_nobody_waits_for_it(loaded):
    running = GoneAfter(3)
    with pytest.raises(Cancelled):
        caption(loaded("llava", "captioner"), SHOWN, running)
    assert len(running.told) == 4


def test_weighing_many_options_is_given_up_once_nobody_waits_for_it(loaded, monkeypatch):
    from illustrate.describe import _torch_vision

    monkeypatch.setattr(_torch_vision, "CHOICES_TOGETHER", 2)
    running = GoneAfter(2)
    with pytest.raises(Cancelled):
        ask(loaded("llava", "questions"), (SHOWN[0], "Which?", list("abcdefghij")), running=running)
    assert running.told == [(0, 10), (2, 10), (4, 10)]


def test_progress_of_several_parts_only_rises_and_ends_whole(loaded, monkeypatch):
    from illustrate.describe import _torch_vision

    monkeypatch.setattr(_torch_vision, "TOGETHER", 1)
    running = GoneAfter(10_000)
    caption(loaded("llava", "captioner"), SHOWN, running)
    shares = [done / of for done, of in running.told]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert shares[-1] <= 1


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("no base64!", "cannot be read"),
        (base64.b64encode(b"GIF89a").decode(), "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_what_is_no_picture_is_the_callers_fault(loaded, image, reason):
    with pytest.raises(InvalidRequest, match=reason):
        caption(loaded("llava", "captioner"), [image])


@pytest.mark.parametrize("options", ["{}", "not json", "[1, 2]", '[""]', json.dumps(["a"] * 65)])
def test_options_that_are_no_list_of_words_are_the_callers_fault(loaded, options):
    request = InferRequest(
        (Tensor.of_text("image", SHOWN[:1]), Tensor.of_text("question", ["?"]), Tensor.of_text("options", [options]))
    )
    with pytest.raises(InvalidRequest, match="options"):
        loaded("llava", "questions")(request, Running())


def test_pictures_that_do_not_fit_into_memory_together_are_halved(loaded, monkeypatch):
    model = loaded("llava", "captioner")
    whole, sizes = type(model.looker).caption, []

    def small_memory(self, images, running):
        sizes.append(len(images))
        if len(images) > 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")
        return whole(self, images, running)

    expected, _ = caption(model, SHOWN)
    monkeypatch.setattr(type(model.looker), "caption", small_memory)
    assert caption(model, SHOWN)[0] == expected
    assert sizes == [3, 1, 2, 1, 1]


def test_not_even_one_picture_fits_into_memory(loaded, monkeypatch):
    model = loaded("llava", "captioner")

    def no_memory(self, images, running):
        raise MemoryError

    monkeypatch.setattr(type(model.looker), "caption", no_memory)
    with pytest.raises(OutOfMemory, match="does not fit"):
        caption(model, SHOWN)


# -- Files that are not whole --------------------------------------------------------------------------------


@pytest.fixture
def copied(saved, tmp_path):
    """A copy of Llava's folder, to be damaged."""
    for file in saved("llava").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_weights_cut_short_are_refused_with_the_folders_name(copied):
    from illustrate.describe._torch_vision import load_captioner

    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=f"{copied.name} cannot be loaded"):
        load_captioner(str(copied), device="cpu")


def test_weights_that_lack_a_part_are_refused_and_not_made_up(copied):
    from safetensors.torch import load_file, save_file

    from illustrate.describe._torch_vision import load_captioner

    weights = load_file(copied / "model.safetensors")
    lost = sorted(weights)[0]
    save_file(
        {name: value for name, value in weights.items() if name != lost}, copied / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(ValueError, match="not whole"):
        load_captioner(str(copied), device="cpu")


def test_a_folder_without_a_model_says_so(tmp_path):
    from illustrate.describe._torch_vision import load_captioner

    with pytest.raises(ValueError, match="cannot be loaded"):
        load_captioner(str(tmp_path), device="cpu")


def test_pickled_weights_are_not_read(copied):
    import torch

    from illustrate.describe._torch_vision import load_captioner

    (copied / "model.safetensors").unlink()
    torch.save({}, copied / "pytorch_model.bin")
    with pytest.raises(ValueError, match="safetensors"):
        load_captioner(str(copied), device="cpu")


# -- Through the door ----------------------------------------------------------------------------------------


@pytest.fixture
def door(settings, monkeypatch):
    """The models that the settings name, in this process."""
    from curation.serving import queries
    from curation.serving._local import LocalDriver
    from curation.serving._registry import Registry
    from illustrate import _models

    drivers = []

    def put(captioner: Path, questions: Path) -> None:
        settings.CAPTION_MODEL, settings.QUESTION_MODEL = str(captioner), str(questions)
        settings.MODELS_DEVICE = "cpu"
        drivers.append(LocalDriver(Registry(_models.configured())))
        monkeypatch.setattr(queries, "_driver", lambda url: drivers[-1])

    yield put
    for driver in drivers:
        driver.close()


def test_a_photo_is_described_by_the_models_that_the_settings_name(door, saved):
    from illustrate.describe.photo import describe
    from illustrate.describe.questions import QUESTIONS

    door(saved("florence2"), saved("qwen3_vl"))
    facts = describe(base64.b64decode(SHOWN[0]))
    assert facts.unavailable == ""
    assert facts.seen
    assert facts.source == f"{saved('florence2').name} + {saved('qwen3_vl').name}"
    assert list(facts.raw) == [question.key for question in QUESTIONS]
    assert all(facts.raw[each.key]["answer"] in each.options for each in QUESTIONS if each.options)


def test_weights_that_are_not_whole_leave_the_photo_to_the_default_and_say_so(door, copied, saved):
    from illustrate.describe.photo import describe

    (copied / "model.safetensors").write_bytes(b"no weights")
    door(copied, saved("florence2"))
    facts = describe(base64.b64decode(SHOWN[0]))
    assert (facts.seen, facts.facts, facts.source) == ("", {}, "default")
    assert facts.palette
    assert "cannot be loaded" in facts.unavailable
    assert "takes no questions" in facts.unavailable
