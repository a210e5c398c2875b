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
    await connection.cursor().executemany(
        """
        INSERT INTO memory_events (
            tenant_id, memory_id, conversation_id, run, op_no, action, reason, similarity, other_memory_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            (
                tenant_id,
                outcome.memory_id,
                conversation_id,
                run,
                op_no,
                outcome.action.value,
                outcome.reason,
                outcome.similarity,
                outcome.replaced_id,
            )
            for op_no, outcome in enumerate(settled)
            if outcome.memory_id is not None
        ],
    )
