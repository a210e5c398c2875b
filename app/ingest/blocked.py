"""What keeps a tenant's queue from moving, if anything does."""

from __future__ import annotations

from typing import Literal, TypeAlias

from app.db import circuit_breaker, spend
from app.db.pool import TenantTx
from app.providers.metering import caps
from app.providers.registry import get_providers
from app.settings import get_settings

Obstacle: TypeAlias = Literal["provider", "budget"]


async def obstacle(tx: TenantTx) -> Obstacle | None:
    """``budget``: the tenant's month or the installation's day is spent. ``provider``: one that
    every conversation needs rests. None: what is queued waits for its turn."""
    limits = caps(get_settings())
    if (await spend.budget(tx, limits)).blocked:
        return "budget"
    if limits.fuse is not None and await spend.fuse_is_blown(tx, limits.fuse):
        return "budget"
    needed = get_providers().circuits
    resting = await circuit_breaker.resting(tx)
    return "provider" if any(circuit.key in needed for circuit in resting) else None
