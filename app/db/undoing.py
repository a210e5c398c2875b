"""What a conversation has done to memories, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Born:
    """A memory that the conversation has made; ``superseded_by`` is what replaced it since."""

    memory_id: UUID
    state: str
    superseded_by: UUID | None


async def born_of(connection: Connection, tenant_id: UUID, conversation_id: UUID) -> list[Born]:
    """The memories that the conversation has made, held until the transaction ends."""
    cursor = await connection.execute(
        """
        SELECT memory_id, state, superseded_by FROM memories
        WHERE tenant_id = %s AND conversation_id = %s ORDER BY memory_id FOR UPDATE
        """,
        (tenant_id, conversation_id),
    )
    return [Born(*row) for row in await cursor.fetchall()]


async def subjects_of(connection: Connection, tenant_id: UUID, conversation_id: UUID) -> list[str]:
    """What to lock before the conversation is undone: its own subject, and those of its memories,
    which may have moved since. In order."""
    cursor = await connection.execute(
        """
        SELECT subject FROM conversations
        WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
        UNION
        SELECT CASE WHEN visibility = 'team' THEN 'team:' || team_id ELSE 'user:' || user_id END
        FROM memories
        WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
        ORDER BY subject
        """,
        {"tenant_id": tenant_id, "conversation_id": conversation_id},
    )
    return [row[0] for row in await cursor.fetchall()]


async def bring_back(
    connection: Connection, tenant_id: UUID, conversation_id: UUID, born: Born
) -> list[UUID]:
    """What the memory had replaced is as if it had never been there: alive again or, when something
    has replaced the memory meanwhile, replaced by that. Those that are alive again.

    One whose words are alive in its scope under another id stays superseded.
    """
    if born.state == "superseded" and born.superseded_by is not None:
        await connection.execute(
            """
            UPDATE memories SET superseded_by = %(heir)s
            WHERE tenant_id = %(tenant_id)s AND superseded_by = %(memory_id)s
              AND memory_id <> %(heir)s
            """,
            {
                "tenant_id": tenant_id,
                "memory_id": born.memory_id,
                "heir": born.superseded_by,
            },
        )
        return []
    cursor = await connection.execute(
        """
        WITH retired AS (
            -- This one goes first: two live ones of the same words cannot be.
            UPDATE memories SET state = 'superseded' WHERE tenant_id = %(tenant_id)s
                AND memory_id = %(memory_id)s AND state = 'live'
            RETURNING memory_id
        )
        SELECT DISTINCT ON (old.scope_key, old.content_hash) old.memory_id
        FROM memories old, retired
        WHERE old.tenant_id = %(tenant_id)s AND old.superseded_by = %(memory_id)s
          AND old.conversation_id IS DISTINCT FROM %(conversation_id)s
          AND NOT EXISTS (
              SELECT FROM memories said
              WHERE said.tenant_id = old.tenant_id AND said.scope_key = old.scope_key
                AND said.content_hash = old.content_hash AND said.state = 'live'
                AND said.memory_id <> %(memory_id)s)
        ORDER BY old.scope_key, old.content_hash, old.superseded_at DESC
        """,
        {
            "tenant_id": tenant_id,
            "memory_id": born.memory_id,
            "conversation_id": conversation_id,
        },
    )
    back = [row[0] for row in await cursor.fetchall()]
    await connection.execute(
        """
        UPDATE memories
        SET state = 'live', superseded_at = NULL, superseded_by = NULL, valid_until = NULL,
            updated_at = now()
        WHERE tenant_id = %s AND memory_id = ANY(%s)
        """,
        (tenant_id, back),
    )
    return back


async def forget_repetitions(connection: Connection, tenant_id: UUID, conversation_id: UUID) -> int:
    """Take back what the conversation's duplicates have added to memories of others, as far as
    nothing was added since; how many were weakened."""
    cursor = await connection.execute(
        """
        UPDATE memory_recalls r
        SET reinforcements = r.reinforcements - 1, last_reinforced_at = NULL
        FROM memory_events e
        WHERE e.tenant_id = %(tenant_id)s AND e.conversation_id = %(conversation_id)s
          AND e.action = 'duplicate' AND r.tenant_id = e.tenant_id AND r.memory_id = e.memory_id
          AND r.last_reinforced_at = e.at AND r.reinforcements > 0
        RETURNING r.memory_id
        """,
        {"tenant_id": tenant_id, "conversation_id": conversation_id},
    )
    return len(await cursor.fetchall())


async def delete_edges_of(connection: Connection, tenant_id: UUID, conversation_id: UUID) -> int:
    """Cut the edges that the conversation has drawn; how many there were."""
    cursor = await connection.execute(
        """
        DELETE FROM memory_edges WHERE tenant_id = %s AND conversation_id = %s RETURNING edge_id
        """,
        (tenant_id, conversation_id),
    )
    return len(await cursor.fetchall())


async def mark_reverted(connection: Connection, tenant_id: UUID, conversation_id: UUID) -> None:
    """Note on the conversation that it was undone."""
    await connection.execute(
        """
        UPDATE conversations SET reverted_at = now()
        WHERE tenant_id = %s AND conversation_id = %s
        """,
        (tenant_id, conversation_id),
    )
