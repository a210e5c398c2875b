"""Redis killed, emptied, filled up, frozen, lied about, and fed with garbage."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal

from redis.exceptions import RedisError

from torture.faults.fault import fault
from torture.world import NotShown, World

QUEUE = "smara:wakeups"


@fault("redis", "F12", weight=2)
async def redis_killed(world: World) -> None:
    """kill -9; a few seconds later it is back, empty."""
    server = world.cluster.redis_server
    with world.cluster.keeper.holding(server):
        server.kill()
        await asyncio.sleep(world.dice.uniform(1, 4))
        server.start()


@fault("redis", "F13", weight=2)
async def redis_flushed(world: World) -> None:
    """FLUSHALL, several times."""
    for _ in range(5):
        await _tell(world, "FLUSHALL")
        await asyncio.sleep(0.2)


@fault("redis", "F14")
async def redis_full(world: World) -> None:
    """maxmemory 1 MB without eviction for a few seconds."""
    await _tell(world, "CONFIG SET maxmemory 1mb")
    try:
        await asyncio.sleep(4)
    finally:
        await _tell(world, "CONFIG SET maxmemory 64mb")


@fault("redis", "F15")
async def redis_frozen(world: World) -> None:
    """SIGSTOP for longer than its clients' patience, then SIGCONT."""
    server = world.cluster.redis_server
    server.tell(signal.SIGSTOP)
    try:
        await asyncio.sleep(7)
    finally:
        server.tell(signal.SIGCONT)


@fault("redis", "F16")
async def replies_lost(world: World) -> None:
    """Redis takes each wakeup of API 2 and worker 2, and the reply is lost."""
    proxy = world.cluster.proxy
    before, proxy.losing = proxy.lost, True
    try:
        await asyncio.sleep(3)
    finally:
        proxy.losing = False
    if proxy.lost == before:
        raise NotShown("nobody published one meanwhile")


@fault("redis", "F17")
async def garbage_in_the_queue(world: World) -> None:
    """Non-JSON, JSON without a header, an unknown task and 5 MB of nothing in the wakeups'
    queue."""
    unknown = {
        "body": "W1tdLCB7fSwge31d",
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": "no.such.task", "id": "1", "lang": "py", "argsrepr": "()"},
        "properties": {
            "body_encoding": "base64",
            "correlation_id": "1",
            "delivery_info": {"exchange": "", "routing_key": "wakeups"},
            "delivery_mode": 2,
            "delivery_tag": "1",
            "priority": 0,
        },
    }
    pieces = [b"\xff\xfe not JSON", b'{"body": "no header"}', json.dumps(unknown).encode()]
    pieces += [b"x" * 5_000_000, b"[]", b"null"]
    client = world.cluster.redis()
    try:
        for piece in pieces:
            with contextlib.suppress(RedisError, OSError):
                await client.execute_command(  # type: ignore[no-untyped-call]
                    "LPUSH", QUEUE, piece
                )
            await asyncio.sleep(0.3)
    finally:
        await client.aclose()


async def _tell(world: World, command: str) -> None:
    client = world.cluster.redis()
    try:
        await client.execute_command(  # type: ignore[no-untyped-call]
            *command.split()
        )
    except (RedisError, OSError) as error:
        raise NotShown(f"Redis does not answer: {type(error).__name__}") from None
    finally:
        await client.aclose()
