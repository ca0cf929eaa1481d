"""The half of the diffusion benchmark that needs torch: models built in place, and what painting with them costs."""

from __future__ import annotations

import gc
import json
import logging
import statistics
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from illustrate.render._torch_diffusion import Painter, Wish, store_in_float8

STEPS = 4
SIZES = ((512, 512), (1024, 576), (1024, 1024))
BATCHES = (1, 2, 4, 8)
ROUNDS, ENOUGH = 3, 2.0  # rounds of each figure; one is enough once they took so many seconds
PROMPT = "a gavel on a table, even-tempered mood, daylight. Editorial illustration, politics desk colours."


class Bench:
    """Figures that are written whenever one is known; a section that fails is told and the next one begins."""

    def __init__(self, out: Path, seconds: float, *, tiny: bool = False) -> None:
        self.out, self.started, self.seconds, self.tiny = out, time.monotonic(), seconds, tiny
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.sizes = ((64, 64),) if tiny else SIZES
        self.figures: dict[str, Any] = {"failed": {}, "steps": STEPS, "torch": torch.__version__}
        out.parent.mkdir(parents=True, exist_ok=True)

    def run(self) -> dict[str, Any]:
        """All figures, in the order of their worth, as long as there is time."""
        logging.basicConfig(level=logging.ERROR)
        self._section("machine", self._machine)
        self._section("flux2-klein-4b", lambda: self._family("flux2-klein-4b", klein, guidance=None))
        self._section("sdxl", lambda: self._family("sdxl", sdxl, guidance=1.0))
        return self.figures

    @property
    def _gone(self) -> float:
        return time.monotonic() - self.started

    def _keep(self) -> None:
        self.figures["seconds_so_far"] = round(self._gone, 1)
        unfinished = self.out.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(self.figures, indent=1), encoding="utf-8")
        unfinished.replace(self.out)

    def _section(self, name: str, do: Callable[[], None]) -> None:
        if self._gone > self.seconds - 4:
            self.figures["failed"][name] = "no time was left"
            self._keep()
            return
        print(f"[diffusion {self._gone:6.1f} s] {name}", flush=True)
        try:
            do()
        except Exception as error:  # what one section dies of, the others are still measured
            traceback.print_exc()
            self.figures["failed"][name] = f"{type(error).__name__}: {error}"[:500]
        self._clear()
        self._keep()

    def _clear(self) -> None:
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def _gb(self, name: str) -> float:
        return round(getattr(torch.cuda, name)() / 1e9, 2) if self.device.type == "cuda" else 0.0

    # -- The machine's own ceilings --------------------------------------------------------------------------

    def _machine(self) -> None:
        """Random numbers: matrices of noughts multiply faster than any that a model holds."""
        side = 128 if self.tiny else 8192
        left, right = (torch.randn(side, side, device=self.device, dtype=torch.bfloat16) for _ in range(2))
        product = self._seconds(lambda: left @ right, 10)
        source = torch.randn(side * side * 16, device=self.device, dtype=torch.bfloat16)
        target = torch.empty_like(source)
        copy = self._seconds(lambda: target.copy_(source), 10)
        self.figures["machine"] = {
            "name": torch.cuda.get_device_name() if self.device.type == "cuda" else "cpu",
            "bf16_matrix_tflops": round(2 * side**3 / product / 1e12, 1),
            "copy_tb_per_second": round(2 * source.nbytes / copy / 1e12, 3),
        }

    def _seconds(self, do: Callable[[], Any], times: int) -> float:
        """Of one call, the median of some, each waited for."""
        taken = []
        for turn in range(times + 1):
            self._wait()
            before = time.perf_counter()
            do()
            self._wait()
            if turn:
                taken.append(time.perf_counter() - before)
        return statistics.median(taken)

    # -- A family --------------------------------------------------------------------------------------------

    def _family(self, name: str, build: Callable[[torch.device, bool], Any], guidance: float | None) -> None:
        figures: dict[str, Any] = {"points": []}
        self.figures[name] = figures
        before = time.perf_counter()
        pipeline = build(self.device, self.tiny)
        pipeline.set_progress_bar_config(disable=True)
        self._wait()
        figures["built_in_seconds"] = round(time.perf_counter() - before, 1)
        figures["parameters"] = {
            part: sum(weight.numel() for weight in module.parameters())
            for part, module in pipeline.components.items()
            if isinstance(module, torch.nn.Module)
        }
        figures["resident_gb"] = self._gb("memory_allocated")
        self._keep()
        painter = Painter(pipeline=pipeline, source=name, revision="random", device=self.device, dtype="bfloat16")
        self._section(f"{name}/points", lambda: self._points(painter, guidance, figures["points"]))
        self._section(f"{name}/parts", lambda: self._parts(painter, guidance, figures))
        if name == "sdxl":
            self._section(f"{name}/guided", lambda: self._guided(painter, figures))
        self._section(f"{name}/offload", lambda: self._offload(painter, guidance, figures))
        self._section(f"{name}/float8", lambda: self._float8(painter, guidance, figures))
        painter.close()

    def _points(self, painter: Painter, guidance: float | None, points: list[dict[str, Any]]) -> None:
        for width, height in self.sizes:
            for batch in BATCHES:
                if self._gone > self.seconds - 3:
                    return
                points.append(self._point(painter, width, height, batch, guidance))
                self._keep()
                if "failed" in points[-1]:
                    break

    def _point(
        self, painter: Painter, width: int, height: int, batch: int, guidance: float | None, steps: int = STEPS
    ) -> dict[str, Any]:
        """Seconds from prompts to pictures, the text encoder and the decoder included, without the PNG."""
        point: dict[str, Any] = {"width": width, "height": height, "batch": batch}
        wish = _wish(width, height, steps, guidance)
        self._clear()
        taken: list[float] = []
        try:
            # One round that is thrown away: libraries choose their kernels in it.
            while len(taken) <= ROUNDS and (len(taken) < 2 or sum(taken[1:]) < ENOUGH):
                self._wait()
                before = time.perf_counter()
                painter._call([PROMPT] * batch, list(range(batch)), [None] * batch, wish, lambda done, of: None)
                self._wait()
                taken.append(time.perf_counter() - before)
        except torch.OutOfMemoryError as error:
            return point | {"failed": str(error).splitlines()[0][:200]}
        seconds = statistics.median(taken[1:])
        return point | {
            "seconds": round(seconds, 4), "pictures_per_second": round(batch / seconds, 3), "rounds": len(taken) - 1,
            "peak_gb": self._gb("max_memory_allocated"),
        }  # fmt: skip

    def _parts(self, painter: Painter, guidance: float | None, figures: dict[str, Any]) -> None:
        """Where the time of one large picture goes, by hooks on the parts; how many operations a denoising step has."""
        width, height = self.sizes[-1]
        parts = {
            name: module for name, module in painter.pipeline.components.items() if isinstance(module, torch.nn.Module)
        }
        spent = dict.fromkeys(parts, 0.0)
        undo: list[Callable[[], None]] = []
        for name, module in parts.items():
            method = "decode" if name == "vae" else "forward"
            kept = getattr(module, method)

            def timed(*given: Any, kept: Any = kept, name: str = name, **named: Any) -> Any:
                self._wait()
                before = time.perf_counter()
                answer = kept(*given, **named)
                self._wait()
                spent[name] += time.perf_counter() - before
                return answer

            setattr(module, method, timed)
            undo.append(lambda module=module, method=method: delattr(module, method))  # type: ignore[misc]
        try:
            point = self._point(painter, width, height, 1, guidance)
        finally:
            for each in undo:
                each()
        rounds = point["rounds"] + 1
        figures["parts_at_1024_batch1"] = {
            "seconds": point["seconds"], **{name: round(seconds / rounds, 4) for name, seconds in spent.items()}
        }  # fmt: skip
        from torch.utils.flop_counter import FlopCounterMode

        counter = FlopCounterMode(display=False)
        wish = _wish(width, height, STEPS, guidance)
        with counter:
            painter._call([PROMPT], [0], [None], wish, lambda done, of: None)
        figures["tera_operations_at_1024"] = round(counter.get_total_flops() / 1e12, 2)

    def _guided(self, painter: Painter, figures: dict[str, Any]) -> None:
        """As the family is meant to be used without a distillation."""
        width, height = self.sizes[-1]
        steps = 2 if self.tiny else 25
        figures["guided"] = {"steps": steps, **self._point(painter, width, height, 1, 5.0, steps)}

    def _offload(self, painter: Painter, guidance: float | None, figures: dict[str, Any]) -> None:
        """Weights wait in the processor's memory and visit the device part by part."""
        width, height = self.sizes[-1]
        painter.pipeline.to("cpu")
        self._clear()
        painter.offload = "model"
        try:
            figures["offload"] = self._point(painter, width, height, 1, guidance)
        finally:
            painter.offload = "none"
            painter.pipeline.remove_all_hooks()
            painter.pipeline.to(self.device)

    def _float8(self, painter: Painter, guidance: float | None, figures: dict[str, Any]) -> None:
        """What denoises is stored in eight bits and cast up layer by layer. The last section: it cannot be undone."""
        store_in_float8(painter.pipeline)
        self._clear()
        figures["float8"] = {"resident_gb": self._gb("memory_allocated"), "points": []}
        for batch in (1, 4):
            figures["float8"]["points"].append(self._point(painter, *self.sizes[-1], batch, guidance))


def _wish(width: int, height: int, steps: int, guidance: float | None) -> Wish:
    asked = {"width": width, "height": height, "steps": steps}
    return Wish.of(asked if guidance is None else asked | {"guidance": guidance})


# -- Architectures -------------------------------------------------------------------------------------------


def _words(length: int) -> PreTrainedTokenizerFast:
    """A tokenizer of no language: as many numbers come out as an encoder reads."""
    vocabulary = {"<pad>": 0, "<eos>": 1, **{word: 2 + at for at, word in enumerate(sorted(set(PROMPT.split())))}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<pad>", model_max_length=length
    )
    made.chat_template = "{{ messages[0]['content'] }}"
    return made


class _BuiltHere:
    """Modules made inside it lie on the device in bfloat16 from their first moment."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def __enter__(self) -> None:
        torch.set_default_dtype(torch.bfloat16)
        self.device.__enter__()

    def __exit__(self, *error: object) -> None:
        self.device.__exit__(*error)
        torch.set_default_dtype(torch.float32)


def klein(device: torch.device, tiny: bool) -> Any:
    """FLUX.2-klein-4B: 5 double and 20 single blocks of 24 heads of 128, three layers of Qwen3-4B side by side."""
    with _BuiltHere(device):
        transformer: Any = Flux2Transformer2DModel(
            num_layers=1 if tiny else 5, num_single_layers=1 if tiny else 20,
            num_attention_heads=2 if tiny else 24, attention_head_dim=16 if tiny else 128,
            axes_dims_rope=(4, 4, 4, 4) if tiny else (32, 32, 32, 32),
            joint_attention_dim=3 * (32 if tiny else 2560), in_channels=16 if tiny else 128, guidance_embeds=False,
        )  # fmt: skip
        encoder = Qwen3ForCausalLM(Qwen3Config(
            vocab_size=64 if tiny else 151_936, hidden_size=32 if tiny else 2560,
            intermediate_size=64 if tiny else 9728, num_hidden_layers=4 if tiny else 36,
            num_attention_heads=2 if tiny else 32, num_key_value_heads=1 if tiny else 8, head_dim=16 if tiny else 128,
            max_position_embeddings=40_960, rms_norm_eps=1e-6, tie_word_embeddings=True,
        ))  # fmt: skip
        autoencoder: Any = (
            AutoencoderKLFlux2(
                block_out_channels=(8, 8, 8, 8),
                latent_channels=4,
                norm_num_groups=4,
                layers_per_block=1,
                sample_size=64,
            )
            if tiny
            else AutoencoderKLFlux2()
        )
    return Flux2KleinPipeline(
        transformer=transformer.eval(), text_encoder=encoder.eval(), vae=autoencoder.eval(), tokenizer=_words(512),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True), is_distilled=True,
    )  # fmt: skip


def sdxl(device: torch.device, tiny: bool) -> Any:
    """Stable Diffusion XL: a U-Net of 2.6 billion weights, two CLIP text encoders."""
    with _BuiltHere(device):
        unet: Any = UNet2DConditionModel(
            sample_size=8 if tiny else 128, block_out_channels=(8, 16, 16) if tiny else (320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 1, 1) if tiny else (1, 2, 10),
            attention_head_dim=(1, 2, 2) if tiny else (5, 10, 20), norm_num_groups=4 if tiny else 32,
            cross_attention_dim=32 if tiny else 2048, use_linear_projection=True, addition_embed_type="text_time",
            addition_time_embed_dim=8 if tiny else 256,
            projection_class_embeddings_input_dim=16 + 6 * 8 if tiny else 1280 + 6 * 256,
        )  # fmt: skip
        common: dict[str, Any] = {
            "vocab_size": 49_408,
            "max_position_embeddings": 77,
            "bos_token_id": 0,
            "eos_token_id": 1,
        }
        width, other = (16, 16) if tiny else (768, 1280)
        first = CLIPTextModel(CLIPTextConfig(
            hidden_size=width, intermediate_size=4 * width, num_hidden_layers=2 if tiny else 12,
            num_attention_heads=max(1, width // 64), projection_dim=width, **common,
        ))  # fmt: skip
        second = CLIPTextModelWithProjection(CLIPTextConfig(
            hidden_size=other, intermediate_size=4 * other, num_hidden_layers=2 if tiny else 32,
            num_attention_heads=max(1, other // 64), projection_dim=other, hidden_act="gelu", **common,
        ))  # fmt: skip
        autoencoder: Any = AutoencoderKL(
            block_out_channels=(8, 8, 8, 8) if tiny else (128, 256, 512, 512), latent_channels=4,
            layers_per_block=1 if tiny else 2, norm_num_groups=4 if tiny else 32, sample_size=1024,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            scaling_factor=0.13025,
        )  # fmt: skip
    return StableDiffusionXLPipeline(
        unet=unet.eval(), text_encoder=first.eval(), text_encoder_2=second.eval(), vae=autoencoder.eval(),
        tokenizer=_words(77), tokenizer_2=_words(77),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading"
        ),
        add_watermarker=False,
    )  # fmt: skip
