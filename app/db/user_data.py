"""All that is kept of one user: listed for them, or erased."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from app.db.memory_owners import of_team, of_user
from app.db.pool import TenantTx, read_only
from app.rules.types import Erased

PAGE = 500
"""Rows of an export that are held in memory at a time."""


async def owner_keys_of(tx: TenantTx, user_id: str) -> list[str]:
    """What to lock before the user's rows change: the user, and the teams that they wrote for."""
    cursor = await tx.execute(
        """
        SELECT DISTINCT team_id FROM (
            SELECT team_id FROM memories WHERE tenant_id = %(t)s AND user_id = %(u)s
            UNION ALL
            SELECT team_id FROM conversations WHERE tenant_id = %(t)s AND user_id = %(u)s) both_
        WHERE team_id IS NOT NULL
        """,
        {"t": tx.tenant_id, "u": user_id},
    )
    return sorted([of_user(user_id), *(of_team(row[0]) for row in await cursor.fetchall())])


async def erase(tx: TenantTx, user_id: str, owners: Sequence[str]) -> Erased:
    """Delete the user's rows, and the names that were heard in their conversations; the caller
    holds ``owners``, which are all that the user wrote for. Counted by kind."""
    async with tx.cursor(row_factory=class_row(Erased)) as cursor:
        await cursor.execute(
            """
            WITH mine AS (
                SELECT memory_id, state FROM memories WHERE tenant_id = %(t)s AND user_id = %(u)s
            ), talks AS (
                SELECT conversation_id FROM conversations
                WHERE tenant_id = %(t)s AND user_id = %(u)s
            ), edges AS (
                DELETE FROM memory_edges WHERE tenant_id = %(t)s
                  AND (from_memory_id IN (SELECT memory_id FROM mine)
                       OR to_memory_id IN (SELECT memory_id FROM mine)) RETURNING 1
            ), events AS (
                DELETE FROM memory_events WHERE tenant_id = %(t)s
                  AND (memory_id IN (SELECT memory_id FROM mine)
                       OR conversation_id IN (SELECT conversation_id FROM talks)) RETURNING 1
            ), drawn AS (
                DELETE FROM extractions WHERE tenant_id = %(t)s
                  AND conversation_id IN (SELECT conversation_id FROM talks) RETURNING 1
            )
            SELECT (SELECT count(*) FROM mine)::int AS memories,
                   (SELECT count(*) FROM mine WHERE state = 'live')::int AS live_memories,
                   (SELECT count(*) FROM talks)::int AS conversations,
                   (SELECT count(*) FROM drawn)::int AS extractions,
                   (SELECT count(*) FROM events)::int AS events,
                   (SELECT count(*) FROM edges)::int AS edges,
                   (SELECT count(*) FROM agents
                    WHERE tenant_id = %(t)s AND owner_id = %(u)s)::int AS agents
            """,
            {"t": tx.tenant_id, "u": user_id},
        )
        erased = await cursor.fetchone()
    assert erased is not None, "counts are one row"
    for table, column in (
        ("memories", "user_id"),
        ("conversations", "user_id"),
        ("team_members", "user_id"),
        ("webhook_deliveries", "user_id"),
        ("invitations", "invited_by"),
        ("invitations", "accepted_by"),
        ("agents", "owner_id"),
    ):
        await tx.execute(
            f"DELETE FROM {table} WHERE tenant_id = %s AND {column} = %s", (tx.tenant_id, user_id)
        )
    await tx.execute(
        "UPDATE team_members SET invited_by = NULL WHERE tenant_id = %s AND invited_by = %s",
        (tx.tenant_id, user_id),
    )
    await tx.execute(
        "UPDATE api_keys SET users = array_remove(users, %s) WHERE tenant_id = %s AND users @> %s",
        (user_id, tx.tenant_id, [user_id]),
    )
    await tx.execute(
        "DELETE FROM memory_owners WHERE tenant_id = %s AND owner_key = %s",
        (tx.tenant_id, of_user(user_id)),
    )
    await tx.execute(
        "UPDATE memory_owners SET speakers = '{}' WHERE tenant_id = %s AND owner_key = ANY(%s)",
        (tx.tenant_id, list(owners)),
    )
    return erased


_EXPORTED = {
    "memory": (
        "memories",
        "memory_id",
        "to_jsonb(r) - 'embedding' - 'code' - 'content_hash' - 'scope_key' - 'tenant_id'",
        "user_id = %(u)s",
    ),
    "conversation": (
        "conversations",
        "conversation_id",
        "to_jsonb(r) - '{tenant_id,owner_key,idempotency_key,body_sha256,lease_token,lease_until,"
        "claimed_by,ready,next_attempt_at}'::text[]",
        "user_id = %(u)s",
    ),
    "event": (
        "memory_events",
        "event_id",
        "to_jsonb(r) - 'tenant_id' - 'op_no' - 'run'",
        "memory_id IN (SELECT memory_id FROM memories WHERE tenant_id = %(t)s AND user_id = %(u)s)",
    ),
    "edge": (
        "memory_edges",
        "edge_id",
        "to_jsonb(r) - 'tenant_id'",
        "EXISTS (SELECT FROM memories m WHERE m.tenant_id = %(t)s AND m.user_id = %(u)s"
        " AND m.memory_id IN (r.from_memory_id, r.to_memory_id))",
    ),
    "agent": ("agents", "agent_id", "to_jsonb(r) - 'tenant_id'", "owner_id = %(u)s"),
    "membership": ("team_members", "member_id", "to_jsonb(r) - 'tenant_id'", "user_id = %(u)s"),
    "invitation": (
        "invitations",
        "invitation_id",
        "to_jsonb(r) - 'tenant_id' - 'token_hash'",
        "%(u)s IN (invited_by, accepted_by)",
    ),
}
"""By type: the table, its key, what is shown of a row, and which rows are the user's."""

_TIMES = ("at", "valid_from", "valid_until")


async def export(tenant_id: UUID, user_id: str) -> AsyncIterator[bytes]:
    """Everything that is kept of the user, a JSON document a line, each with its ``type``. Each
    page is a transaction of its own: a reader may take its time."""
    for kind, (table, key, document, condition) in _EXPORTED.items():
        last = UUID(int=0)
        while True:
            async with read_only(tenant_id) as tx:
                cursor = await tx.execute(
                    f"""
                    SELECT {key}, {document} FROM {table} r
                    WHERE tenant_id = %(t)s AND {condition} AND {key} > %(last)s
                    ORDER BY {key} LIMIT {PAGE}
                    """,
                    {"t": tenant_id, "u": user_id, "last": last},
                )
                rows = await cursor.fetchall()
            for _, fields in rows:
                line = {"type": kind, **{name: _shown(name, it) for name, it in fields.items()}}
                yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
            if len(rows) < PAGE:
                break
            last = rows[-1][0]


def _shown(name: str, value: Any) -> Any:
    """A time as it looks everywhere else: in UTC, with milliseconds and ``Z``."""
    if isinstance(value, str) and (name in _TIMES or name.endswith("_at")):
        at = datetime.fromisoformat(value).astimezone(UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
