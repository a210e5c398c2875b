"""Apply revisions: one process at a time, and without holding up those that serve.

A revision runs in a transaction of its own, unless its module says ``outside_of_a_transaction =
True``: then each of its statements is one, and it can be run again when it was interrupted.
app/db/migrations/online.py has what such revisions are made of.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.db.old_schema import refuse_old_revision
from app.logs import log

T = TypeVar("T")

SCRIPTS = Path(__file__).parent

MIGRATION_LOCK = 7_310_577
"""The advisory lock that lets one process migrate while the others wait."""

LOCK_SECONDS = 2
"""How long a statement waits for a table that somebody uses. Whoever wants that table meanwhile
waits behind it, so it is short, and tried again."""

PATIENCE_SECONDS = 300.0
"""How long it is tried again."""

PAUSE_SECONDS = 1.0
"""About how long the others go before it is tried again."""

LOOK_AGAIN_SECONDS = 0.2
"""How often a process that waits for another's migration looks whether it is done."""

SAY_AGAIN_SECONDS = 30.0

HOLD = f"""
SELECT pg_try_advisory_xact_lock({MIGRATION_LOCK}),
    set_config('idle_in_transaction_session_timeout', '0', true),
    CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL
         THEN set_config('transaction_timeout', '0', true) END
"""


def apply_all(engine: Engine, scripts: Path = SCRIPTS) -> None:
    """Apply every revision that is missing. Waits for as long as another process does so."""
    with _alone(engine), engine.connect() as connection:
        while patiently(lambda: _one(connection, scripts)):
            pass


def patiently(work: Callable[[], T]) -> T:
    """Do the work, and do it again while a lock that it wants is held: LOCK_SECONDS at a time, for
    PATIENCE_SECONDS. Each time it has to begin with a new transaction."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except (DBAPIError, psycopg.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if time.monotonic() > give_up_at or not isinstance(
                cause, (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
            ):
                raise
            log.info("waiting_for_lock")
            time.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Keep other processes out, by a lock that ends with a transaction of its own: behind a pooler
    none other can be trusted to end.

    It is asked for again and again instead of waited for: a statement that waits holds a snapshot,
    and whoever has the lock may be making an index concurrently, which waits for all snapshots.
    """
    say_at = time.monotonic()
    with engine.connect() as connection:
        while True:
            with connection.begin():
                if _try_lock(connection):
                    yield
                    return
            if time.monotonic() >= say_at:
                log.info("waiting_for_other_migration")
                say_at = time.monotonic() + SAY_AGAIN_SECONDS
            time.sleep(LOOK_AGAIN_SECONDS)


def _try_lock(connection: Connection) -> bool:
    """Take the lock, if nobody has it. By psycopg itself and without parameters: what SQLAlchemy
    sends stays open as a portal, and an open portal holds a snapshot too."""
    driver: Any = connection.connection.driver_connection
    return bool(driver.execute(HOLD).fetchone()[0])


def _one(connection: Connection, scripts: Path) -> bool:
    """Apply the next revision; False when there is none."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    with connection.begin():
        at = MigrationContext.configure(connection).get_current_revision()
    refuse_old_revision(at)
    due = _next(ScriptDirectory.from_config(config), at)
    if due is None:
        return False
    if getattr(due.module, "outside_of_a_transaction", False):
        with connection.engine.connect() as autocommit:
            config.attributes["connection"] = autocommit.execution_options(
                isolation_level="AUTOCOMMIT"
            )
            command.upgrade(config, due.revision)
    else:
        config.attributes["connection"] = connection
        with connection.begin():
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            command.upgrade(config, due.revision)
    log.info("migrated", revision=due.revision)
    return True


def _next(scripts: ScriptDirectory, at: str | None) -> Script | None:
    *_, due = [None, *scripts.iterate_revisions("heads", at or "base")]
    return due
