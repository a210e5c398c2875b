"""Clocks that are hours off, by libfaketime: `pip install libfaketime`, or the system's package."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path

from torture.faults.fault import fault
from torture.world import World

_SYSTEM = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")
_WHEEL = "vendor/libfaketime/src/libfaketime.so.1"


def library() -> Path | None:
    """The library that lies about the time, if there is one."""
    spec = importlib.util.find_spec("libfaketime")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / _WHEEL
        if found.exists():
            return found
    return next((found for pattern in _SYSTEM for found in Path("/").glob(pattern[1:])), None)


def _missing(world: World) -> str:
    return "" if library() else "needs libfaketime: pip install libfaketime"


@fault("worker", "F18", weight=0.5, needs=_missing)
async def clock_two_hours_ahead(world: World) -> None:
    """One worker lives two hours in the future for a while."""
    await _skew(world, "+2h")


@fault("worker", "F18", weight=0.5, needs=_missing)
async def clock_two_hours_behind(world: World) -> None:
    """One worker lives two hours in the past for a while."""
    await _skew(world, "-2h")


@fault("worker", "F18", weight=0, needs=_missing)
async def every_clock_of_the_workers_ahead(world: World) -> None:
    """All workers live two hours in the future for a while: work must go on, which only shows
    alone."""
    await _skew(world, "+2h", everywhere=True)


async def _skew(world: World, offset: str, *, everywhere: bool = False) -> None:
    found = library()
    assert found is not None
    env = {"LD_PRELOAD": str(found), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    workers = world.cluster.workers if everywhere else [world.dice.choice(world.cluster.workers)]
    for worker in workers:
        worker.kill()
        worker.start(**env)
    await asyncio.sleep(4)
    mark = (await world.cluster.surely("SELECT now()"))[0][0]
    if everywhere:
        await _goes_on(world, mark)
    else:
        await asyncio.sleep(4)
    for worker in workers:
        worker.kill()  # The keeper starts it with the right time.


async def _goes_on(world: World, mark: object) -> None:
    """Something that was accepted after ``mark`` is done within three leases."""
    deadline = asyncio.get_running_loop().time() + 3 * world.clocks.lease
    await world.traffic.perform(world.traffic.script.act("plain"))
    while asyncio.get_running_loop().time() < deadline:
        done = await world.cluster.surely(
            "SELECT FROM conversations WHERE created_at >= %s AND state = 'done' LIMIT 1", mark
        )
        if done:
            return
        await asyncio.sleep(0.2)
    world.ledger.violation("work stood still while the workers' clocks were ahead", "3 leases")
