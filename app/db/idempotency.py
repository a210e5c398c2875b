"""Idempotency keys: what was answered the first time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Kept:
    """A key that was used before. ``answer`` is None while nothing was answered under it."""

    body_sha256: bytes
    answer: Any


async def find(connection: Connection, tenant_id: UUID, key: str) -> Kept | None:
    """What is kept under the key, if it was ever used."""
    cursor = await connection.execute(
        "SELECT body_sha256, answer FROM idempotency_keys WHERE tenant_id = %s AND key = %s",
        (tenant_id, key),
    )
    row = await cursor.fetchone()
    return Kept(bytes(row[0]), row[1]) if row else None


async def take(
    connection: Connection, tenant_id: UUID, key: str, body_sha256: bytes
) -> Kept | None:
    """Take the key for this transaction, or say what is kept under it. A second request with the
    same key waits here until the first has ended."""
    cursor = await connection.execute(
        """
        INSERT INTO idempotency_keys (tenant_id, key, body_sha256) VALUES (%s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING key
        """,
        (tenant_id, key, body_sha256),
    )
    if await cursor.fetchone() is not None:
        return None
    return await find(connection, tenant_id, key)


async def keep(connection: Connection, tenant_id: UUID, key: str, answer: Any) -> None:
    """Keep the answer, in the transaction of what it tells of."""
    await connection.execute(
        "UPDATE idempotency_keys SET answer = %s WHERE tenant_id = %s AND key = %s",
        (Jsonb(answer), tenant_id, key),
    )


async def purge(connection: Connection, *, older_than_days: float) -> None:
    """Forget keys whose clients have long stopped trying."""
    await connection.execute(
        "DELETE FROM idempotency_keys WHERE created_at < now() - %s * interval '1 day'",
        (older_than_days,),
    )
