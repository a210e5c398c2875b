"""Who logs in to the database, and whether row-level security holds for them."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from app.db.old_schema import refuse_old_schema
from app.errors import ServiceError
from app.logs import log

RIGHTS = "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles"


class LoginRefused(ServiceError):
    """Row-level security does not hold for the login, so the service does not work under it."""

    code = "login_refused"


@dataclass(frozen=True, slots=True)
class Login:
    """A login's name and rights, as the server has them: a pooler may log in as somebody else."""

    name: str
    superuser: bool
    bypasses: bool
    creates_roles: bool

    @property
    def harmless(self) -> bool:
        """Whether row-level security holds for it."""
        return not (self.superuser or self.bypasses)

    def refuse_unless_harmless(self) -> None:
        """Raise LoginRefused, with what to do, unless row-level security holds for the login."""
        if self.harmless:
            return
        what = "is a superuser" if self.superuser else "may bypass row-level security (BYPASSRLS)"
        raise LoginRefused(
            f"The login {self.name} of DATABASE_URL {what}: nothing would keep one tenant's rows "
            "from another. Give `smara-server migrate` this address in SMARA_OWNER_DATABASE_URL, "
            "and in DATABASE_URL one with another login and password, which `migrate` makes if it "
            "is not there. (`smara-server up` does so by itself.)"
        )


def login_of(connection: psycopg.Connection) -> Login:
    """The login that the connection has come in with, whatever role it has taken on."""
    row = connection.execute(f"{RIGHTS} WHERE rolname = session_user").fetchone()
    assert row is not None
    return Login(*row)


def refuse_at_start(database_url: str) -> None:
    """Raise LoginRefused when row-level security does not hold for the address's login, and
    DatabaseTooOld for a database of before the first release.

    A database that is away is no reason to stay away too: the pool looks again when it connects.
    """
    try:
        with psycopg.connect(
            database_url, connect_timeout=3, prepare_threshold=None, autocommit=True
        ) as connection:
            login = login_of(connection)
            refuse_old_schema(connection)
    except psycopg.ProgrammingError as error:
        raise ServiceError(f"DATABASE_URL is not valid: {error}", code="bad_database_url") from None
    except psycopg.OperationalError as error:
        log.warning("database_error", error=type(error).__name__, sqlstate=error.sqlstate)
        return
    login.refuse_unless_harmless()
