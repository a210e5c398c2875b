"""Tenants, their API keys, and the installation's secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.db.pool import Connection


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """An API key without its secret."""

    key_id: UUID
    prefix: str
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request speaks for, as its key says. ``key_id`` may be logged; the key never is."""

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[str]


async def installation_secret(connection: Connection) -> bytes:
    """The 32 bytes that key hashes are peppered with; made by the first migration."""
    cursor = await connection.execute("SELECT secret FROM installation")
    row = await cursor.fetchone()
    assert row is not None, "the installation is not migrated"
    return bytes(row[0])


async def first_tenant(connection: Connection) -> UUID | None:
    """The oldest tenant, or None on a fresh installation."""
    cursor = await connection.execute(
        "SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1"
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def create_tenant(connection: Connection, name: str) -> UUID:
    """A new tenant without keys."""
    cursor = await connection.execute(
        """
        WITH tenant AS (INSERT INTO tenants (name) VALUES (%s) RETURNING tenant_id)
        INSERT INTO tenant_turns (tenant_id) SELECT tenant_id FROM tenant RETURNING tenant_id
        """,
        (name,),
    )
    row = await cursor.fetchone()
    assert row is not None
    return UUID(str(row[0]))


async def add_key(
    connection: Connection,
    tenant_id: UUID,
    *,
    prefix: str,
    key_hash: bytes,
    label: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> KeyInfo:
    """Store a key's hash; the key itself is shown by the caller, once."""
    async with connection.cursor(row_factory=class_row(KeyInfo)) as cursor:
        await cursor.execute(
            """
            INSERT INTO api_keys (tenant_id, prefix, key_hash, label, scopes, expires_at)
            VALUES (%s, %s, %s, %s, %s, %s)
            RETURNING key_id, prefix, label, scopes, created_at, expires_at, revoked_at,
                last_used_at
            """,
            (tenant_id, prefix, key_hash, label, list(scopes), expires_at),
        )
        info = await cursor.fetchone()
    assert info is not None
    return info


async def keys(connection: Connection, tenant_id: UUID) -> list[KeyInfo]:
    """Every key of the tenant, revoked ones too, oldest first."""
    async with connection.cursor(row_factory=class_row(KeyInfo)) as cursor:
        await cursor.execute(
            """
            SELECT key_id, prefix, label, scopes, created_at, expires_at, revoked_at, last_used_at
            FROM api_keys WHERE tenant_id = %s ORDER BY key_id
            """,
            (tenant_id,),
        )
        return await cursor.fetchall()


async def revoke_key(connection: Connection, tenant_id: UUID, key_id: UUID) -> bool:
    """Revoke a key; False when the tenant has no such key that is live."""
    cursor = await connection.execute(
        """
        UPDATE api_keys SET revoked_at = now() WHERE tenant_id = %s AND key_id = %s
            AND revoked_at IS NULL
        RETURNING key_id
        """,
        (tenant_id, key_id),
    )
    return await cursor.fetchone() is not None


async def caller_of(connection: Connection, key_hash: bytes) -> Caller | None:
    """The caller behind a live key, or None when it is unknown, revoked or expired. Notes its use
    once a minute."""
    cursor = await connection.execute(
        """
        WITH used AS (
            UPDATE api_keys SET last_used_at = now()
            WHERE key_hash = %(hash)s
              AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute'))
        SELECT tenant_id, key_id, scopes FROM api_keys
        WHERE key_hash = %(hash)s AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > now())
        """,
        {"hash": key_hash},
    )
    row = await cursor.fetchone()
    return Caller(row[0], row[1], frozenset(row[2])) if row else None
