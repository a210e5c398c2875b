"""Migrations and the embedding model that an installation is bound to."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from app import db
from app.db.logins import refuse_at_start
from app.db.migrate import (
    EmbeddingModelChanged,
    bind_embedding_model,
    migrate,
    refuse_unmigrated,
)
from app.db.old_schema import DatabaseTooOld
from app.errors import ServiceError
from tests.support.operator import smara_server
from tests.support.postgres import reached

numbers = count()
MIGRATIONS = Path(db.__file__).parent / "migrations"


@pytest.fixture
def bare_url(maintenance_url: str) -> str:
    """A database with nothing in it."""
    name = f"bare_{next(numbers)}"
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return reached(maintenance_url.replace("@/postgres?", f"@/{name}?"))


def column_types(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """
            SELECT format_type(atttypid, atttypmod) || ' ' || attstorage::text FROM pg_attribute
            WHERE attrelid = 'memories'::regclass AND attname IN ('embedding', 'code')
            ORDER BY attname
            """
        ).fetchall()
    return [kind for (kind,) in rows]


def store_one(url: str, dimension: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            """
            WITH tenant AS (INSERT INTO tenants (name) VALUES ('acme') RETURNING tenant_id)
            INSERT INTO memories (tenant_id, scope_key, user_id, namespace, fact, about, importance,
                                  source,
                                  content_hash, embedding_model, embedding)
            SELECT tenant_id, uuidv7(), 'ada', 'default', 'Fact.', 'User', 0.5, 'test', 'x', 'm',
                   %s::halfvec FROM tenant
            """,
            ("[" + ",".join(["1"] * dimension) + "]",),
        )


def test_the_command_brings_an_empty_database_up_to_date_and_may_be_run_again(
    bare_url: str,
) -> None:
    ended = [smara_server("migrate", DATABASE_URL=bare_url) for _ in range(2)]

    assert [each.code for each in ended] == [0, 0]
    assert all("384 dimensions" in each.said for each in ended)
    # PLAIN: an inline vector is what makes an exact search fast.
    assert column_types(bare_url) == ["bit(384) x", "halfvec(384) p"]


def test_several_processes_that_migrate_at_once_do_it_once(bare_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "app.cli", "migrate"],
            env={**os.environ, "DATABASE_URL": bare_url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(3)
    ]

    said = [process.communicate(timeout=60)[0].decode() for process in processes]
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()

    assert [process.returncode for process in processes] == [0, 0, 0], said
    with psycopg.connect(bare_url) as connection:
        assert connection.execute("SELECT count(*) FROM installation").fetchone() == (1,)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (newest,)
        ]
    assert column_types(bare_url) == ["bit(384) x", "halfvec(384) p"]


def test_the_model_may_change_until_there_is_a_memory_and_never_after(bare_url: str) -> None:
    migrate(bare_url)
    bind_embedding_model(bare_url, "one", 384)
    bind_embedding_model(bare_url, "two", 1024)
    assert column_types(bare_url) == ["bit(1024) x", "halfvec(1024) p"]
    store_one(bare_url, 1024)

    with pytest.raises(
        EmbeddingModelChanged,
        match="embedded with two \\(1024 dimensions\\), but the settings name one",
    ):
        bind_embedding_model(bare_url, "one", 1024)
    bind_embedding_model(bare_url, "two", 1024)

    with psycopg.connect(bare_url) as connection:
        assert connection.execute("SELECT count(*) FROM memories").fetchone() == (1,)
    assert column_types(bare_url) == ["bit(1024) x", "halfvec(1024) p"]


def test_the_secret_of_an_installation_stays(bare_url: str) -> None:
    migrate(bare_url)
    secrets = []
    for model in ("one", "two"):
        bind_embedding_model(bare_url, model, 384)
        with psycopg.connect(bare_url) as connection:
            secrets += connection.execute("SELECT secret FROM installation").fetchall()

    assert len(secrets[0][0]) == 32
    assert secrets[0] == secrets[1]


def test_an_address_of_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ServiceError, match="DATABASE_URL must start with postgresql://"):
        migrate("mysql://u@h/db")


def test_a_database_of_before_the_first_release_is_refused_with_what_to_do(bare_url: str) -> None:
    with psycopg.connect(bare_url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('0007')")
        connection.execute("CREATE TABLE installation (secret bytea)")
        connection.execute("CREATE TABLE subjects (subject text)")

    for refused in (migrate, refuse_unmigrated, refuse_at_start):
        with pytest.raises(DatabaseTooOld, match="Name an empty database in DATABASE_URL"):
            refused(bare_url)
