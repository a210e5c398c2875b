"""The login that the service works under: it may take on the two roles, and has nothing else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from app.db.logins import RIGHTS, Login, LoginRefused, login_of
from app.db.migrate import LOGINS_LOCK, let_take_on_the_roles
from app.db.migrations.roles import ROLES
from app.errors import ServiceError
from app.logs import log

OF_A_LOGIN = ("user", "password", "passfile")


def make_given(owner_url: str, database_url: str) -> None:
    """Make the login of ``database_url``, with its password, unless it is there, and let it take on
    the roles. A password of one that is there stays as it is."""
    given = conninfo_to_dict(database_url)
    name, password = str(given.get("user") or ""), given.get("password")
    if not name:
        raise ServiceError("DATABASE_URL names no login for the service: postgresql://LOGIN:…")
    with _alone(owner_url) as connection:
        if _find(connection, name) is None:
            _create(connection, name, None if password is None else str(password))
    let_take_on_the_roles(owner_url, name)


def serving_address(database_url: str) -> str:
    """The address by which the service is to work beside ``database_url``, which can migrate.

    Where the login may create roles, that is the database's own service login, made at the first
    call: several installations beside one database get the same. A login that may not is used
    itself if row-level security holds for it. Raises LoginRefused when nothing else is left.
    """
    with _connect(database_url) as connection:
        owner = login_of(connection)
        if not (owner.superuser or owner.creates_roles):
            owner.refuse_unless_harmless()
            return database_url
        name, password = _credentials(connection)
    address = _with_login(database_url, name, password)
    try:
        _make_own(database_url, address, name, password)
    except (psycopg.errors.InsufficientPrivilege, psycopg.OperationalError) as error:
        return _fall_back(database_url, owner, name, error)
    log.info("service_login", login=name)
    return address


def _fall_back(database_url: str, owner: Login, name: str, error: psycopg.Error) -> str:
    """Use the owner itself when it is harmless: the wall then stands on the roles alone."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
    if owner.harmless:
        log.warning("service_login_not_to_be_had", login=name, used=owner.name, reason=reason)
        return database_url
    raise LoginRefused(
        f"Row-level security does not hold for the login {owner.name} of DATABASE_URL, and the "
        f"login {name} that was to serve in its stead cannot be used ({reason}). Let it in (a "
        "pooler needs to know it: auth_query, or a line in its auth_file), or give DATABASE_URL "
        "a login that is no superuser and has no BYPASSRLS."
    ) from error


def _make_own(database_url: str, address: str, name: str, password: str) -> None:
    with _alone(database_url) as connection:
        if _find(connection, name) is None:
            _create(connection, name, password)
        granted = _may_take_on_the_roles(connection, name)
    if not granted:
        let_take_on_the_roles(database_url, name)
    try:
        _try(address)
    except psycopg.OperationalError:
        # With another password than the installation's: somebody changed it.
        with _alone(database_url) as connection:
            _set_password(connection, name, password)
        _try(address)


def _try(address: str) -> None:
    with _connect(address) as connection:
        login_of(connection).refuse_unless_harmless()


def _connect(database_url: str) -> psycopg.Connection:
    """A connection that a pooler may stand behind, so that nothing is prepared on it."""
    return psycopg.connect(database_url, connect_timeout=5, prepare_threshold=None)


@contextmanager
def _alone(database_url: str) -> Iterator[psycopg.Connection]:
    """A transaction of the owner's, while no other process makes or changes the login."""
    with _connect(database_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOGINS_LOCK,))
        yield connection


def _credentials(connection: psycopg.Connection) -> tuple[str, str]:
    """The database's service login and its password. Roles are the whole server's, hence the
    database's number in the name; who has the installation's secret finds the same password."""
    row = connection.execute(
        "SELECT d.oid::bigint, i.secret FROM pg_database d, installation i"
        " WHERE d.datname = current_database()"
    ).fetchone()
    assert row is not None, "the installation has its secret once its embedding model is bound"
    number, secret = row
    name = f"smara_service_{number}"
    return name, hmac.new(bytes(secret), f"login {name}".encode(), hashlib.sha256).hexdigest()


def _find(connection: psycopg.Connection, name: str) -> Login | None:
    row = connection.execute(f"{RIGHTS} WHERE rolname = %s", (name,)).fetchone()
    return None if row is None else Login(*row)


def _create(connection: psycopg.Connection, name: str, password: str | None) -> None:
    connection.execute(
        sql.SQL(
            "CREATE ROLE {} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
        ).format(sql.Identifier(name))
    )
    if password is not None:
        _set_password(connection, name, password)


def _set_password(connection: psycopg.Connection, name: str, password: str) -> None:
    """Hashed here: the server may log its statements."""
    hashed = connection.pgconn.encrypt_password(password.encode(), name.encode())
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(
            sql.Identifier(name), sql.Literal(hashed.decode())
        )
    )


def _may_take_on_the_roles(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute(
        "SELECT bool_and(pg_has_role(%s::name, role, 'MEMBER')) FROM unnest(%s::name[]) role",
        (name, list(ROLES)),
    ).fetchone()
    return row is not None and bool(row[0])


def _with_login(database_url: str, name: str, password: str) -> str:
    """The same address with another login. A login among the parameters would win, and goes."""
    url = urlsplit(database_url)
    place = url.netloc.rpartition("@")[2]
    kept = [each for each in url.query.split("&") if each.partition("=")[0] not in OF_A_LOGIN]
    netloc = f"{quote(name, safe='')}:{quote(password, safe='')}@{place}"
    return urlunsplit((url.scheme, netloc, url.path, "&".join(kept), url.fragment))
