"""What is left of people who were erased: that it was done, when, and a digest of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ARRAY, LargeBinary, any_, bindparam, func, insert, select

from app.db.pool import TenantTx
from app.db.schema import erasures
from app.db.statements import OWN_ID, Statement, own, parameters, seconds
from app.rules.types import Erasure

_ADD = Statement(
    insert(erasures)
    .values(
        tenant_id=OWN_ID, erased_at=func.clock_timestamp(), **parameters(("owner_hash", "erased"))
    )
    .returning(erasures.c.erasure_id, erasures.c.erased_at)
)
_ANY_SINCE = Statement(
    select(erasures.c.erasure_id)
    .where(
        own(erasures),
        erasures.c.owner_hash == any_(bindparam("owner_hashes", type_=ARRAY(LargeBinary))),
        erasures.c.erased_at > func.now() - seconds("within_seconds"),
    )
    .limit(1)
)


async def add(tx: TenantTx, owner_hash: bytes, erased: Mapping[str, int]) -> Erasure:
    """Note an erasure; the caller holds the owner."""
    erasure = await _ADD.one(tx, Erasure, owner_hash=owner_hash, erased=dict(erased))
    assert erasure is not None
    return erasure


async def any_since(tx: TenantTx, owner_hashes: Sequence[bytes], *, within_seconds: float) -> bool:
    """Tell whether one of the owners was erased after ``within_seconds`` before the transaction
    began. The caller has locked them."""
    found = await _ANY_SINCE.rowcount(tx, owner_hashes=owner_hashes, within_seconds=within_seconds)
    return found == 1
