"""Idempotency keys: what was answered the first time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy import (
    LargeBinary,
    Text,
    any_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from app.db.pool import SystemTx, TenantTx
from app.db.schema import idempotency_keys, memory_edges
from app.db.statements import OWN_ID, Statement, days, own, parameters
from app.rules.types import StoredAnswer

_keys = idempotency_keys.c
_THE_KEY = own(idempotency_keys) & (_keys.key == bindparam("key"))

_FIND = Statement(select(_keys.body_sha256, _keys.answer).where(_THE_KEY))
_BEGIN = Statement(
    insert(idempotency_keys)
    .values(tenant_id=OWN_ID, **parameters(("key", "body_sha256", "user_hashes")))
    .on_conflict_do_nothing()
    .returning(_keys.key)
)
_COMPLETE = Statement(update(idempotency_keys).where(_THE_KEY).values(answer=bindparam("answer")))
_EDGE_IS_GONE = _keys.answer.op("?", is_comparison=True)(
    literal_column("'from_memory_id'")
) & ~exists(
    select()
    .select_from(memory_edges)
    .where(
        memory_edges.c.tenant_id == _keys.tenant_id,
        cast(memory_edges.c.edge_id, Text) == _keys.answer.op("->>")(literal_column("'id'")),
    )
    .correlate(idempotency_keys)
)
_FORGET = Statement(
    sa.delete(idempotency_keys).where(
        own(idempotency_keys),
        or_(
            bindparam("user_hash", type_=LargeBinary) == any_(_keys.user_hashes),
            _EDGE_IS_GONE,
        ),
    )
)
_PURGE = Statement(sa.delete(idempotency_keys).where(_keys.created_at < func.now() - days("days")))


async def find(tx: TenantTx, key: str) -> StoredAnswer | None:
    """Find what is kept under the key, if it was ever used."""
    row = await (await _FIND.run(tx, key=key)).fetchone()
    return StoredAnswer(bytes(row[0]), row[1]) if row else None


async def begin(
    tx: TenantTx,
    key: str,
    body_sha256: bytes,
    user_hashes: Sequence[bytes],
) -> StoredAnswer | None:
    """Take the key for this transaction, or say what is kept under it. A second request with the
    same key waits here until the first has ended."""
    taken = await _BEGIN.rowcount(tx, key=key, body_sha256=body_sha256, user_hashes=user_hashes)
    return None if taken else await find(tx, key)


async def complete(tx: TenantTx, key: str, answer: Any) -> None:
    """Keep the answer, in the transaction of what it tells of."""
    await _COMPLETE.run(tx, key=key, answer=Jsonb(answer))


async def forget_of(tx: TenantTx, user_hash: bytes) -> None:
    """Forget what was asked about one user, and about edges that are gone: a request for an edge
    names nobody, and what it said may have been about the user."""
    await _FORGET.run(tx, user_hash=user_hash)


async def purge(tx: SystemTx, *, older_than_days: float) -> None:
    """Forget keys whose clients have long stopped trying."""
    await _PURGE.run(tx, days=older_than_days)
