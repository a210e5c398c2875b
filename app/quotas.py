"""What a tenant's plan has room for. The counters are held from the check to the end of the
transaction, so that the last place is given once."""

from __future__ import annotations

from uuid import UUID

from app.db import quotas
from app.db.pool import Connection
from app.db.quotas import Counted
from app.errors import PlanLimit
from app.settings import get_settings


async def room_for_memories(connection: Connection, tenant_id: UUID, plan: str) -> int | None:
    """How many more live memories the plan allows; None when it sets no limit."""
    limit = get_settings().plan(plan).memories
    if limit is None:
        return None
    used = await quotas.used(connection, tenant_id, lock=True)
    return max(limit - used.memories, 0)


async def count_one_more(connection: Connection, tenant_id: UUID, what: Counted) -> None:
    """Count one more of ``what``. Raises PlanLimit when the plan has no room for it."""
    full = await plan_limit(connection, tenant_id, what, lock=True)
    if full.used >= full.limit >= 0:
        raise full
    await quotas.add(connection, tenant_id, what, 1)


async def plan_limit(
    connection: Connection, tenant_id: UUID, what: Counted, *, lock: bool = False
) -> PlanLimit:
    """How the tenant stands, as the error that says so; a limit of -1 is none."""
    used = await quotas.used(connection, tenant_id, lock=lock)
    limit: int | None = getattr(get_settings().plan(used.plan), what)
    return PlanLimit(
        what,
        plan=used.plan,
        limit=-1 if limit is None else limit,
        used=getattr(used, what),
    )
