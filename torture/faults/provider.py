"""The paid providers away, over their limits, hanging and babbling; all calls, not a share."""

from __future__ import annotations

import asyncio
from typing import Any

from app.ingest.retries import REFUSED_WAIT_SECONDS
from torture.faults.fault import fault
from torture.world import World


@fault("provider", "F28", weight=2)
async def overloaded(world: World) -> None:
    """Every call of both providers is answered with 529 for a while."""
    await _mood(world, {"status": 529}, seconds=world.clocks.burst)


@fault("provider", "F28", weight=2)
async def rate_limited(world: World) -> None:
    """Every call is answered with 429 and a Retry-After of 2 s."""
    await _mood(world, {"status": 429, "headers": {"retry-after": "2"}}, seconds=world.clocks.burst)


@fault("provider", "F29")
async def hanging(world: World) -> None:
    """No call is answered at all."""
    await _mood(world, {"hang": True}, seconds=world.clocks.burst)


@fault("provider", "F29")
async def dripping(world: World) -> None:
    """Every answer comes a byte at a time."""
    await _mood(world, {"drip_seconds": 0.05}, seconds=world.clocks.burst)


@fault("provider", "F24", "F25", weight=0)
async def babbling(world: World) -> None:
    """Claude's answers are cut off by its token limit, all of them; not among the mixed ones, since
    whoever met two of these in a row would rightly be dead."""
    await _mood(world, {"kind": "truncated"}, seconds=world.clocks.burst, voyage=False)


@fault("provider", "F31")
async def vectors_without_meaning(world: World) -> None:
    """Voyage's vectors hold a NaN, all of them."""
    await _mood(world, {"kind": "nan"}, seconds=world.clocks.burst, claude=False)


@fault("provider", "F28", weight=0, waits_seconds=REFUSED_WAIT_SECONDS)
async def account_refused(world: World) -> None:
    """The providers refuse the API key for a moment; work waits a minute for an operator."""
    await _mood(world, {"status": 401}, seconds=0.5)


@fault("provider", "F30", weight=0)
async def provider_down_for_long(world: World) -> None:
    """529 for six leases, the half hour of the fault table at the harness's clocks."""
    await _mood(world, {"status": 529}, seconds=6 * world.clocks.lease)


async def _mood(
    world: World,
    step: dict[str, Any],
    *,
    seconds: float,
    claude: bool = True,
    voyage: bool = True,
) -> None:
    await world.cluster.mood(step, claude=claude, voyage=voyage)
    try:
        await asyncio.sleep(seconds)
    finally:
        await world.cluster.mood({})
