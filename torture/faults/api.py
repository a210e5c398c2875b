"""APIs killed and deployed under load, and held up by clients that never finish a sentence."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from torture.cluster import until
from torture.faults.fault import fault
from torture.world import NotShown, World

SLOW_CLIENTS = 200


@fault("api", "F7", weight=2)
async def api_killed(world: World) -> None:
    """kill -9 of an API under load; clients without an answer ask again with the same key."""
    n = _any_api(world)
    world.cluster.apis[n].kill()
    await until(lambda: world.cluster.healthy(world.cluster.addresses[n]), seconds=60)


@fault("api", "F8")
async def api_deployed(world: World) -> None:
    """SIGTERM to an API, which may finish what it has begun; its successor starts."""
    n = _any_api(world)
    api = world.cluster.apis[n]
    with world.cluster.keeper.holding(api):
        await api.stop(grace_seconds=25)
        api.start()
    await until(lambda: world.cluster.healthy(world.cluster.addresses[n]), seconds=60)


@fault("api", "F42")
async def slow_clients(world: World) -> None:
    """200 connections whose requests never end; the others are served meanwhile."""
    address = urlsplit(world.dice.choice(world.cluster.addresses))
    writers = []
    try:
        for _ in range(SLOW_CLIENTS):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(address.hostname, address.port)
                writer.write(b"POST /v1/conversations HTTP/1.1\r\nHost: here\r\n")
                writers.append(writer)
        await asyncio.sleep(3)
    finally:
        for writer in writers:
            writer.transport.abort()


def _any_api(world: World) -> int:
    n = world.dice.randrange(len(world.cluster.apis))
    if not world.cluster.apis[n].alive:
        raise NotShown("it is dead already")
    return n
