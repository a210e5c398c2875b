"""What is left of people who were erased: that it was done, when, and digests of whom and of what
clients may send again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    LargeBinary,
    any_,
    bindparam,
    column,
    exists,
    func,
    insert,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert

from app.db.pool import SystemTx, TenantTx
from app.db.schema import conversations, erasures, idempotency_keys, spent_keys
from app.db.statements import OWN_ID, Statement, days, own, parameters, seconds
from app.rules.types import Erasure

_LOCKS = 256
"""Locks that a tenant's people share. Postgres has room for some thousands in all; an erasure holds
up the writes of one person in so many."""

_ADD = Statement(
    insert(erasures)
    .values(
        tenant_id=OWN_ID, erased_at=func.clock_timestamp(), **parameters(("owner_hash", "erased"))
    )
    .returning(erasures.c.erasure_id, erasures.c.erased_at)
)


def erased_since() -> ColumnElement[bool]:
    """The condition that one of ``owner_hashes`` was erased after ``within_seconds`` before the
    transaction began, or that a key of ``key_hashes`` was somebody's who was erased."""
    return exists(
        select()
        .select_from(erasures)
        .where(
            own(erasures),
            erasures.c.owner_hash == any_(bindparam("owner_hashes", type_=ARRAY(LargeBinary))),
            erasures.c.erased_at > func.now() - seconds("within_seconds"),
        )
    ) | exists(
        select()
        .select_from(spent_keys)
        .where(
            own(spent_keys),
            spent_keys.c.key_hash == any_(bindparam("key_hashes", type_=ARRAY(LargeBinary))),
        )
    )


_ERASED_SINCE = Statement(select(erased_since()))

_locks = (
    func.unnest(bindparam("locks", type_=ARRAY(BigInteger)))
    .table_valued(column("lock", BigInteger))
    .render_derived("wanted")
)
_KEEP_OFF = Statement(select(func.pg_advisory_xact_lock_shared(_locks.c.lock)))
_KEEP_OUT = Statement(select(func.pg_advisory_xact_lock(_locks.c.lock)))

_KEYS_OF = Statement(
    union_all(
        select(conversations.c.idempotency_key).where(
            own(conversations),
            conversations.c.user_id == bindparam("user_id"),
            conversations.c.idempotency_key.is_not(None),
        ),
        select(idempotency_keys.c.key).where(
            own(idempotency_keys),
            bindparam("user_hash", type_=LargeBinary) == any_(idempotency_keys.c.user_hashes),
        ),
    )
)
_given = func.unnest(bindparam("key_hashes", type_=ARRAY(LargeBinary))).column_valued("key_hash")
_SPEND = Statement(
    pg_insert(spent_keys)
    .from_select(["tenant_id", "key_hash"], select(OWN_ID, _given), include_defaults=False)
    .on_conflict_do_nothing()
)
_PURGE = Statement(sa.delete(spent_keys).where(spent_keys.c.erased_at < func.now() - days("days")))


async def keep_erasures_off(tx: TenantTx, owner_keys: Iterable[str]) -> None:
    """Let no erasure of these owners begin before the transaction ends, and wait for one under way.
    Before all other locks."""
    await _KEEP_OFF.run(tx, locks=_lock_numbers(tx.tenant_id, owner_keys))


async def keep_writers_out(tx: TenantTx, owner_key: str) -> None:
    """Let nobody write the owner's words before the transaction ends, and wait for those who do.
    Before all other locks."""
    await _KEEP_OUT.run(tx, locks=_lock_numbers(tx.tenant_id, [owner_key]))


async def add(tx: TenantTx, owner_hash: bytes, erased: Mapping[str, int]) -> Erasure:
    """Note an erasure; the caller keeps writers out."""
    erasure = await _ADD.one(tx, Erasure, owner_hash=owner_hash, erased=dict(erased))
    assert erasure is not None
    return erasure


async def keys_of(tx: TenantTx, user_id: str, user_hash: bytes) -> list[str]:
    """Find the idempotency keys of the requests that told of the user, or named them."""
    return [key for (key,) in await _KEYS_OF.rows(tx, user_id=user_id, user_hash=user_hash) if key]


async def spend_keys(tx: TenantTx, key_hashes: Sequence[bytes]) -> None:
    """Note idempotency keys that can be used no more."""
    if key_hashes:
        await _SPEND.run(tx, key_hashes=key_hashes)


async def any_since(
    tx: TenantTx,
    owner_hashes: Sequence[bytes],
    key_hashes: Sequence[bytes],
    *,
    within_seconds: float,
) -> bool:
    """Tell whether `erased_since` holds. The caller keeps erasures off."""
    return bool(
        await _ERASED_SINCE.scalar(
            tx, owner_hashes=owner_hashes, key_hashes=key_hashes, within_seconds=within_seconds
        )
    )


async def purge(tx: SystemTx, *, older_than_days: float) -> None:
    """Forget keys whose clients have long stopped trying."""
    await _PURGE.run(tx, days=older_than_days)


def _lock_numbers(tenant_id: UUID, owner_keys: Iterable[str]) -> list[int]:
    """Give the numbers of the owners' locks, in the order in which everybody takes them."""
    places = {_hash(tenant_id.bytes + key.encode()) % _LOCKS for key in owner_keys}
    return sorted(_hash(tenant_id.bytes + place.to_bytes(2, "big")) for place in places)


def _hash(of: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(of, digest_size=8).digest(), "big", signed=True)
