"""The connections of one process, and the two roles that its transactions run under.

Row-level security is the second wall behind the ``tenant_id = …`` of each statement. A transaction
is one tenant's, or the system's: the first sees that tenant's rows alone, the second sees every
tenant but only the columns that authentication and the queue's bookkeeping need, and nobody's
words. docs/decisions/0008-row-level-security.md says why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

import psycopg
from psycopg.abc import Params, QueryNoTemplate
from psycopg.rows import AsyncRowFactory, TupleRow
from psycopg_pool import AsyncConnectionPool

from app.concurrency import Turns
from app.db import entry, trial
from app.db.failures import translated
from app.errors import DatabaseUnavailable, Unstorable
from app.settings import Settings
from app.startup import runtime

Connection: TypeAlias = psycopg.AsyncConnection[TupleRow]
AsyncCursor: TypeAlias = psycopg.AsyncCursor[TupleRow]

TENANT = "(SELECT %(tenant_id)s::uuid)"
"""The tenant in statements that look rows up by id. As a plain parameter it is compared with the
statistics, where a tenant that is new or grew since the last ANALYZE has one row; then every index
that begins with the tenant looks as good as the primary key. A sub-select is an unknown tenant, of
average size. Measured: a walk over 1,000 of 10,000 new memories took 6 s before, 25 ms so."""

WAITING_EACH = 50
"""Transactions of one tenant that may wait for each connection. At 2 ms a statement that is a tenth
of a second; when it takes longer, more of them would only hold memory until their time is up."""

OPEN_TOO_LONG = "25P04"
"""Postgres' own code for a transaction that was over its limit."""

ENDED = "57P01"
"""The code of a connection that was terminated, as app/db/overdue.py does it."""

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


@dataclass(frozen=True, slots=True)
class _Open:
    connections: AsyncConnectionPool[Connection]
    turns: Turns
    size: int
    patience_seconds: float
    entries: entry.Entries
    longest_seconds: float


class _Pool:
    """The connections of this process, while they are open."""

    open: _Open | None = None


async def open_pool(settings: Settings, *, size: int | None = None, serving: bool = False) -> None:
    """Open this process's pool on the running event loop. Returns at once; a dead server shows at
    the first use.

    With ``serving`` a login for which row-level security does not hold gets no connection. An
    operator's command may have one: its transactions take on the same roles.
    """
    assert settings.database_url is not None, "DATABASE_URL is not set"
    entries = entry.Entries.under(settings)
    size = size or settings.pool_size
    connections = AsyncConnectionPool(
        settings.database_url,
        # Nothing is asked for in start-up options, which poolers refuse or ignore, and nothing is
        # prepared before it is known whether one stands between.
        kwargs={
            "autocommit": True,
            "prepare_threshold": None,
            "connect_timeout": 5,
            # By which app/db/overdue.py knows the service's connections, unless the address has a
            # name of its own.
            "fallback_application_name": "smara",
        },
        min_size=1,
        max_size=size,
        timeout=settings.pool_timeout_seconds,
        max_idle=300,
        # A server that comes back is noticed within seconds, however long it was away.
        reconnect_timeout=5,
        reconnect_failed=_try_again,
        configure=trial.Trial(entries, settings.prepare, serving=serving),
        open=False,
    )
    runtime().one(_Pool).open = _Open(
        connections,
        Turns(size),
        size,
        settings.pool_timeout_seconds,
        entries,
        settings.longest_transaction_seconds,
    )
    await connections.open(wait=False)


async def close_pool() -> None:
    """Close every connection; a second call does nothing."""
    pool = runtime().one(_Pool)
    if pool.open is not None:
        closing, pool.open = pool.open, None
        await closing.connections.close()


@asynccontextmanager
async def transaction(tenant_id: UUID) -> AsyncIterator[TenantTx]:
    """One READ COMMITTED transaction of one tenant: committed when the block ends, rolled back when
    it raises.

    Role, tenant and time limits hold for the transaction only, so a connection that goes back to
    the pool is nobody's. Statements are pipelined: those whose results nobody awaits in between
    share one round trip. Raises DatabaseUnavailable when no connection is to be had in time or the
    server is away, Duplicate and MissingReference for what the schema forbids.
    """
    async with _begun(tenant_id, _opened().entries.of_a_tenant, str(tenant_id)) as conn:
        yield TenantTx(conn, tenant_id)


@asynccontextmanager
async def read_only(tenant_id: UUID) -> AsyncIterator[TenantTx]:
    """One transaction of one tenant that cannot write."""
    async with _begun(tenant_id, _opened().entries.of_a_reader, str(tenant_id)) as conn:
        yield TenantTx(conn, tenant_id)


@asynccontextmanager
async def system() -> AsyncIterator[SystemTx]:
    """One transaction that sees every tenant, and of each only what the role smara_system may."""
    async with _begun(None, _opened().entries.of_the_system) as conn:
        yield SystemTx(conn)


@asynccontextmanager
async def as_login() -> AsyncIterator[Connection]:
    """A connection under the login's own name and without a transaction, for what concerns the
    connections themselves. Row-level security shows it nothing."""
    with translated():
        async with _connected(None) as conn:
            yield conn


async def clock(tx: Tx) -> datetime:
    """What time it is: Postgres' clock is the only one whose times are compared."""
    cursor = await tx.execute("SELECT clock_timestamp()")
    row = await cursor.fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


@asynccontextmanager
async def _begun(tenant_id: UUID | None, first: str, *parameters: str) -> AsyncIterator[Connection]:
    """One transaction, opened by its first statement.

    It is the pipeline's own: Postgres begins it with the first statement and commits it at the
    pipeline's end, so there is no BEGIN and no COMMIT to wait for. psycopg's own transactions cost
    four round trips in a pipeline; these cost one for each result that is awaited, and one for the
    commit. Nothing within may sync the pipeline: no nested pipeline, no ``executemany``.
    """
    with translated():
        async with _connected(tenant_id) as conn:
            began, longest_seconds = time.monotonic(), _opened().longest_seconds
            try:
                async with conn.pipeline():
                    await conn.execute(first, parameters or None)
                    try:
                        yield conn
                    except BaseException:
                        await _undo(conn)
                        raise
            except (psycopg.Error, asyncio.CancelledError) as error:
                await _forget_prepared(conn)
                # Not a subclass, such as that of what followed a failure in the pipeline. And the
                # connection has just made a round trip, so it is not lost.
                unsent = type(error) is psycopg.OperationalError and error.sqlstate is None
                whole = not conn.closed
                if time.monotonic() - began >= longest_seconds:
                    _blame_the_limit(error)
                if unsent and whole:
                    # It was not the server, and the connection is there: libpq refused to send it.
                    raise Unstorable("The statement cannot be sent to the database.") from error
                raise


async def _undo(conn: Connection) -> None:
    """Roll back before the pipeline's end would commit. BEGIN makes an explicit transaction of the
    one under way; when a statement has failed Postgres skips both, and has rolled back itself."""
    try:
        await conn.execute("BEGIN", prepare=False)
        await conn.execute("ROLLBACK", prepare=False)
    except BaseException:
        # Without its connection the transaction ends as well, and nothing is committed.
        await conn.close()
        raise


def _blame_the_limit(error: BaseException) -> None:
    """Raise DatabaseUnavailable with the reason, if the connection of a transaction that was open
    for too long was lost: psycopg, in a pipeline, hears of the loss alone."""
    if isinstance(error, psycopg.OperationalError) and error.sqlstate in (None, ENDED):
        raise DatabaseUnavailable(
            "The transaction was open for too long; the database ended it.", sqlstate=OPEN_TOO_LONG
        ) from error


async def _forget_prepared(conn: Connection) -> None:
    """What was to be prepared after the failure was not, but psycopg 3.3 takes it for done, and
    every later use would fail. Its own ``rollback()`` makes it forget, whenever there is something
    to roll back; a ROLLBACK that is executed only does so the first time."""
    if conn.closed:
        return
    try:
        await conn.execute("BEGIN", prepare=False)
        await conn.rollback()
    except psycopg.Error:
        await conn.close()


def _opened() -> _Open:
    opened = runtime().one(_Pool).open
    if opened is None:
        raise RuntimeError("the pool is not open in this process")
    return opened


@asynccontextmanager
async def _connected(tenant_id: UUID | None) -> AsyncIterator[Connection]:
    """A connection. Of those who wait for one, whoever's tenant has the fewest is next; the system
    counts as a tenant."""
    opened = _opened()
    if opened.turns.waiting_of(tenant_id) >= WAITING_EACH * opened.size:
        # It is told at once, instead of after the time-out.
        raise DatabaseUnavailable("Too much waits for the database; try again shortly.")
    try:
        await opened.turns.take(tenant_id, within_seconds=opened.patience_seconds)
    except TimeoutError as error:
        raise DatabaseUnavailable("The database is too busy; try again shortly.") from error
    try:
        async with opened.connections.connection() as conn:
            yield conn
    finally:
        opened.turns.give_back(tenant_id)


async def _try_again(pool: AsyncConnectionPool[Connection]) -> None:
    await asyncio.sleep(1.0)
    await pool.check()
