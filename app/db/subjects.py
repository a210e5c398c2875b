"""Subjects: the row of a person or a team that is locked while their memories change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.pool import Connection
from app.db.tuning import COLUMNS
from app.memory.tuning import Tuning
from app.memory.types import Scope


@dataclass(frozen=True, slots=True)
class Held:
    """What settling needs to know once the subject is held: since when it is, by Postgres' clock,
    and the tenant's plan and rules. Who holds it later has a later ``now``, whichever transaction
    began first."""

    now: datetime
    plan: str
    tuning: Tuning


def of_user(user_id: str) -> str:
    """The subject of a person's memories, in every namespace and agent scope."""
    return f"user:{user_id}"


def of_team(team_id: UUID) -> str:
    """The subject of a team's memories, in every namespace."""
    return f"team:{team_id}"


def of_scope(scope: Scope) -> str:
    """The subject that is locked while memories of the scope change."""
    if scope.team_id is not None:
        return of_team(scope.team_id)
    assert scope.user_id is not None, "a scope without a team is a user's"
    return of_user(scope.user_id)


async def lock(
    connection: Connection, tenant_id: UUID, subject: str, speakers: Collection[str] = ()
) -> Held:
    """Hold the subject until the transaction ends; every change to its memories waits here, one at
    a time.

    ``speakers`` are names heard in the subject's conversations; up to 50 are remembered.
    """
    await connection.execute(
        """
        INSERT INTO subjects (tenant_id, subject, version, speakers) VALUES (%s, %s, 1, %s)
        ON CONFLICT (tenant_id, subject) DO UPDATE
        SET version = subjects.version + 1,
            speakers = CASE WHEN excluded.speakers <@ subjects.speakers THEN subjects.speakers
                            ELSE ARRAY(SELECT DISTINCT
                                unnest(subjects.speakers || excluded.speakers) LIMIT 50) END
        """,
        (tenant_id, subject, sorted(speakers)),
    )
    async with connection.cursor() as cursor:
        await cursor.execute(
            f"SELECT clock_timestamp(), plan, {COLUMNS} FROM tenants WHERE tenant_id = %s",
            (tenant_id,),
        )
        row = await cursor.fetchone()
    assert row is not None, "a tenant is not deleted under its callers"
    now, plan, *tuning = row
    return Held(now, plan, Tuning(*tuning))


async def speakers(connection: Connection, tenant_id: UUID, subject: str) -> tuple[str, ...]:
    """The names that speakers had in the subject's conversations; empty for an unknown subject."""
    cursor = await connection.execute(
        "SELECT speakers FROM subjects WHERE tenant_id = %s AND subject = %s", (tenant_id, subject)
    )
    row = await cursor.fetchone()
    return tuple(row[0]) if row else ()
