"""Memories: written down, read, changed, retired, brought back, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.db import key_reach
from app.db.edges import SUPERSEDES
from app.db.pool import TENANT, TenantTx
from app.db.search import REINFORCED, RETENTION, bounds, where
from app.db.tenant_settings import TUNING
from app.rules.filters import Filters
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Memory, NewMemory, Scope

_MEMORY = ", ".join(
    f"{RETENTION} AS retention" if field.name == "retention" else f"m.{field.name}"
    for field in fields(Memory)
)


async def get(
    tx: TenantTx,
    memory_id: UUID,
    *,
    restriction: KeyRestriction = UNRESTRICTED,
    lock: bool = False,
) -> Memory | None:
    """One memory, live or superseded, or None when the tenant has none of that id within
    ``reach``. With ``lock`` it does not change until the transaction ends."""
    async with tx.cursor(row_factory=class_row(Memory)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_MEMORY} FROM memories m
            LEFT JOIN memory_recalls r USING (tenant_id, memory_id) CROSS JOIN {TUNING} t
            WHERE m.tenant_id = {TENANT} AND m.memory_id = %(memory_id)s
              AND {key_reach.within("m")} {"FOR UPDATE OF m" if lock else ""}
            """,
            {
                "tenant_id": tx.tenant_id,
                "memory_id": memory_id,
                **key_reach.parameters(restriction),
            },
        )
        return await cursor.fetchone()


async def list_page(
    tx: TenantTx,
    scopes: Sequence[Scope],
    *,
    filters: Filters,
    before: UUID | None,
    limit: int,
    offset: int,
) -> list[Memory]:
    """The memories of ``scopes`` (of one tenant), newest first: those before the id ``before``,
    without the first ``offset``."""
    async with tx.cursor(row_factory=class_row(Memory)) as cursor:
        await cursor.execute(
            f"""
            WITH page AS MATERIALIZED (
                SELECT memory_id FROM memories m
                WHERE {where(filters)} AND (%(before)s::uuid IS NULL OR memory_id < %(before)s)
                ORDER BY memory_id DESC LIMIT %(limit)s OFFSET %(offset)s)
            SELECT {_MEMORY} FROM page JOIN memories m USING (memory_id) {REINFORCED}
                CROSS JOIN {TUNING} t
            WHERE m.tenant_id = %(tenant_id)s
            ORDER BY memory_id DESC
            """,
            {**bounds(scopes, filters), "before": before, "limit": limit, "offset": offset},
        )
        return await cursor.fetchall()


async def count(tx: TenantTx, scopes: Sequence[Scope], *, filters: Filters) -> int:
    """How many memories the whole list has."""
    cursor = await tx.execute(
        f"SELECT count(*) FROM memories m WHERE {where(filters)}", bounds(scopes, filters)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def versions(tx: TenantTx, memory_id: UUID, restriction: KeyRestriction) -> list[Memory]:
    """What the memory has replaced, and what that had replaced, within reach: newest first."""
    async with tx.cursor(row_factory=class_row(Memory)) as cursor:
        await cursor.execute(
            f"""
            WITH RECURSIVE older AS (
                SELECT memory_id FROM memories
                WHERE tenant_id = %(tenant_id)s AND superseded_by = %(memory_id)s
                UNION
                SELECT m.memory_id FROM older JOIN memories m ON m.superseded_by = older.memory_id
                WHERE m.tenant_id = %(tenant_id)s)
            SELECT {_MEMORY} FROM older JOIN memories m USING (memory_id)
            LEFT JOIN memory_recalls r ON r.tenant_id = m.tenant_id AND r.memory_id = m.memory_id
            CROSS JOIN {TUNING} t
            WHERE m.tenant_id = %(tenant_id)s AND {key_reach.within("m")}
            ORDER BY m.superseded_at DESC, m.memory_id DESC LIMIT 100
            """,
            {
                "tenant_id": tx.tenant_id,
                "memory_id": memory_id,
                **key_reach.parameters(restriction),
            },
        )
        return await cursor.fetchall()


async def change(tx: TenantTx, memory_id: UUID, changes: Mapping[str, Any]) -> None:
    """Set the named columns. The transaction raises Duplicate when a live memory of the scope
    says the same then."""
    values = {
        name: HalfVector(list(value))
        if name == "embedding"
        else Jsonb(value)
        if name == "metadata"
        else value
        for name, value in changes.items()
    }
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(
            sql.Identifier(name),
            sql.Placeholder(name, format="b" if name == "embedding" else "s"),
        )
        for name in values
    )
    key = {"tenant_id": tx.tenant_id, "memory_id": memory_id}
    await tx.execute(
        sql.SQL("UPDATE memories SET {}, updated_at = clock_timestamp()").format(assignments)
        + sql.SQL(" WHERE tenant_id = %(tenant_id)s AND memory_id = %(memory_id)s"),
        {**values, **key},
    )
    if "scope_key" in changes:
        await tx.execute(
            """
            UPDATE memory_recalls SET scope_key = %(scope_key)s
            WHERE tenant_id = %(tenant_id)s AND memory_id = %(memory_id)s
            """,
            {"scope_key": changes["scope_key"], **key},
        )


async def quarantined(
    tx: TenantTx, scope: Scope, content_hashes: Sequence[bytes]
) -> dict[bytes, UUID]:
    """Those of the facts that wait for review in the scope already, by content hash."""
    cursor = await tx.execute(
        """
        SELECT content_hash, memory_id FROM memories
        WHERE tenant_id = %s AND scope_key = %s AND state = 'quarantined'
          AND content_hash = ANY(%s)
        """,
        (tx.tenant_id, scope.key, list(content_hashes)),
    )
    return {bytes(content_hash): memory_id for content_hash, memory_id in await cursor.fetchall()}


async def restore(tx: TenantTx, memory_id: UUID) -> None:
    """Bring a superseded memory back to life, replaced by nothing any more, or one out of
    quarantine, as one that was reviewed.

    The transaction raises Duplicate when a live one of its scope says the same.
    """
    await tx.execute(
        """
        UPDATE memories
        SET state = 'live', superseded_at = NULL, superseded_by = NULL, valid_until = NULL,
            quarantine_reason = NULL, trust = CASE WHEN state = 'quarantined' THEN 1 ELSE trust END,
            updated_at = clock_timestamp()
        WHERE tenant_id = %s AND memory_id = %s AND state IN ('superseded', 'quarantined')
        """,
        (tx.tenant_id, memory_id),
    )
    await tx.execute(
        """
        DELETE FROM memory_edges
        WHERE tenant_id = %s AND to_memory_id = %s AND relationship_type = %s
        """,
        (tx.tenant_id, memory_id, SUPERSEDES),
    )


async def delete(tx: TenantTx, memory_id: UUID) -> None:
    """Forget the memory, its edges and its counts; its events and the receipts of the conversations
    that said it lose their texts."""
    await tx.execute(
        """
        WITH told AS (
            UPDATE conversations c SET receipt = jsonb_set(receipt, '{facts}', (
                SELECT coalesce(jsonb_agg(
                    CASE WHEN fact ->> 'memory_id' = %(memory_id)s::text
                         THEN fact || '{"fact": "", "quote": ""}' ELSE fact END ORDER BY nth), '[]')
                FROM jsonb_array_elements(receipt -> 'facts') WITH ORDINALITY AS f (fact, nth)))
            WHERE c.tenant_id = %(tenant_id)s AND receipt IS NOT NULL AND c.conversation_id IN (
                SELECT e.conversation_id FROM memory_events e
                WHERE e.tenant_id = %(tenant_id)s AND e.memory_id = %(memory_id)s
                  AND e.conversation_id IS NOT NULL)
        ), scrubbed AS (
            UPDATE memory_events SET before = NULL, after = NULL
            WHERE tenant_id = %(tenant_id)s AND memory_id = %(memory_id)s)
        DELETE FROM memories WHERE tenant_id = %(tenant_id)s AND memory_id = %(memory_id)s
        """,
        {"tenant_id": tx.tenant_id, "memory_id": memory_id},
    )


async def insert(tx: TenantTx, new: Sequence[NewMemory]) -> None:
    """Write the memories down. The transaction raises Duplicate when a live one of its scope
    says the same."""
    if not new:
        return
    await tx.execute(
        f"""
        INSERT INTO memories (
            tenant_id, memory_id, scope_key, user_id, namespace, agent_id, team_id, visibility,
            fact, about, importance, source, metadata, conversation_id, message_indexes, quote,
            valid_from, valid_until, created_at, content_hash, embedding_model, embedding,
            superseded_by, state, trust, quarantine_reason, superseded_at)
        VALUES {", ".join([_ROW] * len(new))}
        """,
        [value for memory in new for value in _row(memory)],
    )


_ROW = f"({', '.join(['%s'] * 21)}, %b, {', '.join(['%s'] * 5)})"


def _row(new: NewMemory) -> tuple[Any, ...]:
    scope = new.scope
    return (
        scope.tenant_id,
        new.memory_id,
        scope.key,
        new.user_id,
        scope.namespace,
        scope.agent_id,
        new.team_id,
        new.visibility,
        new.fact,
        new.about,
        new.importance,
        new.source,
        Jsonb(new.metadata),
        new.conversation_id,
        list(new.message_indexes),
        new.quote,
        new.valid_from,
        new.valid_until,
        new.created_at,
        new.content_hash,
        new.embedding_model,
        HalfVector(list(new.vector)),
        new.superseded_by,
        new.state,
        new.trust,
        new.quarantine_reason,
        new.created_at if new.superseded_by else None,
    )


async def supersede(
    tx: TenantTx,
    memory_id: UUID,
    *,
    by: UUID,
    at: datetime,
    valid_until: datetime,
) -> None:
    """Retire a live memory ``at`` the time since which its owner is locked: it keeps its row, says
    since when and by which, and is no longer recalled."""
    await tx.execute(
        f"""
        UPDATE memories
        SET state = 'superseded', superseded_at = %(at)s, superseded_by = %(by)s,
            valid_until = %(valid_until)s
        WHERE tenant_id = {TENANT} AND memory_id = %(memory_id)s AND state = 'live'
        """,
        {
            "by": by,
            "at": at,
            "valid_until": valid_until,
            "tenant_id": tx.tenant_id,
            "memory_id": memory_id,
        },
    )


async def date_history(tx: TenantTx, memory_id: UUID, successor: UUID) -> None:
    """Fit a truth that came late between those that were known: it held until the next one began,
    and the one before it only until it began. ``successor`` is what holds now."""
    await tx.execute(
        """
        WITH RECURSIVE line AS (
            SELECT memory_id, valid_from, valid_until FROM memories
            WHERE tenant_id = %(tenant_id)s AND memory_id = %(successor)s
            UNION
            SELECT m.memory_id, m.valid_from, m.valid_until
            FROM line JOIN memories m ON m.superseded_by = line.memory_id
            WHERE m.tenant_id = %(tenant_id)s
        ), late AS (
            SELECT valid_from FROM line WHERE memory_id = %(memory_id)s
        )
        UPDATE memories m SET valid_until = CASE
            WHEN m.memory_id = %(memory_id)s
                THEN (SELECT min(l.valid_from) FROM line l WHERE l.valid_from > late.valid_from)
            ELSE late.valid_from END
        FROM line JOIN late ON line.memory_id = %(memory_id)s
            OR line.valid_from < late.valid_from AND line.valid_until > late.valid_from
        WHERE m.tenant_id = %(tenant_id)s AND m.memory_id = line.memory_id
        """,
        {"tenant_id": tx.tenant_id, "memory_id": memory_id, "successor": successor},
    )


async def reinforce(tx: TenantTx, scope: Scope, memory_id: UUID, at: datetime) -> None:
    """Count that the memory was said again, at most once a day, so that repetition in a loop gains
    nothing. ``at`` is the time of its event, by which ``undo`` knows it."""
    await tx.execute(
        """
        INSERT INTO memory_recalls (tenant_id, scope_key, memory_id, reinforcements,
            last_reinforced_at)
        VALUES (%s, %s, %s, 1, %s)
        ON CONFLICT (tenant_id, scope_key, memory_id) DO UPDATE
        SET reinforcements = memory_recalls.reinforcements + 1,
            last_reinforced_at = excluded.last_reinforced_at
        WHERE memory_recalls.last_reinforced_at IS NULL
           OR memory_recalls.last_reinforced_at < excluded.last_reinforced_at - interval '1 day'
        """,
        (tx.tenant_id, scope.key, memory_id, at),
    )
