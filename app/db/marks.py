"""Mark what the schema's types cannot say: whose a column is, and who may see it.

Erasure, export, the grants of row-level security and their tests follow these marks. A test refuses
a column of text, bytes or JSON that has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Table

Mark = dict[str, Any]

ALL_ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")


class Erasure(StrEnum):
    """What the erasure of a user does with a column that names the user."""

    ROW = "row"
    """Deletes the row: it is the user's, and an export lists it."""
    NULL = "null"
    """Leaves the row, without the name."""
    ENTRY = "entry"
    """Takes the name out of the list. A row whose list is empty then is revoked: no list at all
    would open it to everybody."""
    OWNER = "owner"
    """Deletes the row whose key is the user's (``memory_owners.of_user``)."""
    HEARD = "heard"
    """Empties the list in the rows of every owner that the user has spoken for."""
    DIGEST = "digest"
    """Deletes the row whose list has the user's digest (``idempotency.forget_of``)."""
    KEPT = "kept"
    """Leaves it: a digest that says that something happened, not to whom."""


# What a column of text, bytes or JSON holds.
PLAIN: Mark = {"holds": "plain"}
"""Ids, states, and what the tenant's operators call things."""
WORDS: Mark = {"holds": "words"}
"""What users said, what was drawn from it, or how to reach them: never for smara_system, and gone
with the user."""
TENANTS: Mark = {"holds": "tenants"}
"""The tenant's own, which smara_system has no use for."""
SECRET: Mark = {"holds": "secret"}
"""Opens something, or its hash."""


def person(erasure: Erasure) -> Mark:
    """Mark a column that names a user, in clear or as a digest."""
    return {"holds": "person", "erasure": erasure}


def part_of(table: str, *, exported: bool = True) -> Mark:
    """Mark an id: the row goes with the user's row of ``table`` that it names, and an export lists
    it with that one, unless it is not ``exported``."""
    return {"part_of": table, "part_exported": exported}


REFERS: Mark = {"refers": True}
"""The id of a memory that may be another user's: an export with a restricted key shows it when the
key reaches that memory."""
OF_ALL_ENDS: Mark = {"of_all_ends": True}
"""Words about every memory that the row refers to: such an export shows them when the key reaches
them all."""

INTERNAL: Mark = {"internal": True}
"""Left out of the rows that an export lists."""

READ: Mark = {"system": ("SELECT",)}
"""smara_system may read the column, of every tenant."""
WRITE: Mark = {"system": ("UPDATE",)}
READ_WRITE: Mark = {"system": ("SELECT", "UPDATE")}


def of_tenant(
    *,
    app: tuple[str, ...] = ALL_ROWS,
    system: tuple[str, ...] = (),
    export: str | None = None,
    counted: str | None = None,
) -> Mark:
    """Mark a table of tenants: sealed by forced row-level security.

    ``app`` is what smara_app may do with the rows of its tenant; ``system`` what smara_system may
    with those of every tenant, besides the columns that are marked. ``export`` is the ``type`` of
    a row in an export, ``counted`` the field of Erased that counts the user's rows.
    """
    return {"sealed": True, "app": app, "system": system, "export": export, "counted": counted}


def of_installation(*, app: tuple[str, ...] = (), system: tuple[str, ...] = ()) -> Mark:
    """Mark a table that is no tenant's, and what the two roles may do with it."""
    return {"sealed": False, "app": app, "system": system, "export": None, "counted": None}


def erased_by(table: Table, *erasures: Erasure) -> Iterator[Column[Any]]:
    """Find the columns of the table that an erasure treats in one of these ways."""
    return (column for column in table.columns if column.info.get("erasure") in erasures)


def parts_of(table: Table, whole: str, *, exported: bool = False) -> Iterator[Column[Any]]:
    """Find the columns by which rows of the table go with those of ``whole``; with ``exported``
    only those by which an export lists them."""
    return (
        column
        for column in table.columns
        if column.info.get("part_of") == whole and (column.info["part_exported"] or not exported)
    )


def grants(table: Table) -> Iterator[tuple[str, str, str | None]]:
    """List what the roles may do, as role, privilege and column (None: the whole table)."""
    for role in ("app", "system"):
        for privilege in table.info[role]:
            yield f"smara_{role}", privilege, None
        for column in table.columns:
            for privilege in column.info.get(role, ()):
                yield f"smara_{role}", privilege, column.name
