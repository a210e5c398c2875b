"""The built-in embedder: all-MiniLM-L6-v2 on this machine's processor, without key or network."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.concurrency import Threads
from app.embed.onnx_graph import model_file, weights_folder
from app.rules.types import Embeddings, Estimate, Usage, Vector

MAX_TOKENS = 256
"""Longer texts are cut here, as the model's authors do (its ``sentence_bert_config.json``)."""

TURN = 8
"""Texts that are embedded before another tenant's have their turn: some 50 ms."""


class MiniLM:
    """Turns texts into unit vectors of 384 floats, the same text always into the same vector.

    The first use builds or loads the model (about 3 s, or 0.1 s from ``cache_dir``) and raises
    WeightsMissing when the weights are not installed. Runs in threads, so that the event loop stays
    free.
    """

    model = "all-MiniLM-L6-v2-int8"
    dimension = 384

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir
        self._loading = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None
        # The model leaves the interpreter to others while it computes.
        self._threads = Threads(os.cpu_count() or 1, "minilm")

    def estimate(self, texts: Sequence[str]) -> Estimate | None:
        """Give None: the model runs here."""
        return None

    async def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """Give one vector for each text, in order. Each text runs alone: int8 activations are
        scaled per call, so texts that share a call would change one another's vectors."""
        vectors: list[Vector] = []
        for start in range(0, len(texts), TURN):
            vectors += await self._threads.run(self._embed_all, texts[start : start + TURN])
        return Embeddings(tuple(vectors), Usage(provider="local", model=self.model))

    async def embed_query(self, text: str) -> Vector:
        """Give the vector of one query; this model does not tell queries from documents."""
        (vector,) = await self._threads.run(self._embed_all, [text])
        return vector

    def _embed_all(self, texts: Sequence[str]) -> tuple[Vector, ...]:
        self._load_once()
        return tuple(self._embed(text) for text in texts)

    def _embed(self, text: str) -> Vector:
        tokens = self._tokenizer.encode(text).ids
        (vector,) = self._session.run(None, {"tokens": tokens})
        floats: list[float] = vector.tolist()
        return floats

    def _load_once(self) -> None:
        with self._loading:
            if self._session is not None:
                return
            self._tokenizer = _tokenizer(weights_folder() / "tokenizer.json")
            self._session = _session(model_file(self._cache_dir))


def _tokenizer(path: Path) -> Any:
    """Load the model's tokenizer. The shipped file pads every text to 128 tokens and cuts it there;
    we do neither."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _session(path: Path) -> Any:
    """Open the model with one thread a call: calls run in parallel, and a second thread for so
    small a model only waits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
