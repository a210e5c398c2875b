"""Every attempt at a paid provider, failed ones too, with tokens and cost."""

from __future__ import annotations

from uuid import UUID

from app.db.pool import Connection
from app.memory.types import Usage


async def begin(
    connection: Connection,
    tenant_id: UUID,
    call_id: UUID,
    *,
    conversation_id: UUID | None,
    purpose: str,
    provider: str,
    model: str,
) -> None:
    """Note an attempt before it is made, so that one whose process dies is on the books as well."""
    await connection.execute(
        """
        INSERT INTO llm_calls (tenant_id, call_id, conversation_id, purpose, provider, model)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (tenant_id, call_id, conversation_id, purpose, provider, model),
    )


async def end(
    connection: Connection,
    tenant_id: UUID,
    call_id: UUID,
    *,
    outcome: str,
    usage: Usage | None,
    cost_microusd: int | None,
) -> None:
    """Note how it ended: ``ok`` or an error's code, with what it used when the provider said so."""
    used = usage or Usage("", "")
    await connection.execute(
        """
        UPDATE llm_calls
        SET outcome = %s, input_tokens = %s, output_tokens = %s, cache_read_tokens = %s,
            cache_write_tokens = %s, cost_microusd = %s, finished_at = clock_timestamp()
        WHERE tenant_id = %s AND call_id = %s
        """,
        (
            outcome,
            used.input_tokens,
            used.output_tokens,
            used.cache_read_tokens,
            used.cache_write_tokens,
            cost_microusd,
            tenant_id,
            call_id,
        ),
    )
