"""API keys as they are stored: a hash, what the key may do, and what it is restricted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from app.db.pool import SystemTx, TenantTx
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Caller, KeyInfo

_KEY_INFO = ", ".join(field.name for field in fields(KeyInfo))


async def add(
    tx: TenantTx,
    *,
    prefix: str,
    key_hash: bytes,
    label: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    restriction: KeyRestriction = UNRESTRICTED,
) -> KeyInfo:
    """Store a key's hash; the key itself is shown by the caller, once."""
    async with tx.cursor(row_factory=class_row(KeyInfo)) as cursor:
        await cursor.execute(
            f"""
            INSERT INTO api_keys (
                tenant_id, prefix, key_hash, label, scopes, expires_at, users, namespaces, agents)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            RETURNING {_KEY_INFO}
            """,
            (
                tx.tenant_id,
                prefix,
                key_hash,
                label,
                list(scopes),
                expires_at,
                _sorted(restriction.users),
                _sorted(restriction.namespaces),
                _sorted(restriction.agents),
            ),
        )
        info = await cursor.fetchone()
    assert info is not None
    return info


async def list_all(tx: TenantTx) -> list[KeyInfo]:
    """Every key of the tenant, revoked ones too, oldest first."""
    async with tx.cursor(row_factory=class_row(KeyInfo)) as cursor:
        await cursor.execute(
            f"SELECT {_KEY_INFO} FROM api_keys WHERE tenant_id = %s ORDER BY key_id",
            (tx.tenant_id,),
        )
        return await cursor.fetchall()


async def retire(tx: TenantTx, key_id: UUID, *, grace_seconds: float = 0) -> KeyInfo | None:
    """End a live key ``grace_seconds`` from now, or when it would have expired if that is sooner;
    the key as it was, or None when the tenant has no such live key."""
    async with tx.cursor(row_factory=class_row(KeyInfo)) as cursor:
        await cursor.execute(
            f"""
            WITH live AS (
                SELECT {_KEY_INFO} FROM api_keys
                WHERE tenant_id = %(tenant_id)s AND key_id = %(key_id)s AND revoked_at IS NULL
                  AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE
            ), retired AS (
                UPDATE api_keys SET
                    revoked_at = CASE WHEN %(grace)s <= 0 THEN now() END,
                    expires_at = CASE WHEN %(grace)s <= 0 THEN expires_at
                        ELSE least(expires_at, now() + make_interval(secs => %(grace)s)) END
                WHERE tenant_id = %(tenant_id)s AND key_id IN (SELECT key_id FROM live)
            )
            SELECT {_KEY_INFO} FROM live
            """,
            {"grace": float(grace_seconds), "tenant_id": tx.tenant_id, "key_id": key_id},
        )
        return await cursor.fetchone()


async def has_admin(tx: TenantTx) -> bool:
    """Whether a live key of the tenant may manage keys. The tenant is held, so that two that are
    retired at once do not count on each other."""
    await tx.execute("SELECT FROM tenants WHERE tenant_id = %s FOR UPDATE", (tx.tenant_id,))
    cursor = await tx.execute(
        """
        SELECT FROM api_keys
        WHERE tenant_id = %s AND 'admin' = ANY(scopes) AND revoked_at IS NULL
          AND (expires_at IS NULL OR expires_at > now()) LIMIT 1
        """,
        (tx.tenant_id,),
    )
    return await cursor.fetchone() is not None


async def caller_of(tx: SystemTx, key_hash: bytes) -> Caller | None:
    """The caller behind a live key, or None when it is unknown, revoked or expired. Notes its use
    once a minute."""
    cursor = await tx.execute(
        """
        WITH used AS (
            UPDATE api_keys SET last_used_at = now()
            WHERE key_hash = %(hash)s
              AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute'))
        SELECT tenant_id, key_id, scopes, users, namespaces, agents FROM api_keys
        WHERE key_hash = %(hash)s AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > now())
        """,
        {"hash": key_hash},
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    tenant_id, key_id, scopes, *restrictions = row
    return Caller(tenant_id, key_id, frozenset(scopes), KeyRestriction.of(*restrictions))


def _sorted(restriction: frozenset[Any] | None) -> list[Any] | None:
    return None if restriction is None else sorted(restriction)
