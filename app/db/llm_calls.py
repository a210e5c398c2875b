"""Every attempt at a paid provider, failed ones too, with tokens and cost."""

from __future__ import annotations

from uuid import UUID

from app.db.pool import Connection
from app.memory.types import Usage


async def begin(
    connection: Connection, tenant_id: UUID, call_id: UUID, *, conversation_id: UUID, model: str
) -> None:
    """Note a call of the LLM before it is made."""
    await connection.execute(
        """
        INSERT INTO llm_calls (tenant_id, call_id, conversation_id, purpose, provider, model)
        VALUES (%s, %s, %s, 'extract', 'anthropic', %s)
        """,
        (tenant_id, call_id, conversation_id, model),
    )


async def ended(
    connection: Connection, tenant_id: UUID, call_id: UUID, *, usage: Usage, cost_microusd: int
) -> None:
    """Note that a begun call was answered, and what it used."""
    await connection.execute(
        """
        UPDATE llm_calls
        SET outcome = 'ok', input_tokens = %s, output_tokens = %s, cache_read_tokens = %s,
            cache_write_tokens = %s, cost_microusd = %s, finished_at = now()
        WHERE tenant_id = %s AND call_id = %s
        """,
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens,
            usage.cache_write_tokens,
            cost_microusd,
            tenant_id,
            call_id,
        ),
    )


async def failed(connection: Connection, tenant_id: UUID, call_id: UUID, *, outcome: str) -> None:
    """Note that a begun call failed, with the error's code."""
    await connection.execute(
        """
        UPDATE llm_calls SET outcome = %s, finished_at = now()
        WHERE tenant_id = %s AND call_id = %s
        """,
        (outcome, tenant_id, call_id),
    )


async def record(
    connection: Connection,
    tenant_id: UUID,
    *,
    conversation_id: UUID | None,
    outcome: str,
    usage: Usage,
    cost_microusd: int,
) -> None:
    """Note a call of the embedder that is over."""
    await connection.execute(
        """
        INSERT INTO llm_calls (
            tenant_id, conversation_id, purpose, provider, model, outcome, input_tokens,
            cost_microusd, finished_at)
        VALUES (%s, %s, 'embed', %s, %s, %s, %s, %s, now())
        """,
        (
            tenant_id,
            conversation_id,
            usage.provider,
            usage.model,
            outcome,
            usage.input_tokens,
            cost_microusd,
        ),
    )
