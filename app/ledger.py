"""Puts each call of a paid provider on the books: begun, then how it ended and what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, TypeVar
from uuid import UUID

import uuid_utils.compat as uuid_utils

from app.db import llm_calls
from app.db.pool import Connection, connection, transaction
from app.errors import ProviderError
from app.memory.types import Usage
from app.settings import Settings, get_settings


class _Used(Protocol):
    @property
    def usage(self) -> Usage: ...


Answer = TypeVar("Answer", bound=_Used)
Purpose = Literal["extract", "embed"]


async def paid_call(
    call: Callable[[], Awaitable[Answer]],
    *,
    tenant_id: UUID,
    conversation_id: UUID | None,
    purpose: Purpose,
    provider: str,
    model: str,
    keep: Callable[[Connection, Answer], Awaitable[None]] | None = None,
) -> Answer:
    """Make one provider call and record it, whatever becomes of it. Passes the call's answer and errors on.

    ``keep`` stores the answer in the transaction that records it.
    """
    call_id = uuid_utils.uuid7()
    async with connection() as conn:
        await llm_calls.begin(
            conn, tenant_id, call_id, conversation_id=conversation_id, purpose=purpose, provider=provider, model=model
        )
    try:
        answer = await call()
    except (ProviderError, asyncio.CancelledError) as error:
        outcome = error.code if isinstance(error, ProviderError) else "abandoned"
        async with connection() as conn:
            await llm_calls.end(conn, tenant_id, call_id, outcome=outcome, usage=None, cost_microusd=None)
        raise
    cost = cost_microusd(answer.usage, purpose, get_settings())
    async with transaction() as conn:
        await llm_calls.end(conn, tenant_id, call_id, outcome="ok", usage=answer.usage, cost_microusd=cost)
        if keep is not None:
            await keep(conn, answer)
    return answer


def cost_microusd(usage: Usage, purpose: Purpose, settings: Settings) -> int:
    """What a call cost, in millionths of a US dollar: a price per million tokens is a micro-dollar per token."""
    if purpose == "embed":
        return round(usage.input_tokens * settings.embedding_usd)
    return round(
        usage.input_tokens * settings.extraction_input_usd
        + usage.output_tokens * settings.extraction_output_usd
        + usage.cache_read_tokens * settings.extraction_cache_read_usd
        + usage.cache_write_tokens * settings.extraction_cache_write_usd
    )
