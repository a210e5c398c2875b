"""All that is kept of one user, as the schema's marks tell: listed for them, or erased."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    DefaultClause,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.db import key_reach
from app.db.marks import Erasure, erased_by, parts_of
from app.db.memory_owners import of_team, of_user
from app.db.pool import TenantTx, read_only
from app.db.schema import EMPTY, UUIDV7, conversations, memories, metadata
from app.db.statements import Statement, own, shapes
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Erased

PAGE = 500
"""Rows of an export that are held in memory at a time."""

_TABLES = [table for table in metadata.tables.values() if table.info["sealed"]]
_WHOLES = (memories, conversations)
"""What other tables' rows are parts of."""

_USER = bindparam("user_id", type_=Text)


def _id_of(table: Table) -> Column[Any]:
    """The id that rises with time: what pages are ordered by, and parts refer to."""
    [column] = (
        column
        for column in table.columns
        if isinstance(column.server_default, DefaultClause) and column.server_default.arg is UUIDV7
    )
    return column


def _users(table: Table) -> ColumnElement[bool]:
    """The rows of the table that are the user's."""
    return own(table) & or_(*(column == _USER for column in erased_by(table, Erasure.ROW)))


def _ids(table: Table) -> Select[Any]:
    return select(_id_of(table)).where(_users(table))


def _teams(table: Table) -> Select[Any]:
    return select(table.c.team_id).where(_users(table), table.c.team_id.is_not(None))


_TEAMS = Statement(select(union_all(*map(_teams, _WHOLES)).subquery("both").c.team_id).distinct())


def _count_and_delete_parts() -> Statement:
    """Count the user's rows by kind, and delete what hangs on them, in one statement: all of it
    sees the rows as they were."""
    wholes = {table.name: _ids(table).cte(f"users_{table.name}") for table in _WHOLES}
    parts = {
        table.name: sa.delete(table)
        .where(own(table), or_(*conditions))
        .returning(literal_column("1"))
        .cte(f"deleted_{table.name}")
        for table in _TABLES
        if (
            conditions := [
                column.in_(select(*wholes[whole.name].c))
                for whole in _WHOLES
                for column in parts_of(table, whole.name)
            ]
        )
    }

    def count(table: Table, *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
        if table.name in parts:
            return select(func.count()).select_from(parts[table.name]).scalar_subquery()
        of_user = select(func.count()).select_from(table).where(_users(table), *conditions)
        return of_user.scalar_subquery()

    return Statement(
        select(
            count(memories, memories.c.state == "live").label("live_memories"),
            *(count(table).label(table.info["counted"]) for table in _TABLES if _counted(table)),
        )
    )


def _counted(table: Table) -> bool:
    return table.info["counted"] is not None


_COUNT_AND_DELETE_PARTS = _count_and_delete_parts()

_BY_ERASURE = {
    erasure: [
        (table.name, column.name) for table in _TABLES for column in erased_by(table, erasure)
    ]
    for erasure in (Erasure.ROW, Erasure.NULL, Erasure.ENTRY, Erasure.OWNER, Erasure.HEARD)
}


@shapes(*(named for of_erasure in _BY_ERASURE.values() for named in of_erasure))
def _erase(table_name: str, column_name: str) -> Statement:
    """What the column's mark says."""
    table = metadata.tables[table_name]
    column = table.c[column_name]
    delete, change = sa.delete(table).where(own(table)), update(table).where(own(table))
    match column.info["erasure"]:
        case Erasure.ROW:
            return Statement(delete.where(column == _USER))
        case Erasure.NULL:
            return Statement(change.where(column == _USER).values({column: null()}))
        case Erasure.ENTRY:
            others = func.array_remove(column, _USER)
            revoked = case(
                (func.cardinality(others) > 0, table.c.revoked_at),
                else_=func.coalesce(table.c.revoked_at, func.now()),
            )
            return Statement(
                change.where(any_(column) == _USER).values(
                    {column: others, table.c.revoked_at: revoked}
                )
            )
        case Erasure.OWNER:
            return Statement(delete.where(column == bindparam("owner_key")))
        case Erasure.HEARD:
            [key] = erased_by(table, Erasure.OWNER)
            owners = bindparam("owner_keys", type_=ARRAY(Text))
            return Statement(change.where(key == any_(owners)).values({column: EMPTY}))
        case other:
            raise AssertionError(f"{other} is not by the user's name")


def _leads_away(table: Table) -> bool:
    return any("refers" in column.info for column in table.columns)


def _beyond_reach(table: Table, column: Column[Any]) -> ColumnElement[bool]:
    """The condition that the column refers to a memory that the key does not reach."""
    there = memories.alias(f"of_{column.name}")
    return exists(
        select()
        .select_from(there)
        .where(
            there.c.tenant_id == table.c.tenant_id,
            there.c.memory_id == column,
            not_(func.coalesce(key_reach.within(there), false())),
        )
        .correlate(table)
    )


def _within_reach(table: Table, column: Column[Any]) -> ColumnElement[Any]:
    """The column as a restricted key may see it."""
    if "refers" in column.info:
        return case((_beyond_reach(table, column), null()), else_=column)
    if "of_all_ends" in column.info:
        ends = [_beyond_reach(table, end) for end in table.columns if "refers" in end.info]
        return case((or_(*ends), literal_column("'{}'", JSONB)), else_=column)
    return column


@shapes(
    *(
        (table.name, restricted)
        for table in _TABLES
        if table.info["export"] is not None
        for restricted in ((False, True) if _leads_away(table) else (False,))
    )
)
def _page(table_name: str, restricted: bool) -> Statement:
    """One page of the user's rows, as JSON without what is internal, or what is beyond the reach of
    a restricted key."""
    table = metadata.tables[table_name]
    shown = [
        part
        for column in table.columns
        if "internal" not in column.info
        for part in (
            literal(str(column.name), Text),
            _within_reach(table, column) if restricted else column,
        )
    ]
    listed = or_(
        *(column == _USER for column in erased_by(table, Erasure.ROW)),
        *(
            column.in_(_ids(whole))
            for whole in _WHOLES
            for column in parts_of(table, whole.name, exported=True)
        ),
    )
    return Statement(
        select(_id_of(table), func.jsonb_build_object(*shown))
        .where(own(table), listed, _id_of(table) > bindparam("last"))
        .order_by(_id_of(table))
        .limit(PAGE)
    )


async def owner_keys_of(tx: TenantTx, user_id: str) -> list[str]:
    """What to lock before the user's rows change: the user, and the teams that they wrote for."""
    teams = await _TEAMS.rows(tx, user_id=user_id)
    return sorted([of_user(user_id), *(of_team(team_id) for (team_id,) in teams)])


async def erase(tx: TenantTx, user_id: str, owners: Sequence[str]) -> Erased:
    """Delete the user's rows, and the names that were heard in their conversations; the caller
    holds ``owners``, which are all that the user wrote for. Counted by kind."""
    erased = await _COUNT_AND_DELETE_PARTS.one(tx, Erased, user_id=user_id)
    assert erased is not None, "counts are one row"
    of_user_id = {"user_id": user_id}
    for erasure, values in (
        (Erasure.ROW, of_user_id),
        (Erasure.NULL, of_user_id),
        (Erasure.ENTRY, of_user_id),
        (Erasure.OWNER, {"owner_key": of_user(user_id)}),
        (Erasure.HEARD, {"owner_keys": owners}),
    ):
        for table, column in _BY_ERASURE[erasure]:
            await _erase(table, column).run(tx, **values)
    return erased


_TIMES = ("at", "valid_from", "valid_until")


async def export(
    tenant_id: UUID, user_id: str, restriction: KeyRestriction = UNRESTRICTED
) -> AsyncIterator[bytes]:
    """Everything that is kept of the user, a JSON document a line, each with its ``type``; of other
    users' memories that it leads to, only what a key of this restriction reaches. Each page is a
    transaction of its own: a reader may take its time."""
    for table in _TABLES:
        kind = table.info["export"]
        if kind is None:
            continue
        last = UUID(int=0)
        restricted = not restriction.unrestricted and _leads_away(table)
        reach = key_reach.parameters(restriction) if restricted else {}
        while True:
            async with read_only(tenant_id) as tx:
                page = _page(table.name, restricted)
                rows = await page.rows(tx, user_id=user_id, last=last, **reach)
            for _, fields in rows:
                line = {"type": kind, **{name: _shown(name, it) for name, it in fields.items()}}
                yield json.dumps(line, ensure_ascii=False).encode() + b"\n"
            if len(rows) < PAGE:
                break
            last = rows[-1][0]


def _shown(name: str, value: Any) -> Any:
    """A time as it looks everywhere else: in UTC, with milliseconds and ``Z``."""
    if isinstance(value, str) and (name in _TIMES or name.endswith("_at")):
        at = datetime.fromisoformat(value).astimezone(UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
