"""Workers killed, frozen and deployed; processes that die at the worst lines; poison."""

from __future__ import annotations

import asyncio
import os
import signal

from torture.cluster import until
from torture.faults.fault import fault
from torture.keeper import Unit
from torture.words import CRASHES
from torture.world import NotShown, World


@fault("worker", "F1", weight=3)
async def worker_child_killed(world: World) -> None:
    """kill -9 of one pool process of a worker."""
    worker = _any_worker(world)
    children = worker.children()
    if not children:
        raise NotShown("the worker is just starting")
    try:
        os.kill(world.dice.choice(children), signal.SIGKILL)
    except ProcessLookupError:
        raise NotShown("the process was gone already") from None


@fault("worker", "F2", weight=2)
async def worker_killed(world: World) -> None:
    """kill -9 of a worker with all of its processes."""
    _any_worker(world).kill()


@fault("worker", "F6")
async def worker_frozen(world: World) -> None:
    """SIGSTOP of a worker with its processes until its leases have run out, then SIGCONT."""
    worker = _any_worker(world)
    worker.tell_group(signal.SIGSTOP)
    try:
        await asyncio.sleep(world.clocks.lease + 1.5)
    finally:
        worker.tell_group(signal.SIGCONT)


@fault("worker", "F8")
async def worker_deployed(world: World) -> None:
    """SIGTERM to a worker, which may finish what it has begun; its successor starts."""
    worker = _any_worker(world)
    with world.cluster.keeper.holding(worker):
        await worker.stop(grace_seconds=25)
        worker.start()


async def _crash_at(world: World, point: str) -> None:
    file = world.cluster.crash_folder / point
    file.touch()
    try:
        await until(lambda: _gone(world, point), seconds=10)
    except AssertionError:
        file.unlink(missing_ok=True)
        raise NotShown("no process came by") from None


async def _gone(world: World, point: str) -> bool:
    return not (world.cluster.crash_folder / point).exists()


@fault("worker", "F3")
async def crash_with_the_answer_unsaved(world: World) -> None:
    """A process dies between the provider's answer and saving it."""
    await _crash_at(world, "extracted")


@fault("worker", "F4")
async def crash_with_the_answer_saved(world: World) -> None:
    """A process dies when the extraction is saved and nothing else."""
    await _crash_at(world, "extraction_saved")


@fault("worker", "F5", "F10")
async def crash_before_commit(world: World) -> None:
    """A process dies with everything written and nothing committed."""
    await _crash_at(world, "before_commit")


@fault("worker", "F5")
async def crash_after_commit(world: World) -> None:
    """A process dies just after the commit, before anybody hears of it."""
    await _crash_at(world, "after_commit")


@fault("worker", "F33", weight=0.5)
async def poison(world: World) -> None:
    """A conversation is sent that kills its process each time; it must be dead to be finished."""
    world.cluster.crash_folder.joinpath("claimed").write_text(CRASHES)
    await world.traffic.perform(world.traffic.script.act("crashing"))


def _any_worker(world: World) -> Unit:
    worker = world.dice.choice(world.cluster.workers)
    if not worker.alive:
        raise NotShown("it is dead already")
    return worker
