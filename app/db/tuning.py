"""The tenant's own rules: how its memories are ranked, fade, and replace each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from app.db.pool import Connection
from app.rules import retention, score
from app.rules.tuning import Tuning

TUNING = f"""(
    SELECT coalesce(similarity_weight, {score.SIMILARITY_WEIGHT}) AS similarity_weight,
           coalesce(half_life_days, {retention.DAYS_PER_IMPORTANCE}) AS half_life_days,
           coalesce(lowest_importance, {retention.LOWEST_IMPORTANCE}) AS lowest_importance
    FROM tenants WHERE tenant_id = %(tenant_id)s)"""
"""One row for the statements that rank: what the tenant has set, or the default. Read where it is
used, so that a change holds from the next statement on, in every process."""

COLUMNS = ", ".join(field.name for field in fields(Tuning))


async def get(connection: Connection, tenant_id: UUID) -> Tuning:
    """What the tenant has set."""
    async with connection.cursor(row_factory=class_row(Tuning)) as cursor:
        await cursor.execute(f"SELECT {COLUMNS} FROM tenants WHERE tenant_id = %s", (tenant_id,))
        tuning = await cursor.fetchone()
    assert tuning is not None, "a caller's tenant exists"
    return tuning


async def change(
    connection: Connection, tenant_id: UUID, changes: Mapping[str, float | None]
) -> Tuning:
    """Set the named fields of Tuning, None for the default; what the tenant has set then."""
    assert changes.keys() <= {field.name for field in fields(Tuning)}
    settings = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes
    )
    async with connection.cursor(row_factory=class_row(Tuning)) as cursor:
        await cursor.execute(
            sql.SQL("UPDATE tenants SET {} WHERE tenant_id = {} RETURNING " + COLUMNS).format(
                settings, sql.Placeholder("tenant_id")
            ),
            {**changes, "tenant_id": tenant_id},
        )
        tuning = await cursor.fetchone()
    assert tuning is not None, "a caller's tenant exists"
    return tuning
