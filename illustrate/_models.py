"""The optional models of this chapter, as the settings name them, and how each is loaded. All of them may be absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from curation.serving.types import Batching, Compute, InferRequest, Model, ModelSpec, TensorSpec

_N = (-1,)


@dataclass(frozen=True, slots=True)
class Role:
    """What a setting can put at the door: its signature, and what loads it from a folder or hub id."""

    setting: str
    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    load: Callable[[str], Compute]
    batching: Callable[[], Batching] = Batching


def _text(*names: str) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name, "BYTES", _N) for name in names)


_CONFIDENCE = TensorSpec("confidence", "FP32", _N)


def _load_captioner(source: str) -> Compute:
    from illustrate.describe._torch_vision import load_captioner

    return load_captioner(source, device=settings.MODELS_DEVICE, dtype=_computing())


def _load_questions(source: str) -> Compute:
    from illustrate.describe._torch_vision import load_questions

    return load_questions(source, device=settings.MODELS_DEVICE, dtype=_computing())


def _load_writer(source: str) -> Compute:
    from illustrate.brief._torch_writer import load_writer

    return load_writer(source, device=settings.MODELS_DEVICE, dtype=_computing())


def _load_faces(source: str) -> Compute:
    from illustrate.evaluate._model_faces import load_faces

    return load_faces(source)


def _load_diffusion(source: str) -> Compute:
    from illustrate.render._torch_diffusion import load_diffusion
    from illustrate.styles import reference_sheet

    return load_diffusion(
        source,
        device=settings.MODELS_DEVICE,
        dtype=settings.MODELS_DTYPE,
        offload=settings.DIFFUSION_OFFLOAD,
        adapters=settings.DIFFUSION_ADAPTERS,
        ip_adapter=settings.DIFFUSION_IP_ADAPTER,
        sheet=reference_sheet,
        safety=settings.SAFETY_MODEL,
    )


def _computing() -> str:
    """float8 is a way to store the large one that paints; what reads and writes is small."""
    return "auto" if settings.MODELS_DTYPE == "float8" else settings.MODELS_DTYPE


def pixels(request: InferRequest) -> float:
    """What a request for pictures costs: its pixels. A side that is no number is the model's to refuse."""
    sides = [request.parameters.get(name, 512) for name in ("width", "height")]
    width, height = (side if isinstance(side, int | float) else 512 for side in sides)
    return request.input("prompt").shape[0] * width * height


def _by_pixels() -> Batching:
    # A picture takes seconds: waiting a little longer for company costs nothing.
    return Batching(window_seconds=0.05, max_rows=16, cost=pixels, max_cost=settings.DIFFUSION_BATCH_PIXELS)


DIFFUSION = Role(
    "DIFFUSION_MODEL", "diffusion",
    (*_text("prompt"), TensorSpec("seed", "INT64", _N), *_text("layout")),
    (*_text("image"), TensorSpec("unsafe", "BOOL", _N), *_text("provenance")),
    _load_diffusion, _by_pixels,
)  # fmt: skip
ROLES = (
    DIFFUSION,
    Role("CAPTION_MODEL", "captioner", _text("image"), (*_text("caption"), _CONFIDENCE), _load_captioner),
    Role(
        "QUESTION_MODEL", "questions", _text("image", "question", "options"), (*_text("answer"), _CONFIDENCE),
        _load_questions,
    ),
    Role("BRIEF_MODEL", "writer", _text("text", "language"), (*_text("brief"), _CONFIDENCE), _load_writer),
    Role("FACE_MODEL", "faces", _text("image"), _text("faces"), _load_faces),
)  # fmt: skip


def configured() -> Iterator[Model]:
    """Every model that a setting names, in every version. Raises ImproperlyConfigured."""
    for role in ROLES:
        try:
            named = versions(getattr(settings, role.setting))
        except ValueError as error:
            raise ImproperlyConfigured(f"{role.setting}: {error}") from None
        for version, source in named:
            yield model(role, version, source)


def model(role: Role, version: str, source: str) -> Model:
    def load() -> Compute:
        return role.load(located(source))

    return Model(ModelSpec(role.name, version, "pytorch", role.inputs, role.outputs), load, role.batching())


def located(source: str) -> str:
    """What is written like a path, as it is on this disk; a hub's name as it is. Raises FileNotFoundError: a library
    would take a folder that is not there for the name of a model on a hub.
    """
    if not source.startswith(("/", ".", "~")):
        return source
    path = Path(source).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {source}")
    return str(path)


def versions(setting: str) -> list[tuple[str, str]]:
    """(version, source) in the order written: "PATH" alone is version "1"; "1=PATH 2=PATH" are two.

    Raises ValueError for a version given twice.
    """
    setting = setting.strip()
    if not setting:
        return []
    parts = setting.split()
    if not all(part.partition("=")[0].isalnum() and "=" in part for part in parts):
        return [("1", setting)]  # a path may hold spaces
    found = [(part.partition("=")[0], part.partition("=")[2]) for part in parts]
    if len({version for version, _ in found}) < len(found):
        raise ValueError(f"a version is named twice in {setting!r}")
    return found
