"""Tenants, and the installation's secret."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat as uuid_utils
from psycopg.rows import class_row

from app.db.pool import SystemTx, TenantTx, Tx
from app.rules.types import TenantInfo


async def installation_secret(tx: Tx) -> bytes:
    """The 32 bytes that key hashes are peppered with; made by the first migration."""
    cursor = await tx.execute("SELECT secret FROM installation")
    row = await cursor.fetchone()
    assert row is not None, "the installation is not migrated"
    return bytes(row[0])


async def first_tenant(tx: SystemTx) -> UUID | None:
    """The oldest tenant, or None on a fresh installation."""
    cursor = await tx.execute(
        "SELECT tenant_id FROM tenants ORDER BY created_at, tenant_id LIMIT 1"
    )
    row = await cursor.fetchone()
    return row[0] if row else None


def new_id() -> UUID:
    """The id of a tenant to be made: its transaction is its own before there is a row of it."""
    return uuid_utils.uuid7()


async def create_tenant(
    tx: TenantTx,
    name: str,
    *,
    plan: str = "self-hosted",
    email: str | None = None,
) -> None:
    """Make a tenant without keys. The transaction raises Duplicate when the address has
    one."""
    await tx.execute(
        """
        WITH tenant AS (
            INSERT INTO tenants (tenant_id, name, plan, email) VALUES (%s, %s, %s, %s)
            RETURNING tenant_id
        ), counters AS (
            INSERT INTO quotas (tenant_id) SELECT tenant_id FROM tenant
        ), opened AS (
            UPDATE installation SET set_up_at = now() WHERE set_up_at IS NULL
        )
        INSERT INTO tenant_turns (tenant_id) SELECT tenant_id FROM tenant
        """,
        (tx.tenant_id, name, plan, email),
    )


async def lock_setup(tx: Tx) -> bool:
    """Whether the installation never had a tenant; nobody else can make the first one until the
    transaction ends."""
    cursor = await tx.execute("SELECT set_up_at FROM installation FOR UPDATE")
    row = await cursor.fetchone()
    return row is not None and row[0] is None


async def list_all(tx: SystemTx) -> list[TenantInfo]:
    """Every tenant, oldest first."""
    async with tx.cursor(row_factory=class_row(TenantInfo)) as cursor:
        await cursor.execute(
            """
            SELECT tenant_id, name, plan, memories FROM tenants JOIN quotas USING (tenant_id)
            ORDER BY tenant_id
            """
        )
        return await cursor.fetchall()


async def set_plan(tx: TenantTx, plan: str) -> bool:
    """Put the tenant on a plan; False when there is no such tenant."""
    cursor = await tx.execute(
        "UPDATE tenants SET plan = %s WHERE tenant_id = %s RETURNING tenant_id",
        (plan, tx.tenant_id),
    )
    return await cursor.fetchone() is not None


async def signup_attempts(tx: SystemTx, address_hash: bytes, *, hours: float) -> int:
    """Count one more attempt from the address; how many there were within ``hours``, this one too.
    Older ones are forgotten."""
    # One attempt of an address at a time, so that many at once are counted one by one.
    await tx.execute(
        "SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(address_hash[:8], signed=True),)
    )
    await tx.execute(
        "DELETE FROM signup_attempts WHERE at < now() - make_interval(secs => %s)", (hours * 3600,)
    )
    await tx.execute("INSERT INTO signup_attempts (address_hash) VALUES (%s)", (address_hash,))
    cursor = await tx.execute(
        "SELECT count(*) FROM signup_attempts WHERE address_hash = %s", (address_hash,)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def plan_of(tx: TenantTx) -> str:
    """The name of the tenant's plan."""
    cursor = await tx.execute("SELECT plan FROM tenants WHERE tenant_id = %s", (tx.tenant_id,))
    row = await cursor.fetchone()
    assert row is not None, "a key belongs to a tenant"
    return str(row[0])
