"""What a connection goes through before the pool hands it out."""

from __future__ import annotations

from uuid import UUID

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg.rows import TupleRow

from app.db.entry import APP_ROLE, Entries, refuse
from app.db.logins import Login, LoginRefused
from app.errors import ServiceError
from app.logs import log

NOBODY = str(UUID(int=0))

PREPARED_AFTER = 5
"""Executions, after which psycopg prepares a statement: its own default."""

PROBE = """
SELECT current_user, pg_backend_pid(), rolname, rolsuper, rolbypassrls, rolcreaterole
FROM pg_roles WHERE rolname = session_user
"""


class Unusable(ServiceError):
    """The way to the database does not carry transactions as the service needs them."""

    code = "database_unusable"


class Trial:
    """Runs a transaction of nobody's on each new connection, and sets the connection up by it.

    ``prepare`` is ``auto``, ``on`` or ``off``. With ``serving`` a login is refused for which
    row-level security does not hold, and what was chosen is logged, once.
    """

    def __init__(self, entries: Entries, prepare: str, *, serving: bool) -> None:
        self._entries, self._prepare, self._serving = entries, prepare, serving
        self._told = False

    async def __call__(self, connection: psycopg.AsyncConnection[TupleRow]) -> None:
        try:
            await register_vector_async(connection)
            role, backend, login = await self._probe(connection)
        except psycopg.errors.InsufficientPrivilege:
            log.error("roles_not_granted", what_to_do="smara-server migrate")
            raise
        except (psycopg.ProgrammingError, psycopg.errors.InvalidParameterValue):
            # Said here, since the pool would only say that no connection was to be had.
            log.error("database_not_migrated", what_to_do="smara-server migrate")
            raise
        except psycopg.Error as error:
            refuse(error)
        if role != APP_ROLE:
            log.error("settings_lost", found=role, what_to_do="transaction or session pooling")
            raise Unusable("What a transaction sets is gone with its next statement.")
        if self._serving:
            try:
                login.refuse_unless_harmless()
            except LoginRefused as error:
                log.error(error.code, what_to_do=str(error))
                raise
        if connection.info.parameter_status("TimeZone") != "UTC":
            # In a pipeline the client hears of the transaction's own time zone too late to read
            # its times by it. PgBouncer keeps this setting for whoever has asked for it.
            await connection.execute("SET TIME ZONE 'UTC'")
        self._choose(connection, pooled=backend != connection.pgconn.backend_pid)

    async def _probe(self, connection: psycopg.AsyncConnection[TupleRow]) -> tuple[str, int, Login]:
        """The role of a transaction's second statement, its server process, and the login."""
        async with connection.pipeline():
            await connection.execute(self._entries.of_a_reader, (NOBODY,))
            row = await (await connection.execute(PROBE)).fetchone()
        assert row is not None
        role, backend, *login = row
        return role, backend, Login(*login)

    def _choose(self, connection: psycopg.AsyncConnection[TupleRow], *, pooled: bool) -> None:
        prepares = self._prepare == "on" or (self._prepare == "auto" and not pooled)
        connection.prepare_threshold = PREPARED_AFTER if prepares else None
        if self._serving and not self._told:
            self._told = True
            log.info(
                "prepared_statements",
                used=prepares,
                pooler_between=pooled,
                setting=f"SMARA_PREPARE={self._prepare}",
            )
