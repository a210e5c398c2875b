"""Migrations beside a service that goes on: nobody waits long, neither for them nor behind them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from app.db.migrations import runner
from tests.support.client import new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL, reached

HEAD = ScriptDirectory(str(runner.SCRIPTS)).get_current_head()

REVISION = """
from alembic import op
from app.db.migrations import online

revision, down_revision, branch_labels, depends_on = "{name}", "{after}", None, None
outside_of_a_transaction = {outside}


def upgrade():
    {work}
"""

WIDER = 'op.execute("ALTER TABLE agents ADD COLUMN shade text")'

names = count()


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    """The migration may go through a pooler; whoever holds locks beside it has a session."""
    return make_database(LOCAL_MODEL)


@pytest.fixture
def apply(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Future[None]]]:
    """Adds revisions to the service's own, and applies them in a thread."""
    scripts = tmp_path / "scripts"
    shutil.copytree(runner.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    after = [HEAD]
    pool = ThreadPoolExecutor(2)

    def go(*work: str, outside: bool = False) -> Future[None]:
        for each in work:
            name = f"test_{next(names)}"
            (scripts / "versions" / f"{name}.py").write_text(
                REVISION.format(name=name, after=after[-1], outside=outside, work=each)
            )
            after.append(name)
        engine = create_engine(
            reached(database_url).replace("postgresql://", "postgresql+psycopg://"),
            connect_args={"prepare_threshold": None},
        )
        return pool.submit(runner.apply_all, engine, scripts)

    yield go
    pool.shutdown()


@pytest.fixture
def other(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def agents(database_url: str, tenants: int, each: int) -> None:
    """So many agents of each of so many tenants."""
    for _ in range(tenants):
        tenant_id, _ = new_tenant(database_url)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO agents (tenant_id, name, owner_id)"
                " SELECT %s, 'agent ' || n, 'ada' FROM generate_series(1, %s) n",
                (tenant_id, each),
            )


def test_a_migration_waits_for_another_for_longer_than_for_a_table(
    apply: Callable[..., Future[None]], other: psycopg.Connection
) -> None:
    with other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", (runner.MIGRATION_LOCK,))
        waiting = apply(WIDER)
        time.sleep(2 * runner.LOCK_SECONDS)
        assert not waiting.done()

    waiting.result(timeout=20)
    assert other.execute("SELECT shade FROM agents").fetchall() == []


def test_whoever_reads_does_not_wait_behind_a_revision_that_waits_for_its_lock(
    apply: Callable[..., Future[None]], database_url: str, other: psycopg.Connection
) -> None:
    slowest = 0.0
    with psycopg.connect(database_url) as reading:
        reading.execute("SELECT count(*) FROM agents")  # It holds the table until it ends.
        waiting = apply(WIDER)
        until = time.monotonic() + 6
        while time.monotonic() < until:
            began = time.monotonic()
            other.execute("SELECT count(*) FROM agents")
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.05)
        assert not waiting.done()

    waiting.result(timeout=20)
    assert slowest < runner.LOCK_SECONDS + 1
    assert other.execute("SELECT shade FROM agents").fetchall() == []


def test_an_index_is_made_while_rows_are_written(
    apply: Callable[..., Future[None]], database_url: str, other: psycopg.Connection
) -> None:
    agents(database_url, tenants=1, each=100)
    with psycopg.connect(database_url) as writing:
        writing.execute("UPDATE agents SET name = name || '!'")
        making = apply(
            'online.create_index("agents_by_name", "agents (tenant_id, name)")', outside=True
        )
        time.sleep(3)
        assert not making.done(), "it waits for the transaction that is under way"
        other.execute("SET lock_timeout = '1s'")
        other.execute("INSERT INTO agents SELECT tenant_id, uuidv7(), 'new', 'x' FROM tenants")
        writing.commit()

    making.result(timeout=20)
    assert index_is_valid(other, "agents_by_name")


def test_an_index_that_was_left_unfinished_is_made_anew(
    apply: Callable[..., Future[None]], database_url: str, other: psycopg.Connection
) -> None:
    agents(database_url, tenants=1, each=2)
    other.execute("UPDATE agents SET name = 'twin'")
    make = 'online.create_index("agents_once", "agents (tenant_id, name)", unique=True)'
    with pytest.raises(Exception, match="could not create unique index"):
        apply(make, outside=True).result(timeout=20)
    assert not index_is_valid(other, "agents_once")
    other.execute("UPDATE agents SET name = agent_id::text")

    apply().result(timeout=20)

    assert index_is_valid(other, "agents_once")


def test_a_backfill_goes_through_every_tenant_in_slices(
    apply: Callable[..., Future[None]], database_url: str, other: psycopg.Connection
) -> None:
    agents(database_url, tenants=3, each=25)
    fill = (
        "UPDATE agents SET shade = 'grey' WHERE tenant_id = current_setting('app.tenant')::uuid"
        " AND agent_id IN (SELECT agent_id FROM agents WHERE shade IS NULL LIMIT %(rows)s)"
    )

    apply(WIDER).result(timeout=20)
    apply(f"online.backfill({fill!r}, rows=10)", outside=True).result(timeout=20)

    rows = other.execute(
        "SELECT tenant_id, count(*), count(DISTINCT xmin::text) FROM agents"
        " WHERE shade = 'grey' GROUP BY tenant_id"
    ).fetchall()
    assert [(number, transactions) for _, number, transactions in rows] == [(25, 3)] * 3


def index_is_valid(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", (name,)
    ).fetchone()
    return row is not None and bool(row[0])
