"""What reads can do without, each of it away for long enough to see how they fare."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from torture.faults.fault import fault
from torture.world import World

READS_STAY = ("embedder_away", "redis_away", "workers_away")
"""Their searches are compared with those of the calm before, at the same load."""
AWAY_SECONDS = 18.0


@fault("provider", "F29", weight=0)
async def embedder_away(world: World) -> None:
    """No call of the embedder is answered, for long."""
    await world.cluster.mood({"hang": True}, claude=False)
    try:
        await asyncio.sleep(AWAY_SECONDS)
    finally:
        await world.cluster.mood({})


@fault("redis", "F12", weight=0)
async def redis_away(world: World) -> None:
    """kill -9 of Redis, which is away for long and comes back empty."""
    server = world.cluster.redis_server
    with world.cluster.keeper.holding(server):
        server.kill()
        await asyncio.sleep(AWAY_SECONDS)
        server.start()


@fault("worker", "F2", weight=0)
async def workers_away(world: World) -> None:
    """kill -9 of all workers, which are away for long."""
    workers = world.cluster.workers
    with ExitStack() as held:
        for worker in workers:
            held.enter_context(world.cluster.keeper.holding(worker))
            worker.kill()
        await asyncio.sleep(AWAY_SECONDS)
        for worker in workers:
            worker.start()
