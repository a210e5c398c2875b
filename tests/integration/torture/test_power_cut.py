"""What Postgres has committed is there after a power cut of its disk; and the cut would show it if
it were not."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import psycopg
import pytest

from app.cli.embedded import postgres
from torture.cluster import until
from torture.disk import Disk, cut_power
from torture.keeper import Unit

pytestmark = pytest.mark.anyio
ROWS = 200


@pytest.mark.parametrize("synchronous_commit", ["on", "off"])
async def test_what_was_committed_is_there_after_a_cut_unless_nobody_waited_for_the_disk(
    synchronous_commit: str,
) -> None:
    with tempfile.TemporaryDirectory(prefix="smara-cut-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        await asyncio.to_thread(folder.chmod, 0o755)
        data = folder / "pg"
        await asyncio.to_thread(data.mkdir)
        disk = Disk(data)
        await asyncio.to_thread(disk.mount)
        try:
            if not disk.can_lose_power:
                # Where the machine does not allow it, the report says so.
                assert disk.why_not
                return
            kept = await _kept_after_a_cut(folder, data, disk, synchronous_commit)
        finally:
            await asyncio.to_thread(disk.unmount)
    if synchronous_commit == "on":
        assert kept == ROWS
    else:
        assert kept < ROWS


async def _kept_after_a_cut(folder: Path, data: Path, disk: Disk, synchronous_commit: str) -> int:
    """Rows that are left of those that were committed just before the power was cut."""
    part, url = await asyncio.to_thread(postgres.prepare, data)
    server = Unit("postgres", part.command, part.env, folder / "postgres.log")
    server.start()
    try:
        await until(part.ready, seconds=30)
        url = url.replace(f"@/{postgres.DATABASE}?", "@/postgres?")
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        await connection.execute("CREATE TABLE said (n int)")
        # Nobody else flushes what is not waited for, however slow this is.
        await connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("CHECKPOINT")
        await connection.execute(f"SET synchronous_commit = {synchronous_commit}".encode())
        for n in range(ROWS):
            await connection.execute("INSERT INTO said VALUES (%s)", [n])
        assert await asyncio.to_thread(cut_power, disk, server)
        await connection.close()
        server.start()
        await until(part.ready, seconds=30)
        async with await psycopg.AsyncConnection.connect(url) as again:
            found = await (await again.execute("SELECT count(*) FROM said")).fetchone()
        assert found is not None
        return int(found[0])
    finally:
        server.kill()
