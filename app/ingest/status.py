"""Use case: report to operators how the queue and the providers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.db import circuit_breaker, queue_stats
from app.db.pool import system, transaction
from app.ingest.blocked import BlockedBy, blocked_by
from app.rules.types import Caller, OpenCircuit, Pipeline, Standing
from app.tenancy.access import must_reach_the_tenant


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """How long the oldest due conversation has waited, and which circuits are not closed."""

    oldest_due_seconds: float
    open_circuits: Sequence[OpenCircuit]


async def queue_health() -> QueueHealth:
    """Read whether the service keeps up. Raises DatabaseUnavailable."""
    async with system() as tx:
        return QueueHealth(
            await queue_stats.oldest_due_seconds(tx), await circuit_breaker.open_circuits(tx)
        )


async def pipeline(caller: Caller, *, window_minutes: int) -> tuple[Pipeline, BlockedBy | None]:
    """Read the figures of the tenant's queue, and what blocks it. Raises Forbidden for a restricted
    key."""
    must_reach_the_tenant(caller)
    async with transaction(caller.tenant_id) as tx:
        return await queue_stats.read(tx, window_minutes=window_minutes), await blocked_by(tx)


async def installation() -> tuple[Standing, Sequence[OpenCircuit]]:
    """Read the figures of the whole installation. Raises DatabaseUnavailable."""
    async with system() as tx:
        return await queue_stats.standing(tx), await circuit_breaker.open_circuits(tx)
