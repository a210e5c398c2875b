"""Memories: written down, read, changed, retired, brought back, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    ARRAY,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert

from app.db import key_reach
from app.db.lineage import date_history as date_history
from app.db.lineage import restore as restore
from app.db.lineage import supersede as supersede
from app.db.lineage import versions as versions
from app.db.pool import TenantTx
from app.db.ranking import materialized, memory_columns, with_figures
from app.db.receipts import with_facts, without
from app.db.schema import conversations, memories, memory_events, memory_recalls
from app.db.search_filters import REINFORCED, Wanted, bounds, shape_of, where
from app.db.statements import OWN_ID, TENANT, Statement, own, parameters, shapes
from app.db.tenant_settings import TUNING
from app.rules.filters import Filters
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Memory, NewMemory, Scope

_m = memories.c
_ID = bindparam("memory_id", type_=Uuid)
_THE_MEMORY = own(memories) & (_m.memory_id == _ID)

_COUNTED = memories.outerjoin(
    memory_recalls,
    (memory_recalls.c.tenant_id == _m.tenant_id) & (memory_recalls.c.memory_id == _m.memory_id),
)
_get = (
    select(*memory_columns(memory_recalls))
    .select_from(_COUNTED.join(TUNING, true()))
    .where(_m.tenant_id == TENANT, _m.memory_id == _ID, key_reach.within(memories))
)
_GET = Statement(_get)
_LOCK = Statement(_get.with_for_update(of=memories, key_share=True))


async def get(
    tx: TenantTx,
    memory_id: UUID,
    *,
    restriction: KeyRestriction = UNRESTRICTED,
    lock: bool = False,
) -> Memory | None:
    """One memory, live or superseded, or None when the tenant has none of that id within
    ``reach``. With ``lock`` it does not change until the transaction ends."""
    return await (_LOCK if lock else _GET).one(
        tx, Memory, memory_id=memory_id, **key_reach.parameters(restriction)
    )


@shapes(*((wanted, after) for wanted in (frozenset(), frozenset({"source"})) for after in (0, 1)))
def _list_page(wanted: Wanted, after: bool) -> Statement:
    condition = where(wanted)
    if after:
        condition &= _m.memory_id < bindparam("before")
    page = materialized(
        select(_m.memory_id)
        .where(condition)
        .order_by(_m.memory_id.desc())
        .limit(bindparam("limit", type_=Integer))
        .offset(bindparam("offset", type_=Integer))
        .cte("page")
    )
    return Statement(
        select(*memory_columns(REINFORCED))
        .select_from(with_figures(page.join(memories, _m.memory_id == page.c.memory_id)))
        .where(own(memories))
        .order_by(_m.memory_id.desc())
    )


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
    values = {**bounds(scopes, filters), "limit": limit, "offset": offset}
    if before is not None:
        values["before"] = before
    statement = _list_page(shape_of(filters), before is not None)
    return await statement.all(tx, Memory, **values)


@shapes((frozenset(),), (frozenset({"source", "metadata"}),))
def _count(wanted: Wanted) -> Statement:
    return Statement(select(func.count()).select_from(memories).where(where(wanted)))


async def count(tx: TenantTx, scopes: Sequence[Scope], *, filters: Filters) -> int:
    """How many memories the whole list has."""
    return int(await _count(shape_of(filters)).scalar(tx, **bounds(scopes, filters)))


@shapes((frozenset({"fact", "embedding", "metadata"}),))
def _change(names: frozenset[str]) -> Statement:
    values = {**parameters(names), "updated_at": func.clock_timestamp()}
    return Statement(update(memories).where(_THE_MEMORY).values(values))


_MOVE_COUNTS = Statement(
    update(memory_recalls)
    .where(own(memory_recalls), memory_recalls.c.memory_id == _ID)
    .values(scope_key=bindparam("scope_key"))
)


async def change(tx: TenantTx, memory_id: UUID, changes: Mapping[str, Any]) -> None:
    """Set the named columns. The transaction raises Duplicate when a live memory of the scope
    says the same then."""
    await _change(frozenset(changes)).run(tx, memory_id=memory_id, **changes)
    if "scope_key" in changes:
        await _MOVE_COUNTS.run(tx, memory_id=memory_id, scope_key=changes["scope_key"])


_QUARANTINED = Statement(
    select(_m.content_hash, _m.memory_id).where(
        own(memories),
        _m.scope_key == bindparam("scope_key"),
        _m.state == "quarantined",
        _m.content_hash == any_(bindparam("content_hashes", type_=ARRAY(LargeBinary))),
    )
)


async def quarantined(
    tx: TenantTx, scope: Scope, content_hashes: Sequence[bytes]
) -> dict[bytes, UUID]:
    """Those of the facts that wait for review in the scope already, by content hash."""
    rows = await _QUARANTINED.rows(tx, scope_key=scope.key, content_hashes=content_hashes)
    return {bytes(content_hash): memory_id for content_hash, memory_id in rows}


_scrubbed = with_facts(
    lambda fact: case(
        (
            fact.op("->>")(literal_column("'memory_id'")) == cast(_ID, Text),
            without(fact, "fact", "quote"),
        ),
        else_=fact,
    )
)
_DELETE = Statement(
    sa.delete(memories)
    .where(_THE_MEMORY)
    .add_cte(
        update(conversations)
        .where(
            own(conversations),
            conversations.c.receipt.is_not(None),
            conversations.c.conversation_id.in_(
                select(memory_events.c.conversation_id).where(
                    own(memory_events),
                    memory_events.c.memory_id == _ID,
                    memory_events.c.conversation_id.is_not(None),
                )
            ),
        )
        .values(receipt=_scrubbed)
        .cte("told"),
        update(memory_events)
        .where(own(memory_events), memory_events.c.memory_id == _ID)
        .values(before=null(), after=null())
        .cte("scrubbed"),
    )
)


async def delete(tx: TenantTx, memory_id: UUID) -> None:
    """Forget the memory, its edges and its counts; its events and the receipts of the conversations
    that said it lose their texts."""
    await _DELETE.run(tx, memory_id=memory_id)


ROWS = 25
"""Memories that one INSERT writes: each number of rows is a statement of its own, and 25 take 15 ms
to compile, once."""

_GIVEN = (
    "memory_id",
    "user_id",
    "team_id",
    "visibility",
    "fact",
    "about",
    "importance",
    "source",
    "metadata",
    "conversation_id",
    "message_indexes",
    "quote",
    "valid_from",
    "valid_until",
    "created_at",
    "content_hash",
    "embedding_model",
    "superseded_by",
    "state",
    "trust",
    "quarantine_reason",
    "would_retire",
)


@shapes((1,), (ROWS,))
def _insert(number: int) -> Statement:
    return Statement(sa.insert(memories).values([_row_of_parameters(nth) for nth in range(number)]))


def _row_of_parameters(nth: int) -> dict[str, Any]:
    names = (*_GIVEN, "scope_key", "namespace", "agent_id", "embedding")
    row = {name: bindparam(f"{name}_{nth}", type_=_m[name].type) for name in names}
    superseded_at = case((row["superseded_by"].is_not(None), row["created_at"]))
    return {"tenant_id": OWN_ID, **row, "superseded_at": superseded_at}


def _row(new: NewMemory, nth: int) -> dict[str, Any]:
    values = {
        **{name: getattr(new, name) for name in _GIVEN},
        "scope_key": new.scope.key,
        "namespace": new.scope.namespace,
        "agent_id": new.scope.agent_id,
        "embedding": new.vector,
    }
    return {f"{name}_{nth}": value for name, value in values.items()}


async def insert(tx: TenantTx, new: Sequence[NewMemory]) -> None:
    """Write the memories down. The transaction raises Duplicate when a live one of its scope
    says the same."""
    for start in range(0, len(new), ROWS):
        part = new[start : start + ROWS]
        values = {
            name: value
            for nth, memory in enumerate(part)
            for name, value in _row(memory, nth).items()
        }
        await _insert(len(part)).run(tx, **values)


_again = pg_insert(memory_recalls).values(
    tenant_id=OWN_ID,
    **parameters(("scope_key", "memory_id")),
    reinforcements=1,
    last_reinforced_at=bindparam("at"),
)
_REINFORCE = Statement(
    _again.on_conflict_do_update(
        index_elements=["tenant_id", "scope_key", "memory_id"],
        set_={
            "reinforcements": memory_recalls.c.reinforcements + 1,
            "last_reinforced_at": _again.excluded.last_reinforced_at,
        },
        where=or_(
            memory_recalls.c.last_reinforced_at.is_(None),
            memory_recalls.c.last_reinforced_at
            < _again.excluded.last_reinforced_at - timedelta(days=1),
        ),
    )
)


async def reinforce(tx: TenantTx, scope: Scope, memory_id: UUID, at: datetime) -> None:
    """Count that the memory was said again, at most once a day, so that repetition in a loop gains
    nothing. ``at`` is the time of its event, by which ``undo`` knows it."""
    await _REINFORCE.run(tx, scope_key=scope.key, memory_id=memory_id, at=at)
