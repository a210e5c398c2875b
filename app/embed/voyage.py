"""Embed with Voyage, documents and queries each in their own way."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import aiohttp
import numpy as np
import numpy.typing as npt
import voyageai
from voyageai import error
from voyageai.api_resources import Embedding

from app.concurrency import off_loop_if_long
from app.provider_errors import (
    ProviderAnswerInvalid,
    ProviderError,
    ProviderUnavailable,
    error_for_status,
)
from app.rules.types import Embeddings, Estimate, Usage, Vector

DEFAULT_MODEL = "voyage-4"
"""The general-purpose model that Voyage recommends; 1,024 dimensions unless told otherwise."""

BATCH_TEXTS = 1_000
"""How many texts Voyage takes in a request (docs.voyageai.com, text embedding models)."""

BATCH_BYTES = 100_000
"""A token is at least one byte, so this keeps any batch under the smallest model's 120,000 tokens
without counting them: the SDK's ``count_tokens`` downloads a tokenizer."""

_SIZED_MODELS = ("voyage-4", "voyage-3.5", "voyage-3-large", "voyage-code-3")
"""Models, by the beginning of their name, that let us choose the dimension; the others refuse the
parameter.
"""

_create: Any = Embedding.acreate  # The SDK has no types.

# At its debug level the SDK logs each request's body, and at info the provider's message: both may
# hold people's words.
logging.getLogger("voyage").setLevel(logging.CRITICAL)


class VoyageEmbedder:
    """Voyage's embeddings through its SDK, without its retries. Belongs to one event loop.

    ``base_url`` ends in the API's version; None is Voyage's own, ``https://api.voyageai.com/v1``.
    ``timeout_seconds`` is the deadline of a whole call, all batches together. ProviderUnavailable,
    ProviderRefused and ProviderRejected say why Voyage did not answer; ProviderAnswerInvalid that
    it answered with unusable vectors.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None = None,
        model: str = DEFAULT_MODEL,
        dimension: int = 1024,
        timeout_seconds: float = 10.0,
    ) -> None:
        self.model = model
        self.dimension = dimension
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        # The SDK's client drops each vector's ``index``, and with it the order; the resource below
        # it does not.
        self._request: dict[str, Any] = {
            "api_key": api_key,
            "base_url": base_url.rstrip("/") if base_url else None,
            "request_timeout": timeout_seconds,
            "model": model,
            "encoding_format": "base64",
        }
        if model.startswith(_SIZED_MODELS):
            self._request["output_dimension"] = dimension

    def estimate(self, texts: Sequence[str]) -> Estimate | None:
        """Give the most that the call for these documents may come to."""
        return Estimate(sends_bytes=sum(len(text.encode()) for text in texts))

    async def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """Give one unit vector for each text, in the order of the texts, in as few requests as
        Voyage's limits allow."""
        vectors: list[Vector] = []
        tokens = 0
        try:
            async with asyncio.timeout(self._timeout_seconds):
                for batch in batches(texts):
                    found, used = await self._embed(batch, "document")
                    vectors += found
                    tokens += used
        except TimeoutError as failure:
            raise _too_slow(self._timeout_seconds) from failure
        return Embeddings(
            tuple(vectors), Usage(provider="voyage", model=self.model, input_tokens=tokens)
        )

    async def embed_query(self, text: str) -> Vector:
        """Give the unit vector of a question, which Voyage embeds differently from a document."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                (vector,), _ = await self._embed([text], "query")
        except TimeoutError as failure:
            raise _too_slow(self._timeout_seconds) from failure
        return vector

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _embed(
        self, texts: list[str], input_type: Literal["document", "query"]
    ) -> tuple[list[Vector], int]:
        """Give the vectors of one request's texts, and the tokens it used."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        # The SDK opens a session, and so a TLS connection, for every call unless it finds one here.
        token = voyageai.aiosession.set(self._session)
        try:
            answer = await _create(input=texts, input_type=input_type, **self._request)
        except (error.VoyageError, aiohttp.ClientError, UnicodeDecodeError) as failure:
            raise _our_error(
                failure
            ) from None  # The SDK's errors quote the answer, which may hold people's text.
        finally:
            voyageai.aiosession.reset(token)
        return await off_loop_if_long(
            len(texts) * self.dimension, self._checked, answer, len(texts)
        )

    def _checked(self, answer: Any, count: int) -> tuple[list[Vector], int]:
        """Give the answer's vectors in the order of the texts, at unit length. Raises
        ProviderAnswerInvalid if any is unusable."""
        data = answer.get("data") if isinstance(answer, dict) else None
        if data is None and isinstance(answer, dict) and "detail" in answer:
            # The SDK takes 501, 505 and above with a JSON body for a success, and drops the status.
            raise ProviderUnavailable("Voyage answered with an error.")
        if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
            raise ProviderAnswerInvalid("Voyage's answer is not a list of embeddings.")
        if len(data) != count or {entry.get("index") for entry in data} != set(range(count)):
            raise ProviderAnswerInvalid(
                f"Voyage answered {count} texts with {len(data)} embeddings, or misnumbered."
            )
        ordered = sorted(data, key=lambda entry: int(entry["index"]))
        matrix = np.stack([self._floats(entry.get("embedding")) for entry in ordered])
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not (norms > 0).all():
            raise ProviderAnswerInvalid("Voyage's answer holds a vector without a direction.")
        usage = answer.get("usage")
        tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
        return (matrix / norms).tolist(), tokens if isinstance(tokens, int) else 0

    def _floats(self, embedding: object) -> npt.NDArray[np.float32]:
        """Decode one vector: base64 of little-endian float32, or a list of numbers."""
        try:
            if isinstance(embedding, str):
                vector = np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
            else:
                vector = np.asarray(embedding, dtype=np.float32)
        except (binascii.Error, ValueError, TypeError):
            raise ProviderAnswerInvalid(
                "Voyage's answer holds something that is not a vector."
            ) from None
        if vector.shape != (self.dimension,):
            raise ProviderAnswerInvalid(
                f"Voyage's answer holds a vector that has not {self.dimension} dimensions."
            )
        return vector


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Split the texts in order, where a request would go over Voyage's limits. A text over them
    goes alone."""
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if batch and (len(batch) == BATCH_TEXTS or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def _too_slow(timeout_seconds: float) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"Voyage did not answer within {timeout_seconds:g} s.", code="provider_timeout"
    )


def _our_error(failure: Exception) -> ProviderError:
    """Turn an error of the SDK or its transport into one of our families, without its text."""
    if isinstance(failure, error.Timeout):
        return ProviderUnavailable("Voyage did not answer in time.", code="provider_timeout")
    status = getattr(failure, "http_status", None)
    if status is None:
        if isinstance(failure, UnicodeDecodeError):
            return ProviderAnswerInvalid("Voyage's answer cannot be read.")
        return ProviderUnavailable(
            f"Voyage cannot be reached ({type(failure).__name__}).", code="provider_unreachable"
        )
    if 200 <= status < 300:
        return ProviderAnswerInvalid("Voyage's answer is not JSON.")
    headers = getattr(failure, "headers", {})
    return error_for_status(
        "Voyage", status, retry_after=headers.get("Retry-After"), message=str(failure)
    )
