"""Which plan a tenant is on."""

from __future__ import annotations

from uuid import UUID

from app.db.pool import Connection


async def name_of(connection: Connection, tenant_id: UUID) -> str:
    """The name of the tenant's plan."""
    cursor = await connection.execute("SELECT plan FROM tenants WHERE tenant_id = %s", (tenant_id,))
    row = await cursor.fetchone()
    assert row is not None, "a key belongs to a tenant"
    return str(row[0])
