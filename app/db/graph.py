"""Walks over the graph of live memories."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import args_row

from app.db import key_reach
from app.db.edges import SUPERSEDES
from app.db.pool import TENANT, TenantTx
from app.rules.key_reach import KeyRestriction
from app.rules.types import Node

EDGES_READ = 50_000
"""The most edges that one step of a walk reads in each direction: what bounds its time on a graph
that is far denser than anyone can use."""

SECONDS = 2
"""The longest that a walk may take: one of 1,000 nodes takes milliseconds."""

LIMIT_TIME = f"SET LOCAL statement_timeout = {SECONDS * 1000}"

PLAN_ANEW = "SET LOCAL plan_cache_mode = force_custom_plan"
"""A plan kept from when the graph was small would scan the tables once a node."""

# The same condition as key_reach.within.
_WITHIN_REACH = """
    (%(reach_users)s::text[] IS NULL OR m.user_id = ANY(%(reach_users)s))
    AND (%(reach_namespaces)s::text[] IS NULL OR m.namespace = ANY(%(reach_namespaces)s))
    AND (%(reach_agents)s::uuid[] IS NULL OR m.agent_id = ANY(%(reach_agents)s))
"""

_NODE = """
    m.memory_id, m.fact, m.importance, m.source, m.namespace, m.created_at,
    e.edge_id, e.relationship_type, e.weight, e.metadata, e.created_at AS edge_created_at,
    e.from_memory_id, e.to_memory_id
"""

# The row of each step holds every node seen so far, so a node is expanded once, however many paths
# lead to it. Seen and reached nodes meet in one aggregate, and rows are looked up one by one behind
# OFFSET 0: no join is left for the planner to misjudge, who cannot know how long an array is.
TRAVERSE = f"""
WITH RECURSIVE walk (depth, frontier, edges, seen) AS (
    SELECT 0, ARRAY[%(root)s::uuid], ARRAY[]::uuid[], ARRAY[%(root)s::uuid]
    UNION ALL
    SELECT walk.depth + 1, step.nodes, step.edges, walk.seen || step.nodes
    FROM walk CROSS JOIN LATERAL (
        SELECT array_agg(memory_id ORDER BY weight DESC, edge_id) AS nodes,
               array_agg(edge_id ORDER BY weight DESC, edge_id) AS edges
        FROM (
            SELECT memory_id, edge_id, weight
            FROM (
                SELECT memory_id, max(weight) AS weight,
                       (array_agg(edge_id ORDER BY weight DESC, edge_id))[1] AS edge_id
                FROM (
                    (SELECT to_memory_id AS memory_id, edge_id, weight, false AS seen
                    FROM memory_edges
                    WHERE tenant_id = {TENANT} AND from_memory_id = ANY(walk.frontier)
                      AND (%(type)s::text IS NULL OR relationship_type = %(type)s)
                    LIMIT {EDGES_READ})
                    UNION ALL
                    (SELECT from_memory_id, edge_id, weight, false FROM memory_edges
                    WHERE tenant_id = {TENANT} AND to_memory_id = ANY(walk.frontier)
                      AND (%(type)s::text IS NULL OR relationship_type = %(type)s)
                    LIMIT {EDGES_READ})
                    UNION ALL
                    SELECT unnest(walk.seen), NULL, NULL, true
                ) reached
                GROUP BY memory_id HAVING NOT bool_or(seen)
            ) fresh
            CROSS JOIN LATERAL (
                SELECT state, user_id, namespace, agent_id FROM memories
                WHERE tenant_id = {TENANT} AND memory_id = fresh.memory_id OFFSET 0
            ) m
            WHERE m.state = 'live' AND {_WITHIN_REACH}
            LIMIT greatest(%(limit)s + 2 - cardinality(walk.seen), 0)
        ) nearest
    ) step
    WHERE walk.depth < %(depth)s AND step.nodes IS NOT NULL
)
SELECT found.*, walk.depth
FROM walk CROSS JOIN LATERAL unnest(walk.frontier, walk.edges)
        WITH ORDINALITY AS reached (memory_id, edge_id, nth)
    CROSS JOIN LATERAL (
        SELECT {_NODE} FROM memories m, memory_edges e
        WHERE m.tenant_id = {TENANT} AND m.memory_id = reached.memory_id
          AND e.tenant_id = {TENANT} AND e.edge_id = reached.edge_id
        OFFSET 0
    ) found
WHERE walk.depth > 0
ORDER BY walk.depth, nth
LIMIT %(limit)s + 1
"""


RELATED = f"""
SELECT {_NODE}, 1 AS depth
FROM memory_edges e
JOIN memories m ON m.tenant_id = e.tenant_id AND m.memory_id =
    CASE WHEN e.from_memory_id = %(memory_id)s
         THEN e.to_memory_id ELSE e.from_memory_id END
WHERE e.tenant_id = {TENANT}
  AND (e.from_memory_id = %(memory_id)s OR e.to_memory_id = %(memory_id)s)
  AND (%(type)s::text IS NULL OR e.relationship_type = %(type)s)
  AND (m.state = 'live' OR %(type)s::text = '{SUPERSEDES}')
  AND {_WITHIN_REACH}
ORDER BY e.weight DESC, e.edge_id LIMIT %(limit)s
"""


async def traverse(
    tx: TenantTx,
    root: UUID,
    *,
    depth: int,
    relationship_type: str | None,
    limit: int,
    restriction: KeyRestriction,
) -> list[Node]:
    """The live memories within ``depth`` steps of ``root``, each once at its smallest depth,
    nearest first and among those by the weight of the edge; at most ``limit`` + 1, so that a cut
    can be told.

    Edges are walked in both directions, breadth first, and never through a memory that is not live.
    Needs a transaction. Raises psycopg.errors.QueryCanceled after SECONDS.
    """
    await tx.execute(LIMIT_TIME)
    await tx.execute(PLAN_ANEW)
    async with tx.cursor(row_factory=args_row(Node), binary=True) as cursor:
        await cursor.execute(
            TRAVERSE,
            {
                "tenant_id": tx.tenant_id,
                "root": root,
                "depth": depth,
                "type": relationship_type,
                "limit": limit,
                **key_reach.parameters(restriction),
            },
        )
        return await cursor.fetchall()


async def related(
    tx: TenantTx,
    memory_id: UUID,
    *,
    relationship_type: str | None,
    limit: int,
    restriction: KeyRestriction,
) -> list[Node]:
    """The live memories one edge away, by weight. Asked for ``supersedes``, the retired ones too:
    that is what such an edge leads to."""
    async with tx.cursor(row_factory=args_row(Node), binary=True) as cursor:
        await cursor.execute(
            RELATED,
            {
                "tenant_id": tx.tenant_id,
                "memory_id": memory_id,
                "type": relationship_type,
                "limit": limit,
                **key_reach.parameters(restriction),
            },
        )
        return await cursor.fetchall()
