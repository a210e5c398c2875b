"""What a revision does to a large table while the service goes on, outside of a transaction.

Each of these may be interrupted, and goes on where it was when the revision is run again.
"""

from __future__ import annotations

from typing import Any

import psycopg
from alembic import op
from psycopg import sql
from sqlalchemy import text

ROWS = 1_000
"""A slice of a backfill: some 10 ms, after which everybody waiting for one of its rows goes on."""


def create_index(name: str, on: str, *, unique: bool = False) -> None:
    """Make the index ``on`` this table and these columns, with nobody waiting. One that an earlier
    try has left unfinished is made anew."""
    found = op.get_bind().execute(
        text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"),
        {"name": name},
    )
    valid = found.scalar()
    if valid:
        return
    if valid is False:
        op.execute(f"DROP INDEX CONCURRENTLY {name}")
    op.execute(f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {name} ON {on}")


def backfill(statement: str, *, rows: int = ROWS) -> None:
    """Run the statement for each tenant until it changes nothing more, ``rows`` rows at a time,
    each time in a transaction of its own.

    It changes rows that are not changed yet, at most ``%(rows)s`` of them. It runs as the tenant:
    the policies hold for the owner of the tables too, who would see no rows.
    """
    connection: Any = op.get_bind().connection.driver_connection
    for tenant_id in _tenants(connection):
        while _slice(connection, statement, tenant_id, rows):
            pass


def _tenants(connection: psycopg.Connection[Any]) -> list[Any]:
    with connection.transaction():
        connection.execute("SET LOCAL ROLE smara_system")
        found = connection.execute("SELECT tenant_id FROM tenants ORDER BY tenant_id")
        return [tenant_id for (tenant_id,) in found.fetchall()]


def _slice(connection: psycopg.Connection[Any], statement: str, tenant_id: Any, rows: int) -> int:
    with connection.transaction():
        connection.execute("SET LOCAL ROLE smara_app")
        connection.execute("SELECT set_config('app.tenant', %s, true)", (str(tenant_id),))
        done = connection.execute(sql.SQL(statement), {"rows": rows})
        return done.rowcount
