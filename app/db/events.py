"""What happened to which memory, why, and by which conversation; only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.db.pool import Connection
from app.memory.types import Settled


async def record(
    connection: Connection,
    tenant_id: UUID,
    settled: Sequence[Settled],
    *,
    conversation_id: UUID | None,
    run: int,
) -> None:
    """One event for each fact that touched a memory, numbered within the conversation's run."""
    happened = [
        (op_no, outcome) for op_no, outcome in enumerate(settled) if outcome.memory_id is not None
    ]
    await connection.execute(
        """
        INSERT INTO memory_events (
            tenant_id, conversation_id, run, op_no, memory_id, action, reason, similarity,
                other_memory_id)
        SELECT %s, %s, %s, each.* FROM unnest(
            %s::int[], %s::uuid[], %s::text[], %s::text[], %s::real[], %s::uuid[]) AS each
        """,
        (
            tenant_id,
            conversation_id,
            run,
            [op_no for op_no, _ in happened],
            [outcome.memory_id for _, outcome in happened],
            [outcome.action.value for _, outcome in happened],
            [outcome.reason for _, outcome in happened],
            [outcome.similarity for _, outcome in happened],
            [outcome.replaced_id for _, outcome in happened],
        ),
    )
