"""Embed facts, at the cost of their tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from app.concurrency import waiting_for_others
from app.db import kept_vectors
from app.db.pool import TenantTx, read_only, transaction
from app.embed.embedder import Embedder
from app.providers import metering
from app.providers.metering import Charge
from app.providers.registry import get_providers
from app.rules.embedding_text import document_text
from app.rules.types import EMBEDDER, Claim, Embeddings, Fact, Usage

WORTH_KEEPING = 16
"""Facts of a conversation whose vectors are kept until they are memories. Of fewer it costs less to
embed them again than to write them down."""


async def embed_facts(tenant_id: UUID, facts: Sequence[Fact]) -> Embeddings:
    """Give a unit vector for each fact, in their order. Raises ProviderError."""
    async with embedding(tenant_id, facts) as (embeddings, _):
        return embeddings


async def embed_conversation(claim: Claim, facts: Sequence[Fact]) -> Embeddings | None:
    """Give a unit vector for each fact of a conversation, in their order; None when there are no
    facts. What an earlier attempt has paid for is not paid for again. Raises ProviderError."""
    if not facts:
        return None
    texts = [document_text(fact) for fact in facts]
    model, keeps = get_providers().embedder.model, len(facts) >= WORTH_KEEPING
    if keeps and claim.seen_before:
        async with read_only(claim.tenant_id) as tx:
            vectors = await kept_vectors.find(tx, claim.conversation_id, model, texts)
        if vectors is not None:
            return Embeddings(tuple(vectors), Usage("kept", model))
    whose = (claim.tenant_id, facts, claim.conversation_id, claim.probe)
    async with embedding(*whose) as (embeddings, charge):
        if keeps and not charge.free:
            async with transaction(claim.tenant_id) as tx:
                await charge.settle(tx, embeddings.usage)
                await kept_vectors.keep(tx, claim.conversation_id, model, texts, embeddings.vectors)
        return embeddings


async def drop_kept(tx: TenantTx, claim: Claim, facts: Sequence[Fact]) -> None:
    """Forget the vectors of facts that are memories now."""
    if len(facts) >= WORTH_KEEPING and get_providers().paid_embedder:
        await kept_vectors.drop(tx, claim.conversation_id)


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
        embeddings = await _answer(embedder, texts, computes=charge.free)
        charge.usage = embeddings.usage
        yield embeddings, charge


async def _answer(embedder: Embedder, texts: Sequence[str], *, computes: bool) -> Embeddings:
    """Embed the texts: by computing here, or by waiting for a provider that does."""
    if computes:
        return await embedder.embed_documents(texts)
    async with waiting_for_others():
        return await embedder.embed_documents(texts)
