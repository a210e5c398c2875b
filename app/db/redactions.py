"""How much of people's personal data a tenant keeps."""

from __future__ import annotations

from typing import Literal, TypeAlias
from uuid import UUID

from app.db.pool import Connection

Redaction: TypeAlias = Literal["off", "memories", "everything"]
"""``memories``: what is remembered holds none. ``everything``: nor does what is accepted, and so
nothing that a provider is sent."""


async def of(connection: Connection, tenant_id: UUID) -> Redaction:
    """What the tenant has set."""
    cursor = await connection.execute(
        "SELECT redaction FROM tenants WHERE tenant_id = %s", (tenant_id,)
    )
    row = await cursor.fetchone()
    assert row is not None, "a caller's tenant exists"
    redaction: Redaction = row[0]
    return redaction


async def set_to(connection: Connection, tenant_id: UUID, redaction: Redaction) -> None:
    """Set it; what is kept already stays as it is."""
    await connection.execute(
        "UPDATE tenants SET redaction = %s WHERE tenant_id = %s", (redaction, tenant_id)
    )
