"""What agents and teams hold: whose memories they are, and what becomes of them at the end."""

from __future__ import annotations

from uuid import UUID

from app.db.pool import Connection
from app.memory.types import Scope


async def agents_of(
    connection: Connection, tenant_id: UUID, user_id: str, namespace: str
) -> list[UUID]:
    """The agents that hold live memories of the user's namespace."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT agent_id FROM memories
        WHERE tenant_id = %s AND user_id = %s AND namespace = %s AND agent_id IS NOT NULL
          AND state = 'live'
        """,
        (tenant_id, user_id, namespace),
    )
    return [row[0] for row in await cursor.fetchall()]


async def users_of_agent(connection: Connection, tenant_id: UUID, agent_id: UUID) -> list[str]:
    """The users whose memories the agent holds, in order."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT user_id FROM memories WHERE tenant_id = %s AND agent_id = %s
        ORDER BY user_id
        """,
        (tenant_id, agent_id),
    )
    return [row[0] for row in await cursor.fetchall()]


async def delete_of_agent(connection: Connection, tenant_id: UUID, agent_id: UUID) -> int:
    """Forget all that the agent remembers; how many of these were live."""
    cursor = await connection.execute(
        """
        WITH gone AS (
            DELETE FROM memories WHERE tenant_id = %s AND agent_id = %s RETURNING *
        ), scrubbed AS (
            UPDATE memory_events e SET before = NULL, after = NULL FROM gone
            WHERE e.tenant_id = gone.tenant_id AND e.memory_id = gone.memory_id
        ) SELECT count(*) FROM gone WHERE state = 'live'
        """,
        (tenant_id, agent_id),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def authors_of_team(
    connection: Connection, tenant_id: UUID, team_id: UUID
) -> set[tuple[str, str]]:
    """Who wrote memories of the team (and notes meant for it), as pairs of user and namespace."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT user_id, namespace FROM memories WHERE tenant_id = %s AND team_id = %s
        """,
        (tenant_id, team_id),
    )
    return {(row[0], row[1]) for row in await cursor.fetchall()}


async def hand_to_author(connection: Connection, scope: Scope, team_id: UUID) -> int:
    """Move what the author wrote for the team into the author's own ``scope``; what is said there
    already is superseded by that. How many live memories there are fewer now."""
    cursor = await connection.execute(
        """
        WITH mine AS (
            SELECT content_hash, memory_id FROM memories
            WHERE tenant_id = %(tenant_id)s AND scope_key = %(scope_key)s AND state = 'live'
        ), handed AS (
            UPDATE memories m SET
                visibility = 'private', team_id = NULL, scope_key = %(scope_key)s,
                state = CASE WHEN said.memory_id IS NULL THEN m.state ELSE 'superseded' END,
                superseded_at = CASE WHEN said.memory_id IS NULL THEN m.superseded_at
                                     ELSE clock_timestamp() END,
                superseded_by = coalesce(said.memory_id, m.superseded_by)
            FROM memories old LEFT JOIN mine said
                ON old.state = 'live' AND old.visibility = 'team'
               AND said.content_hash = old.content_hash
            WHERE m.tenant_id = %(tenant_id)s AND m.team_id = %(team_id)s
              AND m.user_id = %(user_id)s AND m.namespace = %(namespace)s
              AND old.tenant_id = m.tenant_id AND old.memory_id = m.memory_id
            RETURNING m.memory_id, said.memory_id IS NOT NULL AS lost
        ), counts AS (
            UPDATE memory_recalls r SET scope_key = %(scope_key)s FROM handed
            WHERE r.tenant_id = %(tenant_id)s AND r.memory_id = handed.memory_id
        )
        SELECT count(*) FILTER (WHERE lost) FROM handed
        """,
        {
            "tenant_id": scope.tenant_id,
            "scope_key": scope.key,
            "team_id": team_id,
            "user_id": scope.user_id,
            "namespace": scope.namespace,
        },
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
