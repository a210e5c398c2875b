"""What a memory has replaced and what has replaced it: retired, brought back, dated."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Uuid, and_, bindparam, case, func, null, or_, select, true, update

from app.db import key_reach
from app.db.edges import SUPERSEDES
from app.db.pool import TenantTx
from app.db.ranking import memory_columns
from app.db.schema import memories, memory_edges, memory_recalls
from app.db.statements import TENANT, Statement, own
from app.db.tenant_settings import TUNING
from app.rules.key_reach import KeyRestriction
from app.rules.types import Memory

_m = memories.c
_ID = bindparam("memory_id", type_=Uuid)

_older = (
    select(_m.memory_id).where(own(memories), _m.superseded_by == _ID).cte("older", recursive=True)
)
_older = _older.union(
    select(_m.memory_id)
    .select_from(_older.join(memories, _m.superseded_by == _older.c.memory_id))
    .where(own(memories))
)
_VERSIONS = Statement(
    select(*memory_columns(memory_recalls))
    .select_from(
        _older.join(memories, _m.memory_id == _older.c.memory_id)
        .outerjoin(
            memory_recalls,
            (memory_recalls.c.tenant_id == _m.tenant_id)
            & (memory_recalls.c.memory_id == _m.memory_id),
        )
        .join(TUNING, true())
    )
    .where(own(memories), key_reach.within(memories))
    .order_by(_m.superseded_at.desc(), _m.memory_id.desc())
    .limit(100)
)


async def versions(tx: TenantTx, memory_id: UUID, restriction: KeyRestriction) -> list[Memory]:
    """What the memory has replaced, and what that had replaced, within reach: newest first."""
    return await _VERSIONS.all(tx, Memory, memory_id=memory_id, **key_reach.parameters(restriction))


_SUPERSEDE = Statement(
    update(memories)
    .where(_m.tenant_id == TENANT, _m.memory_id == _ID, _m.state == "live")
    .values(
        state="superseded",
        superseded_at=bindparam("at"),
        superseded_by=bindparam("by"),
        # One that was dated into the future has never been true.
        valid_until=func.greatest(_m.valid_from, bindparam("until", type_=_m.valid_until.type)),
    )
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
    await _SUPERSEDE.run(tx, memory_id=memory_id, by=by, at=at, until=valid_until)


_line = (
    select(_m.memory_id, _m.valid_from, _m.valid_until)
    .where(own(memories), _m.memory_id == bindparam("successor"))
    .cte("line", recursive=True)
)
_line = _line.union(
    select(_m.memory_id, _m.valid_from, _m.valid_until)
    .select_from(_line.join(memories, _m.superseded_by == _line.c.memory_id))
    .where(own(memories))
)
_late = select(_line.c.valid_from).where(_line.c.memory_id == _ID).cte("late")
_later = _line.alias("later")
_DATE_HISTORY = Statement(
    update(memories)
    .where(
        own(memories),
        _m.memory_id == _line.c.memory_id,
        or_(
            _line.c.memory_id == _ID,
            and_(
                _line.c.valid_from < _late.c.valid_from,
                _line.c.valid_until > _late.c.valid_from,
            ),
        ),
    )
    .values(
        valid_until=case(
            (
                _m.memory_id == _ID,
                select(func.min(_later.c.valid_from))
                .where(_later.c.valid_from > _late.c.valid_from)
                .correlate(_late)
                .scalar_subquery(),
            ),
            else_=_late.c.valid_from,
        )
    )
)


async def date_history(tx: TenantTx, memory_id: UUID, successor: UUID) -> None:
    """Fit a truth that came late between those that were known: it held until the next one began,
    and the one before it only until it began. ``successor`` is what holds now."""
    await _DATE_HISTORY.run(tx, memory_id=memory_id, successor=successor)


_RESTORE = Statement(
    update(memories)
    .where(own(memories), _m.memory_id == _ID)
    .values(
        state="live",
        superseded_at=null(),
        superseded_by=null(),
        valid_until=null(),
        quarantine_reason=null(),
        would_retire=null(),
        trust=case((_m.state != "superseded", 1), else_=_m.trust),
        updated_at=func.clock_timestamp(),
    )
)
_CUT_SUPERSEDES = Statement(
    sa.delete(memory_edges).where(
        own(memory_edges),
        memory_edges.c.to_memory_id == _ID,
        memory_edges.c.relationship_type == SUPERSEDES,
    )
)


async def restore(tx: TenantTx, memory_id: UUID) -> None:
    """Bring a superseded memory back to life, replaced by nothing any more, or let one stand that
    was reviewed: out of quarantine, or beside what it contradicts.

    The transaction raises Duplicate when a live one of its scope says the same.
    """
    await _RESTORE.run(tx, memory_id=memory_id)
    await _CUT_SUPERSEDES.run(tx, memory_id=memory_id)
