"""The face model: finds faces and gives each a vector, on real model classes with random weights."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import onnx
import orjson
import pytest
from PIL import Image

from curation.serving.types import InferRequest, InvalidRequest, Running, Tensor
from illustrate.evaluate._model_faces import load_faces
from illustrate.evaluate.likeness import likeness
from tests import tiny_models

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def astronaut(corpus) -> Image.Image:
    return Image.open(corpus / "61-photos-scikit-image" / "astronaut.png").convert("RGB")


@pytest.fixture(scope="module")
def arcface(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the ArcFace family takes and gives it: (n, 3, 112, 112) to (n, 32), by random numbers."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(3 * 7 * 7, 32)).astype(np.float32)
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("AveragePool", ["faces"], ["small"], kernel_shape=[16, 16], strides=[16, 16]),
            onnx.helper.make_node("Flatten", ["small"], ["flat"]),
            onnx.helper.make_node("MatMul", ["flat", "weights"], ["vectors"]),
        ],
        "faces",
        [onnx.helper.make_tensor_value_info("faces", onnx.TensorProto.FLOAT, ["n", 3, 112, 112])],
        [onnx.helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, ["n", 32])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    path = tmp_path_factory.mktemp("faces") / "arcface.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=10), path)
    return path


@pytest.fixture(scope="module", params=["onnx", "transformers"])
def model(request, arcface, tmp_path_factory):
    source = arcface if request.param == "onnx" else tiny_models.clip(tmp_path_factory.mktemp("faces") / "clip")
    return load_faces(str(source))


def found(model, *images: Image.Image) -> list[list[dict]]:
    texts = []
    for image in images:
        out = io.BytesIO()
        image.save(out, "PNG")
        texts.append(base64.b64encode(out.getvalue()).decode())
    answer = model(InferRequest((Tensor.of_text("image", texts),)), Running())
    return [orjson.loads(text) for text in answer[0].texts()]


def test_a_face_is_found_where_it_is_and_known_again_in_another_picture(model, astronaut):
    nobody = Image.new("RGB", (200, 200), "#446688")
    moved = Image.new("RGB", (700, 600), "#222222")
    moved.paste(astronaut, (150, 60))
    first, none, again = found(model, astronaut, nobody, moved)
    assert none == []
    (face,), (second,) = first, again
    left, top, right, bottom = face["box"]
    assert left < 0.44 < right, "the face is left of the middle, near the top"
    assert top < 0.22 < bottom
    one, other = np.array([face["embedding"]]), np.array([second["embedding"]])
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-4)
    assert likeness(one, other) > 0.9


def test_what_is_no_picture_is_refused(model):
    with pytest.raises(InvalidRequest, match="not a PNG"):
        model(InferRequest((Tensor.of_text("image", [base64.b64encode(b"GIF89a").decode()]),)), Running())


def test_a_missing_or_broken_model_is_an_error_at_loading(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_faces(str(tmp_path / "nobody.onnx"))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ValueError, match="no ONNX model"):
        load_faces(str(broken))
