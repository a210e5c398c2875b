"""What happened to which memory, why, and by which conversation; only ever added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.db.outbox import ANNOUNCED_MEMORY_EVENTS
from app.db.pool import TenantTx
from app.rules.types import Event, Reconciled

RECORD = f"""
WITH happened AS (
    INSERT INTO memory_events (
        tenant_id, conversation_id, run, op_no, memory_id, action, reason, similarity,
        other_memory_id, at)
    SELECT %s, %s, %s, each.*, %s FROM unnest(
        %s::int[], %s::uuid[], %s::text[], %s::text[], %s::real[], %s::uuid[]) AS each
    RETURNING *
), {ANNOUNCED_MEMORY_EVENTS} SELECT
"""


async def record(
    tx: TenantTx,
    settled: Sequence[Reconciled],
    *,
    at: datetime,
    conversation_id: UUID | None,
    run: int,
) -> None:
    """One event for each fact that touched a memory, numbered within the conversation's run, all
    ``at`` the time since which the owner is locked."""
    happened = [
        (op_no, outcome) for op_no, outcome in enumerate(settled) if outcome.memory_id is not None
    ]
    await tx.execute(
        RECORD,
        (
            tx.tenant_id,
            conversation_id,
            run,
            at,
            [op_no for op_no, _ in happened],
            [outcome.memory_id for _, outcome in happened],
            [outcome.action.value for _, outcome in happened],
            [outcome.reason for _, outcome in happened],
            [outcome.similarity for _, outcome in happened],
            [outcome.replaced_id for _, outcome in happened],
        ),
    )


NOTE = f"""
WITH happened AS (
    INSERT INTO memory_events (
        tenant_id, memory_id, action, reason, before, after, at, conversation_id, run, op_no)
    VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp(), %s, %s, %s)
    RETURNING *
), {ANNOUNCED_MEMORY_EVENTS} SELECT
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """The conversation that caused an event, if one did, its run, and which fact of it."""

    conversation_id: UUID | None = None
    run: int = 0
    op_no: int = 0


async def note(
    tx: TenantTx,
    memory_id: UUID,
    *,
    action: str,
    reason: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    of: Cause | None = None,
) -> None:
    """Note one event beside those of `record`."""
    cause = of or Cause()
    await tx.execute(
        NOTE,
        (
            tx.tenant_id,
            memory_id,
            action,
            reason,
            Jsonb(dict(before)) if before else None,
            Jsonb(dict(after)) if after else None,
            cause.conversation_id,
            cause.run,
            # Below zero, since the fact itself has its event too.
            -1 - cause.op_no if of else 0,
        ),
    )


_EVENT = ", ".join(field.name for field in fields(Event))

OF_MEMORY = f"""
SELECT {_EVENT} FROM memory_events
WHERE tenant_id = %(tenant_id)s
  AND (memory_id = %(memory_id)s OR other_memory_id = %(memory_id)s)
ORDER BY event_id LIMIT 200
"""


async def of_memory(tx: TenantTx, memory_id: UUID) -> list[Event]:
    """What happened to the memory, what replaced it too, oldest first; at most 200."""
    async with tx.cursor(row_factory=class_row(Event)) as cursor:
        await cursor.execute(OF_MEMORY, {"tenant_id": tx.tenant_id, "memory_id": memory_id})
        return await cursor.fetchall()
