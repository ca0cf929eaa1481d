"""Any `diffusers` text-to-image pipeline as a model at the door: prompts, seeds and layouts in, pictures out.

One thread uses a painter. The weights are shared by all requests; each request has a scheduler of its own, because
schedulers keep state.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import inspect
import io
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import orjson
import torch
from diffusers import AutoPipelineForImage2Image, AutoPipelineForText2Image, DiffusionPipeline
from PIL import Image

from curation.serving.types import Compute, InferRequest, InvalidRequest, OutOfMemory, Running, Tensor
from illustrate import _torch_device

logger = logging.getLogger(__name__)

MULTIPLE = 16  # pixels: what every family's latents and patches divide
SIDES = (64, 2048)  # shortest and longest side in pixels
MOST_STEPS = 100
MOST_ROWS = 16
MAX_LAYOUT_PIXELS = 4_194_304
IP_ADAPTER_SCALE = 0.6  # how much the look's sheet says beside the prompt
# What another request may set; everything else belongs to the loaded model.
PARAMETERS = frozenset(
    ("width", "height", "steps", "guidance", "strength", "scheduler", "adapter", "adapter_scale", "negative", "style")
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One request's numbers, checked. `strength` 0 keeps the layout, 1 forgets it."""

    width: int
    height: int
    steps: int
    guidance: float | None  # None: the pipeline's own
    strength: float
    scheduler: str  # class name, "" for the pipeline's own
    adapter: str
    adapter_scale: float
    negative: str
    style: str  # slug of the look whose sheet is shown to the model, where it can look at one

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Wish:
        """Raises InvalidRequest."""
        known = {name: parameters[name] for name in PARAMETERS if name in parameters}
        try:
            wish = cls(
                width=int(known.get("width", 512)),
                height=int(known.get("height", 512)),
                steps=int(known.get("steps", 4)),
                guidance=float(known["guidance"]) if "guidance" in known else None,
                strength=float(known.get("strength", 0.7)),
                scheduler=str(known.get("scheduler", "")),
                adapter=str(known.get("adapter", "")),
                adapter_scale=float(known.get("adapter_scale", 1.0)),
                negative=str(known.get("negative", "")),
                style=str(known.get("style", "")),
            )
        except (TypeError, ValueError) as error:
            raise InvalidRequest(f"a parameter is not a number: {error}") from None
        if not (SIDES[0] <= wish.width <= SIDES[1] and SIDES[0] <= wish.height <= SIDES[1]):
            raise InvalidRequest(f"a side is {SIDES[0]} to {SIDES[1]} pixels, not {wish.width}x{wish.height}")
        if not 1 <= wish.steps <= MOST_STEPS:
            raise InvalidRequest(f"steps are 1 to {MOST_STEPS}, not {wish.steps}")
        if not 0 < wish.strength <= 1:
            raise InvalidRequest(f"strength lies above 0 and up to 1, not at {wish.strength:g}")
        for value in (wish.guidance, wish.adapter_scale):
            if value is not None and not (math.isfinite(value) and -100 <= value <= 100):
                raise InvalidRequest(f"{value} is no weight")
        return wish


@dataclass
class Painter:
    """A loaded pipeline with what it may do. `adapters` are LoRA folders or files by name."""

    pipeline: Any  # a DiffusionPipeline of any family
    source: str
    revision: str
    device: torch.device
    dtype: str = ""
    offload: str = "none"
    adapters: Mapping[str, str] = field(default_factory=dict)
    is_unsafe: Callable[[Sequence[Image.Image]], list[bool]] | None = None
    sheet: Callable[[str], Image.Image] | None = None  # a look's examples on one sheet; raises KeyError
    has_ip_adapter: bool = False  # it looks at the sheet through one
    _in_use: dict[str, str] = field(default_factory=dict)  # adapter → fingerprint of what is loaded

    def __call__(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        wish = Wish.of(request.parameters)
        prompts = request.input("prompt").texts()
        seeds = [int(seed) for seed in request.input("seed").array()]
        layouts = [_layout(text) for text in request.input("layout").texts()]
        if len(prompts) > MOST_ROWS:
            raise InvalidRequest(f"at most {MOST_ROWS} pictures in one request, not {len(prompts)}")
        self._use_adapter(wish)
        self._sheet(wish)  # an unknown look is refused before anything is computed
        painted = self._paint(prompts, seeds, layouts, wish, running)
        unsafe = self.is_unsafe([image for image, _ in painted]) if self.is_unsafe else [False] * len(painted)
        told = [self._provenance(wish, layout is not None) for layout in layouts]
        return (
            Tensor.of_text("image", [_png(image) for image, _ in painted]),
            Tensor("unsafe", "BOOL", (len(painted),), np.array([
                flagged or said for (_, flagged), said in zip(painted, unsafe, strict=True)
            ])),
            Tensor.of_text("provenance", [orjson.dumps(each).decode() for each in told]),
        )  # fmt: skip

    def close(self) -> None:
        """Gives the memory back."""
        del self.pipeline
        self.is_unsafe = None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    # -- Painting --------------------------------------------------------------------------------------------

    def _paint(
        self,
        prompts: list[str],
        seeds: list[int],
        layouts: list[Image.Image | None],
        wish: Wish,
        running: Running,
    ) -> list[tuple[Image.Image, bool]]:
        """(picture, whether the pipeline's own checker flagged it), in the order asked.

        Rows that cannot be computed together go one after the other; what does not fit into memory is halved.
        Raises OutOfMemory when not even one fits.
        """
        groups = self._together(layouts)
        out: list[tuple[Image.Image, bool] | None] = [None] * len(prompts)
        for turn, rows in enumerate(groups):

            def step(done: int, of: int, before: int = turn) -> None:
                # Image-to-image makes fewer steps than asked; progress is told in what was asked.
                running.step(before * wish.steps + round(done / of * wish.steps), len(groups) * wish.steps)

            pictures = self._halving(
                [prompts[row] for row in rows], [seeds[row] for row in rows], [layouts[row] for row in rows], wish, step
            )
            for row, picture in zip(rows, pictures, strict=True):
                out[row] = picture
        return [picture for picture in out if picture is not None]

    def _together(self, layouts: list[Image.Image | None]) -> list[list[int]]:
        """Rows that one call can compute: with a layout or without; a reference picture is a whole call's."""
        bare = [row for row, layout in enumerate(layouts) if layout is None or self.layout_way == "ignored"]
        laid = [row for row in range(len(layouts)) if row not in set(bare)]
        groups = [[row] for row in laid] if self.layout_way == "reference" else [laid]
        return [group for group in (bare, *groups) if group]

    def _halving(
        self,
        prompts: list[str],
        seeds: list[int],
        layouts: list[Image.Image | None],
        wish: Wish,
        step: Callable[[int, int], None],
    ) -> list[tuple[Image.Image, bool]]:
        try:
            return self._call(prompts, seeds, layouts, wish, step)
        except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            reason = str(error).splitlines()[0]
        # Outside the handler: the traceback holds the frames, and they hold what filled the memory.
        self._after_trouble()
        if len(prompts) == 1:
            raise OutOfMemory(f"a picture of {wish.width}x{wish.height} does not fit into memory: {reason}")
        logger.warning("%s pictures do not fit into memory together; halved", len(prompts))
        half = len(prompts) // 2
        return [
            picture
            for part in (slice(None, half), slice(half, None))
            for picture in self._halving(prompts[part], seeds[part], layouts[part], wish, step)
        ]

    def _after_trouble(self) -> None:
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _call(
        self,
        prompts: list[str],
        seeds: list[int],
        layouts: list[Image.Image | None],
        wish: Wish,
        step: Callable[[int, int], None],
    ) -> list[tuple[Image.Image, bool]]:
        size = (_up(wish.width), _up(wish.height))
        way = self.layout_way if layouts[0] is not None else "ignored"
        pipe = self._pipe_for(wish, way)
        accepted = inspect.signature(pipe.__call__).parameters
        asked: dict[str, Any] = {
            "prompt": prompts,
            "num_inference_steps": wish.steps,
            "width": size[0],
            "height": size[1],
            "output_type": "pil",
            # On the processor whatever the device: the same seed is then the same noise everywhere.
            "generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds],
        }
        if wish.guidance is not None:
            asked["guidance_scale"] = wish.guidance
        if wish.negative:
            asked["negative_prompt"] = [wish.negative] * len(prompts)
        if way == "image":
            asked["image"] = [layout.resize(size, Image.Resampling.LANCZOS) for layout in layouts if layout]
            asked["strength"] = _strength(wish)
        elif way == "reference":
            laid = [layout.resize(size, Image.Resampling.LANCZOS) for layout in layouts if layout]
            asked["image"] = [sheet, *laid] if (sheet := self._sheet(wish)) else laid
        if self.has_ip_adapter:
            sheet = self._sheet(wish)
            # Its layers want an image always; at scale 0 they do not listen to it.
            pipe.set_ip_adapter_scale(IP_ADAPTER_SCALE if sheet else 0.0)
            asked["ip_adapter_image"] = [sheet or Image.new("RGB", size, "white")]
        if "text_encoder_out_layers" in accepted:
            # A quarter, a half and three quarters of the encoder: 9, 18 and 27 of klein's 36.
            layers = pipe.text_encoder.config.num_hidden_layers
            asked["text_encoder_out_layers"] = (layers // 4, layers // 2, 3 * layers // 4)
        asked = {name: value for name, value in asked.items() if name in accepted}
        if "callback_on_step_end" in accepted:
            asked["callback_on_step_end"] = self._told(step)
        try:
            with torch.inference_mode():
                answer = pipe(**asked)
        except BaseException:
            pipe.maybe_free_model_hooks()  # offloaded weights go back; a call that ends well does so itself
            raise
        flagged = getattr(answer, "nsfw_content_detected", None) or [False] * len(prompts)
        return [
            (image.resize((wish.width, wish.height), Image.Resampling.LANCZOS), bool(bad))
            for image, bad in zip(answer.images, flagged, strict=True)
        ]

    @staticmethod
    def _told(step: Callable[[int, int], None]) -> Callable[..., dict[str, Any]]:
        """Raising out of the callback ends the pipeline at once; its own interrupt would still decode a picture."""

        def after(pipe: Any, index: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            step(index + 1, int(getattr(pipe, "num_timesteps", 0) or index + 1))
            return tensors

        return after

    # -- What this pipeline can do ---------------------------------------------------------------------------

    @cached_property
    def layout_way(self) -> str:
        """How a layout guides it: as "image" to start from, as "reference" beside the prompt, or "ignored"."""
        other = self._image_pipeline_class
        if other is None:
            return "ignored"
        return "reference" if other is type(self.pipeline) else "image"

    @cached_property
    def _image_pipeline_class(self) -> type | None:
        try:
            return type(AutoPipelineForImage2Image.from_pipe(self.pipeline))
        except ValueError:
            return None

    def _sheet(self, wish: Wish) -> Image.Image | None:
        """The look's examples, where the model can look at them: beside the layout, or through its IP-Adapter."""
        if not wish.style or self.sheet is None or not (self.has_ip_adapter or self.layout_way == "reference"):
            return None
        try:
            return self.sheet(wish.style)
        except KeyError:
            raise InvalidRequest(f"no look is called {wish.style!r}") from None

    def _pipe_for(self, wish: Wish, way: str) -> Any:
        scheduler = self._scheduler(wish.scheduler)
        family = AutoPipelineForImage2Image if way == "image" else AutoPipelineForText2Image
        pipe = family.from_pipe(self.pipeline, scheduler=scheduler)
        pipe.set_progress_bar_config(disable=True)
        if self.offload == "model":
            pipe.enable_model_cpu_offload(device=self.device)
        elif self.offload == "sequential":
            pipe.enable_sequential_cpu_offload(device=self.device)
        return pipe

    def _scheduler(self, name: str) -> Any:
        own = self.pipeline.scheduler
        known = {cls.__name__: cls for cls in (type(own), *own.compatibles)}
        if name and name not in known:
            raise InvalidRequest(f"no scheduler {name!r} for this model; there is {', '.join(sorted(known))}")
        return known[name or type(own).__name__].from_config(own.config)

    def _use_adapter(self, wish: Wish) -> None:
        """The named LoRA on, all others off. One whose file has changed is loaded anew: no restart for a new style."""
        if not wish.adapter:
            if self._in_use:
                self.pipeline.disable_lora()
            return
        if wish.adapter not in self.adapters:
            known = ", ".join(sorted(self.adapters)) or "none"
            raise InvalidRequest(f"no adapter is called {wish.adapter!r}; there is: {known}")
        path = Path(self.adapters[wish.adapter])
        now = fingerprint(path)
        if self._in_use.get(wish.adapter) != now:
            if wish.adapter in self._in_use:
                self.pipeline.delete_adapters(wish.adapter)
                del self._in_use[wish.adapter]
            folder, name = (path, None) if path.is_dir() else (path.parent, path.name)
            self.pipeline.load_lora_weights(
                str(folder), weight_name=name, adapter_name=wish.adapter, use_safetensors=True
            )
            self._in_use[wish.adapter] = now
        self.pipeline.enable_lora()
        self.pipeline.set_adapters([wish.adapter], [wish.adapter_scale])

    def _provenance(self, wish: Wish, has_layout: bool) -> dict[str, Any]:
        return {
            "model": self.source,
            "revision": self.revision,
            "pipeline": type(self.pipeline).__name__,
            "library": f"diffusers {diffusers.__version__}",
            "dtype": self.dtype,
            "device": self.device.type,
            "scheduler": wish.scheduler or type(self.pipeline.scheduler).__name__,
            "steps": wish.steps,
            "guidance": wish.guidance,
            "layout": self.layout_way if has_layout else "none",
            "style": wish.style if self._sheet(wish) else None,
            "strength": wish.strength if has_layout and self.layout_way == "image" else None,
            "adapter": (
                {"name": wish.adapter, "scale": wish.adapter_scale, "revision": self._in_use[wish.adapter]}
                if wish.adapter
                else None
            ),
            "size": [_up(wish.width), _up(wish.height)],
        }


# -- Loading -------------------------------------------------------------------------------------------------


def load_diffusion(
    source: str,
    *,
    revision: str = "",
    device: str = "auto",
    dtype: str = "auto",
    offload: str = "none",
    adapters: Mapping[str, str] | None = None,
    ip_adapter: str = "",
    sheet: Callable[[str], Image.Image] | None = None,
    safety: str = "",
) -> Compute:
    """A pipeline from a folder or the hub. Raises what is wrong with it: OSError, ValueError, SafetensorError.

    `ip_adapter` is a safetensors file beside its `image_encoder` folder. Only safetensors are read: a pickle can run
    anything.
    """
    where = _torch_device.device(device)
    kind = _torch_device.dtype(dtype, where)
    folder, found = resolve(source, revision)
    pipeline = AutoPipelineForText2Image.from_pretrained(
        folder, dtype=kind, use_safetensors=True, local_files_only=True
    )
    if ip_adapter:
        _load_ip_adapter(pipeline, Path(ip_adapter).expanduser())
    if dtype == "float8":
        store_in_float8(pipeline)
    if offload not in ("none", "model", "sequential"):
        raise ValueError(f"DIFFUSION_OFFLOAD is {offload!r}; it is none, model or sequential")
    if offload == "none" or where.type == "cpu":
        offload = "none"
        pipeline.to(where)
    pipeline.set_progress_bar_config(disable=True)
    return Painter(
        pipeline=pipeline,
        source=source,
        revision=found,
        device=where,
        dtype=dtype if dtype == "float8" else str(kind).removeprefix("torch."),
        offload=offload,
        adapters=dict(adapters or {}),
        is_unsafe=_load_safety(safety, where) if safety else None,
        sheet=sheet,
        has_ip_adapter=bool(ip_adapter),
    )


def _load_ip_adapter(pipeline: Any, file: Path) -> None:
    """Raises ValueError for a family that has none, FileNotFoundError for a file that is not there."""
    if not hasattr(pipeline, "load_ip_adapter"):
        raise ValueError(f"{type(pipeline).__name__} has no IP-Adapter; leave DIFFUSION_IP_ADAPTER empty")
    if not file.is_file():
        raise FileNotFoundError(f"there is no IP-Adapter at {file}")
    pipeline.load_ip_adapter(
        str(file.parent), subfolder="", weight_name=file.name, image_encoder_folder="image_encoder",
        local_files_only=True,
    )  # fmt: skip


def store_in_float8(pipeline: Any) -> None:
    """Halves the memory of what denoises; each layer is cast up while it computes."""
    for name in ("transformer", "unet"):
        if (module := getattr(pipeline, name, None)) is not None:
            module.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.bfloat16)


def resolve(source: str, revision: str = "") -> tuple[str, str]:
    """The folder of a model and its revision: a hub commit, or a fingerprint of the files."""
    path = Path(source).expanduser()
    if path.is_dir():
        return str(path), fingerprint(path)
    if path.is_absolute() or source.startswith((".", "~")):
        raise FileNotFoundError(f"there is no folder {source}")
    folder = DiffusionPipeline.download(source, revision=revision or None, use_safetensors=True)
    return str(folder), Path(folder).name  # a snapshot's folder is named after its commit


_BLOCK, _BLOCKS = 65_536, 16


def fingerprint(path: Path) -> str:
    """12 hex digits that change with the weights: names, sizes, and blocks spread over each file.

    All of a large model would take a minute to read; a training that left every block alone would not have trained.
    """
    digest = hashlib.sha256()
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.suffix not in {".safetensors", ".json", ".txt", ".model"} or not file.is_file():
            continue
        size = file.stat().st_size
        digest.update(f"{file.name}:{size}".encode())
        with file.open("rb") as opened:
            for turn in range(_BLOCKS):
                opened.seek(max(0, size - _BLOCK) * turn // (_BLOCKS - 1))
                digest.update(opened.read(_BLOCK))
                if size <= _BLOCK:
                    break
    return digest.hexdigest()[:12]


UNSAFE_LABELS = frozenset({"nsfw", "unsafe", "porn", "hentai", "sexy", "explicit"})
UNSAFE_FROM = 0.5


def _load_safety(source: str, where: torch.device) -> Callable[[Sequence[Image.Image]], list[bool]]:
    """A classifier of pictures: unsafe where its unsafe labels together reach half. Raises ValueError without one."""
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(source, use_safetensors=True).to(where).eval()
    processor = AutoImageProcessor.from_pretrained(source, backend="pil")
    unsafe = [number for number, label in model.config.id2label.items() if str(label).lower() in UNSAFE_LABELS]
    if not unsafe:
        raise ValueError(f"{source} knows none of the labels {', '.join(sorted(UNSAFE_LABELS))}")

    def judged(images: Sequence[Image.Image]) -> list[bool]:
        with torch.inference_mode():
            chances = model(**processor(images=list(images), return_tensors="pt").to(where)).logits.softmax(-1)
        return [bool(row[unsafe].sum() >= UNSAFE_FROM) for row in chances.float().cpu()]

    return judged


# -- Small things --------------------------------------------------------------------------------------------


def _is_out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError) or "out of memory" in text or "can't allocate" in text
    )


def _strength(wish: Wish) -> float:
    """Rounded to steps some families would begin with pure noise, and others make none at all: at least one step is
    made, and below 1 at least one is left out.
    """
    most = (wish.steps - 1) / wish.steps if wish.strength < 1 and wish.steps > 1 else 1.0
    return max(1 / wish.steps, min(wish.strength, most))


def _up(side: int) -> int:
    return -(-side // MULTIPLE) * MULTIPLE


def _layout(text: str) -> Image.Image | None:
    """Raises InvalidRequest for what is no PNG of reasonable size."""
    if not text:
        return None
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG",)) as image:
            if image.width * image.height > MAX_LAYOUT_PIXELS:
                raise InvalidRequest(f"the layout is too large: {image.width}x{image.height}")
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise InvalidRequest(f"the layout is not a PNG: {error}") from None


def _png(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return base64.b64encode(out.getvalue()).decode()
