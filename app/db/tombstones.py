"""What is left of people who were erased: that it was done, when, and a digest of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb

from app.db.pool import TenantTx
from app.rules.types import Erasure


async def add(tx: TenantTx, owner_hash: bytes, erased: Mapping[str, int]) -> Erasure:
    """Note an erasure; the caller holds the owner."""
    cursor = await tx.execute(
        """
        INSERT INTO erasures (tenant_id, owner_hash, erased, erased_at)
        VALUES (%s, %s, %s, clock_timestamp()) RETURNING erasure_id, erased_at
        """,
        (tx.tenant_id, owner_hash, Jsonb(dict(erased))),
    )
    row = await cursor.fetchone()
    assert row is not None
    return Erasure(*row)


async def any_since(tx: TenantTx, owner_hashes: Sequence[bytes], *, within_seconds: float) -> bool:
    """Whether one of the owners was erased after ``within_seconds`` before the transaction began.
    The caller has locked them."""
    cursor = await tx.execute(
        """
        SELECT FROM erasures
        WHERE tenant_id = %s AND owner_hash = ANY(%s)
          AND erased_at > now() - make_interval(secs => %s) LIMIT 1
        """,
        (tx.tenant_id, list(owner_hashes), within_seconds),
    )
    return await cursor.fetchone() is not None
