"""Embed questions with a paid provider, unless its circuit is open: then readers do not wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from app.embed.embedder import Embedder
from app.errors import DatabaseUnavailable
from app.logs import log
from app.provider_errors import CircuitOpen, ProviderError
from app.providers import circuit_breaker
from app.providers.metering import record_query_cost
from app.rules.types import EMBEDDER, Embeddings, Estimate, Vector

_tenant: ContextVar[UUID] = ContextVar("tenant_that_asks")


@contextmanager
def asking(tenant_id: UUID) -> Iterator[None]:
    """Charge what is embedded in this block to the tenant, as a question. A cache between here and
    the embedder knows nothing of tenants."""
    token = _tenant.set(tenant_id)
    try:
        yield
    finally:
        _tenant.reset(token)


class PaidQuestions:
    """An embedder that raises CircuitOpen at once while the provider's circuit is open.

    When the pause is over, the question of one reader is the probe. That reader does not wait for
    it either: it goes on in the background. Belongs to one event loop.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._key = (EMBEDDER, embedder.model)
        self._probing: asyncio.Task[None] | None = None

    @property
    def model(self) -> str:
        return self._embedder.model

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def estimate(self, texts: Sequence[str]) -> Estimate | None:
        """Estimate as the embedder behind it does."""
        return self._embedder.estimate(texts)

    async def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """Embed as the embedder behind it does."""
        return await self._embedder.embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        """Give the vector of a question. Raises ProviderError."""
        if await circuit_breaker.is_due(self._key):
            if self._probing is None or self._probing.done():
                self._probing = asyncio.create_task(self._probe(text))
            raise CircuitOpen("The embedder is being probed.")
        return await self._ask(text)

    async def _ask(self, text: str) -> Vector:
        tenant_id, began = _tenant.get(), time.monotonic()
        try:
            vector = await self._embedder.embed_query(text)
        except ProviderError as error:
            seconds = time.monotonic() - began
            await circuit_breaker.failed(tenant_id, self._key, error, seconds=seconds)
            raise
        await circuit_breaker.answered(tenant_id, self._key, seconds=time.monotonic() - began)
        await record_query_cost(tenant_id, text)
        return vector

    async def _probe(self, text: str) -> None:
        try:
            probe = await circuit_breaker.take_probe(self._key)
            if probe is None:
                return
            try:
                await self._ask(text)
            finally:
                await circuit_breaker.return_probe(probe)
        except ProviderError as error:
            log.info("probe_failed", provider=EMBEDDER, code=error.code)
        except DatabaseUnavailable as error:
            log.warning("database_error", sqlstate=error.sqlstate)
