"""Transcripts that have been kept for as long as they shall be."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Double, bindparam, func, null, select, update

from app.db.pool import SystemTx, TenantTx
from app.db.receipts import with_facts, without
from app.db.schema import conversations, extractions, kept_vectors, memories, tenants
from app.db.statements import Statement, days, own

_DAYS = func.coalesce(tenants.c.transcript_days, bindparam("days", type_=Double))
_KEPT_BY = Statement(select(tenants.c.tenant_id, _DAYS).where(_DAYS.is_not(None)))
_KEEP_FOR = Statement(
    update(tenants)
    .where(own(tenants))
    .values(transcript_days=bindparam("days"))
    .returning(tenants.c.tenant_id)
)

_old = (
    select(conversations.c.conversation_id)
    .where(
        own(conversations),
        conversations.c.messages.is_not(None),
        conversations.c.state.in_(["done", "dead", "cancelled"]),
        conversations.c.finished_at < func.now() - days("days"),
    )
    .order_by(conversations.c.finished_at)
    .limit(1_000)
    .with_for_update(skip_locked=True, key_share=True)
    .cte("old")
)
_OLD = select(_old.c.conversation_id)
_PURGE = Statement(
    update(conversations)
    .where(own(conversations), conversations.c.conversation_id.in_(_OLD))
    .values(
        messages=null(),
        instructions=null(),
        receipt=with_facts(lambda fact: without(fact, "quote")),
    )
    .returning(conversations.c.conversation_id)
    .add_cte(
        sa.delete(extractions)
        .where(own(extractions), extractions.c.conversation_id.in_(_OLD))
        .cte("drawn"),
        sa.delete(kept_vectors)
        .where(own(kept_vectors), kept_vectors.c.conversation_id.in_(_OLD))
        .cte("embedded"),
        update(memories)
        .where(own(memories), memories.c.quote != "", memories.c.conversation_id.in_(_OLD))
        .values(quote="")
        .cte("cited"),
    )
)


async def kept_by(tx: SystemTx, default_days: float | None) -> list[tuple[UUID, float]]:
    """List the tenants whose transcripts go after a while, and after how many days. Asked as the
    system."""
    return [(tenant_id, days) for tenant_id, days in await _KEPT_BY.rows(tx, days=default_days)]


async def keep_for(tx: TenantTx, days: float | None) -> bool:
    """Set how long the tenant's transcripts are kept, None for as long as the settings say; False
    when there is no such tenant."""
    return await _KEEP_FOR.rowcount(tx, days=days) == 1


async def purge(tx: TenantTx, *, older_than_days: float) -> int:
    """Remove the text of conversations that finished so long ago, what was drawn from it raw, and
    what is quoted of it; memories and receipts stay. How many there were; at most 1,000 at a
    time."""
    return await _PURGE.rowcount(tx, days=older_than_days)
