"""Subjects: the row of a person or a team that is locked while their memories change."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from app.db.pool import Connection


def of_user(user_id: str) -> str:
    """The subject of a person's memories, in every namespace and agent scope."""
    return f"user:{user_id}"


async def lock(
    connection: Connection, tenant_id: UUID, subject: str, speakers: Collection[str] = ()
) -> datetime:
    """Hold the subject until the transaction ends; every change to its memories waits here, one at
    a time.

    ``speakers`` are names heard in the subject's conversations; up to 50 are remembered. The time
    at which the transaction began comes back, by Postgres' clock.
    """
    cursor = await connection.execute(
        """
        INSERT INTO subjects (tenant_id, subject, version, speakers) VALUES (%s, %s, 1, %s)
        ON CONFLICT (tenant_id, subject) DO UPDATE
        SET version = subjects.version + 1,
            speakers = CASE WHEN excluded.speakers <@ subjects.speakers THEN subjects.speakers
                            ELSE ARRAY(SELECT DISTINCT
                                unnest(subjects.speakers || excluded.speakers) LIMIT 50) END
        RETURNING now()
        """,
        (tenant_id, subject, sorted(speakers)),
    )
    row = await cursor.fetchone()
    assert row is not None
    now: datetime = row[0]
    return now


async def speakers(connection: Connection, tenant_id: UUID, subject: str) -> tuple[str, ...]:
    """The names that speakers had in the subject's conversations; empty for an unknown subject."""
    cursor = await connection.execute(
        "SELECT speakers FROM subjects WHERE tenant_id = %s AND subject = %s", (tenant_id, subject)
    )
    row = await cursor.fetchone()
    return tuple(row[0]) if row else ()
