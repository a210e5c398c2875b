"""The one clock: Postgres'."""

from __future__ import annotations

from datetime import datetime

from app.db.pool import Connection


async def now(connection: Connection) -> datetime:
    """The time at which the transaction began, aware and in UTC."""
    cursor = await connection.execute("SELECT now()")
    row = await cursor.fetchone()
    assert row is not None
    at: datetime = row[0]
    return at
