"""A fake Voyage: the embeddings API. Serve it with

python -m tests.providers.voyage --port 8082 [--delay 0.1]

A text's vector is the sum of its words' vectors, so texts that share words are similar and equal
texts are equal.
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from tests.providers.server import Call, FakeProvider, Reply, Step, run_forever

_WORD = re.compile(r"\w+")


class FakeVoyage(FakeProvider):
    """Speaks POST /v1/embeddings.

    Kinds: ``wrong_dimension``, ``nan``, ``infinite``, ``zero``, ``null``, ``not_base64``,
    ``too_few``, ``too_many``, ``shuffled`` (the right indexes in another order),
    ``repeated_index``, ``not_a_list``.
    """

    def answer(self, call: Call, kind: str | None) -> Reply:
        asked = call.body
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        dimension = asked.get("output_dimension") or 1024
        vectors = [embedding(text, dimension) for text in texts]
        as_base64 = asked.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "embedding": _encoded(vector, as_base64), "index": index}
            for index, vector in enumerate(vectors)
        ]
        body = {
            "object": "list",
            "data": _spoilt(data, vectors, kind),
            "model": asked["model"],
            "usage": {"total_tokens": sum(len(text) // 4 + 1 for text in texts)},
        }
        return Reply(200, orjson.dumps(body))

    def error(self, step: Step) -> Reply:
        """``message`` is Voyage's ``detail``."""
        body = {"detail": step.get("message", "Something went wrong")}
        return Reply(step["status"], orjson.dumps(body), step.get("headers", {}))


@functools.lru_cache(maxsize=20_000)
def _word(word: str, dimension: int) -> npt.NDArray[np.float32]:
    seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(seed).standard_normal(dimension, dtype=np.float32)


@functools.lru_cache(maxsize=5_000)
def embedding(text: str, dimension: int) -> npt.NDArray[np.float32]:
    """The unit vector of a text: its words' random vectors summed. A text without words has the
    vector of "" .
    """
    words = _WORD.findall(text.casefold()) or [""]
    total = np.stack([_word(word, dimension) for word in words]).sum(axis=0)
    unit: npt.NDArray[np.float32] = total / np.linalg.norm(total)
    return unit


def _encoded(vector: npt.NDArray[np.float32], as_base64: bool) -> Any:
    return base64.b64encode(vector.tobytes()).decode() if as_base64 else vector.tolist()


def _spoilt(
    data: list[dict[str, Any]], vectors: list[npt.NDArray[np.float32]], kind: str | None
) -> Any:
    """The list of embeddings with one thing wrong."""
    values = {"nan": np.nan, "infinite": np.inf, "zero": 0.0}
    last = data[-1]
    if kind in values:
        last["embedding"] = _encoded(np.full_like(vectors[-1], values[kind]), as_base64=True)
    elif kind == "wrong_dimension":
        last["embedding"] = _encoded(vectors[-1][:-1], as_base64=True)
    elif kind == "null":
        last["embedding"] = None
    elif kind == "not_base64":
        last["embedding"] = "%%%"
    elif kind == "repeated_index":
        last["index"] = 0
    elif kind == "too_few":
        return data[:-1]
    elif kind == "too_many":
        return [*data, {**last, "index": len(data)}]
    elif kind == "shuffled":
        return data[::-1]
    elif kind == "not_a_list":
        return "an answer of another shape"
    return data


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a fake Voyage.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    given = parser.parse_args()
    run_forever(FakeVoyage(), port=given.port, delay_seconds=given.delay)


if __name__ == "__main__":
    main()
