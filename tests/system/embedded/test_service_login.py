"""`up` migrates with the login that it is given, and serves through one without its rights."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from app.cli.embedded.postgres import SUPERUSER
from app.db.logins import LoginRefused
from app.db.migrate import bind_embedding_model, migrate
from app.db.service_login import serving_address
from tests.support.client import new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.up import Up

numbers = count()


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    """The superuser's address of a database that no other test knows."""
    return make_database(LOCAL_MODEL)


def owned_by(maintenance_url: str, rights: str, *, grants: bool) -> str:
    """A migrated database of an owner with these rights; the owner's address."""
    name = f"owned_{next(numbers)}"
    address = maintenance_url.replace("@/postgres?", f"@/{name}?")
    with psycopg.connect(maintenance_url, autocommit=True) as superuser:
        superuser.execute(f"CREATE ROLE {name} LOGIN {rights}")
        superuser.execute(
            f"GRANT smara_app, smara_system TO {name} WITH ADMIN {grants}, INHERIT FALSE"
        )
        superuser.execute(f"CREATE DATABASE {name} OWNER {name}")
    with psycopg.connect(address) as superuser:
        superuser.execute("CREATE EXTENSION vector")
    owner = address.replace(f"//{SUPERUSER}@", f"//{name}@")
    migrate(owner)
    bind_embedding_model(owner, *LOCAL_MODEL)
    return owner


def login_of(address: str) -> str:
    return str(conninfo_to_dict(address)["user"])


def rights_of(address: str) -> tuple[object, ...] | None:
    """Superuser, BYPASSRLS, CREATEROLE, and whether it may see a table as it comes in."""
    with psycopg.connect(address) as connection:
        return connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole,"
            " has_table_privilege('tenants', 'SELECT')"
            " FROM pg_roles WHERE rolname = session_user"
        ).fetchone()


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("rights", ["CREATEROLE", "CREATEROLE BYPASSRLS", "SUPERUSER"])
def test_an_owner_that_may_create_roles_gets_a_service_login_without_its_rights(
    maintenance_url: str, rights: str
) -> None:
    owner = owned_by(maintenance_url, rights, grants=True)

    address = serving_address(owner)

    assert login_of(address).startswith("smara_service_")
    assert rights_of(address) == (False, False, False, False)
    new_tenant(address)
    assert serving_address(owner) == address


@pytest.mark.usefixtures("database_url")
def test_an_owner_without_such_rights_serves_itself(maintenance_url: str) -> None:
    owner = owned_by(maintenance_url, "NOCREATEROLE", grants=False)

    assert serving_address(owner) == owner
    new_tenant(owner)


@pytest.mark.usefixtures("database_url")
def test_a_harmless_owner_that_may_not_pass_the_roles_on_serves_itself(
    maintenance_url: str,
) -> None:
    owner = owned_by(maintenance_url, "CREATEROLE", grants=False)

    assert serving_address(owner) == owner


@pytest.mark.usefixtures("database_url")
def test_a_login_that_passes_by_and_can_make_no_other_is_refused(maintenance_url: str) -> None:
    owner = owned_by(maintenance_url, "BYPASSRLS", grants=False)

    with pytest.raises(LoginRefused, match="may bypass row-level security"):
        serving_address(owner)


def test_each_database_of_a_server_has_a_login_of_its_own(make_database: MakeDatabase) -> None:
    addresses = [serving_address(make_database(LOCAL_MODEL)) for _ in range(2)]

    assert len({login_of(address) for address in addresses}) == 2


def test_many_at_once_agree_on_one_login_that_works(database_url: str) -> None:
    with ThreadPoolExecutor(8) as starting:
        addresses = set(starting.map(serving_address, [database_url] * 16))

    assert len(addresses) == 1
    new_tenant(addresses.pop())


@pytest.fixture
def asks_for_passwords(workspace: Path, maintenance_url: str) -> Iterator[None]:
    """The server lets service logins in with their password only."""
    file = workspace / "pg" / "postgres" / "pg_hba.conf"
    trusting = file.read_text()
    with psycopg.connect(maintenance_url, autocommit=True) as superuser:
        file.write_text(f"local all /^smara_service_ scram-sha-256\n{trusting}")
        superuser.execute("SELECT pg_reload_conf()")
        yield
        file.write_text(trusting)
        superuser.execute("SELECT pg_reload_conf()")


@pytest.mark.usefixtures("asks_for_passwords")
def test_the_password_is_the_installations_and_is_set_again_when_somebody_changed_it(
    database_url: str,
) -> None:
    address = serving_address(database_url)
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        rights_of(database_url.replace(f"//{SUPERUSER}@", f"//{login_of(address)}@"))
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(f"ALTER ROLE {login_of(address)} PASSWORD 'another'")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        rights_of(address)

    assert serving_address(database_url) == address
    assert rights_of(address) == (False, False, False, False)


def test_a_service_login_that_was_shut_is_not_opened_behind_its_operators_back(
    database_url: str,
) -> None:
    address = serving_address(database_url)
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(f"ALTER ROLE {login_of(address)} NOLOGIN")

    with pytest.raises(LoginRefused, match="is not permitted to log in"):
        serving_address(database_url)


def test_a_service_login_that_was_made_a_superuser_is_refused(database_url: str) -> None:
    address = serving_address(database_url)
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(f"ALTER ROLE {login_of(address)} SUPERUSER")

    with pytest.raises(LoginRefused, match=f"{login_of(address)} of DATABASE_URL is a superuser"):
        serving_address(database_url)


@pytest.fixture
def two(
    workspace: Path, models: Path, database_url: str, redis_url: str
) -> Iterator[tuple[Up, Up]]:
    """Two `up` beside one database, started at the same moment."""
    pair = []
    for name in ("one", "other"):
        data_dir = workspace / f"up-{name}"
        data_dir.mkdir()
        (data_dir / "models").symlink_to(models)
        log = workspace / f"up-{name}.log"
        pair.append(Up(data_dir, log, DATABASE_URL=database_url, REDIS_URL=redis_url))
    one, other = pair
    try:
        for each in pair:
            each.process = each.start(each.port)
        yield one, other
    finally:
        for each in pair:
            each.stop()


def test_two_at_once_beside_one_superusers_database_serve_it_through_one_login(
    two: tuple[Up, Up], database_url: str
) -> None:
    for each in two:
        each.until_healthy()
    [key_file] = [each.data_dir / "api_key" for each in two if (each.data_dir / "api_key").exists()]

    for each in two:
        client = each.client(key_file)
        conversation_id = client.post_conversation(f"port-{each.port}", "I live in Lisbon.")
        assert client.finished(conversation_id, seconds=60)["state"] == "done"
    with psycopg.connect(database_url) as superuser:
        logins = superuser.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert [name for (name,) in logins if name.startswith("smara_service_")] == [
        name for (name,) in logins
    ]
    assert len(logins) == 1
