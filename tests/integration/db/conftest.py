"""A database for the tests of the SQL, without a service beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.db.pool import close_pool, open_pool
from app.settings import Settings
from tests.integration.db.rows import new_tenant, owner
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL, reached


@pytest.fixture(scope="session")
def database_url(make_database: MakeDatabase) -> str:
    """No worker looks at this database, so what a test queues stays until the test takes it."""
    return make_database(LOCAL_MODEL)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[None]:
    """The process's pool, open for one test on its own event loop."""
    await open_pool(Settings(database_url=reached(database_url)), size=8)
    yield
    await close_pool()


@pytest.fixture
async def tenant(pool: None) -> UUID:
    """A tenant that no other test knows."""
    return await new_tenant()


@pytest.fixture
async def empty_queue(pool: None) -> None:
    """A claim looks at every tenant, so the queue's tests start without anybody else's rows."""
    async with owner() as connection:
        await connection.execute("TRUNCATE tenants CASCADE")
