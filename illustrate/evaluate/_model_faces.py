"""A face model as a model at the door: where faces are in a picture, and a vector for each by which it can be known.

Two kinds: an ONNX file of the ArcFace family (aligned by nothing but its box, 112 x 112, RGB from -1 to 1), or a folder
or hub id of any vision model of `transformers` that gives a vector for an image.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
from django.conf import settings
from PIL import Image

from curation.serving.types import Compute, InferRequest, InvalidRequest, Running, Tensor
from illustrate.describe._faces import find_faces

MARGIN = 0.15  # of a face's box, on each side: models were trained on heads, detectors give faces
MAX_PIXELS = 4_194_304
MOST_FACES = 32  # of a picture, the largest first; in a larger crowd nobody is recognised

# uint8 RGB faces, each as large as the model wants, to float32 (faces, dimension)
Embed = Callable[[list[Image.Image]], np.ndarray]


def load_faces(source: str) -> Compute:
    """Raises OSError or ValueError with what is wrong."""
    embed = _onnx(Path(source).expanduser()) if source.endswith(".onnx") else _vision(source)

    def compute(request: InferRequest, running: Running) -> tuple[Tensor, ...]:
        pictures = [_decoded(text) for text in request.input("image").texts()]
        out = []
        for done, picture in enumerate(pictures, 1):
            out.append(orjson.dumps(_faces(picture, embed)).decode())
            running.step(done, len(pictures))
        return (Tensor.of_text("faces", out),)

    return compute


def _faces(picture: Image.Image, embed: Embed) -> list[dict[str, object]]:
    boxes = find_faces(np.asarray(picture))[:MOST_FACES]
    if not boxes:
        return []
    vectors = embed([picture.crop(_head(box, picture.size)) for box in boxes]).astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(vectors).all() or (lengths < 1e-9).any():
        raise ValueError("the face model gives vectors without a direction")
    return [
        {"box": box, "embedding": vector.tolist()}
        for box, vector in zip(boxes, (vectors / lengths).round(6), strict=True)
    ]


def _head(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A square round a face in pixels, with its margin; it may reach beyond the picture, which is black there."""
    left, right = box[0] * size[0], box[2] * size[0]
    top, bottom = box[1] * size[1], box[3] * size[1]
    half = max(right - left, bottom - top) * (0.5 + MARGIN)
    x, y = (left + right) / 2, (top + bottom) / 2
    return round(x - half), round(y - half), round(x + half), round(y + half)


def _onnx(path: Path) -> Embed:
    import openvino

    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    core = openvino.Core()
    try:
        graph = core.read_model(path)
        compiled = core.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    except RuntimeError as error:
        raise ValueError(f"{path} is no ONNX model that can be computed: {error}") from error
    sides = list(compiled.input(0).partial_shape)[2:4]
    height, width = (side.get_length() if side.is_static else 112 for side in sides)
    request = compiled.create_infer_request()

    def embed(heads: list[Image.Image]) -> np.ndarray:
        rows = np.stack([np.asarray(head.resize((width, height)), dtype=np.float32) for head in heads])
        return np.asarray(request.infer([(rows.transpose(0, 3, 1, 2) - 127.5) / 127.5])[0])

    return embed


def _vision(source: str) -> Embed:
    import torch
    from transformers import AutoImageProcessor, AutoModel

    from illustrate import _torch_device

    where = _torch_device.device(settings.MODELS_DEVICE)
    model = AutoModel.from_pretrained(source, use_safetensors=True).to(where).eval()
    processor = AutoImageProcessor.from_pretrained(source, backend="pil")

    def embed(heads: list[Image.Image]) -> np.ndarray:
        asked = processor(images=heads, return_tensors="pt").to(where)
        with torch.inference_mode():
            answer = model.get_image_features(**asked) if hasattr(model, "get_image_features") else model(**asked)
        vectors = answer if isinstance(answer, torch.Tensor) else answer.pooler_output
        return np.asarray(vectors.float().cpu().numpy())

    return embed


def _decoded(text: str) -> Image.Image:
    """Raises InvalidRequest."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InvalidRequest(f"the picture is too large: {image.width}x{image.height}")
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise InvalidRequest(f"not a PNG or JPEG: {error}") from None
