"""Refuse a database that was made before the first release: no migration leads from there."""

from __future__ import annotations

import psycopg
from psycopg.rows import TupleRow

from app.errors import ServiceError

OLD_REVISIONS = frozenset(f"{number:04}" for number in range(1, 11))
"""Tables and columns were renamed in these without a migration."""


class DatabaseTooOld(ServiceError):
    """The database was made by a version from before the first release."""

    code = "database_too_old"

    def __init__(self) -> None:
        super().__init__(
            "The database was made by a version of the service from before its first release, "
            "which cannot be upgraded. Name an empty database in DATABASE_URL (or for "
            "`smara-server up` another SMARA_DATA_DIR); what is to be kept can be exported with "
            "the version that made it."
        )


def refuse_old_revision(revision: str | None) -> None:
    """Raise DatabaseTooOld for a revision of before the first release."""
    if revision in OLD_REVISIONS:
        raise DatabaseTooOld


def refuse_old_schema(connection: psycopg.Connection[TupleRow]) -> None:
    """Raise DatabaseTooOld when the tables have names of before the first release. For logins that
    may not read the revision."""
    row = connection.execute(
        "SELECT to_regclass('installation') IS NOT NULL AND to_regclass('memory_owners') IS NULL"
    ).fetchone()
    if row is not None and row[0]:
        raise DatabaseTooOld
