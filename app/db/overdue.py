"""End transactions that have been open for too long, whatever they do.

From Postgres 17 on the server does it by itself (``transaction_timeout``, set in app/db/entry.py).
On an older one nothing else does: a transaction in a pipeline that its process has left alone
counts as being at work, so neither the limit on idle transactions nor that on statements ends it.
"""

from __future__ import annotations

from app.db.pool import as_login

END_OVERDUE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename = session_user AND datname = current_database()
  AND application_name = current_setting('application_name')
  AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND xact_start < clock_timestamp() - make_interval(secs => %s)
"""


async def end_overdue(*, older_than_seconds: float) -> int:
    """End the connections of the service whose transaction began longer ago; how many there were.
    A login may end its own connections, and those of other programs have another name."""
    async with as_login() as connection:
        row = await (await connection.execute(END_OVERDUE, (older_than_seconds,))).fetchone()
    assert row is not None
    return int(row[0])
