"""Work of an operator's command on the database: of DATABASE_URL, or of a running `up`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import UUID

from app.cli.embedded import postgres
from app.db import tenants
from app.db.migrate import refuse_unmigrated
from app.db.pool import close_pool, open_pool, system
from app.errors import ServiceError
from app.settings import Settings
from app.startup import runtime

T = TypeVar("T")


def with_pool(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run the work with one connection. Raises ServiceError with what to do when there is no
    database, or it is not migrated."""

    async def run() -> T:
        settings = await asyncio.to_thread(with_a_database)
        assert settings.database_url is not None
        await asyncio.to_thread(refuse_unmigrated, settings.database_url)
        await open_pool(settings, size=1)
        try:
            return await work()
        finally:
            await close_pool()

    return asyncio.run(run())


async def first_tenant() -> UUID:
    """Find the installation's first tenant. Raises ServiceError with what to do when there is
    none."""
    async with system() as tx:
        tenant_id = await tenants.first_tenant(tx)
    if tenant_id is None:
        raise ServiceError(
            "There is no tenant yet; `smara-server keys create` makes the first one."
        )
    return tenant_id


def with_a_database() -> Settings:
    """Give the settings of an operator's command: without DATABASE_URL the database is the one that
    a running `up` serves from the data folder. Raises ServiceError with what to do."""
    settings = runtime().settings
    if settings.database_url is not None:
        return settings
    url = postgres.running(settings.data_dir)
    if url is None:
        raise ServiceError(
            f"DATABASE_URL is not set, and {settings.data_dir.resolve()} holds no database of "
            "`smara-server up`. Set DATABASE_URL, or SMARA_DATA_DIR to the folder that `up` has."
        )
    return settings.model_copy(update={"database_url": url})
