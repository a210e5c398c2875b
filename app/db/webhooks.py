"""Webhook endpoints: where a tenant wants to be told what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from app.db.pool import TenantTx
from app.rules.types import Endpoint

_ENDPOINT = ", ".join(field.name for field in fields(Endpoint))


async def add(
    tx: TenantTx,
    *,
    url: str,
    description: str,
    events: Sequence[str],
    secret: bytes,
    at_most: int,
) -> Endpoint | None:
    """A new endpoint; None when the tenant has ``at_most`` already."""
    # The tenant's row is held, so that two at once do not both find room.
    await tx.execute("SELECT FROM tenants WHERE tenant_id = %s FOR UPDATE", (tx.tenant_id,))
    async with tx.cursor(row_factory=class_row(Endpoint)) as cursor:
        await cursor.execute(
            f"""
            INSERT INTO webhook_endpoints (tenant_id, url, description, events, secret)
            SELECT %(tenant_id)s, %(url)s, %(description)s, %(events)s, %(secret)s
            WHERE (SELECT count(*) FROM webhook_endpoints
                   WHERE tenant_id = %(tenant_id)s) < %(at_most)s
            RETURNING {_ENDPOINT}
            """,
            {
                "tenant_id": tx.tenant_id,
                "url": url,
                "description": description,
                "events": list(events),
                "secret": secret,
                "at_most": at_most,
            },
        )
        return await cursor.fetchone()


async def all_of(tx: TenantTx) -> list[Endpoint]:
    """The tenant's endpoints, oldest first."""
    async with tx.cursor(row_factory=class_row(Endpoint)) as cursor:
        await cursor.execute(
            f"SELECT {_ENDPOINT} FROM webhook_endpoints WHERE tenant_id = %s ORDER BY endpoint_id",
            (tx.tenant_id,),
        )
        return await cursor.fetchall()


async def get(tx: TenantTx, endpoint_id: UUID) -> Endpoint | None:
    """One of them, or None."""
    async with tx.cursor(row_factory=class_row(Endpoint)) as cursor:
        await cursor.execute(
            f"SELECT {_ENDPOINT} FROM webhook_endpoints WHERE tenant_id = %s AND endpoint_id = %s",
            (tx.tenant_id, endpoint_id),
        )
        return await cursor.fetchone()


async def change(tx: TenantTx, endpoint_id: UUID, changes: Mapping[str, Any]) -> Endpoint | None:
    """Set url, description or events; None when there is no such endpoint."""
    assert changes.keys() <= {"url", "description", "events"}
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes
    )
    async with tx.cursor(row_factory=class_row(Endpoint)) as cursor:
        await cursor.execute(
            sql.SQL("UPDATE webhook_endpoints SET {} ").format(assignments)
            + sql.SQL(
                "WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s"
                f" RETURNING {_ENDPOINT}"
            ),
            {**changes, "tenant_id": tx.tenant_id, "endpoint_id": endpoint_id},
        )
        return await cursor.fetchone()


async def delete(tx: TenantTx, endpoint_id: UUID) -> bool:
    """Remove the endpoint with all that it was to be told; False when there is none."""
    cursor = await tx.execute(
        "DELETE FROM webhook_endpoints WHERE tenant_id = %s AND endpoint_id = %s"
        " RETURNING endpoint_id",
        (tx.tenant_id, endpoint_id),
    )
    return await cursor.fetchone() is not None


async def rotate(
    tx: TenantTx,
    endpoint_id: UUID,
    secret: bytes,
    *,
    grace_seconds: float,
) -> Endpoint | None:
    """Give the endpoint a new secret; the old one signs too for ``grace_seconds``."""
    async with tx.cursor(row_factory=class_row(Endpoint)) as cursor:
        await cursor.execute(
            f"""
            UPDATE webhook_endpoints
            SET old_secret = secret, old_secret_until = now() + make_interval(secs => %s),
                secret = %s
            WHERE tenant_id = %s AND endpoint_id = %s
            RETURNING {_ENDPOINT}
            """,
            (grace_seconds, secret, tx.tenant_id, endpoint_id),
        )
        return await cursor.fetchone()


async def disable(tx: TenantTx, endpoint_id: UUID, reason: str) -> Endpoint | None:
    """Tell the endpoint nothing more; what it was to be told has failed, and can be replayed."""
    async with tx.cursor(row_factory=class_row(Endpoint)) as cursor:
        await cursor.execute(
            f"""
            WITH given_up AS (
                UPDATE webhook_deliveries
                SET state = 'failed', finished_at = now(), last_error = 'endpoint_disabled'
                WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s
                  AND state = 'pending')
            UPDATE webhook_endpoints
            SET disabled_at = coalesce(disabled_at, now()),
                disabled_reason = coalesce(disabled_reason, %(reason)s)
            WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s
            RETURNING {_ENDPOINT}
            """,
            {"tenant_id": tx.tenant_id, "endpoint_id": endpoint_id, "reason": reason},
        )
        return await cursor.fetchone()


async def enable(tx: TenantTx, endpoint_id: UUID) -> Endpoint | None:
    """Tell the endpoint what happens from now on."""
    async with tx.cursor(row_factory=class_row(Endpoint)) as cursor:
        await cursor.execute(
            f"""
            UPDATE webhook_endpoints
            SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL
            WHERE tenant_id = %s AND endpoint_id = %s
            RETURNING {_ENDPOINT}
            """,
            (tx.tenant_id, endpoint_id),
        )
        return await cursor.fetchone()
