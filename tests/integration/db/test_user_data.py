"""Erasure and export follow the marks of the schema: every table is filled with rows of two users,
column by column as marked, so that a new table is tried out without a line here."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.db import tenants
from app.db.marks import Erasure
from app.db.pool import transaction
from app.db.schema import metadata
from app.db.user_data import export
from app.privacy.erasure import erase_person
from app.rules.types import Caller
from app.tenancy.idempotency import whose
from tests.integration.db.rows import NEW_YEAR, at_angle, owner

pytestmark = pytest.mark.anyio

TABLES = [
    table
    for table in metadata.sorted_tables
    if table.info["sealed"] and len(table.primary_key.columns) > 1
]
"""All but the tenant's own row and those beside it."""

KEPT_BY_TRIGGERS = {"queue_heads"}
"""Rows of their own would be one too many."""

IDS = {
    "from_memory_id": "memory_id",
    "superseded_by": "memory_id",
    "other_memory_id": "memory_id",
    "replaced_id": "memory_id",
}
VALUES = {
    "role": lambda: "member",
    "month": lambda: NEW_YEAR.date() + timedelta(uuid4().int % 9_999),
}
"""Where a check, or a type that no other column has, wants something else."""


class User:
    """A user, what names them, and the ids of their rows."""

    def __init__(self, name: str, invited_by: User | None = None, *, alone: bool = False) -> None:
        self.name, self.invited_by = name, invited_by or self
        self.listed = [name] if alone else [name, "somebody else"]
        self.other = self
        self.digest = b""
        self.ids: dict[str, UUID] = {}

    def value(self, column: Column[Any]) -> Any:
        """What the column holds in this user's row of a table; None leaves it out."""
        if column.name in VALUES:
            return VALUES[column.name]()
        if column.name == "owner_key":
            return f"user:{self.name}"
        if column.name == "to_memory_id":
            return self.other.ids["memory_id"]
        erasure = column.info.get("erasure")
        if erasure is not None:
            return self._named(erasure, isinstance(column.type, ARRAY))
        if isinstance(column.type, Uuid):
            return self.ids.setdefault(IDS.get(column.name, column.name), uuid4())
        holds = column.info.get("holds")
        if column.name == "embedding":
            return str(at_angle(0.5))
        if column.computed is not None or (holds == "plain" and column.server_default is not None):
            return None
        if isinstance(column.type, JSONB):
            return Jsonb({"said by": self.name} if holds == "words" else {})
        if isinstance(column.type, LargeBinary):
            return uuid4().bytes
        if isinstance(column.type, ARRAY):
            return ["x"] if isinstance(column.type.item_type, Text) else None
        if isinstance(column.type, Text):
            return f"{column.name} of {self.name}" if holds == "words" else uuid4().hex
        if column.nullable or column.server_default is not None:
            return None
        return NEW_YEAR if isinstance(column.type, DateTime) else 1

    def _named(self, erasure: Erasure, many: bool) -> Any:
        if erasure is Erasure.KEPT:
            return uuid4().bytes
        if erasure is Erasure.DIGEST:
            return [self.digest]
        if erasure is Erasure.OWNER:
            return f"user:{self.name}"
        if erasure is Erasure.NULL:
            return self.invited_by.name
        return self.listed if many else self.name


async def fill(tenant_id: UUID, *users: User) -> None:
    async with owner() as connection:
        for table in TABLES:
            if table.name in KEPT_BY_TRIGGERS:
                continue
            for user in users:
                row = {column.name: user.value(column) for column in table.columns}
                row = {name: value for name, value in row.items() if value is not None}
                row["tenant_id"] = tenant_id
                await connection.execute(
                    sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                        sql.Identifier(table.name),
                        sql.SQL(", ").join(map(sql.Identifier, row)),
                        sql.SQL(", ").join(map(sql.Placeholder, row)),
                    ),
                    row,
                )


async def rows_of(tenant_id: UUID, table: Table) -> list[str]:
    async with owner() as connection:
        cursor = await connection.execute(
            sql.SQL("SELECT to_jsonb(t)::text FROM {} t WHERE tenant_id = %s").format(
                sql.Identifier(table.name)
            ),
            (tenant_id,),
        )
        return [row for (row,) in await cursor.fetchall()]


@pytest.fixture(params=[False, True], ids=["in lists with others", "alone in lists"])
async def users(tenant: UUID, request: pytest.FixtureRequest) -> tuple[User, User]:
    """Zoe, and Yan, whom she has invited, and between whose memories there is an edge."""
    zoe = User(f"zoe-{uuid4().hex}", alone=request.param)
    yan = User(f"yan-{uuid4().hex}", zoe)
    zoe.other, yan.other = yan, zoe
    async with transaction(tenant) as tx:
        secret = await tenants.installation_secret(tx)
    for user in (zoe, yan):
        user.digest = whose(secret, tenant, user.name)
    await fill(tenant, zoe, yan)
    return zoe, yan


async def test_an_erasure_leaves_the_user_in_no_column_of_no_table(
    tenant: UUID, users: tuple[User, User]
) -> None:
    zoe, yan = users
    before = {table.name: len(await rows_of(tenant, table)) for table in TABLES}

    receipt = await erase_person(Caller(tenant, uuid4(), frozenset({"write"})), zoe.name)

    kept = {table.name: await rows_of(tenant, table) for table in TABLES}
    assert {name for name, count in before.items() if count != 2} == set()
    for name, rows in kept.items():
        for row in rows:
            assert zoe.name not in row, name
            assert zoe.digest.hex() not in row, name
    assert receipt.erased == {
        "memories": 1,
        "conversations": 1,
        "extractions": 1,
        "events": 1,
        "edges": 2,
        "agents": 1,
    }
    # What was Yan's is there still, but for the edge to a memory of hers.
    yans = {table.name for table in TABLES if any(yan.name in row for row in kept[table.name])}
    assert {"memories", "conversations", "extractions", "agents", "team_members"} <= yans
    assert len(kept["memory_edges"]) == 0


async def test_an_export_lists_the_users_rows_without_what_is_internal(
    tenant: UUID, users: tuple[User, User]
) -> None:
    zoe, yan = users

    lines = [json.loads(line) async for line in export(tenant, zoe.name)]

    exported = {table.info["export"]: table for table in metadata.tables.values()}
    kinds = ["memory", "conversation", "event", "edge", "edge", "observation", "agent"]
    kinds += ["membership", "invitation"]
    assert [line["type"] for line in lines] == kinds
    for line in lines:
        kind = line.pop("type")
        assert line.keys() == {
            column.name for column in exported[kind].columns if "internal" not in column.info
        }
        assert "tenant_id" not in line
        if kind != "edge":
            assert yan.name not in json.dumps(line)
