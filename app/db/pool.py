"""The connections of one process, and the two roles that its transactions run under.

Row-level security is the second wall behind the ``tenant_id = …`` of each statement. A transaction
is one tenant's, or the system's: the first sees that tenant's rows alone, the second sees every
tenant but only the columns that authentication and the queue's bookkeeping need, and nobody's
words. docs/decisions/0008-row-level-security.md says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg.abc import Params, QueryNoTemplate
from psycopg.rows import AsyncRowFactory, TupleRow
from psycopg_pool import AsyncConnectionPool

from app.db.failures import translated
from app.logs import log
from app.settings import Settings

Connection: TypeAlias = psycopg.AsyncConnection[TupleRow]
AsyncCursor: TypeAlias = psycopg.AsyncCursor[TupleRow]

TENANT = "(SELECT %(tenant_id)s::uuid)"
"""The tenant in statements that look rows up by id. As a plain parameter it is compared with the
statistics, where a tenant that is new or grew since the last ANALYZE has one row; then every index
that begins with the tenant looks as good as the primary key. A sub-select is an unknown tenant, of
average size. Measured: a walk over 1,000 of 10,000 new memories took 6 s before, 25 ms so."""

APP_ROLE = "smara_app"
"""Owns nothing and cannot pass by the policies, whoever logs in: each connection begins as it."""

WAITING_EACH = 50
"""Requests that may wait for each connection. At 2 ms a statement that is a tenth of a second; when
it takes longer, more of them would only hold memory until their time is up."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction, whosever it is."""

    connection: Connection

    async def execute(self, query: QueryNoTemplate, params: Params | None = None) -> AsyncCursor:
        """Run one statement."""
        return await self.connection.execute(query, params)

    def cursor(
        self, *, row_factory: AsyncRowFactory[Row], binary: bool = False
    ) -> psycopg.AsyncCursor[Row]:
        """Make a cursor whose rows are of one's own type, read as text or in binary."""
        return self.connection.cursor(row_factory=row_factory, binary=binary)


@dataclass(frozen=True, slots=True)
class TenantTx(Tx):
    """A transaction of one tenant: it sees and changes that tenant's rows alone."""

    tenant_id: UUID


@dataclass(frozen=True, slots=True)
class SystemTx(Tx):
    """A transaction that sees every tenant, and of each only what the role smara_system may."""


_pool: AsyncConnectionPool[Connection] | None = None


async def open_pool(settings: Settings, *, size: int | None = None) -> None:
    """Open this process's pool on the running event loop. Returns at once; a dead server shows at
    the first use."""
    global _pool
    assert settings.database_url is not None, "DATABASE_URL is not set"
    _pool = AsyncConnectionPool(
        settings.database_url,
        kwargs={"autocommit": True, "options": _session_options(settings), "connect_timeout": 5},
        min_size=1,
        max_size=size or settings.pool_size,
        timeout=settings.pool_timeout_seconds,
        # Whoever would wait behind so many is told at once, instead of after the time-out.
        max_waiting=WAITING_EACH * (size or settings.pool_size),
        max_idle=300,
        # A server that comes back is noticed within seconds, however long it was away.
        reconnect_timeout=5,
        reconnect_failed=_try_again,
        configure=_configure,
        open=False,
    )
    await _pool.open(wait=False)


async def close_pool() -> None:
    """Close every connection; a second call does nothing."""
    global _pool
    if _pool is not None:
        pool, _pool = _pool, None
        await pool.close()


@asynccontextmanager
async def transaction(tenant_id: UUID) -> AsyncIterator[TenantTx]:
    """One READ COMMITTED transaction of one tenant: committed when the block ends, rolled back when
    it raises.

    The tenant holds for the transaction only, so a connection that goes back to the pool is
    nobody's. Statements are pipelined: those whose results nobody awaits in between share one round
    trip. Raises DatabaseUnavailable when no connection is to be had in time or the server is away,
    Duplicate and MissingReference for what the schema forbids.
    """
    async with _begun() as conn:
        await conn.execute("SELECT set_config('app.tenant', %s, true)", (str(tenant_id),))
        yield TenantTx(conn, tenant_id)


@asynccontextmanager
async def read_only(tenant_id: UUID) -> AsyncIterator[TenantTx]:
    """One transaction of one tenant that cannot write.

    It is the pipeline's own, without a BEGIN and a COMMIT: these would take a third of the time
    that a search spends in Postgres. Whoever writes needs ``transaction``, which rolls back what a
    block that raises has done.
    """
    with translated():
        async with _connected() as conn:
            try:
                async with conn.pipeline():
                    await conn.execute(
                        "SELECT set_config('app.tenant', %s, true),"
                        " set_config('transaction_read_only', 'on', true)",
                        (str(tenant_id),),
                    )
                    yield TenantTx(conn, tenant_id)
            except (psycopg.Error, asyncio.CancelledError):
                # What was to be prepared after the failure was not, but psycopg 3.3 takes it for
                # done, and every later use would fail. Only a rollback makes it forget; none
                # happens here.
                await conn.close()
                raise


@asynccontextmanager
async def system() -> AsyncIterator[SystemTx]:
    """One transaction that sees every tenant, and of each only what the role smara_system may."""
    async with _begun() as conn:
        await conn.execute("SET LOCAL ROLE smara_system")
        yield SystemTx(conn)


async def clock(tx: Tx) -> datetime:
    """What time it is: Postgres' clock is the only one whose times are compared."""
    cursor = await tx.execute("SELECT clock_timestamp()")
    row = await cursor.fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


@asynccontextmanager
async def _begun() -> AsyncIterator[Connection]:
    with translated():
        async with _connected() as conn, conn.pipeline(), conn.transaction():
            yield conn


def _connected() -> AbstractAsyncContextManager[Connection]:
    if _pool is None:
        raise RuntimeError("the pool is not open in this process")
    return _pool.connection()


def _session_options(settings: Settings) -> str:
    milliseconds = int(settings.statement_timeout_seconds * 1000)
    # Vectors are read from memory, and no statement here is long enough to repay a JIT compile or a
    # parallel worker.
    options = {
        "role": APP_ROLE,
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        "statement_timeout": f"{milliseconds}",
        "lock_timeout": f"{milliseconds // 2}",
        "idle_in_transaction_session_timeout": f"{milliseconds}",
        "TimeZone": "UTC",
    }
    return " ".join(f"-c {name}={value}" for name, value in options.items())


async def _configure(connection: Connection) -> None:
    try:
        await register_vector_async(connection)
    except psycopg.ProgrammingError:
        # Said here, since the pool would only say that no connection was to be had.
        log.error("database_not_migrated", what_to_do="smara-server migrate")
        raise


async def _try_again(pool: AsyncConnectionPool[Connection]) -> None:
    await asyncio.sleep(1.0)
    await pool.check()
