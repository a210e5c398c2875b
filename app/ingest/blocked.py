"""Find what blocks a tenant's queue, if anything does."""

from __future__ import annotations

from typing import Literal, TypeAlias

from app.db import circuit_breaker, spend
from app.db.pool import TenantTx
from app.providers.registry import get_providers
from app.startup import runtime

BlockedBy: TypeAlias = Literal["provider", "budget"]


async def blocked_by(tx: TenantTx) -> BlockedBy | None:
    """Find what blocks the tenant's queue. ``budget``: the tenant's month or the installation's day
    is spent. ``provider``: the circuit of a provider that every conversation needs is open. None:
    queued conversations only wait for their turn."""
    limits = runtime().settings.spending_caps
    if (await spend.budget(tx, limits)).blocked:
        return "budget"
    if limits.daily is not None and await spend.daily_cap_reached(tx, limits.daily):
        return "budget"
    needed = get_providers().circuits
    open_ = await circuit_breaker.open_circuits(tx)
    return "provider" if any(circuit.key in needed for circuit in open_) else None
