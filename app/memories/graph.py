"""Use case: connect memories by edges, and find what is connected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.db import edges, graph, memories
from app.db.pool import TenantTx, read_only, transaction
from app.errors import Conflict, DatabaseUnavailable, NotFound, Unprocessable
from app.rules.types import Caller, Edge, NewEdge, Node
from app.tenancy.idempotency import IdempotentRequest, Made, make_once

QUERY_CANCELED = "57014"
"""Postgres' SQLSTATE for a statement that ran into its time limit."""


async def connect(
    caller: Caller,
    edge: NewEdge,
    metadata: Mapping[str, Any],
    request: IdempotentRequest | None = None,
) -> Made[Edge]:
    """Connect two live memories. Raises NotFound when one of them is not live, Conflict when they
    have this edge already."""

    ends = [edge.from_memory_id, edge.to_memory_id]

    async def allow(tx: TenantTx) -> None:
        if await edges.any_beyond(tx, ends, caller.restriction):
            raise _no_memory()

    async def make(tx: TenantTx) -> Edge:
        if len(await edges.hold_live(tx, ends, caller.restriction)) < 2:
            raise _no_memory()
        made = await edges.connect(tx, edge, dict(metadata))
        if made is None:
            raise Conflict("These memories are connected in this way already.")
        return made

    return await make_once(caller, request, Edge, make, allow=allow)


async def traverse(
    caller: Caller, memory_id: UUID, *, depth: int, relationship_type: str | None, limit: int
) -> list[Node]:
    """Find what is connected to a live memory over up to ``depth`` edges in either direction: up to
    ``limit`` + 1 nodes, nearest first. Raises NotFound, Unprocessable when it takes too long."""
    try:
        async with transaction(caller.tenant_id) as tx:
            await _live_root(tx, caller, memory_id)
            return await graph.traverse(
                tx,
                memory_id,
                depth=depth,
                relationship_type=relationship_type,
                limit=limit,
                restriction=caller.restriction,
            )
    except DatabaseUnavailable as error:
        if error.sqlstate != QUERY_CANCELED:
            raise
        raise Unprocessable(
            f"The walk took longer than {graph.SECONDS} s; take fewer steps or one type of edge.",
            code="walk_too_long",
        ) from None


async def related(
    caller: Caller, memory_id: UUID, *, relationship_type: str | None, limit: int
) -> list[Node]:
    """List what is one edge away from a live memory, the greatest weight first. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        await _live_root(tx, caller, memory_id)
        return await graph.related(
            tx,
            memory_id,
            relationship_type=relationship_type,
            limit=limit,
            restriction=caller.restriction,
        )


async def disconnect(caller: Caller, edge_id: UUID) -> None:
    """Delete an edge. Raises NotFound."""
    async with transaction(caller.tenant_id) as tx:
        if not await edges.delete(tx, edge_id, caller.restriction):
            raise NotFound("There is no edge of this id.")


async def _live_root(tx: TenantTx, caller: Caller, memory_id: UUID) -> None:
    root = await memories.get(tx, memory_id, restriction=caller.restriction)
    if root is None or root.state != "live":
        raise _no_memory()


def _no_memory() -> NotFound:
    return NotFound("There is no live memory of this id.")
