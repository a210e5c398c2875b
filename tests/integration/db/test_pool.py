"""The pool's transactions: what a failure in one of them leaves for the next."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest

from app.db import pool
from app.db.pool import Connection, TenantTx, close_pool, open_pool, read_only, transaction
from app.errors import DatabaseUnavailable, Unstorable
from app.settings import Settings
from tests.integration.db.rows import execute, new_tenant
from tests.support.postgres import reached

pytestmark = pytest.mark.anyio

COUNTED = "SELECT count(*) FROM memories WHERE namespace = %s"
TIMES = 5
"""After so many executions psycopg prepares a statement, with the next one."""


async def count(tx: TenantTx, after: str = "SELECT 1") -> int:
    """The memories there are, asked behind another statement."""
    await tx.execute(after)
    cursor = await tx.execute(COUNTED, ("default",))
    row = await cursor.fetchone()
    assert row is not None
    found: int = row[0]
    return found


@pytest.fixture
async def one_connection(database_url: str, tenant: UUID) -> None:
    """A pool of one connection, so that each transaction meets what the one before has left."""
    await close_pool()
    await open_pool(Settings(database_url=reached(database_url)), size=1)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("begin", [read_only, transaction])
async def test_a_statement_that_was_to_be_prepared_after_a_failure_works_the_next_time(
    tenant: UUID, begin: Callable[[UUID], AbstractAsyncContextManager[Connection]]
) -> None:
    async def counted(after: str = "SELECT 1") -> int:
        async with begin(tenant) as conn:
            return await count(conn, after)

    assert [await counted() for _ in range(TIMES)] == [0] * TIMES

    with pytest.raises(Unstorable):
        await counted(after="SELECT 1 / 0")

    assert await counted() == 0


class Refused(Exception):
    """What a use case raises when it changes its mind."""


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("before", [(), *itertools.product(("refused", "failed"), repeat=2)])
async def test_what_failed_earlier_on_a_connection_does_not_matter(
    tenant: UUID, before: tuple[str, ...]
) -> None:
    async def counted(after: str = "SELECT 1", *, refused: bool = False) -> int:
        async with transaction(tenant) as tx:
            found = await count(tx, after)
            if refused:
                raise Refused
            return found

    for kind in before * TIMES:
        with pytest.raises((Refused, Unstorable)):
            await counted("SELECT 1" if kind == "refused" else "SELECT 1 / 0", refused=True)

    for _ in range(2):
        assert [await counted() for _ in range(TIMES)] == [0] * TIMES
        with pytest.raises(Unstorable):
            await counted(after="SELECT 1 / 0")
        assert await counted() == 0


@pytest.mark.usefixtures("one_connection")
async def test_what_the_client_library_refuses_to_send_is_no_lost_connection(tenant: UUID) -> None:
    many = 65_536  # The protocol counts a statement's parameters in 16 bits.

    with pytest.raises(Unstorable):
        async with transaction(tenant) as tx:
            await tx.execute(f"SELECT {', '.join(['%s'] * many)}", [1] * many)

    async with transaction(tenant) as tx:
        assert await count(tx) == 0


@pytest.mark.usefixtures("one_connection")
async def test_a_connection_that_is_lost_says_so(tenant: UUID) -> None:
    async def lose(tx: TenantTx) -> None:
        row = await (await tx.execute("SELECT pg_backend_pid()")).fetchone()
        assert row is not None
        await execute("SELECT pg_terminate_backend(%s)", row[0])
        await count(tx)

    with pytest.raises(DatabaseUnavailable):
        async with transaction(tenant) as tx:
            await lose(tx)

    async with transaction(tenant) as tx:
        assert await count(tx) == 0


async def test_one_tenants_transactions_do_not_go_before_anothers_first(database_url: str) -> None:
    await open_pool(Settings(database_url=reached(database_url)), size=1)
    crowd, other = [await new_tenant(), await new_tenant()]
    order: list[UUID] = []

    async def work(tenant_id: UUID) -> None:
        async with transaction(tenant_id) as tx:
            await tx.execute("SELECT pg_sleep(0.01)")
            order.append(tenant_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(work(crowd))
        await asyncio.sleep(0)
        group.create_task(work(other))
    await close_pool()

    assert order.index(other) <= 2


async def test_a_tenant_that_waits_for_too_much_is_told_at_once(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WAITING_EACH", 2)
    await open_pool(Settings(database_url=reached(database_url)), size=1)
    crowd, other = [await new_tenant(), await new_tenant()]

    async def work(tenant_id: UUID) -> None:
        async with transaction(tenant_id) as tx:
            await tx.execute("SELECT pg_sleep(0.05)")

    crowded = [asyncio.create_task(work(crowd)) for _ in range(6)]
    await asyncio.sleep(0)
    await work(other)
    outcomes = await asyncio.gather(*crowded, return_exceptions=True)
    await close_pool()

    assert [type(outcome) for outcome in outcomes] == [type(None)] * 3 + [DatabaseUnavailable] * 3
