"""Observations: who told a team again what it knew, by a direct store, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from app.db.pool import TenantTx
from app.db.schema import observations
from app.db.statements import OWN_ID, Statement, own, parameters
from app.rules.types import Heir

_o = observations.c
_WORDS = ("fact", "source", "metadata", "trust")
_new = insert(observations).values(
    tenant_id=OWN_ID,
    at=func.clock_timestamp(),
    **parameters(("memory_id", "user_id", *_WORDS)),
)
_ADD = Statement(
    _new.on_conflict_do_update(
        index_elements=["tenant_id", "memory_id", "user_id"],
        set_={name: _new.excluded[name] for name in (*_WORDS, "at")},
    )
)
_FIRST = Statement(
    select(_o.user_id, _o.source, _o.metadata, _o.fact, _o.trust)
    .where(
        own(observations),
        _o.memory_id == bindparam("memory_id"),
        _o.user_id != bindparam("but_user"),
    )
    .order_by(_o.observation_id)
    .limit(1)
)


async def add(
    tx: TenantTx,
    memory_id: UUID,
    *,
    user_id: str,
    fact: str,
    source: str,
    metadata: Mapping[str, Any],
    trust: float,
) -> None:
    """Keep that the user has said what the memory holds; of several times the last counts."""
    await _ADD.run(
        tx,
        memory_id=memory_id,
        user_id=user_id,
        fact=fact,
        source=source,
        metadata=dict(metadata),
        trust=trust,
    )


async def heir_of(tx: TenantTx, memory_id: UUID, *, but_user: str) -> Heir | None:
    """Find the first but this user who has said what the memory holds."""
    row = await (await _FIRST.run(tx, memory_id=memory_id, but_user=but_user)).fetchone()
    if row is None:
        return None
    user_id, source, metadata, fact, trust = row
    return Heir(None, user_id, source, metadata, {"fact": fact}, trust)
