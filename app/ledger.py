"""Puts each call of a paid provider on the books: begun, then how it ended and what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal
from uuid import UUID

import uuid_utils.compat as uuid_utils

from app.db import extractions, llm_calls
from app.db.pool import transaction
from app.errors import ProviderError
from app.memory.types import Embeddings, Extraction, Usage
from app.settings import Settings, get_settings

Purpose = Literal["extract", "embed"]


async def paid_extraction(
    call: Callable[[], Awaitable[Extraction]],
    *,
    tenant_id: UUID,
    conversation_id: UUID,
    part: int,
    version: str,
    model: str,
) -> Extraction:
    """Make one call of the LLM and keep its answer, in the statement that records how it ended.

    The call is on the books before it is made, so that one whose process dies is there as well: its
    outcome stays ``started``. Passes the call's errors on.
    """
    call_id = uuid_utils.uuid7()
    async with transaction(tenant_id) as conn:
        await llm_calls.begin(
            conn, tenant_id, call_id, conversation_id=conversation_id, model=model
        )
    try:
        extraction = await call()
    except (ProviderError, asyncio.CancelledError) as error:
        async with transaction(tenant_id) as conn:
            await llm_calls.failed(conn, tenant_id, call_id, outcome=_outcome(error))
        raise
    cost = cost_microusd(extraction.usage, "extract", get_settings())
    async with transaction(tenant_id) as conn:
        await llm_calls.ended(conn, tenant_id, call_id, usage=extraction.usage, cost_microusd=cost)
        await extractions.save(conn, tenant_id, conversation_id, part, version, extraction)
    return extraction


async def paid_embedding(
    call: Callable[[], Awaitable[Embeddings]],
    *,
    tenant_id: UUID,
    conversation_id: UUID | None,
    model: str,
) -> Embeddings:
    """Make one call of the embedder and put it on the books. Passes the call's answer and errors
    on."""
    usage, outcome = Usage("voyage", model), "ok"
    try:
        embeddings = await call()
        usage = embeddings.usage
        return embeddings
    except (ProviderError, asyncio.CancelledError) as error:
        outcome = _outcome(error)
        raise
    finally:
        cost = cost_microusd(usage, "embed", get_settings())
        async with transaction(tenant_id) as conn:
            await llm_calls.record(
                conn,
                tenant_id,
                conversation_id=conversation_id,
                outcome=outcome,
                usage=usage,
                cost_microusd=cost,
            )


def _outcome(error: BaseException) -> str:
    return error.code if isinstance(error, ProviderError) else "abandoned"


def cost_microusd(usage: Usage, purpose: Purpose, settings: Settings) -> int:
    """What a call cost, in millionths of a US dollar: a price per million tokens is a micro-dollar
    per token."""
    if purpose == "embed":
        return round(usage.input_tokens * settings.embedding_usd)
    return round(
        usage.input_tokens * settings.extraction_input_usd
        + usage.output_tokens * settings.extraction_output_usd
        + usage.cache_read_tokens * settings.extraction_cache_read_usd
        + usage.cache_write_tokens * settings.extraction_cache_write_usd
    )
