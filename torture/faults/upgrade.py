"""An upgrade under load: workers of the release before work on the newer schema, beside newer ones
and alone."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from torture import older
from torture.cluster import until
from torture.faults.fault import fault
from torture.world import NotShown, World

BESIDE_SECONDS, ALONE_SECONDS = 8.0, 10.0


def _missing(world: World) -> str:
    return "" if older.commit() else "not run: this clone has no commit of the release before"


@fault("worker", "F48", weight=0, needs=_missing)
async def older_worker(world: World) -> None:
    """A worker of the release before runs beside the newer ones, and then alone, until it has
    finished something; the newer ones come back, and it goes."""
    cluster = world.cluster
    code = cluster.folder / "older"
    if not code.exists():
        await asyncio.to_thread(older.unpack, code)
    unit = cluster.older_worker(code)
    try:
        await asyncio.sleep(BESIDE_SECONDS)
        with ExitStack() as held:
            for worker in cluster.workers:
                held.enter_context(cluster.keeper.holding(worker))
                await worker.stop()
            [(mark,)] = await cluster.surely("SELECT now()")
            await asyncio.sleep(ALONE_SECONDS)

            async def finished() -> bool:
                return bool(
                    await cluster.surely(
                        "SELECT FROM conversations "
                        "WHERE state = 'done' AND claimed_at > %s LIMIT 1",
                        mark,
                    )
                )

            try:
                await until(finished, seconds=2 * world.clocks.lease)
            except AssertionError:
                world.ledger.violation("the release before finishes nothing on this schema", "")
                raise NotShown("the older worker has finished nothing") from None
            finally:
                for worker in cluster.workers:
                    worker.start()
    finally:
        await cluster.keeper.dismiss(unit)
