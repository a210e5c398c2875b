"""The scheduler killed, gone for a while, and there three times."""

from __future__ import annotations

import asyncio

from torture.faults.fault import fault
from torture.world import World


@fault("beat", "F46")
async def beat_killed(world: World) -> None:
    """kill -9 of the scheduler."""
    world.cluster.beats[0].kill()


@fault("beat", "F46")
async def beat_absent(world: World) -> None:
    """No scheduler for more than a lease."""
    beat = world.cluster.beats[0]
    with world.cluster.keeper.holding(beat):
        beat.kill()
        await asyncio.sleep(world.clocks.lease + 1)
        beat.start()


@fault("beat", "F46")
async def three_beats(world: World) -> None:
    """Three schedulers at once."""
    others = [await world.cluster.extra_beat(n) for n in (1, 2)]
    try:
        await asyncio.sleep(5)
    finally:
        for other in others:
            await world.cluster.keeper.dismiss(other)
