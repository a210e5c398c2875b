"""How much a tenant holds: counters that change in the transaction that changes what they count."""

from __future__ import annotations

from psycopg.rows import class_row

from app.db.pool import TenantTx
from app.rules.types import Counted, Used


async def used(tx: TenantTx, *, lock: bool = False) -> Used:
    """What the tenant holds. With ``lock`` nobody else may add to it until the transaction ends."""
    async with tx.cursor(row_factory=class_row(Used)) as cursor:
        await cursor.execute(
            f"""
            SELECT plan, memories, agents, teams FROM quotas JOIN tenants USING (tenant_id)
            WHERE tenant_id = %s {"FOR UPDATE OF quotas" if lock else ""}
            """,
            (tx.tenant_id,),
        )
        found = await cursor.fetchone()
    assert found is not None, "every tenant has its counters"
    return found


async def add(tx: TenantTx, what: Counted, number: int) -> None:
    """Count ``number`` more, or fewer. Last in its transaction, since a tenant's other transactions
    wait for it."""
    if number:
        await tx.execute(
            f"UPDATE quotas SET {what} = {what} + %s WHERE tenant_id = %s", (number, tx.tenant_id)
        )
