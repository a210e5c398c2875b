"""Lay app/db/schema.py down in an empty database, marks included: what the migrations are compared
with."""

from __future__ import annotations

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.schema import Table

from app.db.marks import grants
from app.db.schema import metadata

OF_THE_TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"


def lay_down(database_url: str) -> None:
    """Make the tables of the schema, and shut and open them as their marks say. The roles exist."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE EXTENSION vector")
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    metadata.create_all(engine)
    engine.dispose()
    with psycopg.connect(database_url) as connection:
        for table in metadata.tables.values():
            for statement in _after(table):
                connection.execute(statement)


def _after(table: Table) -> list[str]:
    """What SQLAlchemy's tables cannot say."""
    statements = [
        f"ALTER TABLE {table.name} ALTER {column.name} SET STORAGE {column.info['storage']}"
        for column in table.columns
        if "storage" in column.info
    ]
    statements += [
        f"GRANT {privilege} {f'({column})' if column else ''} ON {table.name} TO {role}"
        for role, privilege, column in grants(table)
    ]
    if table.info["sealed"]:
        statements += [
            f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY of_the_tenant ON {table.name} TO smara_app USING ({OF_THE_TENANT})",
        ]
        if any(role == "smara_system" for role, _, _ in grants(table)):
            statements.append(
                f"CREATE POLICY of_the_system ON {table.name} TO smara_system USING (true)"
            )
    return statements
