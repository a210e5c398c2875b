"""What keeps a tenant's queue from moving, if anything does."""

from __future__ import annotations

from typing import Literal, TypeAlias

from app.db import circuit_breaker, spend
from app.db.pool import TenantTx
from app.providers.registry import get_providers
from app.startup import runtime

BlockedBy: TypeAlias = Literal["provider", "budget"]


async def blocked_by(tx: TenantTx) -> BlockedBy | None:
    """``budget``: the tenant's month or the installation's day is spent. ``provider``: one that
    every conversation needs rests. None: what is queued waits for its turn."""
    limits = runtime().settings.spending_caps
    if (await spend.budget(tx, limits)).blocked:
        return "budget"
    if limits.daily is not None and await spend.daily_cap_reached(tx, limits.daily):
        return "budget"
    needed = get_providers().circuits
    open_ = await circuit_breaker.open_circuits(tx)
    return "provider" if any(circuit.key in needed for circuit in open_) else None
