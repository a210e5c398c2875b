"""Bring the schema up to date, and bind the installation to its embedding model."""

from __future__ import annotations

import secrets
import time

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex

from app.db.failures import translated
from app.db.migrations import runner
from app.db.migrations.roles import ROLES
from app.db.old_schema import refuse_old_schema
from app.db.schema import memories
from app.db.statements import DIALECT
from app.errors import ServiceError
from app.logs import log

WAIT_SECONDS = 30.0

MEMORIES_CODE = next(
    str(CreateIndex(index).compile(dialect=DIALECT))
    for index in memories.indexes
    if index.name == "memories_code"
)
"""Goes with the column that it includes, and is made anew with it."""

LOGINS_LOCK = 7_310_579
"""The advisory lock under which one process makes or changes a login while the others wait."""


class EmbeddingModelChanged(ServiceError):
    """The stored vectors belong to another embedding model than the one in the settings."""

    code = "embedding_model_changed"


def migrate(database_url: str) -> None:
    """Apply every revision that is missing, once the server answers; ``database_url`` is the
    owner's.

    Several processes may call this at once; one works, the others wait for as long as it takes.
    Those that serve meanwhile wait for a revision's locks for two seconds at a time. Raises
    ServiceError when no server answers within WAIT_SECONDS, or it lacks what the schema needs, and
    DatabaseTooOld for a database of before the first release.
    """
    url = _sqlalchemy_url(database_url)
    _wait_for(database_url)
    # A pooler may stand between: nothing is prepared, and nothing is to outlive its transaction.
    engine = create_engine(url, connect_args={"prepare_threshold": None})
    try:
        runner.apply_all(engine)
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        raise ServiceError(
            f"The schema could not be brought up to date: {reason}. The database needs pgvector "
            "0.7 or newer, and a login that may create tables, the extension `vector` and the "
            f"roles {' and '.join(ROLES)} (or is a member of both with the right to grant them)."
        ) from error
    finally:
        engine.dispose()


def let_take_on_the_roles(database_url: str, login: str) -> None:
    """Let another login than the owner's work as the service does, and do nothing else.

    The login has nothing of the roles before it takes one on: an heir would have both at once,
    the one's words and the other's view of every tenant."""
    roles, name = sql.SQL(", ").join(map(sql.Identifier, ROLES)), sql.Identifier(login)
    with psycopg.connect(database_url, prepare_threshold=None) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOGINS_LOCK,))
        if connection.info.server_version >= 160_000:
            connection.execute(sql.SQL("GRANT {} TO {} WITH INHERIT FALSE").format(roles, name))
        else:
            connection.execute(sql.SQL("ALTER ROLE {} NOINHERIT").format(name))
            connection.execute(sql.SQL("GRANT {} TO {}").format(roles, name))
        _let_in(connection, login)


def _let_in(connection: psycopg.Connection[TupleRow], login: str) -> None:
    """Where not everybody may: into the database, and to look up names before it has a role."""
    row = connection.execute(
        "SELECT current_schema(), has_schema_privilege(%(login)s::name, current_schema(), 'USAGE'),"
        " current_database(), has_database_privilege(%(login)s::name, current_database(),"
        " 'CONNECT')",
        {"login": login},
    ).fetchone()
    assert row is not None
    schema, sees, database, enters = row
    name = sql.Identifier(login)
    if not sees:
        connection.execute(
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), name)
        )
    if not enters:
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), name)
        )


def refuse_unmigrated(database_url: str) -> None:
    """Raise ServiceError with what to do when the schema has never been laid down here, or was by
    a version of before the first release."""
    with (
        translated(),
        psycopg.connect(database_url, connect_timeout=3, prepare_threshold=None) as connection,
    ):
        row = connection.execute("SELECT to_regclass('installation')").fetchone()
        refuse_old_schema(connection)
    if row is None or row[0] is None:
        raise ServiceError("The database has no schema yet; run `smara-server migrate` first.")


def _wait_for(database_url: str) -> None:
    """A database that is started together with us may need a moment longer."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            psycopg.connect(database_url, connect_timeout=3).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise ServiceError(f"The database cannot be reached: {error}") from error
            log.info("waiting_for_database")
            time.sleep(1.0)


def bind_embedding_model(database_url: str, model: str, dimension: int) -> None:
    """Size the vector column for ``model``, and refuse a model other than the one that the vectors
    came from.

    Vectors of two models are never compared. While there is no memory yet, the model may change
    freely. Raises EmbeddingModelChanged otherwise.
    """
    runner.patiently(lambda: _bind(database_url, model, dimension))


def _bind(database_url: str, model: str, dimension: int) -> None:
    with psycopg.connect(database_url, prepare_threshold=None) as connection:
        connection.execute(f"SET LOCAL lock_timeout = '{runner.LOCK_SECONDS}s'")
        connection.execute("SELECT pg_advisory_xact_lock(7310578)")
        connection.execute(
            "INSERT INTO installation (secret) VALUES (%s) ON CONFLICT DO NOTHING",
            (secrets.token_bytes(32),),
        )
        row = connection.execute(
            "SELECT embedding_model, embedding_dimension FROM installation"
        ).fetchone()
        if row == (model, dimension):
            return
        if row and row[0] and _any_memory(connection):
            raise EmbeddingModelChanged(
                f"The stored memories were embedded with {row[0]} ({row[1]} dimensions), but the "
                f"settings name {model} "
                f"({dimension}). Give the former model's settings back, or start with another "
                "database or data folder."
            )
        size = sql.Literal(dimension)
        connection.execute("DROP INDEX memories_code")
        connection.execute("ALTER TABLE memories DROP COLUMN code, DROP COLUMN embedding")
        connection.execute(
            sql.SQL(
                "ALTER TABLE memories ADD COLUMN embedding halfvec({}) STORAGE PLAIN NOT NULL, ADD "
                "COLUMN code bit({})"
                " GENERATED ALWAYS AS (binary_quantize(embedding)::bit({})) STORED"
            ).format(size, size, size)
        )
        connection.execute(MEMORIES_CODE)
        connection.execute(
            "UPDATE installation SET embedding_model = %s, embedding_dimension = %s",
            (model, dimension),
        )


def _any_memory(connection: psycopg.Connection[TupleRow]) -> bool:
    """Asked as the system: the policies hold for the owner too, who would see none."""
    connection.execute("SET LOCAL ROLE smara_system")
    found = connection.execute("SELECT tenant_id FROM memories LIMIT 1").fetchone()
    connection.execute("SET LOCAL ROLE NONE")
    return found is not None


def _sqlalchemy_url(database_url: str) -> str:
    scheme, separator, rest = database_url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql"):
        raise ServiceError("DATABASE_URL must start with postgresql://", code="bad_database_url")
    try:
        conninfo_to_dict(database_url)
    except psycopg.ProgrammingError as error:
        raise ServiceError(f"DATABASE_URL is not valid: {error}", code="bad_database_url") from None
    return f"postgresql+psycopg://{rest}"
