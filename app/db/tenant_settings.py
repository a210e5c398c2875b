"""The tenant's own settings: how its memories are ranked, fade and replace each other, and how much
of people's personal data is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from psycopg import sql
from psycopg.rows import class_row

from app.db.pool import TenantTx
from app.rules import retention, score
from app.rules.tuning import Tuning
from app.rules.types import Redaction

TUNING = f"""(
    SELECT coalesce(similarity_weight, {score.SIMILARITY_WEIGHT}) AS similarity_weight,
           coalesce(half_life_days, {retention.DAYS_PER_IMPORTANCE}) AS half_life_days,
           coalesce(lowest_importance, {retention.LOWEST_IMPORTANCE}) AS lowest_importance
    FROM tenants WHERE tenant_id = %(tenant_id)s)"""
"""One row for the statements that rank: what the tenant has set, or the default. Read where it is
used, so that a change holds from the next statement on, in every process."""


COLUMNS = ", ".join(field.name for field in fields(Tuning))


async def tuning(tx: TenantTx) -> Tuning:
    """What the tenant has set."""
    async with tx.cursor(row_factory=class_row(Tuning)) as cursor:
        await cursor.execute(f"SELECT {COLUMNS} FROM tenants WHERE tenant_id = %s", (tx.tenant_id,))
        found = await cursor.fetchone()
    assert found is not None, "a caller's tenant exists"
    return found


async def change_tuning(tx: TenantTx, changes: Mapping[str, float | None]) -> Tuning:
    """Set the named fields of Tuning, None for the default; what the tenant has set then."""
    assert changes.keys() <= {field.name for field in fields(Tuning)}
    settings = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes
    )
    async with tx.cursor(row_factory=class_row(Tuning)) as cursor:
        await cursor.execute(
            sql.SQL("UPDATE tenants SET {} WHERE tenant_id = {} RETURNING " + COLUMNS).format(
                settings, sql.Placeholder("tenant_id")
            ),
            {**changes, "tenant_id": tx.tenant_id},
        )
        found = await cursor.fetchone()
    assert found is not None, "a caller's tenant exists"
    return found


async def redaction(tx: TenantTx) -> Redaction:
    """What the tenant has set."""
    cursor = await tx.execute("SELECT redaction FROM tenants WHERE tenant_id = %s", (tx.tenant_id,))
    row = await cursor.fetchone()
    assert row is not None, "a caller's tenant exists"
    found: Redaction = row[0]
    return found


async def set_redaction(tx: TenantTx, wanted: Redaction) -> None:
    """Set it; what is kept already stays as it is."""
    await tx.execute(
        "UPDATE tenants SET redaction = %s WHERE tenant_id = %s", (wanted, tx.tenant_id)
    )
