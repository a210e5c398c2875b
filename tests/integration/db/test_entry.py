"""Each transaction checks that it has its role, and that row-level security holds for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from uuid import UUID

import psycopg
import pytest

from app.cli.embedded.postgres import SUPERUSER
from app.db.entry import RoleNotTakenOn
from app.db.pool import Connection, close_pool, open_pool, read_only, system, transaction
from app.errors import DatabaseUnavailable
from app.settings import Settings
from tests.support.postgres import SERVICE_LOGIN, for_service

pytestmark = pytest.mark.anyio

Begin = Callable[[], AbstractAsyncContextManager[Connection]]
BEGINNINGS: dict[str, Begin] = {
    "transaction": lambda: transaction(UUID(int=1)),
    "read_only": lambda: read_only(UUID(int=1)),
    "system": system,
}


@pytest.fixture
async def serving(database_url: str) -> AsyncIterator[None]:
    """A pool under the service's own login."""
    settings = Settings(database_url=for_service(database_url), pool_timeout_seconds=1)
    await open_pool(settings, size=1, serving=True)
    yield
    await close_pool()


@contextmanager
def changed(database_url: str, change: str, back: str) -> Iterator[None]:
    """What a superuser does, and undoes."""
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(change)
        try:
            yield
        finally:
            superuser.execute(back)


@pytest.mark.parametrize("kind", BEGINNINGS)
async def test_a_role_that_passes_by_the_policies_is_found_before_anything_is_read(
    kind: str, serving: None, database_url: str
) -> None:
    role = "smara_system" if kind == "system" else "smara_app"
    async with BEGINNINGS[kind]() as conn:
        await conn.execute("SELECT 1")  # The connection was fit when it was opened.
    read = []

    with (
        changed(database_url, f"ALTER ROLE {role} BYPASSRLS", f"ALTER ROLE {role} NOBYPASSRLS"),
        pytest.raises(RoleNotTakenOn, match="the service's log says more"),
    ):
        async with BEGINNINGS[kind]() as conn:
            read += await (await conn.execute("SELECT tenant_id FROM tenants")).fetchall()

    assert read == []
    async with BEGINNINGS[kind]() as conn:
        assert await (await conn.execute("SELECT 1")).fetchall() == [(1,)]


@pytest.mark.parametrize("kind", BEGINNINGS)
async def test_what_was_to_be_written_without_the_role_is_not(
    kind: str, serving: None, database_url: str
) -> None:
    """Nothing is awaited, so that all of it is sent in one go."""
    async with BEGINNINGS[kind]() as conn:
        await conn.execute("SELECT 1")
    check = "FUNCTION check_role(text)"
    moved = changed(
        database_url,
        f"ALTER {check} RENAME TO was_check_role",
        "DROP FUNCTION check_role(text); ALTER FUNCTION was_check_role(text) RENAME TO check_role",
    )
    with moved, psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(
            "CREATE FUNCTION check_role(wanted text) RETURNS void LANGUAGE sql"
            " AS $$SELECT was_check_role('somebody else')$$"
        )
        with pytest.raises(RoleNotTakenOn):
            async with BEGINNINGS[kind]() as conn:
                await conn.execute("UPDATE tenants SET name = 'written'")

    with psycopg.connect(database_url) as superuser:
        found = superuser.execute("SELECT count(*) FROM tenants WHERE name = 'written'")
        assert found.fetchone() == (0,)


async def test_a_transaction_takes_on_its_role_and_leaves_none_behind(serving: None) -> None:
    for kind, begin in BEGINNINGS.items():
        async with begin() as conn:
            row = await (await conn.execute("SELECT current_user, session_user")).fetchone()
        assert row == ("smara_system" if kind == "system" else "smara_app", SERVICE_LOGIN)
        after = await (await conn.execute("SELECT current_user")).fetchone()
        assert after == (SERVICE_LOGIN,)


async def test_the_start_of_a_connection_asks_for_no_options(serving: None) -> None:
    async with system() as conn:
        assert "options" not in conn.connection.info.get_parameters()


@pytest.mark.parametrize("right", ["SUPERUSER", "BYPASSRLS"])
async def test_a_serving_pool_gives_a_login_that_passes_by_no_connection(
    right: str, serving: None, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a database that was away when the process started, and could not be asked then."""
    await close_pool()
    settings = Settings(database_url=for_service(database_url), pool_timeout_seconds=1)
    login = f"ALTER ROLE {SERVICE_LOGIN}"

    with changed(database_url, f"{login} {right}", f"{login} NO{right}"):
        await open_pool(settings, size=1, serving=True)
        with pytest.raises(DatabaseUnavailable):
            async with system() as conn:
                await conn.execute("SELECT 1")

    said = capsys.readouterr()
    assert f"The login {SERVICE_LOGIN} of DATABASE_URL" in said.out + said.err


async def test_an_operators_command_may_come_as_a_superuser_and_is_walled_in_too(
    database_url: str,
) -> None:
    await close_pool()
    await open_pool(Settings(database_url=database_url), size=1)
    try:
        async with read_only(UUID(int=1)) as conn:
            rows = await conn.execute("SELECT session_user, current_user FROM tenants")
            assert await rows.fetchall() == []
            row = await (await conn.execute("SELECT session_user, current_user")).fetchone()
        assert row == (SUPERUSER, "smara_app")
    finally:
        await close_pool()
