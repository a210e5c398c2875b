"""Idempotency keys: what was answered the first time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from app.db.pool import SystemTx, TenantTx
from app.rules.types import StoredAnswer


async def find(tx: TenantTx, key: str) -> StoredAnswer | None:
    """What is kept under the key, if it was ever used."""
    cursor = await tx.execute(
        "SELECT body_sha256, answer FROM idempotency_keys WHERE tenant_id = %s AND key = %s",
        (tx.tenant_id, key),
    )
    row = await cursor.fetchone()
    return StoredAnswer(bytes(row[0]), row[1]) if row else None


async def begin(
    tx: TenantTx,
    key: str,
    body_sha256: bytes,
    user_hashes: Sequence[bytes],
) -> StoredAnswer | None:
    """Take the key for this transaction, or say what is kept under it. A second request with the
    same key waits here until the first has ended."""
    cursor = await tx.execute(
        """
        INSERT INTO idempotency_keys (tenant_id, key, body_sha256, user_hashes)
        VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING key
        """,
        (tx.tenant_id, key, body_sha256, list(user_hashes)),
    )
    if await cursor.fetchone() is not None:
        return None
    return await find(tx, key)


async def complete(tx: TenantTx, key: str, answer: Any) -> None:
    """Keep the answer, in the transaction of what it tells of."""
    await tx.execute(
        "UPDATE idempotency_keys SET answer = %s WHERE tenant_id = %s AND key = %s",
        (Jsonb(answer), tx.tenant_id, key),
    )


async def forget_of(tx: TenantTx, user_hash: bytes) -> None:
    """Forget what was asked about one user, and about edges that are gone: a request for an edge
    names nobody, and what it said may have been about the user."""
    await tx.execute(
        """
        DELETE FROM idempotency_keys k
        WHERE tenant_id = %(tenant_id)s AND (
            %(user_hash)s = ANY(user_hashes)
            OR answer ? 'from_memory_id' AND NOT EXISTS (
                SELECT FROM memory_edges e
                WHERE e.tenant_id = k.tenant_id AND e.edge_id::text = answer ->> 'id'))
        """,
        {"tenant_id": tx.tenant_id, "user_hash": user_hash},
    )


async def purge(tx: SystemTx, *, older_than_days: float) -> None:
    """Forget keys whose clients have long stopped trying."""
    await tx.execute(
        "DELETE FROM idempotency_keys WHERE created_at < now() - %s * interval '1 day'",
        (older_than_days,),
    )
