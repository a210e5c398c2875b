"""Check what a tenant's plan has room for. The counters are locked from the check to the end of the
transaction, so that the last place is given once."""

from __future__ import annotations

from app.db import quotas
from app.db.pool import TenantTx
from app.errors import PlanLimit
from app.rules.types import Counted, Used
from app.startup import runtime


async def room_for_memories(tx: TenantTx, plan: str, *, lock: bool) -> int | None:
    """Give how many more live memories the plan allows; None when it sets no limit. With ``lock``
    nobody else may add to them until the transaction ends."""
    limit = runtime().settings.plan(plan).memories
    if limit is None:
        return None
    used = await quotas.used(tx, lock=lock)
    return max(limit - used.memories, 0)


async def count_one_more(tx: TenantTx, what: Counted) -> None:
    """Count one more of ``what``. Raises PlanLimit when the plan has no room for it."""
    used = await quotas.used(tx, lock=True)
    limit = _limit(used, what)
    if limit is not None and getattr(used, what) >= limit:
        raise _full(used, what, limit)
    await quotas.add(tx, what, 1)


async def full_of_memories(tx: TenantTx) -> PlanLimit:
    """Build the refusal for a tenant whose plan has no room for memories."""
    used = await quotas.used(tx)
    return _full(used, "memories", _limit(used, "memories") or 0)


def _limit(used: Used, what: Counted) -> int | None:
    limit: int | None = getattr(runtime().settings.plan(used.plan), what)
    return limit


def _full(used: Used, what: Counted, limit: int) -> PlanLimit:
    return PlanLimit(what, plan=used.plan, limit=limit, used=getattr(used, what))
