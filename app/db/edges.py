"""The graph's edges: connected, carried to a successor, cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.db import key_reach
from app.db.pool import TENANT, TenantTx
from app.rules.key_reach import KeyRestriction
from app.rules.types import Edge, NewEdge

SUPERSEDES = "supersedes"
"""The relationship from a memory to the one that it replaced; such an edge stays where it is."""


async def hold_live(
    tx: TenantTx, memory_ids: Sequence[UUID], restriction: KeyRestriction
) -> set[UUID]:
    """Those of the memories that are live and within reach; none of them is retired before the
    transaction ends."""
    cursor = await tx.execute(
        f"""
        SELECT memory_id, state FROM memories m
        WHERE tenant_id = {TENANT} AND memory_id = ANY(%(memory_ids)s)
          AND {key_reach.within("m")}
        ORDER BY memory_id FOR SHARE
        """,
        {
            "tenant_id": tx.tenant_id,
            "memory_ids": list(memory_ids),
            **key_reach.parameters(restriction),
        },
    )
    return {memory_id for memory_id, state in await cursor.fetchall() if state == "live"}


async def connect(tx: TenantTx, edge: NewEdge, metadata: Mapping[str, Any]) -> Edge | None:
    """Write the edge down; None when the two are connected in this way already."""
    async with tx.cursor(row_factory=class_row(Edge)) as cursor:
        await cursor.execute(
            """
            INSERT INTO memory_edges (
                tenant_id, from_memory_id, to_memory_id, relationship_type, weight, metadata,
                created_at)
            VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())
            ON CONFLICT (tenant_id, from_memory_id, to_memory_id, relationship_type) DO NOTHING
            RETURNING edge_id, from_memory_id, to_memory_id, relationship_type, weight, metadata,
                created_at
            """,
            (
                tx.tenant_id,
                edge.from_memory_id,
                edge.to_memory_id,
                edge.relationship_type,
                edge.weight,
                Jsonb(dict(metadata)),
            ),
        )
        return await cursor.fetchone()


async def add(
    tx: TenantTx,
    edges: Sequence[NewEdge],
    *,
    conversation_id: UUID | None = None,
) -> None:
    """Write edges between memories of the same transaction down, those that are not there yet."""
    if not edges:
        return
    await tx.execute(
        """
        INSERT INTO memory_edges (
            tenant_id, conversation_id, created_at, from_memory_id, to_memory_id,
            relationship_type, weight)
        SELECT %s, %s, clock_timestamp(), edge.*
        FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::real[]) AS edge
        ON CONFLICT (tenant_id, from_memory_id, to_memory_id, relationship_type) DO NOTHING
        """,
        (
            tx.tenant_id,
            conversation_id,
            [edge.from_memory_id for edge in edges],
            [edge.to_memory_id for edge in edges],
            [edge.relationship_type for edge in edges],
            [edge.weight for edge in edges],
        ),
    )


async def carry(tx: TenantTx, heirs: Mapping[UUID, UUID]) -> None:
    """Move the edges of replaced memories to their successors (``heirs``: old → new).

    An edge that the successor has already, or that would lead to itself, goes.
    """
    if not heirs:
        return
    await tx.execute(
        """
        WITH replaced AS (
            SELECT * FROM unnest(%(old)s::uuid[], %(new)s::uuid[]) AS pair (old, heir)
        ), moved AS (
            DELETE FROM memory_edges
            WHERE tenant_id = %(tenant_id)s AND relationship_type <> %(supersedes)s
              AND (from_memory_id = ANY(%(old)s) OR to_memory_id = ANY(%(old)s))
            RETURNING *
        )
        INSERT INTO memory_edges (
            tenant_id, edge_id, from_memory_id, to_memory_id, relationship_type, weight, metadata,
            conversation_id, created_at)
        SELECT tenant_id, edge_id, coalesce(f.heir, from_memory_id),
               coalesce(t.heir, to_memory_id), relationship_type, weight, metadata,
               conversation_id, created_at
        FROM moved
        LEFT JOIN replaced f ON f.old = from_memory_id
        LEFT JOIN replaced t ON t.old = to_memory_id
        WHERE coalesce(f.heir, from_memory_id) <> coalesce(t.heir, to_memory_id)
        ON CONFLICT DO NOTHING
        """,
        {
            "tenant_id": tx.tenant_id,
            "old": list(heirs.keys()),
            "new": list(heirs.values()),
            "supersedes": SUPERSEDES,
        },
    )


async def delete(tx: TenantTx, edge_id: UUID, restriction: KeyRestriction) -> bool:
    """Cut the edge; False when the tenant has none of that id between memories within reach."""
    cursor = await tx.execute(
        f"""
        DELETE FROM memory_edges e USING memories a, memories b
        WHERE e.tenant_id = %(tenant_id)s AND e.edge_id = %(edge_id)s
          AND a.tenant_id = e.tenant_id AND a.memory_id = e.from_memory_id
          AND b.tenant_id = e.tenant_id AND b.memory_id = e.to_memory_id
          AND {key_reach.within("a")} AND {key_reach.within("b")}
        RETURNING e.edge_id
        """,
        {"tenant_id": tx.tenant_id, "edge_id": edge_id, **key_reach.parameters(restriction)},
    )
    return await cursor.fetchone() is not None
