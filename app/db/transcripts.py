"""Transcripts that have been kept for as long as they shall be."""

from __future__ import annotations

from uuid import UUID

from app.db.pool import SystemTx, TenantTx


async def kept_by(tx: SystemTx, default_days: float | None) -> list[tuple[UUID, float]]:
    """The tenants whose transcripts go after a while, and after how many days. Asked as the
    system."""
    cursor = await tx.execute(
        """
        SELECT tenant_id, coalesce(transcript_days, %(days)s::float8) FROM tenants
        WHERE coalesce(transcript_days, %(days)s::float8) IS NOT NULL
        """,
        {"days": default_days},
    )
    return [(tenant_id, days) for tenant_id, days in await cursor.fetchall()]


async def keep_for(tx: TenantTx, days: float | None) -> bool:
    """Set how long the tenant's transcripts are kept, None for as long as the settings say; False
    when there is no such tenant."""
    cursor = await tx.execute(
        "UPDATE tenants SET transcript_days = %s WHERE tenant_id = %s RETURNING tenant_id",
        (days, tx.tenant_id),
    )
    return await cursor.fetchone() is not None


async def purge(tx: TenantTx, *, older_than_days: float) -> int:
    """Remove the text of conversations that finished so long ago, what was drawn from it raw, and
    what is quoted of it; memories and receipts stay. How many there were; at most 1,000 at a
    time."""
    cursor = await tx.execute(
        """
        WITH old AS (
            SELECT conversation_id FROM conversations
            WHERE tenant_id = %(tenant_id)s AND messages IS NOT NULL
              AND state IN ('done', 'dead', 'cancelled')
              AND finished_at < now() - make_interval(secs => %(days)s * 86400)
            ORDER BY finished_at LIMIT 1000 FOR UPDATE SKIP LOCKED
        ), drawn AS (
            DELETE FROM extractions WHERE tenant_id = %(tenant_id)s
              AND conversation_id IN (SELECT conversation_id FROM old)
        ), cited AS (
            UPDATE memories SET quote = ''
            WHERE tenant_id = %(tenant_id)s AND quote <> ''
              AND conversation_id IN (SELECT conversation_id FROM old)
        )
        UPDATE conversations SET messages = NULL, instructions = NULL,
            receipt = jsonb_set(receipt, '{facts}', (
                SELECT coalesce(jsonb_agg(fact || '{"quote": ""}' ORDER BY nth), '[]')
                FROM jsonb_array_elements(receipt -> 'facts') WITH ORDINALITY AS f (fact, nth)))
        WHERE tenant_id = %(tenant_id)s AND conversation_id IN (SELECT conversation_id FROM old)
        RETURNING conversation_id
        """,
        {"tenant_id": tx.tenant_id, "days": older_than_days},
    )
    return len(await cursor.fetchall())
