"""Embed facts, at the cost of their tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from app.providers import metering
from app.providers.metering import Charge
from app.providers.registry import get_providers
from app.rules.embedding_text import document_text
from app.rules.types import EMBEDDER, Embeddings, Fact


async def embed_facts(
    tenant_id: UUID,
    facts: Sequence[Fact],
    conversation_id: UUID | None = None,
    probe: UUID | None = None,
) -> Embeddings | None:
    """Give a unit vector for each fact, in their order; None when there are no facts. Raises
    ProviderError."""
    if not facts:
        return None
    async with embedding(tenant_id, facts, conversation_id, probe) as (embeddings, _):
        return embeddings


@asynccontextmanager
async def embedding(
    tenant_id: UUID,
    facts: Sequence[Fact],
    conversation_id: UUID | None = None,
    probe: UUID | None = None,
) -> AsyncIterator[tuple[Embeddings, Charge]]:
    """Embed facts for the block, which may settle the charge in its own transaction. Raises
    ProviderError."""
    embedder = get_providers().embedder
    account = metering.Account(tenant_id, "embed", EMBEDDER, embedder.model, conversation_id, probe)
    texts = [document_text(fact) for fact in facts]
    async with metering.charged(account, embedder.estimate(texts)) as charge:
        embeddings = await embedder.embed_documents(texts)
        charge.usage = embeddings.usage
        yield embeddings, charge
