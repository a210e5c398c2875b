"""all-MiniLM-L6-v2 in float32 and plain numpy, written from the BERT paper's formulas: what the
fast one must match.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from app.embed.onnx_graph import Weights

Floats = npt.NDArray[np.float32]

_erf = np.frompyfunc(math.erf, 1, 1)


def embed(weights: Weights, tokens: list[int]) -> Floats:
    """The unit vector of one text's tokens."""
    x = weights["embeddings.word_embeddings.weight"][tokens]
    x = x + weights["embeddings.position_embeddings.weight"][: len(tokens)]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    x = _normalised(x, weights, "embeddings.LayerNorm")
    for layer in range(6):
        x = _layer(x, weights, f"encoder.layer.{layer}")
    mean = x.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def _layer(x: Floats, weights: Weights, name: str) -> Floats:
    query, key, value = (
        _by_head(_linear(x, weights, f"{name}.attention.self.{part}")) for part in _PARTS
    )
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(32)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    heads = (powers / powers.sum(axis=-1, keepdims=True)) @ value
    attended = _linear(
        heads.transpose(1, 0, 2).reshape(len(x), 384), weights, f"{name}.attention.output.dense"
    )
    x = _normalised(x + attended, weights, f"{name}.attention.output.LayerNorm")
    inner = _linear(x, weights, f"{name}.intermediate.dense")
    bent = inner * (1 + _erf(inner / math.sqrt(2)).astype(np.float32)) / 2
    return _normalised(
        x + _linear(bent, weights, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm"
    )


_PARTS = ("query", "key", "value")


def _linear(x: Floats, weights: Weights, name: str) -> Floats:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _by_head(x: Floats) -> Floats:
    return x.reshape(len(x), 12, 32).transpose(1, 0, 2)


def _normalised(x: Floats, weights: Weights, name: str) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return np.asarray(
        centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"], dtype=np.float32
    )
