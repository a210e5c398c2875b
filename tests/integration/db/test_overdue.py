"""A transaction that is left open is ended, also in a pipeline, and what it had locked is free."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest

from app.cli.embedded.postgres import SUPERUSER
from app.db import overdue
from app.db.pool import close_pool, open_pool, transaction
from app.errors import DatabaseUnavailable
from app.settings import Settings
from tests.integration.db.rows import new_tenant
from tests.support.postgres import SERVICE_LOGIN, for_service, reached

pytestmark = pytest.mark.anyio

RENAME = "UPDATE tenants SET name = %s WHERE tenant_id = %s"


async def opened(database_url: str, timeout_seconds: float) -> UUID:
    """The service's pool with this limit, and a tenant."""
    await open_pool(
        Settings(
            database_url=for_service(database_url), transaction_timeout_seconds=timeout_seconds
        ),
        size=4,
        serving=True,
    )
    return await new_tenant()


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    await close_pool()


async def abandoned(tenant: UUID, held: asyncio.Event, seconds: float) -> None:
    """A transaction that locks a row and is then left alone, as by a process that is stopped."""
    async with transaction(tenant) as tx:
        cursor = await tx.execute(RENAME + " RETURNING 1", ("abandoned", tenant))
        await cursor.fetchone()
        held.set()
        await asyncio.sleep(seconds)
        await (await tx.execute("SELECT 1")).fetchone()


async def test_the_database_ends_a_transaction_that_idles_in_a_pipeline(database_url: str) -> None:
    tenant, held = await opened(database_url, 1.0), asyncio.Event()
    leaving = asyncio.create_task(abandoned(tenant, held, seconds=4))
    await held.wait()
    began = time.monotonic()

    with psycopg.connect(reached(database_url), autocommit=True) as other:
        await asyncio.to_thread(other.execute, RENAME, ("free", tenant))
    freed_after = time.monotonic() - began

    assert 0.5 < freed_after < 3
    with pytest.raises(DatabaseUnavailable) as ended:
        await leaving
    assert ended.value.sqlstate == "25P04"
    async with transaction(tenant) as tx:
        row = await (await tx.execute("SELECT name FROM tenants")).fetchone()
    assert row == ("free",)


async def test_a_limit_of_one_transaction_is_not_the_next_ones(database_url: str) -> None:
    tenant = await opened(database_url, 1.0)

    for _ in range(4):
        async with transaction(tenant) as tx:
            await (await tx.execute("SELECT 1")).fetchone()
            await asyncio.sleep(0.4)


async def test_a_sweep_ends_what_is_older_than_the_limit_and_nothing_else(
    database_url: str,
) -> None:
    """As on Postgres 16 and older, where the database does not."""
    tenant, held = await opened(database_url, 60.0), asyncio.Event()
    # Past a pooler, whose connections take on the name of whoever had them before.
    direct = database_url.replace(f"//{SUPERUSER}@", f"//{SERVICE_LOGIN}@", 1)
    with psycopg.connect(direct) as stranger:
        stranger.execute("SELECT 1")
        leaving = asyncio.create_task(abandoned(tenant, held, seconds=2))
        await held.wait()
        assert await overdue.end_overdue(older_than_seconds=30) == 0
        await asyncio.sleep(0.6)
        async with transaction(tenant) as young:
            await (await young.execute("SELECT 1")).fetchone()

            assert await overdue.end_overdue(older_than_seconds=0.5) == 1

            assert await (await young.execute("SELECT 1")).fetchone() == (1,)
        assert stranger.execute("SELECT 2").fetchone() == (2,)

    with pytest.raises(DatabaseUnavailable):
        await leaving
