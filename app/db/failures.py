"""Errors of Postgres as errors of the service, so that nobody above the database knows its
driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from app.db import entry
from app.errors import DatabaseUnavailable, Duplicate, MissingReference, Unstorable


@contextmanager
def translated() -> Iterator[None]:
    """Raise Duplicate, MissingReference, Unstorable or DatabaseUnavailable for what psycopg raises
    in the block. What has no family of its own passes as it is: it is a fault of ours."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raise Duplicate("This exists already.") from error
    except psycopg.errors.ForeignKeyViolation as error:
        raise MissingReference("Something that this refers to does not exist.") from error
    except psycopg.DataError as error:
        raise Unstorable("The database refused what was to be written.") from error
    except (
        psycopg.OperationalError,
        psycopg.errors.IdleInTransactionSessionTimeout,
        psycopg.errors.TransactionTimeout,
    ) as error:
        raise DatabaseUnavailable(
            "The database is away or too busy; try again shortly.", sqlstate=error.sqlstate
        ) from error
    except psycopg.Error as error:
        entry.refuse(error)
