"""The graph's edges: connected, carried to a successor, cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, column, false, func, not_, or_, select
from sqlalchemy.dialects.postgresql import REAL, insert

from app.db import key_reach
from app.db.pool import TenantTx
from app.db.schema import memories, memory_edges
from app.db.statements import OWN_ID, TENANT, Statement, columns_of, own, parameters
from app.rules.key_reach import KeyRestriction
from app.rules.types import Edge, NewEdge

SUPERSEDES = "supersedes"
"""The relationship from a memory to the one that it replaced; such an edge stays where it is."""

_edges = memory_edges.c
_KINDS = ("from_memory_id", "to_memory_id", "relationship_type", "weight")
_UNIQUE = ("tenant_id", "from_memory_id", "to_memory_id", "relationship_type")

_HOLD = Statement(
    select(memories.c.memory_id, memories.c.state)
    .where(
        memories.c.tenant_id == TENANT,
        memories.c.memory_id == any_(bindparam("memory_ids", type_=ARRAY(Uuid))),
        key_reach.within(memories),
    )
    .order_by(memories.c.memory_id)
    .with_for_update(read=True)
)
_ANY_BEYOND = Statement(
    select(memories.c.memory_id)
    .where(
        memories.c.tenant_id == TENANT,
        memories.c.memory_id == any_(bindparam("memory_ids", type_=ARRAY(Uuid))),
        not_(func.coalesce(key_reach.within(memories), false())),
    )
    .limit(1)
)
_CONNECT = Statement(
    insert(memory_edges)
    .values(
        tenant_id=OWN_ID,
        created_at=func.clock_timestamp(),
        **parameters((*_KINDS, "metadata")),
    )
    .on_conflict_do_nothing(index_elements=_UNIQUE)
    .returning(*columns_of(Edge, memory_edges))
)

_given = (
    func.unnest(
        bindparam("from_ids", type_=ARRAY(Uuid)),
        bindparam("to_ids", type_=ARRAY(Uuid)),
        bindparam("types", type_=ARRAY(Text)),
        bindparam("weights", type_=ARRAY(REAL)),
    )
    .table_valued(
        column("from_memory_id", Uuid),
        column("to_memory_id", Uuid),
        column("relationship_type", Text),
        column("weight", REAL),
    )
    .render_derived("edge")
)
_ADD = Statement(
    insert(memory_edges)
    .from_select(
        ["tenant_id", "conversation_id", "created_at", *_KINDS],
        select(
            OWN_ID,
            bindparam("conversation_id", type_=Uuid),
            func.clock_timestamp(),
            *(_given.c[name] for name in _KINDS),
        ),
        include_defaults=False,
    )
    .on_conflict_do_nothing(index_elements=_UNIQUE)
)

_OLD = bindparam("old", type_=ARRAY(Uuid))
_pairs = (
    func.unnest(_OLD, bindparam("new", type_=ARRAY(Uuid)))
    .table_valued(column("old", Uuid), column("heir", Uuid))
    .render_derived("pair")
)
_replaced = select(_pairs.c.old, _pairs.c.heir).cte("replaced")
_moved = (
    sa.delete(memory_edges)
    .where(
        own(memory_edges),
        _edges.relationship_type != SUPERSEDES,
        or_(_edges.from_memory_id == any_(_OLD), _edges.to_memory_id == any_(_OLD)),
    )
    .returning(*_edges)
    .cte("moved")
)
_of_from, _of_to = _replaced.alias("f"), _replaced.alias("t")
_FROM = func.coalesce(_of_from.c.heir, _moved.c.from_memory_id)
_TO = func.coalesce(_of_to.c.heir, _moved.c.to_memory_id)
_STAYS = [each.name for each in _moved.c if each.name not in ("from_memory_id", "to_memory_id")]
_CARRY = Statement(
    insert(memory_edges)
    .from_select(
        [*_STAYS, "from_memory_id", "to_memory_id"],
        select(*(_moved.c[name] for name in _STAYS), _FROM, _TO)
        .select_from(
            _moved.outerjoin(_of_from, _of_from.c.old == _moved.c.from_memory_id).outerjoin(
                _of_to, _of_to.c.old == _moved.c.to_memory_id
            )
        )
        .where(_FROM != _TO),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
)

_from, _to = memories.alias("a"), memories.alias("b")
_DELETE = Statement(
    sa.delete(memory_edges)
    .where(
        own(memory_edges),
        _edges.edge_id == bindparam("edge_id"),
        _from.c.tenant_id == _edges.tenant_id,
        _from.c.memory_id == _edges.from_memory_id,
        _to.c.tenant_id == _edges.tenant_id,
        _to.c.memory_id == _edges.to_memory_id,
        key_reach.within(_from),
        key_reach.within(_to),
    )
    .returning(_edges.edge_id)
)


async def hold_live(
    tx: TenantTx, memory_ids: Sequence[UUID], restriction: KeyRestriction
) -> set[UUID]:
    """Find those of the memories that are live and within reach; none of them is retired before the
    transaction ends."""
    rows = await _HOLD.rows(tx, memory_ids=memory_ids, **key_reach.parameters(restriction))
    return {memory_id for memory_id, state in rows if state == "live"}


async def any_beyond(tx: TenantTx, memory_ids: Sequence[UUID], restriction: KeyRestriction) -> bool:
    """Tell whether one of the memories is beyond reach. One that is not there any more is not."""
    values = {"memory_ids": memory_ids, **key_reach.parameters(restriction)}
    return await _ANY_BEYOND.rowcount(tx, **values) > 0


async def connect(tx: TenantTx, edge: NewEdge, metadata: Mapping[str, Any]) -> Edge | None:
    """Write the edge down; None when the two are connected in this way already."""
    return await _CONNECT.one(
        tx,
        Edge,
        from_memory_id=edge.from_memory_id,
        to_memory_id=edge.to_memory_id,
        relationship_type=edge.relationship_type,
        weight=edge.weight,
        metadata=dict(metadata),
    )


async def add(
    tx: TenantTx,
    edges: Sequence[NewEdge],
    *,
    conversation_id: UUID | None = None,
) -> None:
    """Write edges between memories of the same transaction down, those that are not there yet."""
    if not edges:
        return
    await _ADD.run(
        tx,
        conversation_id=conversation_id,
        from_ids=[edge.from_memory_id for edge in edges],
        to_ids=[edge.to_memory_id for edge in edges],
        types=[edge.relationship_type for edge in edges],
        weights=[edge.weight for edge in edges],
    )


async def carry(tx: TenantTx, heirs: Mapping[UUID, UUID]) -> None:
    """Move the edges of replaced memories to their successors (``heirs``: old → new).

    An edge that the successor has already, or that would lead to itself, goes.
    """
    if heirs:
        await _CARRY.run(tx, old=list(heirs.keys()), new=list(heirs.values()))


async def delete(tx: TenantTx, edge_id: UUID, restriction: KeyRestriction) -> bool:
    """Cut the edge; False when the tenant has none of that id between memories within reach."""
    cut = await _DELETE.rowcount(tx, edge_id=edge_id, **key_reach.parameters(restriction))
    return cut == 1
