"""Behind PgBouncer a transaction has its role, its tenant and its time limits, or it fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest

from app.db import tenants
from app.db.pool import close_pool, open_pool, read_only, system, transaction
from app.errors import DatabaseUnavailable, Unstorable
from app.settings import Settings
from tests.support.postgres import reached

pytestmark = pytest.mark.anyio

CLIENTS = 8
TRANSACTIONS = 60
"""Of each client and kind."""


@pytest.fixture
async def pool(pooled_url: str) -> AsyncIterator[None]:
    settings = Settings(database_url=pooled_url, pool_timeout_seconds=20)
    await open_pool(settings, size=CLIENTS)
    yield
    await close_pool()


@pytest.fixture
async def somebody(pool: None) -> list[UUID]:
    """Tenants with a name of their own."""
    ids = [tenants.new_id() for _ in range(CLIENTS)]
    for tenant_id in ids:
        async with transaction(tenant_id) as tx:
            await tenants.create_tenant(tx, str(tenant_id))
    return ids


@pytest.mark.usefixtures("pool")
async def test_eight_clients_on_three_connections_fail_never_and_see_nobody_else(
    somebody: list[UUID],
) -> None:
    seen: Counter[str] = Counter()

    async def work(tenant_id: UUID) -> None:
        for n in range(TRANSACTIONS):
            async with transaction(tenant_id) as conn:
                await conn.execute("UPDATE tenants SET name = %s", (f"{tenant_id} {n}",))
                written = await conn.execute("SELECT tenant_id, current_user FROM tenants")
                seen.update(judged(tenant_id, await written.fetchall()))
            async with read_only(tenant_id) as conn:
                # Awaited one by one, so that others come in between.
                for _ in range(3):
                    rows = await conn.execute("SELECT tenant_id, current_user FROM tenants")
                    seen.update(judged(tenant_id, await rows.fetchall()))
            async with system() as conn:
                counted = await conn.execute("SELECT current_user, count(*) FROM tenants")
                row = await counted.fetchone()
                seen["system" if row and row[0] == "smara_system" else "failed"] += 1

    def judged(tenant_id: UUID, rows: list[tuple[object, ...]]) -> list[str]:
        assert rows, "a tenant sees itself"
        return ["own" if row == (tenant_id, "smara_app") else "foreign" for row in rows]

    await asyncio.gather(*(work(tenant_id) for tenant_id in somebody))

    assert seen == {
        "own": CLIENTS * TRANSACTIONS * 4,
        "system": CLIENTS * TRANSACTIONS,
    }


async def test_the_time_limits_hold(pooled_url: str) -> None:
    settings = Settings(database_url=pooled_url, statement_timeout_seconds=0.2)
    await open_pool(settings, size=1)
    try:
        for begin in (transaction, read_only):
            with pytest.raises(DatabaseUnavailable):
                async with begin(UUID(int=1)) as conn:
                    await conn.execute("SELECT pg_sleep(5)")
            async with begin(UUID(int=1)) as conn:
                shown = await conn.execute(
                    "SELECT current_setting(name) FROM unnest(ARRAY['statement_timeout',"
                    " 'lock_timeout', 'idle_in_transaction_session_timeout', 'TimeZone', 'jit',"
                    " 'random_page_cost', 'max_parallel_workers_per_gather']) name"
                )
                assert [value for (value,) in await shown.fetchall()] == [
                    "200ms",
                    "100ms",
                    "200ms",
                    "UTC",
                    "off",
                    "1.1",
                    "0",
                ]
    finally:
        await close_pool()


@pytest.mark.usefixtures("pool")
async def test_nothing_of_a_transaction_stays_on_the_connection(
    pooled_url: str, somebody: list[UUID]
) -> None:
    async with transaction(somebody[0]) as conn:
        await conn.execute("SELECT 1")
    async with read_only(somebody[0]) as conn:
        await conn.execute("SELECT 1")

    async with await psycopg.AsyncConnection.connect(
        pooled_url, autocommit=True, prepare_threshold=None
    ) as other:
        for _ in range(12):
            row = await (
                await other.execute(
                    "SELECT session_user = current_user,"
                    " coalesce(current_setting('app.tenant', true), ''),"
                    " current_setting('statement_timeout'),"
                    " current_setting('transaction_read_only')"
                )
            ).fetchone()
            assert row == (True, "", "0", "off")


async def test_a_reader_cannot_write(pool: None) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with read_only(UUID(int=1)) as conn:
            await conn.execute("DELETE FROM tenants")


async def test_a_failure_leaves_nothing_behind_for_the_next(
    pool: None, somebody: list[UUID]
) -> None:
    for begin in (transaction, read_only):
        for _ in range(10):
            with pytest.raises(Unstorable):
                async with begin(somebody[0]) as conn:
                    await conn.execute("SELECT 1 / 0")
            async with begin(somebody[0]) as conn:
                rows = await conn.execute("SELECT tenant_id FROM tenants")
                assert await rows.fetchall() == [(somebody[0],)]


async def test_the_integration_tests_go_through_it_too(direct_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(reached(direct_url)) as connection:
        row = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
        assert row is not None
        assert row[0] != connection.pgconn.backend_pid
