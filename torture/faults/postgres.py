"""Postgres killed, full, short of connections, blocked by somebody else's transaction."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from typing import LiteralString

import httpx2
import psycopg
from psycopg.rows import TupleRow

from torture.disk import cut_power
from torture.faults.fault import fault
from torture.keeper import Unit
from torture.world import NotShown, World

IN_TIME_SECONDS = 10.0
"""For a 503 when no connection is to be had: the pool's 2 s, a lock's 3 s, a busy machine."""
BUSY = (
    "SELECT pid FROM pg_stat_activity WHERE application_name <> 'torture' AND datname = 'torture'"
)


@fault("postgres", "F9", blinds=True)
async def postgres_stopped_at_once(world: World) -> None:
    """An immediate stop, a few seconds of nothing, and a start with crash recovery."""
    await _away(world, signal.SIGQUIT)


@fault("postgres", "F9", blinds=True)
async def postgres_killed(world: World) -> None:
    """kill -9 of the postmaster, a few seconds of nothing, and a start with crash recovery."""
    await _away(world, signal.SIGKILL)


async def _away(world: World, how: signal.Signals) -> None:
    server = world.cluster.postgres
    with world.cluster.keeper.holding(server):
        server.tell(how)
        await asyncio.to_thread(_wait_for, server)
        await asyncio.sleep(world.dice.uniform(1, 4))
        server.start()
    await world.cluster.surely("SELECT 1")


def _wait_for(server: Unit) -> None:
    assert server.process is not None
    server.process.wait(timeout=30)


@fault("postgres", "F10", weight=3, blinds=True)
async def backends_terminated(world: World) -> None:
    """pg_terminate_backend of a random connection of the service, thirty times in three seconds."""
    ended = 0
    for _ in range(30):
        with contextlib.suppress(psycopg.OperationalError):
            rows = await world.cluster.sql(BUSY)
            if rows:
                [pid] = world.dice.choice(rows)
                await world.cluster.sql("SELECT pg_terminate_backend(%s)", pid)
                ended += 1
        await asyncio.sleep(0.1)
    if not ended:
        raise NotShown("there was nobody to terminate")


def _cannot_be_full(world: World) -> str:
    return "" if world.cluster.disk.can_be_full else "needs root, to mount a disk of its own"


def _cannot_lose_power(world: World) -> str:
    disk = world.cluster.disk
    return "" if disk.can_lose_power else f"needs root, ext4 and a loop device: {disk.why_not}"


@fault("postgres", "F9", weight=1.5, blinds=True, needs=_cannot_lose_power, own_disk=True)
async def power_cut(world: World) -> None:
    """The power of the database's disk and server is cut: what was not fsynced is lost."""
    server, disk = world.cluster.postgres, world.cluster.disk
    with world.cluster.keeper.holding(server):
        lost = await asyncio.to_thread(cut_power, disk, server)
        server.start()
    await world.cluster.surely("SELECT 1")
    if not lost:
        raise NotShown("the disk has lost nothing")


@fault("postgres", "F11", weight=0.5, blinds=True, needs=_cannot_be_full, own_disk=True)
async def disk_full(world: World) -> None:
    """The database's disk has no byte left for a few seconds."""
    if not world.cluster.disk.fill():
        raise NotShown("the database grew faster than its disk could be made small")
    try:
        await asyncio.sleep(5)
    finally:
        world.cluster.disk.free()
    await world.cluster.surely("SELECT 1")


@fault("postgres", "F43", blinds=True)
async def pool_exhausted(world: World) -> None:
    """The memories are locked by somebody else while 200 clients search: 503 in time, or 200."""
    unlimited = httpx2.Limits(max_connections=None)
    async with (
        _blocking(world, "LOCK TABLE memories IN ACCESS EXCLUSIVE MODE"),
        httpx2.AsyncClient(timeout=30, trust_env=False, limits=unlimited) as http,
    ):
        answers = await asyncio.gather(*(_search(world, http, n) for n in range(200)))
    slow = [seconds for seconds, status in answers if status and seconds > IN_TIME_SECONDS]
    if slow:
        world.ledger.violation("a read hung while the pool was used up", f"{max(slow):.1f} s")


async def _search(world: World, http: httpx2.AsyncClient, n: int) -> tuple[float, int]:
    began = time.perf_counter()
    try:
        answer = await http.get(
            f"{world.cluster.addresses[n % 2]}/v1/memories/search",
            params={"user_id": f"user-{n}", "q": f"anything {n}"},
            headers={"Authorization": f"Bearer {world.keys[n % len(world.keys)]}"},
        )
    except httpx2.HTTPError:
        return time.perf_counter() - began, 0
    if answer.status_code not in (200, 503):
        world.ledger.violation("a read under a lock was not 200 or 503", str(answer.status_code))
    return time.perf_counter() - began, answer.status_code


@fault("postgres", "F43")
async def leaked_transaction(world: World) -> None:
    """A transaction somebody forgot holds the rows of a tenth of the users for five seconds."""
    async with _blocking(
        world,
        "SELECT FROM memory_owners WHERE hashtext(owner_key) % 10 = 0"
        " ORDER BY owner_key FOR UPDATE",
    ):
        await asyncio.sleep(5)


@fault("postgres", "F44")
async def deadlocks(world: World) -> None:
    """Transactions that lock a conversation and then its user, against the service's order."""
    deadline = asyncio.get_running_loop().time() + 3
    while asyncio.get_running_loop().time() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            async with _blocking(
                world,
                "SELECT FROM conversations WHERE state = 'processing' LIMIT 8 "
                "FOR UPDATE SKIP LOCKED",
            ) as connection:
                await asyncio.sleep(0.05)
                await connection.execute(
                    "SELECT FROM memory_owners JOIN conversations USING (tenant_id, owner_key) "
                    "WHERE state = 'processing' FOR UPDATE OF memory_owners"
                )
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _blocking(
    world: World, statement: LiteralString
) -> AsyncIterator[psycopg.AsyncConnection[TupleRow]]:
    """A transaction of our own that holds what ``statement`` locks."""
    try:
        async with await psycopg.AsyncConnection.connect(
            world.cluster.database_url, application_name="torture", connect_timeout=5
        ) as connection:
            await connection.execute(statement)
            yield connection
            await connection.rollback()
    except psycopg.OperationalError as error:
        if error.sqlstate == "40P01":
            return  # We were the one that Postgres chose to end.
        raise NotShown("the database is away already") from None
