"""Every table there is: sealed, forced, led by the tenant, and shut to the two roles as decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from app.db.migrate import bind_embedding_model, let_take_on_the_roles, migrate
from app.db.schema import metadata
from tests.support.client import new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL

TABLES = metadata.tables.values()
OF_NO_TENANT = {"alembic_version", *(table.name for table in TABLES if not table.info["sealed"])}
"""The installation's own. A table that is neither here nor sealed fails the first test."""
UNIQUE_IN_THE_INSTALLATION = {"tenants_by_email"}
WORDS = {
    (table.name, column.name)
    for table in TABLES
    for column in table.columns
    if column.info.get("holds") in ("words", "tenants")
}
# Nor these, which no mark of their own keeps from it.
HIDDEN = WORDS | {
    ("accesses", "user_hash"),
    ("webhook_endpoints", "secret"),
    ("webhook_deliveries", "user_id"),
}


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    return make_database(LOCAL_MODEL)


@pytest.fixture(scope="module")
def owner(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@contextmanager
def as_role(database_url: str, role: str) -> Iterator[psycopg.Connection]:
    """A session of the role from its start to its end."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        yield connection


@pytest.fixture(scope="module")
def tables(owner: psycopg.Connection) -> list[str]:
    """The tables that belong to tenants."""
    rows = owner.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = current_schema()::regnamespace ORDER BY relname"
    ).fetchall()
    return [name for (name,) in rows if name not in OF_NO_TENANT]


def test_every_table_of_a_tenant_is_sealed_by_force(
    owner: psycopg.Connection, tables: list[str]
) -> None:
    assert len(tables) >= 19
    for table in tables:
        row = owner.execute(
            """
            SELECT relrowsecurity, relforcerowsecurity, array(
                SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
                WHERE polrelid = c.oid AND polroles = ARRAY['smara_app'::regrole]::oid[])
            FROM pg_class c WHERE oid = %s::regclass
            """,
            (table,),
        ).fetchone()
        assert row is not None
        enabled, forced, [policy] = row
        assert (enabled, forced) == (True, True), table
        assert "tenant_id = " in policy, table
        assert "app.tenant" in policy, table


def test_there_is_no_view_that_would_run_as_its_owner(owner: psycopg.Connection) -> None:
    views = owner.execute(
        "SELECT relname, reloptions FROM pg_class WHERE relkind IN ('v', 'm')"
        " AND relnamespace = current_schema()::regnamespace"
    ).fetchall()

    assert [name for name, options in views if "security_invoker=true" not in (options or [])] == []


def test_the_roles_own_nothing_log_in_nowhere_and_pass_no_policy(owner: psycopg.Connection) -> None:
    """Roles belong to the whole server: beside another database's tests, service logins stand among
    them, and only those log in."""
    roles = owner.execute(
        """
        SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
               (SELECT count(*) FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o'),
               rolcanlogin
        FROM pg_roles r WHERE rolname LIKE 'smara\\_%' ORDER BY rolname
        """
    ).fetchall()

    assert {"smara_app", "smara_system"} <= {name for name, *_ in roles}
    for name, *rights, logs_in in roles:
        assert rights == [False, False, False, False, 0], name
        assert logs_in == name.startswith("smara_service_"), name


def test_unique_and_foreign_keys_are_led_by_the_tenant(
    owner: psycopg.Connection, tables: list[str]
) -> None:
    """A unique key is not filtered by policies: one without the tenant tells whether another has a
    value."""
    keys = owner.execute(
        """
        SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, a.attname
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisunique AND i.indrelid = ANY(%s::regclass[])
        """,
        (tables,),
    ).fetchall()
    references = owner.execute(
        """
        SELECT conname, a.attname FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])
        """,
        (tables,),
    ).fetchall()

    assert len(keys) >= 19
    assert len(references) >= 10
    assert {index for index, _, column in keys if column != "tenant_id"} == (
        UNIQUE_IN_THE_INSTALLATION
    )
    assert [name for name, column in references if column != "tenant_id"] == []


def test_a_transaction_sees_its_tenant_and_without_one_nothing(
    database_url: str, owner: psycopg.Connection, tables: list[str]
) -> None:
    mine, _ = new_tenant(database_url, "mine")
    theirs, _ = new_tenant(database_url, "theirs")
    with as_role(database_url, "smara_app") as app:
        for table in tables:
            count = sql.SQL("SELECT count(*), count(DISTINCT tenant_id) FROM {}").format(
                sql.Identifier(table)
            )
            assert app.execute(count).fetchone() == (0, 0), table
            with app.transaction():
                app.execute("SELECT set_config('app.tenant', %s, true)", (str(mine),))
                row = app.execute(count).fetchone()
                assert row is not None
                assert row[1] <= 1, table
            # A pooled connection keeps nothing of the tenant that it served.
            assert app.execute(count).fetchone() == (0, 0), table
        with app.transaction():
            app.execute("SELECT set_config('app.tenant', %s, true)", (str(mine),))
            assert app.execute("SELECT tenant_id FROM tenants").fetchall() == [(mine,)]
            assert app.execute("UPDATE tenants SET name = 'x'").rowcount == 1
    assert owner.execute("SELECT name FROM tenants WHERE tenant_id = %s", (theirs,)).fetchone() == (
        "theirs",
    )


def test_nothing_can_be_written_for_another_tenant(database_url: str) -> None:
    mine, _ = new_tenant(database_url, "mine")
    theirs, _ = new_tenant(database_url, "theirs")
    with as_role(database_url, "smara_app") as app:
        for statement in (
            "INSERT INTO skills (tenant_id, name) VALUES (%s, 'x')",
            "INSERT INTO memory_owners (tenant_id, owner_key) VALUES (%s, 'user:ada')",
            "UPDATE tenants SET tenant_id = %s",
        ):
            app.execute("SELECT set_config('app.tenant', %s, false)", (str(mine),))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement, (theirs,))


def test_the_system_reads_nobodys_words_and_writes_only_the_queue(
    database_url: str, owner: psycopg.Connection
) -> None:
    columns = owner.execute(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema()
          AND has_column_privilege('smara_system', table_name::regclass, column_name, 'SELECT')
        """
    ).fetchall()
    insertable = owner.execute(
        """
        SELECT relname FROM pg_class WHERE relkind = 'r'
        AND relnamespace = current_schema()::regnamespace
        AND has_table_privilege('smara_system', oid, 'INSERT')
        """
    ).fetchall()

    assert ("conversations", "state") in columns
    assert len(WORDS) > 20
    assert HIDDEN.isdisjoint(columns)
    assert {name for (name,) in insertable} == {
        table.name for table in TABLES if "INSERT" in table.info["system"]
    }
    assert {name for (name,) in insertable} == {
        "queue_heads",
        "signup_attempts",
        "webhook_deliveries",
    }
    with (
        as_role(database_url, "smara_system") as system,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        system.execute("SELECT fact FROM memories WHERE memory_id = %s", (uuid4(),))


def test_a_login_that_owns_nothing_may_take_on_the_roles_and_nothing_else(
    maintenance_url: str, database_url: str
) -> None:
    with psycopg.connect(maintenance_url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE landlord LOGIN CREATEROLE")
        superuser.execute("CREATE ROLE lodger LOGIN")
        superuser.execute(
            "GRANT smara_app, smara_system TO landlord WITH ADMIN TRUE, INHERIT FALSE"
        )
        superuser.execute("CREATE DATABASE let OWNER landlord")
    with psycopg.connect(maintenance_url.replace("@/postgres?", "@/let?")) as superuser:
        superuser.execute("CREATE EXTENSION vector")
    owners = maintenance_url.replace("//smara@/postgres?", "//landlord@/let?")
    lodgers = owners.replace("//landlord@", "//lodger@")

    migrate(owners)
    let_take_on_the_roles(owners, "lodger")
    bind_embedding_model(owners, *LOCAL_MODEL)

    tenant_id, _ = new_tenant(lodgers)
    with psycopg.connect(lodgers, autocommit=True) as lodger:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            lodger.execute("ALTER TABLE memories DISABLE ROW LEVEL SECURITY")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            lodger.execute("SELECT count(*) FROM memory_owners")
    with psycopg.connect(owners, autocommit=True) as landlord:
        assert landlord.execute("SELECT count(*) FROM tenants").fetchone() == (0,), "forced"
        landlord.execute("SET ROLE smara_system")
        assert landlord.execute("SELECT tenant_id FROM tenants").fetchall() == [(tenant_id,)]
