"""A real Postgres for tests, and migrated databases in it."""

from __future__ import annotations

from pathlib import Path

import psycopg

from app.cli.embedded import postgres
from app.db.migrate import bind_embedding_model, migrate
from app.db.service_login import make_given
from tests.support import pgbouncer
from tests.support.process import Server

SERVICE_LOGIN = "service"
"""May take on the service's roles and nothing else, as production's login."""


LOCAL_MODEL = ("all-MiniLM-L6-v2-int8", 384)


VOYAGE_MODEL = ("voyage-4", 1024)


def start_postgres(folder: Path) -> tuple[Server, str]:
    """A cluster of its own; the address of its maintenance database."""
    part, url = postgres.prepare(folder)
    server = Server(part)
    server.start()
    return server, url.replace(f"@/{postgres.DATABASE}?", "@/postgres?")


def create_database(maintenance_url: str, name: str, model: tuple[str, int]) -> str:
    """A migrated database sized for ``model``; its address."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = maintenance_url.replace("@/postgres?", f"@/{name}?")
    migrate(url)
    bind_embedding_model(url, *model)
    make_given(url, f"user={SERVICE_LOGIN}")
    return url


def copy_database(maintenance_url: str, template: str, name: str) -> str:
    """A copy of a database that nobody is connected to; its address."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return maintenance_url.replace("@/postgres?", f"@/{name}?")


def for_service(database_url: str) -> str:
    """The address by which the service's processes reach the database: with a login of their own,
    and through PgBouncer where the run has one."""
    return reached(database_url.replace(f"//{postgres.SUPERUSER}@", f"//{SERVICE_LOGIN}@", 1))


def reached(database_url: str) -> str:
    """The same address, through PgBouncer where the run has one."""
    return database_url if pgbouncer.of_the_run is None else pgbouncer.of_the_run.to(database_url)
