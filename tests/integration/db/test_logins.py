"""Who may log in to serve: refused at the start in a sentence, and made by `migrate`."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.support.client import new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.operator import smara_server
from tests.support.postgres import LOCAL_MODEL
from tests.support.process import Process, eventually, free_port

numbers = count()


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    return make_database(LOCAL_MODEL)


def as_login(url: str, login: str) -> str:
    return url.replace("//smara@", f"//{login}@")


@pytest.fixture(scope="module")
def passes_by(database_url: str) -> str:
    """A login with BYPASSRLS that is no superuser."""
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE passer_by LOGIN BYPASSRLS")
        superuser.execute("GRANT smara_app, smara_system TO passer_by WITH INHERIT FALSE")
    return as_login(database_url, "passer_by")


@pytest.mark.parametrize("process", ["api", "worker", "beat"])
@pytest.mark.parametrize(
    ("login", "what"),
    [
        ("smara", "The login smara of DATABASE_URL is a superuser"),
        ("passer_by", "The login passer_by of DATABASE_URL may bypass row-level security"),
    ],
)
@pytest.mark.usefixtures("passes_by")
def test_a_login_that_passes_by_the_policies_is_refused_with_what_to_do(
    process: str, login: str, what: str, database_url: str, tmp_path: Path
) -> None:
    env = {"DATABASE_URL": as_login(database_url, login), "REDIS_URL": "filesystem://"}
    started = Process(process, {**env, "SMARA_DATA_DIR": str(tmp_path)}, tmp_path / "log").start()
    assert started.process is not None

    assert started.process.wait(timeout=40) == 1

    said = (tmp_path / "log").read_text()
    assert what in said
    assert "SMARA_OWNER_DATABASE_URL" in said
    assert "Traceback" not in said


def test_a_database_that_is_away_at_the_start_is_waited_for(tmp_path: Path, models: Path) -> None:
    port = free_port()
    (tmp_path / "models").symlink_to(models)
    env = {
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{free_port()}/nothing",
        "REDIS_URL": "filesystem://",
        "PORT": str(port),
        "SMARA_HOST": "127.0.0.1",
        "SMARA_DATA_DIR": str(tmp_path),
    }
    api = Process("api", env, tmp_path / "log").start()

    def status() -> int:
        try:
            return httpx2.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code
        except httpx2.TransportError:
            return 0

    try:
        assert eventually(status, seconds=40) == 503
    finally:
        api.stop()


def test_migrate_makes_the_services_login_with_its_password_and_may_be_run_again(
    maintenance_url: str,
) -> None:
    name = f"made_{next(numbers)}"
    with psycopg.connect(maintenance_url, autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {name}")
    owners = maintenance_url.replace("@/postgres?", f"@/{name}?")
    services = owners.replace("//smara@", f"//{name}:p%40ss@")

    for _ in range(2):
        ended = smara_server("migrate", DATABASE_URL=services, SMARA_OWNER_DATABASE_URL=owners)
        assert ended.code == 0, ended.said

    new_tenant(services)
    with psycopg.connect(owners) as superuser:
        row = superuser.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit,"
            " left(rolpassword, 14) FROM pg_authid WHERE rolname = %s",
            (name,),
        ).fetchone()
    assert row == (False, False, False, False, False, "SCRAM-SHA-256$")


def test_an_address_without_a_login_is_refused(database_url: str) -> None:
    ended = smara_server(
        "migrate",
        DATABASE_URL=database_url.replace("//smara@", "//"),
        SMARA_OWNER_DATABASE_URL=database_url,
    )

    assert ended.code == 1
    assert "DATABASE_URL names no login" in ended.said
