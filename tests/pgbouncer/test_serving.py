"""The whole service behind PgBouncer, and `up` beside a database that it reaches through one."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from app.db.logins import LoginRefused
from app.db.migrate import bind_embedding_model, migrate
from app.db.service_login import serving_address
from tests.support.fixtures import MakeDatabase
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import LOCAL_MODEL
from tests.support.process import Process, free_port
from tests.support.stack import Stack


def test_a_conversation_becomes_memories(stack: Stack) -> None:
    client = stack.client()

    accepted = client.post_conversation("ada", "I live in Lisbon.")

    assert client.finished(accepted)["state"] == "done"
    assert client.facts("ada") == ["User lives in Lisbon."]
    assert "pooler_between" in (stack.folder / "api.log").read_text()


@pytest.mark.parametrize("process", ["api", "worker", "beat"])
def test_a_superuser_is_refused_through_it_too(
    process: str, between: PgBouncer, direct_url: str, tmp_path: Path
) -> None:
    env = {"DATABASE_URL": between.to(direct_url), "REDIS_URL": "filesystem://"}
    started = Process(process, {**env, "SMARA_DATA_DIR": str(tmp_path)}, tmp_path / "log").start()
    assert started.process is not None

    assert started.process.wait(timeout=40) == 1
    assert "The login smara of DATABASE_URL is a superuser" in (tmp_path / "log").read_text()


def test_a_superusers_database_is_migrated_and_served_through_a_login_of_its_own(
    between: PgBouncer, make_database: MakeDatabase
) -> None:
    url = between.to(make_database(LOCAL_MODEL))
    migrate(url)
    bind_embedding_model(url, *LOCAL_MODEL)

    address = serving_address(url)

    assert serving_address(url) == address
    with psycopg.connect(address, prepare_threshold=None) as connection:
        row = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user"
        ).fetchone()
    assert row is not None
    assert row[0].startswith("smara_service_")
    assert row[1:] == (False, False)


def test_a_login_that_the_pooler_does_not_let_in_is_said_with_what_to_do(
    make_database: MakeDatabase, workspace: Path, maintenance_url: str
) -> None:
    strict = PgBouncer(workspace, maintenance_url, free_port(), asks_for_users=False).start()
    try:
        with pytest.raises(LoginRefused, match=r"a pooler needs to know it: auth_query"):
            serving_address(strict.to(make_database(LOCAL_MODEL)))
    finally:
        strict.stop()
